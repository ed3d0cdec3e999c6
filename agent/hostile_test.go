package agent

import (
	"context"
	"crypto/x509"
	"fmt"
	"image"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"lotse/consent"
	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/seal"
	"lotse/tunnel"
)

// evilGateway is a gateway that does to an agent what the test wants.
type evilGateway struct {
	t       *testing.T
	client  *tunnel.Client
	links   chan *tunnel.Link
	streams chan *evilStream
}

type evilStream struct {
	*tunnel.Stream
	id string
}

func newEvilGateway(t *testing.T) *evilGateway {
	g := &evilGateway{t: t, links: make(chan *tunnel.Link, 10), streams: make(chan *evilStream, 1000)}
	up := websocket.Upgrader{Subprotocols: []string{tunnel.Subprotocol}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /agent/v1", func(w http.ResponseWriter, r *http.Request) {
		if ws, err := up.Upgrade(w, r, nil); err == nil {
			t.Cleanup(func() { ws.Close() })
			g.links <- tunnel.NewLink(ws, 0)
		}
	})
	mux.HandleFunc("GET /agent/v1/streams/{id}", func(w http.ResponseWriter, r *http.Request) {
		if ws, err := up.Upgrade(w, r, nil); err == nil {
			t.Cleanup(func() { ws.Close() })
			g.streams <- &evilStream{tunnel.NewStream(ws, 0), r.PathValue("id")}
		}
	})
	server := httptest.NewUnstartedServer(mux)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	g.client = &tunnel.Client{Gateway: server.URL, RootCAs: roots}
	t.Cleanup(g.client.CloseIdle)
	return g
}

// watcher is a panel that records every snapshot.
type watcher struct {
	session chan *Session
	stop    func() // ends the agent and waits for it
	mu      sync.Mutex
	seen    []Snapshot
}

func (w *watcher) Run(ctx context.Context, s *Session) error {
	w.session <- s
	for {
		snap, changed := s.Snapshot()
		w.mu.Lock()
		w.seen = append(w.seen, snap)
		w.mu.Unlock()
		if snap.Phase == PhaseEnded {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// ever reports whether f was true for any snapshot.
func (w *watcher) ever(f func(Snapshot) bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.seen {
		if f(s) {
			return true
		}
	}
	return false
}

const testNumber = "482193057"

func number(t *testing.T, digits string) tunnel.Number {
	t.Helper()
	n, err := tunnel.ParseNumber(digits)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// runAgent runs an agent until the test ends.
func runAgent(t *testing.T, client *tunnel.Client, change ...func(*Config)) (*Session, *watcher, *screentest.Display) {
	t.Helper()
	d := screentest.NewDisplay(image.Pt(64, 48))
	w := &watcher{session: make(chan *Session, 1)}
	cfg := Config{Client: client, Display: screen.Parts{Screen: d, Input: d}, Panel: w, Entry: Entry{Number: number(t, testNumber)}}
	for _, f := range change {
		f(&cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, cfg) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		take(t, done, "Run's return")
	})
	t.Cleanup(w.stop)
	return <-w.session, w, d
}

func take[T any](t *testing.T, ch <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(time.Minute):
		t.Fatalf("timed out: %s", what)
	}
	return v
}

func await(t *testing.T, s *Session, what string, f func(Snapshot) bool) Snapshot {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		snap, changed := s.Snapshot()
		if f(snap) {
			return snap
		}
		select {
		case <-changed:
		case <-time.After(50 * time.Millisecond):
		case <-deadline:
			t.Fatalf("timed out: %s; %+v", what, snap)
		}
	}
}

func streamID(i int) string { return fmt.Sprintf("AAAAAAAAAAAAAAAAAA%04d", i) }

func (g *evilGateway) link() *tunnel.Link {
	g.t.Helper()
	l := take(g.t, g.links, "the agent's link")
	if _, err := l.Receive(); err != nil { // enter
		g.t.Fatal(err)
	}
	go func() { // keeps reading
		for {
			if _, err := l.Receive(); err != nil {
				return
			}
		}
	}()
	return l
}

func (g *evilGateway) say(l *tunnel.Link, m tunnel.GatewayMessage) {
	g.t.Helper()
	if err := l.Send(m); err != nil {
		g.t.Fatal(err)
	}
}

// seal takes the agent's next stream and seals it with a number.
func (g *evilGateway) seal(digits, kind string) (*seal.Conn, error) {
	st := take(g.t, g.streams, "the agent's stream")
	return seal.Handshake(context.Background(), st, seal.Advisor, seal.Params{Number: digits, Kind: kind, Stream: st.id})
}

var (
	callEntering = tunnel.GatewayMessage{Type: tunnel.TypeCall, Stream: streamID(1), Kind: tunnel.KindControl, Door: tunnel.DoorEntering}
	sayJoined    = tunnel.GatewayMessage{Type: tunnel.TypeJoined, Advisor: &tunnel.Person{Name: "anna", Display: "Anna\u009b31m\u202e", Company: "Example"}, Resume: "token", Grace: 60}
)

// join joins correctly, with the right number.
func (g *evilGateway) join() *tunnel.Link {
	g.t.Helper()
	l := g.link()
	g.say(l, callEntering)
	conn, err := g.seal(testNumber, "control")
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { conn.Close() })
	go io.Copy(io.Discard, conn)
	g.say(l, sayJoined)
	return l
}

