package main

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"image"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"lotse/agent"
	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/seal"
	"lotse/tried"
	"lotse/tunnel"
)

// evilGateway sends to both ends what the test wants. It does not know the number.
type evilGateway struct {
	t           *testing.T
	url, caFile string

	owners  chan *tunnel.Link
	agents  chan *tunnel.Link
	streams sync.Map // of channels of *tunnel.Stream, by side and identifier
	last    atomic.Int64
	ended   atomic.Int64 // requests to end the session
	opened  chan string  // streams that advisors' ends requested
	closeBy string       // the reason with which streams are closed at once; "": they are not closed
}

const (
	evilPlace  = "4821"
	evilNumber = evilPlace + "93057"
)

func newEvilGateway(t *testing.T) *evilGateway {
	g := &evilGateway{t: t, owners: make(chan *tunnel.Link, 10), agents: make(chan *tunnel.Link, 10), opened: make(chan string, 100)}
	up := websocket.Upgrader{Subprotocols: []string{tunnel.Subprotocol}, CheckOrigin: func(*http.Request) bool { return true }}
	mux := http.NewServeMux()
	answer := func(pattern string, status int, body func() any) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			if body != nil {
				_ = json.NewEncoder(w).Encode(body())
			}
		})
	}
	mux.HandleFunc("POST /api/v1/signin", func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: tunnel.CookieName, Value: "cookie", Path: "/", Secure: true})
		_ = json.NewEncoder(w).Encode(tunnel.Me{Person: tunnel.Person{Name: "advisor"}, CSRF: "csrf"})
	})
	answer("POST /api/v1/signout", http.StatusNoContent, nil)
	answer("POST /api/v1/sessions", http.StatusCreated, func() any { return tunnel.NewSession{Place: evilPlace, Expires: time.Now().Add(time.Hour)} })
	answer("GET /api/v1/sessions", http.StatusOK, func() any {
		return tunnel.Sessions{Sessions: []tunnel.Session{{Place: evilPlace, State: tunnel.StateJoined}}}
	})
	mux.HandleFunc("DELETE /api/v1/sessions/{place}", func(w http.ResponseWriter, _ *http.Request) {
		g.ended.Add(1)
		w.WriteHeader(http.StatusNoContent)
	})
	answer("POST /api/v1/sessions/{place}/streams", http.StatusCreated, func() any {
		id := g.newStream()
		g.opened <- id
		return tunnel.OpenStreamAnswer{Stream: id}
	})
	link := func(to chan *tunnel.Link) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if ws, err := up.Upgrade(w, r, nil); err == nil {
				t.Cleanup(func() { ws.Close() })
				to <- tunnel.NewLink(ws, 0)
			}
		}
	}
	mux.HandleFunc("GET /api/v1/sessions/{place}/owner", link(g.owners))
	mux.HandleFunc("GET /agent/v1", link(g.agents))
	stream := func(side string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			ws, err := up.Upgrade(w, r, nil)
			if err != nil {
				return
			}
			t.Cleanup(func() { ws.Close() })
			s := tunnel.NewStream(ws, 0)
			if g.closeBy != "" {
				s.SayClose(websocket.CloseGoingAway, g.closeBy)
			}
			g.side(side, r.PathValue("id")) <- s
		}
	}
	mux.HandleFunc("GET /api/v1/streams/{id}", stream("advisor"))
	mux.HandleFunc("GET /agent/v1/streams/{id}", stream("agent"))
	server := httptest.NewUnstartedServer(mux)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	g.url, g.caFile = server.URL, filepath.Join(t.TempDir(), "evil.pem")
	if err := os.WriteFile(g.caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *evilGateway) newStream() string { return fmt.Sprintf("AAAAAAAAAAAAAAAA%06d", g.last.Add(1)) }

// side returns the channel on which one side's connection of a stream arrives.
func (g *evilGateway) side(side, id string) chan *tunnel.Stream {
	c, _ := g.streams.LoadOrStore(side+id, make(chan *tunnel.Stream, 1))
	return c.(chan *tunnel.Stream)
}

func take[T any](t *testing.T, ch <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(2 * time.Minute):
		t.Fatalf("timed out: %s", what)
	}
	return v
}

// guess takes one side's connection and guesses at its number. It returns true if the end revealed
// whether the guess was right.
func (g *evilGateway) guess(t *testing.T, side, id, kind string) bool {
	t.Helper()
	role := seal.Agent
	if side == "agent" {
		role = seal.Advisor
	}
	line := take(t, g.side(side, id), "the "+side+"'s stream")
	conn, err := seal.Handshake(t.Context(), line, role, seal.Params{Number: evilPlace + "00000", Kind: kind, Stream: id})
	if err == nil {
		conn.Close()
		t.Fatal("sealed with a wrong number")
	}
	return errors.Is(err, seal.ErrWrongNumber)
}

