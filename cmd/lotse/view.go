package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"lotse/seal"
	"lotse/tunnel"
)

const viewUsage = `Usage: lotse view NUMBER --gateway URL --user NAME [flags] [-- VIEWER ARGS…]

Opens a local port on which any VNC viewer reaches the customer's screen, sealed
end to end, and prints "ready: vnc viewer address …". The customer must be in the
session already. With VIEWER it starts that program, with {} replaced by the
address (or the address appended), and ends with it.

  --listen ADDR           where viewers connect (default 127.0.0.1:5999; port 0: any)
  --listen-anyone         allow an address that other computers reach: whoever
                          connects sees the customer's screen!
  --to HOST:PORT          instead connect out to a viewer that listens there (vncviewer
                          -listen); sealed up to this program, in the clear from here
  --control               ask the customer for control when the viewer shows his screen
`

// sessionPoll is how often it is looked whether the session still is.
const sessionPoll = 5 * time.Second

func (p *program) view(ctx context.Context, args []string) error {
	var viewer []string
	for i, a := range args {
		if a == "--" {
			args, viewer = args[:i], args[i+1:]
			break
		}
	}
	l := newLogin("view", viewUsage)
	var listen, to string
	l.StringVar(&to, "to", "", "")
	var anyone, control bool
	l.StringVar(&listen, "listen", "127.0.0.1:5999", "")
	l.BoolVar(&anyone, "listen-anyone", false, "")
	l.BoolVar(&control, "control", false, "")
	rest, err := l.parse(p, args, 1)
	if err != nil {
		return err
	}
	number, err := tunnel.ParseNumber(rest[0])
	if err != nil {
		return l.wrong("%v", err)
	}
	if to != "" {
		if to, err = listeningViewer(to); err != nil {
			return l.wrong("--to: %v", err)
		}
		if l.given("listen") || len(viewer) > 0 {
			return l.wrong("--to goes with neither --listen nor a viewer to start")
		}
	}
	if !anyone && !isLoopback(listen) {
		return l.wrong("--listen %q is reachable from other computers, and whoever connects sees the customer's screen; if that is meant, add --listen-anyone", listen)
	}
	client, advisor, err := p.signIn(ctx, l)
	if err != nil {
		return err
	}
	defer client.CloseIdle()
	if err := joined(ctx, advisor, number.Place()); err != nil {
		return err
	}
	end, err := newHelper(ctx, advisor, number, p.sayCode)
	if err != nil {
		return err
	}
	v := &viewPort{advisorEnd: end, p: p, shown: make(chan struct{})}
	if to != "" {
		v.onward = !isLoopback(to)
		return v.runTo(ctx, to, control)
	}
	v.onward = !isLoopback(listen)
	port, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("no local port for the viewer: %w; choose another with --listen", err)
	}
	return v.run(ctx, port, viewer, control)
}

// sayCode prints the code of a program's exchange with the customer's end. The
// customer sees it beside the program's viewer.
func (p *program) sayCode(code string) {
	fmt.Fprintf(p.stdout, "sealed end to end; compare code: %s\n", code)
}

func isLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// joined reports, as an error, why a session cannot be viewed.
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
			return &sessionError{"no customer has entered this number yet; start again when he has"}
		}
		return nil
	}
	return &sessionError{"you have no open session with this number: compare the number, or it has ended"}
}

// viewPort hands viewers through to the customer.
type viewPort struct {
	*advisorEnd
	// Static after view.
	p      *program
	onward bool          // the picture leaves this computer again, in the clear
	shown  chan struct{} // closed when the first viewer is through
	once   sync.Once
	wg     sync.WaitGroup
}

// errSessionOver ends the port: the session did.
var errSessionOver = errors.New("the session ended")

// run serves until the viewer program or the session ends, or ctx.
func (v *viewPort) run(ctx context.Context, port net.Listener, viewer []string, control bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	v.wg.Go(func() { v.accept(ctx, port, cancel) })
	v.wg.Go(func() { cancel(v.watch(ctx)) })
	if control {
		v.wg.Go(func() { v.askControl(ctx) })
	}
	host, portNumber, _ := net.SplitHostPort(port.Addr().String())
	address := viewerAddress(host, portNumber)
	fmt.Fprintf(v.p.stdout, "ready: vnc viewer address %s\n", address)
	var err error
	if len(viewer) > 0 {
		err = v.start(ctx, viewer, address)
	} else {
		<-ctx.Done()
	}
	cause := context.Cause(ctx)
	cancel(nil)
	_ = port.Close()
	v.wg.Wait()
	switch {
	case errors.Is(cause, errSessionOver):
		fmt.Fprintln(v.p.stdout, "the session ended")
		select {
		case <-v.shown:
			return nil
		default:
			return &sessionError{"the session ended before a viewer connected"}
		}
	case cause != nil && !errors.Is(cause, context.Canceled):
		return cause
	}
	return err
}

// viewerAddress writes a port as VNC viewers read it: two colons.
func viewerAddress(host, port string) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + "::" + port
}