// TestJoinedNeedsTheSeal checks that a session does not count as joined without a seal,
// whatever the gateway says.
func TestJoinedNeedsTheSeal(t *testing.T) {
	for name, f := range map[string]func(g *evilGateway, l *tunnel.Link){
		"no stream at all": func(g *evilGateway, l *tunnel.Link) {},
		"a guessed number": func(g *evilGateway, l *tunnel.Link) {
			g.say(l, callEntering)
			if conn, err := g.seal("482100000", "control"); err == nil {
				conn.Close()
				g.t.Error("sealed with a wrong number")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newEvilGateway(t)
			s, w, _ := runAgent(t, g.client)
			l := g.link()
			f(g, l)
			_ = l.Send(sayJoined)
			snap := await(t, s, "the failure", func(s Snapshot) bool { return s.Phase == PhaseNumber && s.Error != nil })
			if snap.Advisor != nil || snap.Line != "" || w.ever(func(s Snapshot) bool { return s.Phase == PhaseJoined }) {
				t.Errorf("the customer was shown a session: %+v", snap)
			}
		})
	}
}

// TestCallsBeforeJoined checks that before the session is joined, only the call to the entering
// stream is answered.
func TestCallsBeforeJoined(t *testing.T) {
	g := newEvilGateway(t)
	s, _, _ := runAgent(t, g.client)
	l := g.link()
	for i, kind := range []string{"view", "control"} {
		g.say(l, tunnel.GatewayMessage{Type: tunnel.TypeCall, Stream: streamID(10 + i), Kind: kind, Door: tunnel.DoorPage})
	}
	g.say(l, tunnel.GatewayMessage{Type: tunnel.TypeCall, Stream: streamID(20), Kind: "view", Door: tunnel.DoorEntering})
	g.say(l, callEntering)
	second := callEntering
	second.Stream = streamID(2)
	g.say(l, second)
	st := take(t, g.streams, "the entering stream")
	if st.id != streamID(1) {
		t.Fatalf("stream %s opened", st.id)
	}
	conn, err := seal.Handshake(t.Context(), st, seal.Advisor, seal.Params{Number: testNumber, Kind: "control", Stream: st.id})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go io.Copy(io.Discard, conn)
	g.say(l, sayJoined)
	await(t, s, "joined", func(s Snapshot) bool { return s.Phase == PhaseJoined })
	// This call comes after the calls above.
	g.say(l, tunnel.GatewayMessage{Type: tunnel.TypeCall, Stream: streamID(30), Kind: "view", Door: tunnel.DoorPage})
	if st := take(t, g.streams, "a stream of the session"); st.id != streamID(30) {
		t.Errorf("stream %s opened before the session was joined", st.id)
	}
}