// guessAtHelper starts a helper and guesses at its number.
func (g *evilGateway) guessAtHelper(t *testing.T, args []string, memory string) bool {
	t.Helper()
	for len(g.opened) > 0 {
		<-g.opened
	}
	v := begin(t, []string{"XDG_RUNTIME_DIR=" + memory}, args...)
	line, ok := v.lineOrEnd(readyLine)
	if !ok {
		return false
	}
	dialViewer(t, line)
	guessed := g.guess(t, "advisor", take(t, g.opened, "a stream"), tunnel.KindView)
	if code := v.Exit(); code != exitSession {
		t.Errorf("helper's exit code %d", code)
	}
	if g.ended.Load() == 0 {
		t.Error("the helper does not end the session")
	}
	return guessed
}

// evilCustomer is a real agent at the evil gateway.
type evilCustomer struct {
	link *tunnel.Link
	done chan error
	stop func()
}

// startAgent runs the agent; link is nil if it does not try the number.
func (g *evilGateway) startAgent(t *testing.T, memory *tried.Memory) *evilCustomer {
	t.Helper()
	d := screentest.NewDisplay(image.Pt(64, 48))
	n, err := tunnel.ParseNumber(evilNumber)
	if err != nil {
		t.Fatal(err)
	}
	roots := newRoots(t, g.caFile)
	client := &tunnel.Client{Gateway: g.url, RootCAs: roots}
	ctx, cancel := context.WithCancel(context.Background())
	c := &evilCustomer{done: make(chan error, 1), stop: cancel}
	go func() {
		c.done <- agent.Run(ctx, agent.Config{Client: client, Display: screen.Parts{Screen: d, Input: d}, Panel: noPanel{}, Entry: agent.Entry{Number: n},
			Answer: agent.AnswerView, Tried: memory})
	}()
	select {
	case c.link = <-g.agents:
		if _, err := c.link.Receive(); err != nil { // enter
			t.Fatal(err)
		}
		go func() {
			for {
				if _, err := c.link.Receive(); err != nil {
					return
				}
			}
		}()
	case err := <-c.done:
		if !errors.Is(err, agent.ErrNumberRefused) {
			t.Errorf("agent: %v", err)
		}
		c.done <- err
	}
	return c
}

func (c *evilCustomer) end(t *testing.T) {
	t.Helper()
	c.stop()
	take(t, c.done, "the agent's end")
}

type noPanel struct{}

