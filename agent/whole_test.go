package agent

import (
	"context"
	"crypto/x509"
	"image"
	"image/color"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"lotse/consent"
	"lotse/gateway"
	"lotse/rfb/rfbtest"
	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/seal"
	"lotse/tunnel"
)

// wire passes TCP connections on until it is cut.
type wire struct {
	l  net.Listener
	to string
	wg sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn // Guarded by mu.
	dead  bool       // Guarded by mu; new connections are closed, too.
}

func newWire(t *testing.T, to string) *wire {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{l: l, to: to}
	w.wg.Go(func() {
		for {
			a, err := l.Accept()
			if err != nil {
				return
			}
			b, err := net.Dial("tcp", to)
			if err != nil {
				a.Close()
				continue
			}
			w.mu.Lock()
			w.conns = append(w.conns, a, b)
			w.closeDeadLocked()
			w.mu.Unlock()
			for _, p := range [][2]net.Conn{{a, b}, {b, a}} {
				w.wg.Go(func() {
					_, _ = io.Copy(p[0], p[1])
					p[0].Close()
					p[1].Close()
				})
			}
		}
	})
	t.Cleanup(func() { l.Close(); w.cut(); w.wg.Wait() })
	return w
}

// cut closes all connections, and new ones until reconnect.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = true
	w.closeDeadLocked()
}

func (w *wire) reconnect() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = false
}

func (w *wire) closeDeadLocked() {
	if !w.dead {
		return
	}
	for _, c := range w.conns {
		c.Close()
	}
	w.conns = nil
}

// house is a real gateway with a signed-in advisor, and a wire from the agent to the gateway.
type house struct {
	t       *testing.T
	roots   *x509.CertPool
	wire    *wire
	advisor *tunnel.Advisor
}

func newHouse(t *testing.T) *house {
	h := &house{t: t, roots: x509.NewCertPool()}
	data := t.TempDir()
	accounts, err := gateway.OpenAccounts(data)
	if err != nil {
		t.Fatal(err)
	}
	const password = "correct horse battery"
	if err := accounts.Add("anna", "Anna Berg", "Example", password); err != nil {
		t.Fatal(err)
	}
	ready, done := make(chan gateway.Addresses, 1), make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		done <- gateway.Serve(ctx, gateway.Config{
			Listen: "127.0.0.1:0", Data: data, Name: "Example", Version: "test", TLS: gateway.TLSConfig{Mode: gateway.TLSDev},
			Pages: fstest.MapFS{"index.html": {}, "advisor.html": {}}, Ready: func(a gateway.Addresses) { ready <- a },
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := take(t, done, "the gateway's end"); err != nil {
			t.Error(err)
		}
	})
	address := take(t, ready, "the gateway").Listen.String()
	pem, err := os.ReadFile(filepath.Join(data, gateway.DevCAFile))
	if err != nil {
		t.Fatal(err)
	}
	h.roots.AppendCertsFromPEM(pem)
	h.wire = newWire(t, address)
	client := &tunnel.Client{Gateway: "https://" + address, RootCAs: h.roots}
	t.Cleanup(client.CloseIdle)
	if h.advisor, err = client.SignIn(t.Context(), "anna", password); err != nil {
		t.Fatal(err)
	}
	return h
}

// caseOf is one session with its owner, who answers the customers that enter.
type caseOf struct {
	*house
	number   tunnel.Number
	link     *tunnel.OwnerLink
	controls chan *tunnel.ControlConn
	states   chan string
}

