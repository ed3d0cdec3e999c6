package gateway

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"lotse/tunnel"
)

// The tests of this file cover the findings of the security audit of commit 86e8790 against a
// running gateway; each failed before its defence was built. Strangers use any address, because the
// gateway trusts a proxy on loopback.

func behindProxy(c *Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }

// site returns address i of one IPv6 /48, each in a /64 of its own.
func site(i int) string { return fmt.Sprintf("2001:db8:bad:%x::1", i&0xffff) }

// rawLink opens an agent's link from any address.
func (r *rig) rawLink(from string) *websocket.Conn {
	r.t.Helper()
	d := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: r.roots}}
	ws, res, err := d.DialContext(r.t.Context(), "wss://"+r.addr+"/agent/v1", http.Header{"X-Forwarded-For": {from}})
	if err != nil {
		r.t.Fatalf("link from %s: %v, %v", from, err, res)
	}
	r.t.Cleanup(func() { ws.Close() })
	return ws
}

// answerTo enters a place on a new link and returns the first answer.
func (r *rig) answerTo(from, place string) tunnel.GatewayMessage {
	r.t.Helper()
	ws := r.rawLink(from)
	defer ws.Close()
	if err := ws.WriteJSON(tunnel.AgentRequest{Type: tunnel.TypeEnter, Place: place}); err != nil {
		r.t.Fatal(err)
	}
	return readAnswer(r.t, ws)
}

func readAnswer(t *testing.T, ws *websocket.Conn) (m tunnel.GatewayMessage) {
	t.Helper()
	_ = ws.SetReadDeadline(time.Now().Add(30 * time.Second))
	if err := ws.ReadJSON(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

// closed waits until the gateway closes the link.
func closed(t *testing.T, ws *websocket.Conn, what string) {
	t.Helper()
	_ = ws.SetReadDeadline(time.Now().Add(15 * time.Second))
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			if strings.Contains(err.Error(), "timeout") {
				t.Errorf("%s: the link stays open", what)
			}
			return
		}
	}
}

// TestSiteKeepsNobodyOut covers finding H5: enters from every /64 of one /48 do not keep customers
// of other networks out.
func TestSiteKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	r := start(t, behindProxy)
	for i := range 150 {
		r.answerTo(site(i), "9999")
	}
	if m := r.answerTo("198.51.100.7", "9999"); m.Type == tunnel.TypeRefused {
		t.Errorf("customer without failures: %+v", m)
	}
}

// TestSiteIsBounded covers findings M4 and M9 at the customers' entrance: 300 addresses of one /48
// with one try each are stopped long before the end.
func TestSiteIsBounded(t *testing.T) {
	t.Parallel()
	r := start(t, behindProxy, func(c *Config) { c.Limits.EnterPerMinute = 100_000 })
	passed := 0
	for i := range 300 {
		if m := r.answerTo(site(i), "9999"); m.Type == tunnel.TypeCall {
			passed++
		}
	}
	if passed > 160 {
		t.Errorf("%d of 300 tries of one /48 were taken", passed)
	}
}

// TestGuesserLocksNobodyOut covers finding M2.
func TestGuesserLocksNobodyOut(t *testing.T) {
	t.Parallel()
	r := start(t, behindProxy)
	for i := range 12 {
		if status := r.signInWorking("203.0.113.9", "anna", fmt.Sprint("wrong", i)); status == http.StatusOK {
			t.Fatal("a wrong password was taken")
		}
	}
	if status := r.signInWorking("198.51.100.7", "anna", testPassword); status != http.StatusOK {
		t.Errorf("the right password from another address: status %d", status)
	}
}

func (r *rig) signInFrom(from string, req tunnel.SignInRequest) (status int, answer string) {
	r.t.Helper()
	body, err := json.Marshal(req)
	if err != nil {
		r.t.Fatal(err)
	}
	status, _, answer = r.ask("POST", "/api/v1/signin", string(body), func(q *http.Request) { q.Header.Set("X-Forwarded-For", from) })
	return status, answer
}

