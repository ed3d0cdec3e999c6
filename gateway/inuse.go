package gateway

import (
	"net/http"
	"sync"
	"time"

	"lotse/tunnel"
)

// Requests that nobody's sign-in stands behind: of one address, client.share has its
// networks. A page takes a dozen.
const (
	requestsPerWindow = 1500
	requestWindow     = time.Minute
)

// inUse counts the requests under way of each client, links and streams included, by
// the address that trusted proxies tell. Methods may be called concurrently.
type inUse struct {
	mu     sync.Mutex
	counts *counts // Guarded by mu.
}

func newInUse(perAddress int) *inUse { return &inUse{counts: newCounts(perAddress)} }

// add counts a request unless the client has too many; exempt clients answer for
// their own address only.
func (u *inUse) add(c client, exempt bool) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if p, full := u.counts.full(c); full && (p == c.unit() || !exempt) {
		return false
	}
	u.counts.add(c)
	return true
}

func (u *inUse) remove(c client) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.counts.remove(c)
}

// admitRequest lets a client's request in within its bounds: how many at a time, and
// how many that no sign-in stands behind. done must be called when it is over; nil:
// refused and answered.
func (s *server) admitRequest(w http.ResponseWriter, r *http.Request) (done func()) {
	served(connsOf(r))
	c, now := clientOf(s.clientAddr(r)), s.now()
	exempt := s.known.has(c, now)
	wait := s.requests.charge(c, exempt, 1, now)
	if wait == 0 && !s.inUse.add(c, exempt) {
		wait = time.Second
	}
	if wait == 0 {
		return func() { s.inUse.remove(c) }
	}
	s.metrics.requestsOver.Add(1)
	w.Header().Set("Connection", "close")
	s.fail(w, http.StatusTooManyRequests, tunnel.CodeTooMany, "Too many requests from this address; please wait.", wait)
	return nil
}
