package main

import (
	"context"
	"errors"
	"sync"

	"lotse/cmd/lotse/say"
	"lotse/seal"
	"lotse/tried"
	"lotse/tunnel"
)

// advisorEnd seals streams of one session as an advisor's end. Its first exchange is over the
// number alone; all further streams are based on that exchange and never use the number alone
// again; seal/SPEC.md, section 5. Methods may be called concurrently.
type advisorEnd struct {
	// Static.
	advisor *tunnel.Advisor
	number  tunnel.Number
	tries   *seal.Tries
	// proved is called with the code of the exchange over the number alone; nil: not called.
	proved func(code string)

	proving sync.Mutex // held during an exchange over the number alone

	mu     sync.Mutex
	origin *seal.Origin // Guarded by mu; nil before that exchange.
}

// helperTries: another program has proved a helper's number before, so the first wrong try is an
// attack, or the advisor's own mistake.
const helperTries = 1

// errMismatch ends both a helper and the session.
var errMismatch = &sessionError{say.Text("cli.wait.mismatch")}

// errTried is returned for a number that did not match at an earlier start.
var errTried = &sessionError{say.Text("cli.wait.tried")}

// newHelper makes the advisor's end of a program that was given the number. A wrong try with the
// number is remembered for the program's next start.
func newHelper(ctx context.Context, advisor *tunnel.Advisor, number tunnel.Number, proved func(code string)) (*advisorEnd, error) {
	memory := tried.Advisor()
	memory.Clean()
	if memory.Has(ctx, number.Digits()) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return nil, errTried
	}
	e := &advisorEnd{advisor: advisor, number: number, proved: proved}
	claimed := false
	e.tries = seal.NewTries(helperTries, 0, func(used int) error {
		switch {
		case used == 0:
			memory.Forget(number.Digits())
		case claimed:
			memory.Wrong(number.Digits())
		default:
			if err := memory.Claim(number.Digits()); errors.Is(err, tried.ErrTried) {
				return err
			}
			// If there is no folder for it, the number is remembered only in memory.
			claimed = true
		}
		return nil
	})
	return e, nil
}

// joinAsHelper signs in, makes the advisor's end of a program that was given the number, and waits
// for the customer. The caller calls leave at last.
func joinAsHelper(ctx context.Context, p *program, l *login, number tunnel.Number) (e *advisorEnd, leave func(), err error) {
	client, advisor, err := p.signIn(ctx, l)
	if err != nil {
		return nil, nil, err
	}
	if e, err = newHelper(ctx, advisor, number, p.sayCode); err == nil {
		err = p.waitForCustomer(ctx, advisor, number.Place())
	}
	if err != nil {
		client.CloseIdle()
		return nil, nil, err
	}
	return e, client.CloseIdle, nil
}

// known returns the exchange that streams are based on; nil: there was none.
func (e *advisorEnd) known() *seal.Origin {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.origin
}

func (e *advisorEnd) goBackTo(o *seal.Origin) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.origin = o
}

// open opens and seals a stream to the customer. onward: it leaves this computer again unsealed.
// While the number is being proved, other calls wait. A wrong number ends the session at the
// gateway, and the error is errMismatch.
func (e *advisorEnd) open(ctx context.Context, kind string, onward bool) (*seal.Conn, error) {
	if e.known() == nil {
		e.proving.Lock()
		defer e.proving.Unlock()
	}
	id, err := e.advisor.OpenStream(ctx, e.number.Place(), kind, tunnel.DoorHelper)
	if err != nil {
		return nil, err
	}
	origin := e.known()
	conn, err := e.seal(ctx, id, seal.Params{Kind: kind, Origin: origin, Onward: onward})
	if err != nil {
		return nil, e.mismatch(ctx, err)
	}
	if origin == nil {
		e.goBackTo(conn.Origin())
		if e.proved != nil {
			e.proved(conn.Compare())
		}
	}
	return conn, nil
}

// mismatch ends the session if the number did not match.
func (e *advisorEnd) mismatch(ctx context.Context, err error) error {
	if !e.tries.Burnt() {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	_ = e.advisor.EndSession(ctx, e.number.Place()) // on an error the customer's end refuses the number
	return errMismatch
}

// seal dials a stream and seals it as the advisor. It sets number and tries.
func (e *advisorEnd) seal(ctx context.Context, id string, p seal.Params) (*seal.Conn, error) {
	line, err := e.advisor.DialStream(ctx, id)
	if err != nil {
		return nil, err
	}
	p.Number, p.Stream, p.Tries = e.number.Digits(), id, e.tries
	conn, err := seal.Handshake(ctx, line, seal.Advisor, p)
	if err != nil {
		return nil, say.Text("cli.wait.notSealed", err)
	}
	return conn, nil
}
