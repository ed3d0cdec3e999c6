package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"lotse/cmd/lotse/say"
	"lotse/i18n"
	"lotse/rfb"
	"lotse/seal"
	"lotse/tunnel"
)

// viewPort relays viewers to the customer.
type viewPort struct {
	*advisorEnd
	// Static after view.
	p      *program
	viewer *startedViewer // nil: viewers connect by themselves
	onward bool           // the frames leave this computer again, unencrypted
	many   bool           // more than one viewer may connect
	shown  chan struct{}  // closed when the first viewer's stream is sealed
	first  chan struct{}  // closed when the first viewer has sent something or its password
	wg     sync.WaitGroup

	shownOnce, firstOnce sync.Once
}

// run serves until the viewer program or the session ends, the only viewer has left, or ctx ends.
func (v *viewPort) run(ctx context.Context, port net.Listener, control bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	v.wg.Go(func() { v.accept(ctx, port, cancel) })
	v.wg.Go(func() { cancel(v.watch(ctx)) })
	if control {
		v.wg.Go(func() { v.askControl(ctx) })
	}
	if !v.many {
		v.wg.Go(func() {
			select {
			case <-v.first:
			case <-ctx.Done():
			}
			_ = port.Close()
		})
	}
	host, portNumber, _ := net.SplitHostPort(port.Addr().String())
	address := viewerAddress(host, portNumber)
	var err error
	if v.viewer != nil {
		err = v.start(ctx, address)
	} else {
		v.p.tell(v.p.language.Text("cli.view.ready", address))
		<-ctx.Done()
	}
	cause := context.Cause(ctx)
	cancel(nil)
	_ = port.Close()
	v.wg.Wait()
	switch {
	case v.tries.Burnt(): // this is why the session ended, whichever side noticed it first
		return errMismatch
	case errors.Is(cause, errViewerLeft):
		return nil
	case errors.Is(cause, errSessionOver):
		v.p.tell(v.p.language.Text("cli.view.over"))
		select {
		case <-v.shown:
			return nil
		default:
			return &sessionError{say.Text("cli.view.early")}
		}
	case cause != nil && !errors.Is(cause, context.Canceled):
		return cause
	}
	return err
}

// errViewerLeft closes a port for one viewer. Nobody sees its text.
var errViewerLeft = errors.New("left")

// viewerAddress formats a port as VNC viewers parse it, with two colons.
func viewerAddress(host, port string) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + "::" + port
}

// start runs the viewer program until it exits.
func (v *viewPort) start(ctx context.Context, address string) error {
	if err := v.viewer.writePassword(); err != nil {
		return err
	}
	defer v.viewer.forgetPassword()
	if !v.many {
		v.wg.Go(func() {
			select {
			case <-v.first: // it has read the file
				v.viewer.forgetPassword()
			case <-ctx.Done():
			}
		})
	}
	v.p.tell(v.p.language.Text("cli.view.ready", address))
	cmd := v.viewer.command(ctx, address)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, v.p.stdout, v.p.stderr
	err := cmd.Run()
	if cmd.ProcessState == nil {
		return say.Text("cli.view.notStarted", err)
	}
	v.p.tell(v.p.language.Text("cli.view.ended", say.Exit(v.p.language, cmd.ProcessState)))
	if err != nil && ctx.Err() == nil {
		return say.Text("cli.view.failed", err)
	}
	return nil
}

// watch returns errSessionOver when the session has ended.
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
		// A connection that is lost for a moment ends nothing.
	}
}

// accept accepts viewers until the port is closed. stop ends the program.
func (v *viewPort) accept(ctx context.Context, port net.Listener, stop func(error)) {
	for {
		conn, err := port.Accept()
		if err != nil {
			return
		}
		v.wg.Go(func() {
			defer conn.Close()
			end := context.AfterFunc(ctx, func() { conn.Close() })
			defer end()
			served, err := v.admit(ctx, conn)
			switch {
			case err != nil && ctx.Err() == nil:
				v.p.complain(say.Text("cli.view.notConnected", err))
				if errors.Is(err, errMismatch) {
					stop(err)
				}
			case served && !v.many && v.viewer == nil:
				stop(errViewerLeft)
			}
		})
	}
}

// Timeouts of a viewer's handshake at the port.
const (
	viewerStep = 20 * time.Second
	viewerAsk  = 2 * time.Minute // a person may have to type the password
)

// Refusals that the viewer shows.
var (
	errOneViewer     = say.Text("cli.view.one")
	errWrongPassword = say.Text("cli.view.wrongPassword")
)

// admit admits a viewer and serves it. A viewer that is not admitted is told the reason in the form
// of its version. served: it was the viewer for which the port is.
func (v *viewPort) admit(ctx context.Context, conn net.Conn) (served bool, err error) {
	if v.viewer == nil || v.viewer.password == "" {
		served, err = v.serve(ctx, conn, v.claim)
		if err != nil {
			v.tellViewer(conn, err)
		}
		return served, err
	}
	k, err := rfb.Offer{VncAuth: true, Step: viewerStep, Ask: viewerAsk}.Receive(conn)
	if err != nil {
		return false, err
	}
	defer clear(k.Password)
	err = errWrongPassword
	if k.Response.Matches([]byte(v.viewer.password)) {
		if err = errOneViewer; v.claim() {
			err = v.serveAuthenticated(ctx, k)
			served = true
		}
	}
	if err != nil {
		_ = conn.SetDeadline(time.Now().Add(endTimeout))
		k.Refuse(asRefusal(v.p.language, err))
	}
	return served, err
}