// TestRefusedAndJoinedAgain checks a gateway that refuses a number after it accepted it. This
// must not let rights outlive the session in which they were given, nor replace the advisor.
func TestRefusedAndJoinedAgain(t *testing.T) {
	g := newEvilGateway(t)
	s, w, _ := runAgent(t, g.client)
	l := g.join()
	snap := await(t, s, "joined", func(s Snapshot) bool { return s.Phase == PhaseJoined })
	if snap.Advisor.Display != "Anna31m" {
		t.Errorf("advisor's name %q is shown", snap.Advisor.Display)
	}
	s.apply(consent.Event{Kind: consent.Ask, Right: consent.View}, byAdvisor)
	s.apply(consent.Event{Kind: consent.Allow, Serial: 1}, byCustomer)
	s.apply(consent.Event{Kind: consent.Ask, Right: consent.Control}, byAdvisor)
	s.apply(consent.Event{Kind: consent.Allow, Serial: 2}, byCustomer)
	mallory := sayJoined
	mallory.Advisor = &tunnel.Person{Name: "mallory", Display: "Mallory"}
	g.say(l, mallory)
	g.say(l, tunnel.GatewayMessage{Type: tunnel.TypeRefused, Code: tunnel.RefusedNumber})
	l = g.link() // the agent reconnects as after a lost connection
	if s.rights().Control {
		t.Error("control survived the line")
	}
	g.say(l, mallory)
	snap = await(t, s, "joined again", func(s Snapshot) bool { return s.Phase == PhaseJoined })
	if snap.Rights.Control || snap.Advisor.Name != "anna" {
		t.Errorf("%+v, advisor %+v", snap.Rights, snap.Advisor)
	}
	if w.ever(func(s Snapshot) bool { return s.Phase == PhaseNumber && s.Rights.View }) {
		t.Error("a number could be typed while rights were given")
	}
}

// TestCallFlood checks that a flood of calls opens no more streams than the limit.
func TestCallFlood(t *testing.T) {
	g := newEvilGateway(t)
	s, w, _ := runAgent(t, g.client)
	l := g.join()
	await(t, s, "joined", func(s Snapshot) bool { return s.Phase == PhaseJoined })
	for i := range 3 * tunnel.MaxStreams {
		g.say(l, tunnel.GatewayMessage{Type: tunnel.TypeCall, Stream: streamID(100 + i), Kind: "view", Door: tunnel.DoorPage})
	}
	for range tunnel.MaxStreams - 1 { // the control stream counts, too
		take(t, g.streams, "a stream that may be opened")
	}
	// The agent reconnects after it has read all earlier messages, and stops after it has
	// finished with them.
	g.say(l, tunnel.GatewayMessage{Type: tunnel.TypeRefused, Code: tunnel.RefusedNumber})
	g.link()
	w.stop()
	if more := len(g.streams); more > 0 {
		t.Errorf("%d streams opened, want %d", tunnel.MaxStreams-1+more, tunnel.MaxStreams-1)
	}
}

// TestForeignText checks that a line by an unknown door is not called sealed, and that names
// are made safe to show.
func TestForeignText(t *testing.T) {
	for door, want := range map[string]string{"page": "sealed", "helper": "sealed", "vnc": "gateway", "repeater": "gateway", "": "gateway", "Page": "gateway"} {
		if got := lineOf(door); got != want {
			t.Errorf("door %q: %s", door, got)
		}
	}
	for in, want := range map[string]string{
		"Jürgen Groß": "Jürgen Groß", "a\x1b[31mb": "a[31mb", "a\u009b2Jb": "a2Jb", "a\u202eb\u2066c": "abc", "a\r\nb": "a  b", "\xffx": "x",
		strings.Repeat("ä", 200): strings.Repeat("ä", maxForeign) + "…",
	} {
		if got := short(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestComingBackAgainstTheLimit checks that the agent does not give up a session when the
// gateway refuses too many tries from its address. A question that was open when the connection
// was lost is gone, and answers to it do not count.
func TestComingBackAgainstTheLimit(t *testing.T) {
	g := newEvilGateway(t)
	s, _, _ := runAgent(t, g.client)
	l := g.join()
	await(t, s, "joined", func(s Snapshot) bool { return s.Phase == PhaseJoined })
	s.apply(consent.Event{Kind: consent.Ask, Right: consent.View}, byAdvisor)
	id := s.questionID()
	await(t, s, "an armed question", func(s Snapshot) bool { return s.Question != nil && s.Question.Armed })
	l.Close()
	await(t, s, "away", func(s Snapshot) bool { return s.Phase == PhaseAway && s.Question == nil })
	if s.Do(Allow{id, nil}) == nil {
		t.Error("an answer counted with the line lost")
	}
	g.say(g.link(), tunnel.GatewayMessage{Type: tunnel.TypeRefused, Code: tunnel.RefusedRate, RetryAfter: 1})
	g.say(g.link(), sayJoined)
	snap := await(t, s, "joined again", func(s Snapshot) bool { return s.Phase == PhaseJoined })
	if s.Do(Allow{id, nil}) == nil || snap.Rights.View {
		t.Error("an old answer counted")
	}
}