// signInWorking solves the puzzles that it gets, as programs do.
func (r *rig) signInWorking(from, name, password string) (status int) {
	r.t.Helper()
	req := tunnel.SignInRequest{Name: name, Password: password}
	for {
		status, answer := r.signInFrom(from, req)
		var e tunnel.ErrorBody
		if json.Unmarshal([]byte(answer), &e) != nil || e.Error.Code != tunnel.CodePuzzle {
			return status
		}
		var err error
		if req.Proof, err = tunnel.SolvePuzzle(r.t.Context(), e.Error.Puzzle); err != nil {
			r.t.Fatal(err)
		}
	}
}

// TestFirstMessage covers finding M3: if the first message of a link is not a valid enter, the link
// is closed.
func TestFirstMessage(t *testing.T) {
	t.Parallel()
	r := start(t)
	for _, first := range []string{`{"type":"x"}`, `{"type":"end"}`, `{}`, `{"type":"enter"}`} {
		ws := r.rawLink("")
		if err := ws.WriteMessage(websocket.TextMessage, []byte(first)); err != nil {
			t.Fatal(err)
		}
		closed(t, ws, first)
	}
}

// TestForwardedLinks covers finding M3 behind a trusted proxy: one client's idle links are limited.
func TestForwardedLinks(t *testing.T) {
	t.Parallel()
	r := start(t, behindProxy)
	links := make([]*websocket.Conn, 100)
	for i := range links {
		links[i] = r.rawLink("203.0.113.9")
	}
	// The gateway has accepted all of them: it answers the last one.
	last := links[len(links)-1]
	if err := last.WriteJSON(tunnel.AgentRequest{Type: tunnel.TypeEnter, Place: "9999"}); err != nil {
		t.Fatal(err)
	}
	readAnswer(t, last)
	eventually(t, "one client's links are bounded", func() bool {
		_, _, _, n := r.count()
		return n <= maxUnjoinedOne
	})
}

// count reads the gateway's gauges.
func (r *rig) count() (sessions, joined, streams, links int) {
	r.t.Helper()
	resp, err := http.Get("http://" + r.metrics + "/metrics")
	if err != nil {
		r.t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer resp.Body.Close()
	var b strings.Builder
	buf := make([]byte, 4096)
	for {
		n, err := resp.Body.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			break
		}
	}
	for _, line := range strings.Split(b.String(), "\n") {
		for name, v := range map[string]*int{"lotse_sessions": &sessions, "lotse_sessions_joined": &joined, "lotse_streams": &streams, "lotse_links": &links} {
			if rest, ok := strings.CutPrefix(line, name+" "); ok {
				fmt.Sscan(rest, v)
			}
		}
	}
	return
}

// TestJoinedPlaceTellsNothing covers finding M4: a place where a customer or foreign server is
// connected answers like an unknown place.
func TestJoinedPlaceTellsNothing(t *testing.T) {
	t.Parallel()
	r := start(t, withRepeater)
	a := r.signIn("anna")
	joined := r.open(a)
	r.customer().join(joined.number)
	foreign := r.open(a)
	if err := a.OpenForeign(t.Context(), foreign.number); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]*owner{"joined": joined, "foreign": foreign} {
		if _, m, err := r.customer().try(o.number.Digits()); m.Type != tunnel.TypeRefused || m.Code != tunnel.RefusedNumber {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}

// TestMetricsHost covers finding L7: a page that rebinds its name to loopback reads no metrics.
func TestMetricsHost(t *testing.T) {
	t.Parallel()
	r := start(t)
	for host, want := range map[string]int{r.metrics: 200, "localhost": 200, "localhost:1234": 200, "[::1]:9443": 200, "10.0.0.5:9443": 200, "evil.example": 421, "127.0.0.1.evil.example": 421} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+r.metrics+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("Host %s: %d, want %d", host, resp.StatusCode, want)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}
