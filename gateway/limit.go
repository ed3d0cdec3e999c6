package gateway

import (
	"net/netip"
	"sync"
	"time"
)

// maxBuckets bounds the memory that strangers' addresses can take.
const maxBuckets = 50_000

// limiter is a token bucket per key. Keys beyond maxBuckets share one bucket.
type limiter struct {
	burst  float64
	refill time.Duration // of a whole bucket

	mu      sync.Mutex
	buckets map[string]*bucket // Guarded by mu.
}

type bucket struct {
	tokens float64
	at     time.Time
}

func newLimiter(burst int, refill time.Duration) *limiter {
	return &limiter{burst: float64(burst), refill: refill, buckets: map[string]*bucket{}}
}

// overflowKey is no address and no name.
const overflowKey = "\x00"

func (l *limiter) bucketLocked(key string, now time.Time) *bucket {
	b := l.buckets[key]
	if b == nil {
		if len(l.buckets) >= maxBuckets && key != overflowKey {
			return l.bucketLocked(overflowKey, now)
		}
		b = &bucket{tokens: l.burst, at: now}
		l.buckets[key] = b
	}
	b.tokens = min(l.burst, b.tokens+l.burst*float64(now.Sub(b.at))/float64(l.refill))
	b.at = now
	return b
}

// take takes one token; without one it tells when there will be.
func (l *limiter) take(key string, now time.Time) (ok bool, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucketLocked(key, now)
	if b.tokens < 1 {
		return false, time.Duration((1 - b.tokens) / l.burst * float64(l.refill))
	}
	b.tokens--
	return true, 0
}

// giveBack returns a token that was taken for something that did no harm.
func (l *limiter) giveBack(key string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucketLocked(key, now)
	b.tokens = min(l.burst, b.tokens+1)
}

// full reports whether nothing was taken lately.
func (l *limiter) full(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bucketLocked(key, now).tokens >= l.burst
}

// sweep forgets buckets that are full again.
func (l *limiter) sweep(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, b := range l.buckets {
		if b.tokens+l.burst*float64(now.Sub(b.at))/float64(l.refill) >= l.burst {
			delete(l.buckets, key)
		}
	}
}

// seconds rounds a wait up to what is told to people.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// limitKey is the unit in which addresses are counted: one IPv4 address, or
// the /64 that a single IPv6 customer has to himself.
func limitKey(addr netip.Addr) string {
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			return p.String()
		}
	}
	return addr.String()
}
