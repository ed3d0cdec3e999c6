package gateway

import (
	"context"
	"net"
	"sync/atomic"
)

// exchange is a connection on which the gateway itself computes a seal. The computing happens
// between a Read and the next Write, so Read waits for a turn and Write gives it back. Only Close
// may be called concurrently.
type exchange struct {
	net.Conn
	ctx   context.Context
	turns *turnstile
	lane  string
	cost  float64
	leave atomic.Pointer[func()] // nil: it does not have the turn
}

// begin waits for the first turn.
func (e *exchange) begin() error {
	leave, err := e.turns.enter(e.ctx, e.lane, e.cost)
	if err == nil {
		e.leave.Store(&leave)
	}
	return err
}

// rest gives back the turn, if e has it.
func (e *exchange) rest() {
	if leave := e.leave.Swap(nil); leave != nil {
		(*leave)()
	}
}

func (e *exchange) Read(p []byte) (int, error) {
	e.rest()
	n, err := e.Conn.Read(p)
	if err != nil {
		return n, err
	}
	return n, e.begin()
}

func (e *exchange) Write(p []byte) (int, error) {
	e.rest()
	return e.Conn.Write(p)
}

func (e *exchange) Close() error {
	e.rest()
	return e.Conn.Close()
}
