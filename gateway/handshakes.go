package gateway

import (
	"context"
	"crypto/tls"
	"runtime"
)

// handshakesWaiting is how many TLS handshakes may wait for their turn.
const handshakesWaiting = 2048

// newHandshakes uses at most half of the processors for handshakes, the rest for established
// connections.
func newHandshakes() *turnstile {
	return newTurnstile(max(1, runtime.GOMAXPROCS(0)/2), handshakesWaiting)
}

// fairTLS makes each handshake wait for a turn. It holds the turn for the expensive part only, from
// the client's hello to the server's answer, so that a slow client does not block others.
func fairTLS(s *server, cfg *tls.Config) *tls.Config {
	cfg.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		conns := counted(hello.Conn)
		if len(conns) == 0 {
			return nil, nil
		}
		c, now := conns[0], s.now()
		lane, cost := c.client.site().String(), turnCost+s.enters.guilt(c.client, now)+s.signIns.guilt(c.client, now)
		if s.known.has(c.client, now) {
			lane, cost = c.client.unit().String(), knownCost
		}
		ctx, cancel := context.WithTimeout(hello.Context(), handshakeTimeout)
		defer cancel()
		leave, err := s.handshakes.enter(ctx, lane, cost)
		if err != nil {
			return nil, err
		}
		c.turn.Store(&leave)
		return nil, nil
	}
	return cfg
}