func (noPanel) Run(ctx context.Context, s *agent.Session) error {
	for {
		snap, changed := s.Snapshot()
		if snap.Phase == "ended" {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

func (c *evilCustomer) say(t *testing.T, m tunnel.GatewayMessage) {
	t.Helper()
	if err := c.link.Send(m); err != nil {
		t.Fatal(err)
	}
}

// guessAtAgent starts the agent and guesses while it enters.
func (g *evilGateway) guessAtAgent(t *testing.T, memory *tried.Memory) bool {
	t.Helper()
	c := g.startAgent(t, memory)
	defer c.end(t)
	if c.link == nil {
		return false
	}
	id := g.newStream()
	c.say(t, tunnel.GatewayMessage{Type: tunnel.TypeCall, Stream: id, Kind: tunnel.KindControl, Door: tunnel.DoorEntering})
	guessed := g.guess(t, "agent", id, tunnel.KindControl)
	c.say(t, tunnel.GatewayMessage{Type: tunnel.TypeRefused, Code: tunnel.RefusedNumber})
	return guessed
}

// guessInSession lets the customer join honestly, and guesses on a later stream.
func (g *evilGateway) guessInSession(t *testing.T, memory *tried.Memory, owner *tunnel.Link, over <-chan struct{}) bool {
	t.Helper()
	c := g.startAgent(t, memory)
	defer c.end(t)
	if c.link == nil {
		return false
	}
	id := g.newStream()
	c.say(t, tunnel.GatewayMessage{Type: tunnel.TypeCall, Stream: id, Kind: tunnel.KindControl, Door: tunnel.DoorEntering})
	if err := owner.Send(tunnel.OwnerMessage{Type: tunnel.TypeEntering, Stream: id}); err != nil {
		return false
	}
	a := take(t, g.side("agent", id), "the agent's stream")
	var b *tunnel.Stream
	select {
	case b = <-g.side("advisor", id):
	case <-over:
		a.Close()
		return false
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer a.Close()
	defer b.Close()
	for _, p := range [][2]*tunnel.Stream{{a, b}, {b, a}} {
		wg.Go(func() { _, _ = io.Copy(p[0], p[1]) })
	}
	c.say(t, tunnel.GatewayMessage{Type: tunnel.TypeJoined, Advisor: &tunnel.Person{Name: "anna"}, Resume: "token", Grace: 1})
	guesses := 0
	for range 3 {
		id := g.newStream()
		if c.link.Send(tunnel.GatewayMessage{Type: tunnel.TypeCall, Stream: id, Kind: tunnel.KindView, Door: tunnel.DoorPage}) != nil {
			break
		}
		select {
		case s := <-g.side("agent", id):
			g.side("agent", id) <- s
			if g.guess(t, "agent", id, tunnel.KindView) {
				guesses++
			}
			continue
		case err := <-c.done:
			c.done <- err
		}
		break
	}
	if guesses > 1 {
		t.Errorf("%d guesses in one session", guesses)
	}
	return guesses == 1
}

// guessAtOwner makes a customer enter who does not know the number.
func (g *evilGateway) guessAtOwner(t *testing.T, owner *tunnel.Link, over <-chan struct{}) bool {
	t.Helper()
	id := g.newStream()
	if err := owner.Send(tunnel.OwnerMessage{Type: tunnel.TypeEntering, Stream: id}); err != nil {
		return false
	}
	select {
	case s := <-g.side("advisor", id):
		g.side("advisor", id) <- s
		return g.guess(t, "advisor", id, tunnel.KindControl)
	case <-over:
		return false
	}
}

// TestOneCustomerEnters: of two customers who know the number one joins, even if the gateway lets
// the second enter too.
func TestOneCustomerEnters(t *testing.T) {
	g := newEvilGateway(t)
	owner, over := g.owner(t)
	enter := func() (*seal.Conn, error) {
		id := g.newStream()
		if err := owner.Send(tunnel.OwnerMessage{Type: tunnel.TypeEntering, Stream: id}); err != nil {
			t.Fatal(err)
		}
		line := take(t, g.side("advisor", id), "the owner's stream")
		return seal.Handshake(t.Context(), line, seal.Agent, seal.Params{Number: evilNumber, Kind: tunnel.KindControl, Stream: id})
	}
	first, err := enter()
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := enter()
	if err == nil {
		defer second.Close()
	} else if !errors.Is(err, seal.ErrBurnt) {
		t.Errorf("the second one: %v", err)
	}
	select {
	case <-over:
		t.Error("the session ended")
	default:
	}
	// One connection works, that is, the owner's message on it can be read. It is the one whose
	// confirmation the owner received first; both agents finish before that.
	works := 0
	for _, line := range []*seal.Conn{first, second} {
		if line == nil {
			continue
		}
		if _, err := tunnel.NewControlConn(line).Receive(); err == nil {
			works++
		}
	}
	if works != 1 {
		t.Errorf("%d of two got in", works)
	}
}

// bound is the limit of seal/SPEC.md, section 6: three guesses at the owner's end, one at the
// customer's, one at the helpers of an advisor's computer.
const bound = 3 + 1 + 1

// TestGuessesAddUp: a gateway that spreads its guesses over owner, agent and helpers, restarts them
// at will, and ignores their refusals, has no more guesses at one number in all.
func TestGuessesAddUp(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(seed, 1))
			g := newEvilGateway(t)
			memory := t.TempDir()
			remembered := &tried.Memory{Folder: filepath.Join(memory, "customer")}
			owner, over := g.owner(t)
			login := []string{"--gateway", g.url, "--user", "advisor", "--ca-file", g.caFile}
			counts := map[string]int{}
			for range 16 {
				switch what := []string{"owner", "owner", "agent", "session", "helper"}[rnd.IntN(5)]; {
				case what == "owner" && g.guessAtOwner(t, owner, over),
					what == "agent" && g.guessAtAgent(t, remembered),
					what == "session" && g.guessInSession(t, remembered, owner, over),
					what == "helper" && g.guessAtHelper(t, append([]string{"view", evilNumber, "--listen", "127.0.0.1:0"}, login...), memory):
					counts[what]++
				}
			}
			all := 0
			for _, n := range counts {
				all += n
			}
			if all > bound || counts["owner"] > 3 || counts["agent"]+counts["session"] > 1 || counts["helper"] > 1 || all == 0 {
				t.Errorf("%d guesses: %v", all, counts)
			}
			t.Logf("guesses: %v", counts)
		})
	}
}

// owner is `lotse session new` without its process; over is closed when it has ended. The number is
// fixed, because the helpers and the agent need the same.
func (g *evilGateway) owner(t *testing.T) (link *tunnel.Link, over <-chan struct{}) {
	t.Helper()
	client := &tunnel.Client{Gateway: g.url, RootCAs: newRoots(t, g.caFile)}
	advisor, err := client.SignIn(t.Context(), "advisor", testPassword)
	if err != nil {
		t.Fatal(err)
	}
	n, err := tunnel.ParseNumber(evilNumber)
	if err != nil {
		t.Fatal(err)
	}
	o := newOwnSession(advisor, n, &console{out: io.Discard})
	ended := make(chan struct{})
	in, stop := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(ended)
		_ = o.run(ctx, "", in)
	}()
	link = take(t, g.owners, "the owner's link")
	go func() {
		for {
			if _, err := link.Receive(); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		stop.Close()
		take(t, ended, "the owner's end")
		client.CloseIdle()
	})
	return link, ended
}
