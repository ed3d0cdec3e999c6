package gateway

import (
	"net/netip"
	"sync"
	"time"
)

// Limits of known.
const (
	maxKnown  = 20_000
	knownLife = 24 * time.Hour
)

// known remembers addresses (IPv6: /64s) from which somebody signed in or joined a session
// recently. Their networks' failures do not count for them, and they solve no puzzles under
// pressure. Strangers cannot displace an entry, because making one takes a password or a session
// number. Methods may be called concurrently.
type known struct {
	mu    sync.Mutex
	since map[netip.Prefix]time.Time // Guarded by mu.
}

func newKnown() *known { return &known{since: map[netip.Prefix]time.Time{}} }

func (k *known) add(c client, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.since[c.unit()]; !ok && len(k.since) >= maxKnown {
		var oldest netip.Prefix
		at, seen := now, 0
		for p, t := range k.since { // in random order
			if !t.After(at) {
				oldest, at = p, t
			}
			if seen++; seen == 16 {
				break
			}
		}
		delete(k.since, oldest)
	}
	k.since[c.unit()] = now
}

func (k *known) has(c client, now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	t, ok := k.since[c.unit()]
	return ok && now.Sub(t) < knownLife
}

// forget removes an address that now fails too often.
func (k *known) forget(c client) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.since, c.unit())
}

func (k *known) sweep(now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for p, t := range k.since {
		if now.Sub(t) >= knownLife {
			delete(k.since, p)
		}
	}
}
