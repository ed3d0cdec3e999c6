package panel

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorilla/websocket"

	"lotse/agent"
	"lotse/agent/choices"
	"lotse/agent/files"
	"lotse/consent"
	"lotse/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// fakeSession shows what the test wants and records the commands.
type fakeSession struct {
	mu      sync.Mutex
	snap    agent.Snapshot  // Guarded by mu.
	changed chan struct{}   // Guarded by mu; closed and replaced at each change.
	done    []agent.Command // Guarded by mu.
	err     error           // Guarded by mu; the result of Do.
	pages   int             // Guarded by mu; that are open.
	gives   func(ctx context.Context, name string, size int64, source io.ReaderAt, accepted func(id string)) error
}

func newFakeSession() *fakeSession {
	return &fakeSession{snap: agent.Snapshot{Phase: agent.PhaseJoined}, changed: make(chan struct{})}
}

func (f *fakeSession) Snapshot() (agent.Snapshot, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	snap := f.snap
	if snap.Question != nil {
		question := *snap.Question
		snap.Question = &question
	}
	return snap, f.changed
}

func (f *fakeSession) Do(c agent.Command) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch c.(type) {
	case agent.PageOpened:
		f.pages++
	case agent.PageClosed:
		f.pages--
	default:
		f.done = append(f.done, c)
	}
	return f.err
}

func (f *fakeSession) Thumbnail() []byte { return nil }

func (f *fakeSession) GiveFile(ctx context.Context, name string, size int64, source io.ReaderAt, accepted func(id string)) error {
	return f.gives(ctx, name, size, source, accepted)
}

func (f *fakeSession) SaveFile(context.Context, string, func(files.OfferedFile) io.Writer, func()) error {
	return agent.ErrNoFile
}

func (f *fakeSession) Look(context.Context, func([]byte) error, func()) io.WriteCloser { return nil }

// show changes the snapshot.
func (f *fakeSession) show(change func(*agent.Snapshot)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.snap)
	close(f.changed)
	f.changed = make(chan struct{})
}

// commands waits for the command last, and returns all commands up to it. If last is nil, it
// returns those that have arrived.
func (f *fakeSession) commands(t *testing.T, last agent.Command) []agent.Command {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		f.mu.Lock()
		done := f.done
		if last == nil || len(done) > 0 && done[len(done)-1] == last {
			f.done = nil
			f.mu.Unlock()
			return done
		}
		f.mu.Unlock()
	}
	t.Fatalf("%+v was not done", last)
	return nil
}

