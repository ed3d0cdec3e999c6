package gateway

import (
	"context"
	"net"
	"sync/atomic"
)

// exchange is a connection on which the gateway itself seals: between what it reads
// and what it writes next it computes, and for that it waits for its turn. It is for
// one goroutine; Close may be called by others.
type exchange struct {
	net.Conn
	ctx   context.Context
	turns *turnstile
	lane  string
	cost  float64
	leave atomic.Pointer[func()] // nil: it is not its turn
}

// begin waits for the first turn.
func (e *exchange) begin() error {
	leave, err := e.turns.enter(e.ctx, e.lane, e.cost)
	if err == nil {
		e.leave.Store(&leave)
	}
	return err
}

// rest gives the turn back, if it has one.
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
