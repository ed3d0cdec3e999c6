package gateway

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"lotse/tunnel"
)

// checkLink opens a WebSocket as lotse doctor does.
func (r *rig) checkLink() *websocket.Conn {
	r.t.Helper()
	d := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: r.roots}}
	ws, _, err := d.DialContext(
		r.t.Context(),
		"wss://"+r.addr+"/api/v1/check",
		http.Header{"Origin": {r.url}},
	)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = ws.Close() })
	return ws
}

// TestCheck: it reports how a request arrived, and nothing to pages of other origins.
func TestCheck(t *testing.T) {
	t.Parallel()
	r := start(t)
	status, _, body := r.ask("GET", "/api/v1/check", "", nil)
	var seen tunnel.Seen
	if err := json.Unmarshal([]byte(body), &seen); status != 200 || err != nil || seen.Port == 0 ||
		seen != (tunnel.Seen{Address: "127.0.0.1", Port: seen.Port}) {
		t.Errorf("direct: %d %s", status, body)
	}
	forwarded := func(q *http.Request) { q.Header.Set("X-Forwarded-For", "192.0.2.7") }
	_, _, body = r.ask("GET", "/api/v1/check", "", forwarded)
	if !strings.Contains(body, `"address":"127.0.0.1"`) ||
		!strings.Contains(body, `"forwarded":true,"trusted":false`) {
		t.Errorf("by an untrusted client: %s", body)
	}
	_, _, body = start(t, behindProxy).ask("GET", "/api/v1/check", "", forwarded)
	if !strings.Contains(body, `"address":"192.0.2.7"`) ||
		!strings.Contains(body, `"forwarded":true,"trusted":true,"proxy":false`) {
		t.Errorf("by a proxy: %s", body)
	}
	other := func(q *http.Request) { q.Header.Set("Origin", "https://evil.example") }
	if status, _, body := r.ask("GET", "/api/v1/check", "", other); status != 403 ||
		strings.Contains(body, "address") {
		t.Errorf("another page: %d %s", status, body)
	}
}

// TestCheckBounds: few stay open per address, none for ever, and each message is answered.
func TestCheckBounds(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	r := start(t, withClock(clock))
	var links []*websocket.Conn
	for range maxChecksOne + 1 {
		ws := r.checkLink()
		if err := ws.WriteMessage(websocket.TextMessage, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		if _, m, err := ws.ReadMessage(); err != nil ||
			!strings.Contains(string(m), `"address":"127.0.0.1"`) {
			t.Fatalf("%s, %v", m, err)
		}
		links = append(links, ws)
	}
	if _, _, err := links[0].ReadMessage(); !websocket.IsCloseError(
		err,
		websocket.CloseNormalClosure,
	) {
		t.Errorf("the oldest of too many: %v", err)
	}
	clock.advance(tunnel.CheckTime)
	for _, ws := range links[1:] {
		if _, _, err := ws.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			t.Errorf("after its time: %v", err)
		}
	}
}
