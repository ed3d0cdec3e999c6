package gateway

import (
	"net/http"

	"github.com/gorilla/websocket"

	"lotse/tunnel"
)

// Limits of the connections of check.
const (
	maxChecks    = 64 // in all
	maxChecksOne = 4  // of one address
)

// check is GET /api/v1/check, PROTOCOL.md, section 2. It reports to a client how its request
// arrived, and as a WebSocket it stays open for a while. `lotse doctor` uses it to find out what a
// proxy does. The answer contains nothing about other clients.
func (s *links) check(w http.ResponseWriter, r *http.Request) {
	seen := s.seen(r)
	if !websocket.IsWebSocketUpgrade(r) {
		s.answer(w, http.StatusOK, seen)
		return
	}
	ws, err := s.upgrade(w, r, 0)
	if err != nil {
		return
	}
	l := newWire(tunnel.NewLink(ws, tunnel.PingEvery))
	if victim, drop := s.checkCame(l, clientOf(s.clientAddr(r))); drop {
		victim.finish(nil, "too many checks from this network")
	}
	defer s.checkGone(l)
	defer s.cfg.Clock.AfterFunc(tunnel.CheckTime, func() { l.finish(nil, "the time is over") })()
	err = s.runWire(l, func([]byte) error {
		l.send(seen)
		return nil
	})
	s.log.tunnel.Debug("check ended", "reason", err)
}

func (s *links) checkCame(l *wire, c client) (victim *wire, drop bool) {
	s.dir.mu.Lock()
	defer s.dir.mu.Unlock()
	return s.dir.checks.add(l, c)
}

func (s *links) checkGone(l *wire) {
	s.dir.mu.Lock()
	defer s.dir.mu.Unlock()
	s.dir.checks.remove(l)
}