func (h *house) newCase() *caseOf {
	h.t.Helper()
	session, err := h.advisor.NewSession(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	c := &caseOf{house: h, controls: make(chan *tunnel.ControlConn, 4), states: make(chan string, 100)}
	if c.number, err = tunnel.NewNumber(session.Place); err != nil {
		h.t.Fatal(err)
	}
	if c.link, err = h.advisor.Owner(h.t.Context(), session.Place); err != nil {
		h.t.Fatal(err)
	}
	over := make(chan struct{})
	tries := new(seal.Tries)
	go func() {
		defer close(over)
		for {
			m, err := c.link.Recv()
			switch {
			case err != nil:
				return
			case m.Type == tunnel.TypeEntering:
				conn, err := c.open(m.Stream, "control", tries)
				_ = c.link.Verdict(m.Stream, err == nil)
				if err == nil {
					c.controls <- tunnel.NewControlConn(conn)
				}
			case m.Type == tunnel.TypeState:
				c.states <- m.State + " " + m.Reason
			}
		}
	}()
	h.t.Cleanup(func() { c.link.Close(); <-over })
	return c
}

func (c *caseOf) open(id, kind string, tries *seal.Tries) (*seal.Conn, error) {
	conn, err := c.advisor.DialStream(context.Background(), id)
	if err != nil {
		return nil, err
	}
	return seal.Handshake(context.Background(), conn, seal.Advisor, seal.Params{Number: c.number.Digits(), Kind: kind, Stream: id, Tries: tries})
}

// view opens a view stream and performs a viewer's handshake on it.
func (c *caseOf) view() <-chan opened {
	c.t.Helper()
	id, err := c.advisor.OpenStream(c.t.Context(), c.number.Place(), "view", "page")
	if err != nil {
		c.t.Fatal(err)
	}
	out := make(chan opened, 1)
	go func() {
		conn, err := c.open(id, "view", nil)
		if err != nil {
			out <- opened{nil, err}
			return
		}
		v, err := rfbtest.New(conn, rfbtest.Config{})
		if err != nil {
			conn.Close()
		}
		out <- opened{v, err}
	}()
	return out
}

type opened struct {
	*rfbtest.Viewer
	err error
}

func (c *caseOf) state(want string) {
	c.t.Helper()
	for got := ""; got != want; {
		got = take(c.t, c.states, "the owner's state "+want)
	}
}

// drain reads a control stream until it ends, and sends the reason of the bye.
func drain(control *tunnel.ControlConn) <-chan string {
	out := make(chan string, 1)
	go func() {
		defer control.Close()
		reason := ""
		for {
			m, err := control.Receive()
			if err != nil {
				out <- reason
				return
			}
			if bye, ok := m.(tunnel.Bye); ok {
				reason = bye.Reason
			}
		}
	}()
	return out
}

// shows reads updates until the pixel at (3, 3) has the colour want, or until it has another
// colour if is is false.
func shows(t *testing.T, v *rfbtest.Viewer, want color.RGBA, is bool) {
	t.Helper()
	for range 20 {
		if err := v.Refresh(); err != nil {
			t.Fatal(err)
		}
		if got := v.Canvas().RGBAAt(3, 3); (got == want) == is {
			return
		}
	}
	t.Fatalf("the picture has %v, wanted %v to be %v", v.Canvas().RGBAAt(3, 3), want, is)
}

func answer(t *testing.T, s *Session, right string, allow bool) {
	t.Helper()
	q := await(t, s, right+" asked", func(s Snapshot) bool {
		return s.Question != nil && s.Question.Right == right && s.Question.Armed
	}).Question
	if !allow {
		_ = s.Do(Refuse{q.ID})
	} else if s.Do(Allow{q.ID, nil}) != nil {
		t.Fatal("the answer did not count")
	}
	await(t, s, right+" answered", func(s Snapshot) bool { return s.Question == nil })
}

// TestWholeSession checks one session with a real gateway, from a wrong number to the end.
func TestWholeSession(t *testing.T) {
	h := newHouse(t)
	c := h.newCase()
	client := &tunnel.Client{Gateway: "https://" + h.wire.l.Addr().String(), RootCAs: h.roots}
	t.Cleanup(client.CloseIdle)
	wrong := []byte(c.number.Digits())
	wrong[7] = '0' + (wrong[7]-'0'+1)%10
	s, _, d := runAgent(t, client, func(cfg *Config) { cfg.Entry.Number = number(t, string(wrong)) })
	red := color.RGBA{R: 200, A: 255}
	d.Fill(image.Rect(0, 0, 64, 48), red.R, 0, 0)

	snap := await(t, s, "wrong number", func(s Snapshot) bool { return s.Error != nil })
	if snap.Error.Code != "number" || snap.Advisor != nil || snap.Line != "" {
		t.Fatalf("%+v", snap)
	}
	_ = s.Do(EnterNumber{c.number})
	snap = await(t, s, "joined", func(s Snapshot) bool { return s.Phase == PhaseJoined && s.Compare != "" })
	if snap.Advisor.Display != "Anna Berg" || snap.Line != "sealed" || snap.Rights.View {
		t.Fatalf("%+v", snap)
	}
	control := take(t, c.controls, "the control stream")
	drain(control)

	first := c.view()
	answer(t, s, "view", true)
	v := take(t, first, "the viewer")
	if v.err != nil {
		t.Fatal(v.err)
	}
	shows(t, v.Viewer, red, true)

	// Input takes effect only while control is given.
	key := func() {
		_ = v.SendKey('a', true)
		_ = v.SendKey('a', false)
		shows(t, v.Viewer, red, true) // a barrier after the keys
	}
	d.Events()
	key()
	if e := d.Events(); len(e) != 0 {
		t.Errorf("without control: %v", e)
	}
	if err := control.Send(tunnel.Ask{Right: "control"}); err != nil {
		t.Fatal(err)
	}
	answer(t, s, "control", true)
	d.Events()
	key()
	if e := d.Events(); len(e) != 2 {
		t.Errorf("with control: %v", e)
	}

	// The connection is lost and comes back: the view is kept, control is not.
	h.wire.cut()
	await(t, s, "away", func(s Snapshot) bool { return s.Phase == PhaseAway && !s.Rights.Control })
	v.Close()
	c.state("away ") // if the agent came back sooner, the gateway would not notice the loss
	h.wire.reconnect()
	snap = await(t, s, "joined again", func(s Snapshot) bool { return s.Phase == PhaseJoined })
	if !snap.Rights.View || snap.Rights.Control {
		t.Errorf("after the line was lost: %+v", snap.Rights)
	}
	c.state("joined ")
	third := take(t, c.view(), "the viewer that is back")
	if third.err != nil {
		t.Fatal(third.err)
	}
	shows(t, third.Viewer, red, true)

	// The view is taken back: the viewer gets the waiting page, and nothing of the screen after
	// it.
	_ = s.Do(Take{consent.View})
	shows(t, third.Viewer, red, false)

	// The view is refused, with a text.
	fourth := c.view()
	answer(t, s, "view", false)
	if o := take(t, fourth, "the refusal"); o.err == nil || !strings.Contains(o.err.Error(), "did not allow") {
		t.Fatalf("refused viewer: %v", o.err)
	}
	_ = s.Do(End{})
	await(t, s, "ended", func(s Snapshot) bool { return s.Phase == PhaseEnded && s.Reason == tunnel.ReasonCustomer })
	c.state("ended customer")
	third.Close()
}

// TestAdvisorEndsWhole checks that the advisor can end the session while a question is open.
func TestAdvisorEndsWhole(t *testing.T) {
	h := newHouse(t)
	c := h.newCase()
	client := &tunnel.Client{Gateway: "https://" + h.wire.l.Addr().String(), RootCAs: h.roots}
	t.Cleanup(client.CloseIdle)
	d := screentest.NewDisplay(image.Pt(64, 48))
	w := &watcher{session: make(chan *Session, 1)}
	done := make(chan error, 1)
	record := ""
	go func() {
		done <- Run(context.Background(), Config{Client: client, Display: screen.Parts{Screen: d, Input: d}, Panel: w, Entry: Entry{Number: c.number}, Record: func(text string) { record = text }})
	}()
	s := <-w.session
	control := take(t, c.controls, "the control stream")
	bye := drain(control)
	c.state("joined ")
	viewer := c.view()
	await(t, s, "the question", func(s Snapshot) bool { return s.Question != nil && s.Question.Armed })
	if err := control.Send(tunnel.End{}); err != nil {
		t.Fatal(err)
	}
	if err := take(t, done, "Run's return"); err != nil {
		t.Error(err)
	}
	if o := take(t, viewer, "the viewer's end"); o.err == nil {
		t.Error("the viewer was let in")
	}
	if got := take(t, bye, "bye"); got != tunnel.ReasonAdvisor {
		t.Errorf("bye says %q", got)
	}
	snap, _ := s.Snapshot()
	if snap.Reason != tunnel.ReasonAdvisor || snap.Rights.View {
		t.Errorf("%+v", snap)
	}
	if record == "" || record != snap.Record {
		t.Errorf("the program was given the record %q, the panel %q", record, snap.Record)
	}
}