// panelServer serves the handler of a panel as Run does.
func panelServer(t *testing.T) (*Panel, *fakeSession, *httptest.Server) {
	t.Helper()
	s := newFakeSession()
	p := &Panel{session: s, tokens: []string{"one-time"}, Logger: slog.New(slog.DiscardHandler),
		pages: fstest.MapFS{"panel.html.gz": {Data: packed("<!doctype html>panel")}}}
	ctx, cancel := context.WithCancel(context.Background())
	server := httptest.NewServer(p.handler(ctx, func() {}))
	p.origin = server.URL
	t.Cleanup(func() {
		cancel()
		server.CloseClientConnections()
		server.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return p, s, server
}

func request(t *testing.T, server *httptest.Server, method, path, body string, header map[string]string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		if k == "Host" {
			r.Host = v
		} else {
			r.Header.Set(k, v)
		}
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	out, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(out)
}

func TestPanelRefusesStrangers(t *testing.T) {
	_, _, server := panelServer(t)
	for name, test := range map[string]struct {
		method, path, body string
		header             map[string]string
		want               int
	}{
		"the page":             {"GET", "/", "", nil, 200},
		"another host name":    {"GET", "/", "", map[string]string{"Host": "evil.example"}, 403},
		"another origin":       {"POST", "/api/open", `{"token":"one-time"}`, map[string]string{"Origin": "https://evil.example"}, 403},
		"null origin":          {"POST", "/api/open", `{"token":"one-time"}`, map[string]string{"Origin": "null"}, 403},
		"a wrong token":        {"POST", "/api/open", `{"token":"guess"}`, nil, 403},
		"an empty token":       {"POST", "/api/open", `{"token":""}`, nil, 403},
		"no token":             {"POST", "/api/open", `nonsense`, nil, 400},
		"a path outside":       {"GET", "/../secret", "", nil, 404},
		"events, other origin": {"GET", "/api/events", "", map[string]string{"Origin": "https://evil.example"}, 403},
	} {
		if code, _ := request(t, server, test.method, test.path, test.body, test.header); code != test.want {
			t.Errorf("%s: %d, want %d", name, code, test.want)
		}
	}
}

func TestPanelTokenIsUsedOnce(t *testing.T) {
	_, _, server := panelServer(t)
	code, body := request(t, server, "POST", "/api/open", `{"token":"one-time"}`, nil)
	if code != 200 || !strings.Contains(body, `"key"`) {
		t.Fatalf("%d %s", code, body)
	}
	if code, _ := request(t, server, "POST", "/api/open", `{"token":"one-time"}`, nil); code != 403 {
		t.Errorf("second use: %d", code)
	}
}

// TestPanelIsOpenedAgain checks that a customer who looks for the panel gets a second page with
// the same rights, but not more pages than the limit.
func TestPanelIsOpenedAgain(t *testing.T) {
	p, _, server := panelServer(t)
	var addresses []string
	p.NoBrowser, p.Opened = true, func(url string) { addresses = append(addresses, url) }
	open := func(token string) (key string) {
		code, body := request(t, server, "POST", "/api/open", `{"token":"`+token+`"}`, nil)
		var opened struct{ Key string }
		if code == 200 && json.Unmarshal([]byte(body), &opened) != nil {
			t.Fatal(body)
		}
		return opened.Key
	}
	raise := func() (token string) {
		before := len(addresses)
		if p.raise(nil) != nil {
			t.Fatal("a window")
		}
		if len(addresses) == before {
			return ""
		}
		_, token, _ = strings.Cut(addresses[before], "/#t=")
		return token
	}
	second := raise()
	if raise() != "" {
		t.Error("opened again at once")
	}
	key := open("one-time")
	if key == "" || open(second) != key {
		t.Error("the second page has another key than the first")
	}
	if open(second) != "" {
		t.Error("a token was used twice")
	}
	for range maxSockets/2 + 1 {
		ws := events(t, server, key)
		if _, _, err := ws.ReadMessage(); err != nil {
			t.Fatal(err)
		}
	}
	p.appeared = time.Now().Add(-2 * raiseEvery)
	if raise() != "" {
		t.Error("opened again beside so many")
	}
	for range 2 * maxTokens {
		p.newToken()
	}
	if len(p.tokens) != maxTokens {
		t.Errorf("%d tokens wait", len(p.tokens))
	}
}

// events opens the panel's socket with a key.
func events(t *testing.T, server *httptest.Server, key string) *websocket.Conn {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial(strings.Replace(server.URL, "http", "ws", 1)+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	if err := ws.WriteJSON(map[string]string{"key": key}); err != nil {
		t.Fatal(err)
	}
	return ws
}

func TestPanelSocketNeedsTheKey(t *testing.T) {
	_, _, server := panelServer(t)
	for _, key := range []string{"", "guess"} {
		ws := events(t, server, key)
		if _, b, err := ws.ReadMessage(); err == nil {
			t.Errorf("key %q: got %s", key, b)
		}
	}
}

// TestPanelTellsAndObeys checks that the page receives each change, and that each message
// becomes a command. An answer counts only on the connection on which its question was shown.
func TestPanelTellsAndObeys(t *testing.T) {
	_, session, server := panelServer(t)
	_, body := request(t, server, "POST", "/api/open", `{"token":"one-time"}`, nil)
	var opened struct{ Key string }
	if err := json.Unmarshal([]byte(body), &opened); err != nil {
		t.Fatal(err)
	}
	ws := events(t, server, opened.Key)
	told := func() (snap agent.Snapshot) {
		t.Helper()
		if err := ws.ReadJSON(&snap); err != nil {
			t.Fatal(err)
		}
		return snap
	}
	if snap := told(); snap.Phase != agent.PhaseJoined || snap.Question != nil {
		t.Fatalf("%+v", snap)
	}
	session.show(func(s *agent.Snapshot) { s.Question = &agent.Question{ID: "7", Right: "view", Armed: true} })
	question := told().Question
	if question == nil || !strings.HasPrefix(question.ID, "7.") {
		t.Fatalf("question %+v", question)
	}
	other := events(t, server, opened.Key)
	var elsewhere agent.Snapshot
	if err := other.ReadJSON(&elsewhere); err != nil {
		t.Fatal(err)
	}
	session.hasPages(t, 2)
	for _, m := range []string{
		`{"type":"answer","question":"7","allow":true}`, `{"type":"answer","question":"7.x","allow":true}`,
		`{"type":"answer","question":"` + elsewhere.Question.ID + `","allow":true}`, `{"type":"nonsense"}`, `{"type":"take","right":"x"}`,
		`{"type":"silence","right":""}`, `{"type":"share"}`, `{}`,
		`{"type":"enter","number":"482193057"}`,
		`{"type":"answer","question":"` + question.ID + `","allow":true,"share":{"kind":"screen"}}`,
		`{"type":"answer","question":"` + question.ID + `","allow":false}`,
		`{"type":"silence","right":"view","on":true}`, `{"type":"share","share":{"kind":"monitor","monitor":2}}`,
		`{"type":"take","right":"control"}`, `{"type":"pause","on":true}`, `{"type":"pause","on":false}`, `{"type":"end"}`,
	} {
		if err := ws.WriteMessage(websocket.TextMessage, []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	want := []agent.Command{
		agent.Enter{Typed: "482193057"}, agent.Allow{ID: "7", Share: &choices.Selection{Kind: "screen"}}, agent.Refuse{ID: "7"},
		agent.Silence{Right: consent.View, On: true}, agent.Propose{Share: choices.Selection{Kind: "monitor", Monitor: 2}},
		agent.Take{Right: consent.Control}, agent.Pause{}, agent.Resume{}, agent.End{},
	}
	if got := session.commands(t, agent.End{}); !reflect.DeepEqual(got, want) {
		t.Errorf("commands %+v\n    want %+v", got, want)
	}
	// A message that is too long ends the socket and has no other effect.
	_ = ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"end","number":"`+strings.Repeat("x", maxPanelMessage)+`"}`))
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			break
		}
	}
	if got := session.commands(t, nil); len(got) != 0 {
		t.Errorf("a message that is too long does %+v", got)
	}
	session.hasPages(t, 1)
	other.Close()
	session.hasPages(t, 0)
}

// hasPages waits until n pages are open.
func (f *fakeSession) hasPages(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(time.Millisecond) {
		f.mu.Lock()
		open := f.pages
		f.mu.Unlock()
		if open == n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d open pages, not %d", open, n)
		}
	}
}

// TestPanelRunWaitsForItsSockets checks that all sockets are closed when Run returns, even one
// that never sent its key.
func TestPanelRunWaitsForItsSockets(t *testing.T) {
	address := make(chan string, 1)
	p := &Panel{NoBrowser: true, Opened: func(url string) { address <- url }}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- p.run(ctx, newFakeSession()) }()
	var url string
	select {
	case url = <-address:
	case err := <-done:
		t.Fatal(err, "(make build first)")
	}
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url[:strings.Index(url, "/#")], "http")+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sockets != 0 {
		t.Errorf("%d sockets outlived Run", p.sockets)
	}
}

// oneByOne is a session of which one page learns the end long after another.
type oneByOne struct {
	*fakeSession
	first sync.Once
	later chan struct{} // closed: the others learn it
}

func (s *oneByOne) Snapshot() (agent.Snapshot, <-chan struct{}) {
	snap, changed := s.fakeSession.Snapshot()
	if snap.Phase == agent.PhaseEnded {
		wait := true
		s.first.Do(func() { wait = false })
		if wait {
			<-s.later
		}
	}
	return snap, changed
}

// TestAllPagesGetTheEnd checks that Run does not return before each open page has the end, with
// the session's record, even if another page has it already.
func TestAllPagesGetTheEnd(t *testing.T) {
	address := make(chan string, 1)
	p := &Panel{NoBrowser: true, Opened: func(url string) { address <- url }}
	s := &oneByOne{fakeSession: newFakeSession(), later: make(chan struct{})}
	done := make(chan error, 1)
	go func() { done <- p.run(t.Context(), s) }()
	var url string
	select {
	case url = <-address:
	case err := <-done:
		t.Fatal(err, "(make build first)")
	}
	p.mu.Lock()
	p.key = "key"
	p.mu.Unlock()
	origin, _, _ := strings.Cut(url, "/#")
	ended := make(chan bool, 2)
	for range 2 {
		ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(origin, "http")+"/api/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ws.Close()
		if err := ws.WriteJSON(map[string]string{"key": "key"}); err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				var snap agent.Snapshot
				if ws.ReadJSON(&snap) != nil || snap.Phase == agent.PhaseEnded {
					ended <- snap.Phase == agent.PhaseEnded
					return
				}
			}
		}()
	}
	s.hasPages(t, 2)
	s.show(func(snap *agent.Snapshot) { snap.Phase = agent.PhaseEnded })
	if !<-ended {
		t.Error("no page has the end")
	}
	s.hasPages(t, 1) // the first page is gone
	close(s.later)
	if !<-ended {
		t.Error("the other page was cut off before it had the end")
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestPanelPicturesNeedTheKey(t *testing.T) {
	p, s, server := panelServer(t)
	p.mu.Lock()
	p.key = "the-key"
	p.mu.Unlock()
	for name, test := range map[string]struct {
		header map[string]string
		want   int
	}{
		"no key":              {nil, 403},
		"an empty key":        {map[string]string{"X-Lotse-Key": ""}, 403},
		"a wrong key":         {map[string]string{"X-Lotse-Key": "the-kez"}, 403},
		"from another origin": {map[string]string{"X-Lotse-Key": "the-key", "Origin": "https://evil.example"}, 403},
		"nothing is shared":   {map[string]string{"X-Lotse-Key": "the-key"}, 204},
	} {
		if got, _ := request(t, server, "GET", "/api/thumbnail", "", test.header); got != test.want {
			t.Errorf("thumbnail, %s: %d, want %d", name, got, test.want)
		}
	}
	// Strangers cannot see the advisor's screen, and nobody can before it is shown.
	for _, first := range []string{`{"key":"guess"}`, `{}`, `{"key":"the-key"}`} {
		ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http")+"/api/show", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := ws.WriteMessage(websocket.TextMessage, []byte(first)); err != nil {
			t.Fatal(err)
		}
		if _, b, err := ws.ReadMessage(); err == nil {
			t.Errorf("%s: the socket said %q", first, b)
		}
		ws.Close()
	}
	if got := s.commands(t, nil); len(got) != 0 {
		t.Errorf("looking did %+v", got)
	}
}

func packed(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.Bytes()
}

// PanelWanted never receives a value.
func (f *fakeSession) PanelWanted() <-chan struct{} { return nil }
