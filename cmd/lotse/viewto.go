package main

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"lotse/cmd/lotse/say"
	"lotse/peer"
)

// listenPort is where VNC viewers listen by convention.
const listenPort = "5500"

// dialTimeout limits connecting to a listening viewer.
const dialTimeout = 10 * time.Second

// listeningViewer parses HOST, HOST:PORT or HOST::PORT.
func listeningViewer(s string) (string, error) {
	host, port, ok := strings.Cut(s, "::")
	if !ok || strings.Contains(port, ":") {
		var err error
		if host, port, err = net.SplitHostPort(s); err != nil {
			host, port = strings.Trim(s, "[]"), listenPort
		}
	}
	if _, err := net.LookupPort("tcp", port); err != nil || host == "" {
		return "", say.Text("cli.view.toForm", strconv.Quote(s))
	}
	return net.JoinHostPort(host, port), nil
}

// ownerPoll is the polling interval for a viewer that has not accepted its connection yet.
const ownerPoll = 50 * time.Millisecond

// sameUser returns nil if the program listening at the other end of conn, on this computer, belongs
// to this user. The system reports the user only once the program has accepted the connection;
// sameUser waits for that, for at most dialTimeout.
func sameUser(ctx context.Context, conn net.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	for {
		err := peer.Check(conn)
		if err == nil || errors.Is(err, peer.ErrUnsupported) {
			return nil
		}
		if !errors.Is(err, peer.ErrNotFound) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(ownerPoll):
		}
	}
}

// runTo serves one listening viewer until it, the session or ctx ends.
func (v *viewPort) runTo(ctx context.Context, to string, control bool) error {
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", to)
	if err != nil {
		return say.Text("cli.view.noListener", to, err)
	}
	defer conn.Close()
	if v.onward {
		v.p.complain(say.Text("cli.view.clear"))
	} else if err := sameUser(ctx, conn); err != nil {
		return say.Text("cli.view.notOwn", to, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	v.wg.Go(func() { cancel(v.watch(ctx)) })
	if control {
		v.wg.Go(func() { v.askControl(ctx) })
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	v.p.tell(v.p.language.Text("cli.view.readyTo", to))
	_, err = v.serve(ctx, conn, v.claim)
	if err != nil && ctx.Err() == nil {
		v.tellViewer(conn, err)
	}
	stop()
	cause := context.Cause(ctx)
	cancel(nil)
	v.wg.Wait()
	switch {
	case v.tries.Burnt():
		return errMismatch
	case errors.Is(cause, errSessionOver):
		v.p.tell(v.p.language.Text("cli.view.over"))
		return nil
	case cause != nil && !errors.Is(cause, context.Canceled):
		return cause
	case ctx.Err() != nil && cause != nil:
		return nil
	}
	return err
}
