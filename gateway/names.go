package gateway

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"sync"
	"time"
)

// nameSlots limits the memory of names to 1.5 MB. Names may share a slot by chance; the only effect
// is a harder puzzle.
const nameSlots = 1 << 16

// names counts wrong passwords of each account name from devices that are not remembered. It
// refuses nobody but makes puzzles harder. It also counts names that do not exist. Methods may be
// called concurrently.
type names struct {
	// Static after newNames.
	secret [32]byte
	limit  float64
	window time.Duration

	mu    sync.Mutex
	debts []debt // Guarded by mu; nameSlots of them.
}

func newNames(limit int, window time.Duration) *names {
	n := &names{limit: float64(limit), window: window, debts: make([]debt, nameSlots)}
	rand.Read(n.secret[:]) // never fails
	return n
}

// slot uses a secret, so that strangers cannot choose names that share a slot.
func (n *names) slot(name string) int {
	m := hmac.New(sha256.New, n.secret[:])
	m.Write([]byte(name))
	return int(binary.BigEndian.Uint32(m.Sum(nil)) % nameSlots)
}

func (n *names) owedLocked(slot int, now time.Time) float64 {
	return n.debts[slot].after(now, n.limit/n.window.Seconds())
}

// wrong counts a wrong password. The debt is limited, so that it is paid back eventually.
func (n *names) wrong(name string, now time.Time) {
	slot := n.slot(name)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.debts[slot] = debt{min(16*n.limit, n.owedLocked(slot, now)+1), now}
}

// guilt returns how hard a puzzle is required for the name, as in standing.guilt.
func (n *names) guilt(name string, now time.Time) int {
	slot := n.slot(name)
	n.mu.Lock()
	defer n.mu.Unlock()
	owed := n.owedLocked(slot, now)
	if owed < n.limit {
		return 0
	}
	return min(maxGuilt, 1+int(math.Log2(owed/n.limit)))
}
