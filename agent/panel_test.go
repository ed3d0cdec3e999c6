package agent

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"net"

	"github.com/gorilla/websocket"

	"lotse/consent"
	"lotse/tunnel"
)

// nopConn is a line that is never used.
type nopConn struct{ net.Conn }

func (nopConn) Close() error { return nil }

// panelServer serves the handler of a panel as Run would.
func panelServer(t *testing.T) (*BrowserPanel, *Session, *httptest.Server) {
	t.Helper()
	s, _ := joinedSession(t, Config{})
	p := &BrowserPanel{session: s, tokens: []string{"one-time"}, pages: fstest.MapFS{"panel.html.gz": {Data: packed("<!doctype html>panel")}}}
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

// TestPanelIsOpenedAgain: who looks for the panel gets a page beside the first one,
// with the same rights, but no more pages than there is room for.
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

func TestPanelTellsAndObeys(t *testing.T) {
	_, s, server := panelServer(t)
	_, body := request(t, server, "POST", "/api/open", `{"token":"one-time"}`, nil)
	var opened struct{ Key string }
	if err := json.Unmarshal([]byte(body), &opened); err != nil {
		t.Fatal(err)
	}
	ws := events(t, server, opened.Key)
	// until reads snapshots until one satisfies f.
	until := func(what string, f func(Snapshot) bool) Snapshot {
		t.Helper()
		for {
			var snap Snapshot
			_ = ws.SetReadDeadline(time.Now().Add(10 * time.Second))
			if err := ws.ReadJSON(&snap); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if f(snap) {
				return snap
			}
		}
	}
	until("joined", func(s Snapshot) bool {
		return s.Phase == phaseJoined && s.Advisor != nil && s.Advisor.Display == "Anna Berg"
	})
	s.apply(consent.Event{Kind: consent.Ask, Right: consent.View}, byAdvisor)
	q := until("an armed question", func(s Snapshot) bool { return s.Question != nil && s.Question.Armed }).Question
	send := func(v any) {
		t.Helper()
		if err := ws.WriteJSON(v); err != nil {
			t.Fatal(err)
		}
	}
	send(map[string]any{"type": "answer", "question": q.ID + "0", "allow": true}) // another question's
	send(map[string]any{"type": "nonsense"})
	send(map[string]any{"type": "answer", "question": q.ID, "allow": true})
	until("the view", func(s Snapshot) bool { return s.Rights.View && s.Question == nil })
	send(map[string]any{"type": "pause", "on": true})
	until("the pause", func(s Snapshot) bool { return s.Paused })
	send(map[string]any{"type": "take", "right": "view"})
	until("the view taken", func(s Snapshot) bool { return !s.Rights.View })
	// Too long a message ends the socket, not the session.
	_ = ws.WriteMessage(websocket.TextMessage, bytes.Repeat([]byte("x"), maxPanelMessage+1))
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			break
		}
	}
	if snap, _ := s.Snapshot(); snap.Phase != phaseJoined {
		t.Errorf("phase %s", snap.Phase)
	}
}

func TestTerminalPanel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := joinedSession(t, Config{Language: "de"})
		in, keyboard := io.Pipe()
		var out bytes.Buffer
		panel := &TerminalPanel{In: in, Out: &out}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- panel.Run(ctx, s) }()
		s.apply(consent.Event{Kind: consent.Ask, Right: consent.View}, byAdvisor)
		io.WriteString(keyboard, "j\n11\n\n") // typed before the question could be read
		time.Sleep(2 * panelArmAfter)
		synctest.Wait()
		if s.rights().View || s.questionID() == "" {
			t.Fatalf("typed ahead, and it counted:\n%s", out.String())
		}
		time.Sleep(time.Second)
		io.WriteString(keyboard, "j\n") // what no question says allows nothing
		synctest.Wait()
		if s.rights().View || s.questionID() == "" {
			t.Fatalf("a yes without the word:\n%s", out.String())
		}
		time.Sleep(time.Second)
		io.WriteString(keyboard, panel.word+"\n")
		time.Sleep(refusalWins)
		synctest.Wait()
		if !s.rights().View {
			t.Errorf("not allowed:\n%s", out.String())
		}
		io.WriteString(keyboard, "v\n")
		synctest.Wait()
		if s.rights().View {
			t.Error("the view was not taken back")
		}
		cancel()
		<-done
		keyboard.Close()
		for _, want := range []string{"Anna Berg, Example möchte Ihren Bildschirm SEHEN", "Es wird nichts gezeigt."} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q is missing in:\n%s", want, out.String())
			}
		}
	})
}

// When Run returns, sockets are gone, also one that never said its key.
func TestPanelRunWaitsForItsSockets(t *testing.T) {
	s, _ := joinedSession(t, Config{})
	address := make(chan string, 1)
	p := &BrowserPanel{NoBrowser: true, Opened: func(url string) { address <- url }}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx, s) }()
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
	// The advisor's screen: not for strangers, and not before it is shown.
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
	if s.rights() != (tunnel.Rights{}) {
		t.Error("looking gave a right")
	}
}

func packed(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.Bytes()
}
