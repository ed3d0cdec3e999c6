package gateway

import (
	"net/http"
	"sync"
	"time"

	"lotse/tunnel"
)

// Limits of requests by clients that are not signed in, per address; client.share multiplies them
// for networks. Loading a page takes a dozen requests.
const (
	requestsPerWindow = 1500
	requestWindow     = time.Minute
)

// inUse counts each client's requests in progress, including links and streams. Behind a trusted
// proxy it counts the client's own address. Methods may be called concurrently.
type inUse struct {
	mu     sync.Mutex
	counts *counts // Guarded by mu.
}

func newInUse(perAddress int) *inUse { return &inUse{counts: newCounts(perAddress)} }

// add counts a request, or returns false if the client has too many. For exempt clients only the
// address counts, not its networks.
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

// admitRequest checks a client's limits: the requests in progress, and the rate of requests without
// a sign-in. The caller calls done after the request; if done is nil, the request was refused and
// answered.
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