// claim takes the port's only place; if the port allows several viewers, it always returns true.
func (v *viewPort) claim() (mine bool) {
	v.firstOnce.Do(func() { mine = true; close(v.first) })
	return mine || v.many
}

// tellViewer refuses a viewer with a reason; package rfb knows the form for each version.
func (v *viewPort) tellViewer(conn net.Conn, reason error) {
	_ = conn.SetDeadline(time.Now().Add(endTimeout))
	rfb.RefuseViewer(conn, asRefusal(v.p.language, reason))
}

func asRefusal(l i18n.Language, err error) rfb.Refusal {
	if r := (rfb.Refusal{}); errors.As(err, &r) {
		return r
	}
	return rfb.Refusal{Reason: say.Explain(l, err)}
}

// openView opens a view stream to the customer until ctx ends.
func (v *viewPort) openView(ctx context.Context) (sealed *seal.Conn, closed func(), err error) {
	sealed, err = v.open(ctx, tunnel.KindView, v.onward)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { sealed.Close() })
	v.shownOnce.Do(func() { close(v.shown) })
	v.p.tell(v.p.language.Text("cli.view.connected"))
	return sealed, func() {
		stop()
		sealed.Close()
		v.p.tell(v.p.language.Text("cli.view.disconnected"))
	}, nil
}

// serve joins a viewer to the customer's end, which handles all of RFB. claim is called when the
// viewer sends its first data; if it returns false, the viewer is disconnected. An error means that
// it failed before that.
func (v *viewPort) serve(ctx context.Context, viewer net.Conn, claim func() bool) (served bool, err error) {
	sealed, closed, err := v.openView(ctx)
	if err != nil {
		return false, err
	}
	defer closed()
	w := &firstWord{Conn: viewer, claim: claim}
	v.reportBroken(join(w, sealed))
	return w.claimed, nil
}

// serveAuthenticated joins a viewer that has sent its password and waits for SecurityResult, which
// is the customer's answer.
func (v *viewPort) serveAuthenticated(ctx context.Context, k *rfb.ServerHandshake) error {
	sealed, closed, err := v.openView(ctx)
	if err != nil {
		return err
	}
	defer closed()
	_ = sealed.SetReadDeadline(time.Now().Add(viewerStep))
	if err := rfb.ClientSecurity(sealed); err != nil {
		return err
	}
	_ = sealed.SetReadDeadline(time.Time{})
	_ = k.Conn.SetDeadline(time.Time{})
	v.reportBroken(join(k.Conn, sealed))
	return nil
}

// reportBroken reports a connection that was tampered with, whatever else ended at the same time.
func (v *viewPort) reportBroken(err error) {
	if errors.Is(err, seal.ErrForged) || errors.Is(err, seal.ErrTruncated) {
		v.p.complain(err)
	}
}

// firstWord is a viewer's connection that calls claim when the viewer sends something. A program
// that only connects, such as a port scanner, is not a viewer yet. Data that does not begin as RFB
// does, RFC 6143, section 7.1.1, is not from a viewer: a web page can make the user's browser
// connect here.
type firstWord struct {
	net.Conn
	claim   func() bool
	claimed bool // Owned by the reader, until it has returned.
}

const rfbBegin = "RFB 00"

var errNoViewer = say.Text("cli.view.noViewer")

func (w *firstWord) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if n > 0 && !w.claimed {
		if begin := p[:min(n, len(rfbBegin))]; string(begin) != rfbBegin[:len(begin)] {
			return 0, errNoViewer
		}
		if w.claimed = w.claim(); !w.claimed {
			return 0, errOneViewer
		}
	}
	return n, err
}

func (w *firstWord) CloseWrite() error {
	if tcp, ok := w.Conn.(halfCloser); ok {
		return tcp.CloseWrite()
	}
	return w.Conn.Close()
}

// halfCloser is the common interface of TCP and sealed connections.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// join copies data both ways. The end of one direction is passed on; an error ends both. It returns
// why the sealed side ended; nil for its normal end and if the viewer's connection had broken
// before.
func join(viewer net.Conn, sealed *seal.Conn) (why error) {
	tcp, ok := viewer.(halfCloser)
	if !ok {
		return nil
	}
	var wg sync.WaitGroup
	heard := &readFailure{Reader: tcp}
	pass := func(to, from halfCloser, r io.Reader) {
		_, err := io.Copy(to, r)
		if from == halfCloser(sealed) && !heard.failed.Load() {
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
		// The other direction may finish, but not take for ever.
		_ = to.SetReadDeadline(time.Now().Add(endTimeout))
	}
	wg.Go(func() { pass(sealed, tcp, heard) })
	wg.Go(func() { pass(tcp, sealed, sealed) })
	wg.Wait()
	return why
}

// readFailure records that reading failed before it returns the error.
type readFailure struct {
	io.Reader
	failed atomic.Bool
}

func (r *readFailure) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		r.failed.Store(true)
	}
	return n, err
}

// askControl opens a control stream and asks for control once the customer shows his screen.
func (v *viewPort) askControl(ctx context.Context) {
	select {
	case <-v.shown:
	case <-ctx.Done():
		return
	}
	c := &console{out: v.p.stdout, language: v.p.language}
	conn, err := v.open(ctx, tunnel.KindControl, false)
	if err != nil {
		if ctx.Err() == nil {
			v.p.complain(say.Text("cli.view.noControl", err))
		}
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
		// The request counts once the viewer is admitted, which may be after this state.
		asked = asked || slices.Contains(s.Asked, "control") || s.Rights.Control
		if ok && s.Rights.View && !asked {
			if err := control.Send(tunnel.Ask{Right: "control"}); err != nil {
				return
			}
		}
	}
}
