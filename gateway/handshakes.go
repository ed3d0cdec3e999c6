package gateway

import (
	"context"
	"crypto/tls"
	"runtime"
)

// handshakesWaiting bounds the TLS handshakes that wait for their turn.
const handshakesWaiting = 2048

// newHandshakes leaves half of the processors for those who are in.
func newHandshakes() *turnstile {
	return newTurnstile(max(1, runtime.GOMAXPROCS(0)/2), handshakesWaiting)
}

// fairTLS gives each handshake a turn for the part that costs: from the client's hello
// to the server's answer. Anyone who is slow does not hold a turn meanwhile.
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