// start runs the viewer program to its end.
func (v *viewPort) start(ctx context.Context, viewer []string, address string) error {
	args, found := make([]string, 0, len(viewer)), false
	for _, a := range viewer[1:] {
		found = found || strings.Contains(a, "{}")
		args = append(args, strings.ReplaceAll(a, "{}", address))
	}
	if !found {
		args = append(args, address)
	}
	cmd := exec.CommandContext(ctx, viewer[0], args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, v.p.stdout, v.p.stderr
	cmd.WaitDelay = endTimeout
	// It needs no password of ours.
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "LOTSE_") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	err := cmd.Run()
	if cmd.ProcessState == nil {
		return fmt.Errorf("the viewer did not start: %w", err)
	}
	fmt.Fprintf(v.p.stdout, "viewer ended: %s\n", cmd.ProcessState)
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("the viewer failed: %w", err)
	}
	return nil
}

// watch returns errSessionOver when the session is gone.
func (v *viewPort) watch(ctx context.Context) error {
	tick := time.NewTicker(sessionPoll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := joined(ctx, v.advisor, v.number.Place())
		var gone *sessionError
		var api *tunnel.APIError
		switch {
		case errors.As(err, &gone):
			return errSessionOver
		case errors.As(err, &api) && api.Code == tunnel.CodeUnauthorized:
			return err
		}
		// A line that is lost for a moment ends nothing.
	}
}

// accept lets viewers in until the port is closed.
func (v *viewPort) accept(ctx context.Context, port net.Listener, fail func(error)) {
	for {
		conn, err := port.Accept()
		if err != nil {
			return
		}
		v.wg.Go(func() {
			defer conn.Close()
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			defer stop()
			if err := v.serve(ctx, conn); err != nil && ctx.Err() == nil {
				v.p.complain(fmt.Errorf("viewer not connected: %w", err))
				tellViewer(conn, err)
				if errors.Is(err, errMismatch) {
					fail(err)
				}
			}
		})
	}
}

// serve joins one viewer to the customer.
func (v *viewPort) serve(ctx context.Context, viewer net.Conn) error {
	sealed, err := v.open(ctx, tunnel.KindView, v.onward)
	if err != nil {
		return err
	}
	defer sealed.Close()
	stop := context.AfterFunc(ctx, func() { sealed.Close() })
	defer stop()
	v.once.Do(func() { close(v.shown) })
	fmt.Fprintln(v.p.stdout, "viewer connected")
	if err := join(viewer, sealed); errors.Is(err, seal.ErrForged) || errors.Is(err, seal.ErrTruncated) {
		// The advisor must know, whatever else ended at that moment.
		v.p.complain(err)
	}
	fmt.Fprintln(v.p.stdout, "viewer disconnected")
	return nil
}

// halfCloser is what TCP and sealed connections have in common.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// join copies both ways. The end of one direction is passed on; an error ends
// both. It returns why the sealed side ended, nil for its normal end.
func join(viewer net.Conn, sealed *seal.Conn) (why error) {
	tcp, ok := viewer.(halfCloser)
	if !ok {
		return nil
	}
	var wg sync.WaitGroup
	pass := func(to, from halfCloser) {
		_, err := io.Copy(to, from)
		if from == halfCloser(sealed) {
			why = err
		}
		if err == nil {
			err = to.CloseWrite()
		}
		if err != nil {
			_ = to.Close()
			_ = from.Close()
			return
		}
		// The other direction may finish, but not for ever.
		_ = to.SetReadDeadline(time.Now().Add(endTimeout))
	}
	wg.Go(func() { pass(sealed, tcp) })
	wg.Go(func() { pass(tcp, sealed) })
	wg.Wait()
	return why
}

// tellViewer says in RFB why there is no picture (RFC 6143, section 7.1.2: no
// security types and a reason).
func tellViewer(conn net.Conn, reason error) {
	text := reason.Error()
	_ = conn.SetDeadline(time.Now().Add(endTimeout))
	if _, err := io.WriteString(conn, "RFB 003.008\n"); err != nil {
		return
	}
	if _, err := io.ReadFull(conn, make([]byte, len("RFB 003.008\n"))); err != nil {
		return
	}
	b := []byte{0, 0, 0, byte(len(text) >> 8), byte(len(text))}
	_, _ = conn.Write(append(b, text...))
}

// askControl opens a control stream and asks for control once the customer
// shows his screen.
func (v *viewPort) askControl(ctx context.Context) {
	select {
	case <-v.shown:
	case <-ctx.Done():
		return
	}
	c := &console{out: v.p.stdout}
	conn, err := v.open(ctx, tunnel.KindControl, false)
	if err != nil {
		v.p.complain(fmt.Errorf("control not asked for: %w", err))
		return
	}
	control := tunnel.NewControlConn(conn)
	defer control.Close()
	stop := context.AfterFunc(ctx, func() { control.Close() })
	defer stop()
	asked := false
	if err := control.Send(tunnel.AdvisorHello{Version: version, Client: "lotse"}); err != nil {
		return
	}
	for {
		m, err := control.Receive()
		if err != nil {
			return
		}
		c.control(m)
		s, ok := m.(tunnel.State)
		// The wish counts once the viewer is let in, which may be after this state.
		asked = asked || slices.Contains(s.Asked, "control") || s.Rights.Control
		if ok && s.Rights.View && !asked {
			if err := control.Send(tunnel.Ask{Right: "control"}); err != nil {
				return
			}
		}
	}
}
