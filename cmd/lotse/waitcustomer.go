package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lotse/cmd/lotse/say"
	"lotse/tunnel"
)

const (
	// sessionPoll is the interval at which it is checked that the session still exists.
	sessionPoll = 5 * time.Second
	// customerPoll is the interval at which it is checked whether the customer has joined.
	customerPoll = time.Second
)

// errNoCustomer: nobody has entered the number yet.
var errNoCustomer = say.Text("cli.wait.nobody")

// joined returns an error if a session cannot be viewed: errNoCustomer, or a sessionError if it
// never will be.
func joined(ctx context.Context, a *tunnel.Advisor, place string) error {
	list, err := a.Sessions(ctx)
	if err != nil {
		return err
	}
	for _, s := range list {
		if s.Place != place {
			continue
		}
		if s.State == tunnel.StateWaiting {
			return errNoCustomer
		}
		return nil
	}
	return &sessionError{say.Text("cli.wait.noSession")}
}

// waitForCustomer returns when a customer is in the session. It prints on standard error that it is
// waiting; an interrupt ends it.
func (p *program) waitForCustomer(ctx context.Context, a *tunnel.Advisor, place string) error {
	for said := false; ; said = true {
		err := joined(ctx, a, place)
		switch {
		case ctx.Err() != nil:
			return &sessionError{say.Text("cli.wait.stopped")}
		case !errors.Is(err, errNoCustomer):
			return err
		case !said:
			fmt.Fprintln(p.stderr, say.Line(p.language.Text("cli.wait.waiting")))
		}
		timer := time.NewTimer(customerPoll)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}
