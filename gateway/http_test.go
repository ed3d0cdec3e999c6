package gateway

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"lotse/tunnel"
)

// ask sends a request and returns status, header and body.
func (r *rig) ask(method, path, body string, change func(*http.Request)) (int, http.Header, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if change != nil {
		change(req)
	}
	resp, err := r.http().Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

// credentials signs in with plain HTTP and returns the cookie's value and the CSRF value.
func (r *rig) credentials() (cookie, csrf string) {
	r.t.Helper()
	status, h, body := r.ask("POST", "/api/v1/signin", `{"name":"Anna","password":"`+testPassword+`"}`, nil)
	var me tunnel.Me
	if status != http.StatusOK || json.Unmarshal([]byte(body), &me) != nil || me.Name != "anna" || me.Display != "Anna Advisor" {
		r.t.Fatalf("sign-in: %d %s", status, body)
	}
	set := h.Get("Set-Cookie")
	for _, want := range []string{"__Host-lotse=", "Path=/", "HttpOnly", "Secure", "SameSite=Strict", "Max-Age=43200"} {
		if !strings.Contains(set, want) {
			r.t.Errorf("cookie lacks %s: %s", want, set)
		}
	}
	return (&http.Response{Header: h}).Cookies()[0].Value, me.CSRF
}

// TestGuard sends requests that must be refused.
func TestGuard(t *testing.T) {
	t.Parallel()
	r := start(t)
	cookie, csrf := r.credentials()
	signed := func(req *http.Request) {
		req.Header.Set("Cookie", tunnel.CookieName+"="+cookie)
		req.Header.Set(tunnel.CSRFHeader, csrf)
	}
	with := func(fs ...func(*http.Request)) func(*http.Request) {
		return func(req *http.Request) {
			for _, f := range fs {
				f(req)
			}
		}
	}
	header := func(k, v string) func(*http.Request) { return func(req *http.Request) { req.Header.Set(k, v) } }
	host := func(h string) func(*http.Request) { return func(req *http.Request) { req.Host = h } }
	upgrade := with(header("Connection", "Upgrade"), header("Upgrade", "websocket"), header("Sec-WebSocket-Version", "13"), header("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="))
	_, port, _ := net.SplitHostPort(r.addr)
	for name, c := range map[string]struct {
		method, path, body string
		change             func(*http.Request)
		status             int
		code               string
	}{
		"good":                   {"POST", "/api/v1/sessions", "{}", signed, 201, ""},
		"own origin":             {"POST", "/api/v1/sessions", "{}", with(signed, header("Origin", r.url)), 201, ""},
		"localhost":              {"GET", "/api/v1/info", "", host("localhost:" + port), 200, ""},
		"me":                     {"GET", "/api/v1/me", "", header("Cookie", tunnel.CookieName+"="+cookie), 200, ""},
		"not signed in":          {"POST", "/api/v1/sessions", "{}", nil, 401, "unauthorized"},
		"no csrf":                {"POST", "/api/v1/sessions", "{}", with(signed, header(tunnel.CSRFHeader, "")), 403, "forbidden"},
		"wrong csrf":             {"POST", "/api/v1/signout", "", with(signed, header(tunnel.CSRFHeader, csrf+"x")), 403, "forbidden"},
		"no csrf on delete":      {"DELETE", "/api/v1/sessions/1234", "", with(signed, header(tunnel.CSRFHeader, "")), 403, "forbidden"},
		"wrong cookie":           {"GET", "/api/v1/me", "", header("Cookie", tunnel.CookieName+"="+cookie[1:]), 401, "unauthorized"},
		"foreign origin":         {"POST", "/api/v1/sessions", "{}", with(signed, header("Origin", "https://evil.example")), 403, "forbidden"},
		"origin of other port":   {"GET", "/api/v1/me", "", with(signed, header("Origin", "https://127.0.0.1:1")), 403, "forbidden"},
		"origin http":            {"GET", "/api/v1/me", "", with(signed, header("Origin", "http://"+r.addr)), 403, "forbidden"},
		"origin null":            {"GET", "/api/v1/info", "", header("Origin", "null"), 403, "forbidden"},
		"foreign host":           {"GET", "/", "", host("evil.example"), 421, "forbidden"},
		"host that begins alike": {"GET", "/", "", host("localhost.evil.example"), 421, "forbidden"},
		"owner from elsewhere":   {"GET", "/api/v1/sessions/1234/owner", "", with(signed, upgrade, header("Origin", "https://evil.example")), 403, "forbidden"},
		"stream from elsewhere":  {"GET", "/api/v1/streams/AAAAAAAAAAAAAAAAAAAAAA", "", with(signed, upgrade, header("Origin", "https://evil.example")), 403, "forbidden"},
		"agent is another page":  {"GET", "/agent/v1", "", with(upgrade, header("Origin", "https://evil.example")), 403, "forbidden"},
		"agent of no page":       {"GET", "/agent/v1", "", with(upgrade, header("Origin", "")), 403, "forbidden"},
		"agent of two pages":     {"GET", "/agent/v1", "", with(upgrade, header("Origin", r.url), func(q *http.Request) { q.Header.Add("Origin", "https://evil.example") }), 403, "forbidden"},
		"our page's stream":      {"GET", "/agent/v1/streams/AAAAAAAAAAAAAAAAAAAAAA", "", with(upgrade, header("Origin", r.url)), 404, "not_found"},
		"another page's stream":  {"GET", "/agent/v1/streams/AAAAAAAAAAAAAAAAAAAAAA", "", with(upgrade, header("Origin", "https://evil.example")), 403, "forbidden"},
		"agent without upgrade":  {"GET", "/agent/v1", "", nil, 400, "bad_request"},
		"stream without sign-in": {"GET", "/api/v1/streams/AAAAAAAAAAAAAAAAAAAAAA", "", upgrade, 401, "unauthorized"},
		"no such stream":         {"GET", "/agent/v1/streams/AAAAAAAAAAAAAAAAAAAAAA", "", upgrade, 404, "not_found"},
		"no such session":        {"GET", "/api/v1/sessions/0000/owner", "", with(signed, upgrade), 404, "not_found"},
		"body too long":          {"POST", "/api/v1/signin", `{"name":"` + strings.Repeat("x", maxBody) + `"}`, nil, 400, "bad_request"},
		"body no json":           {"POST", "/api/v1/signin", `name=anna`, nil, 400, "bad_request"},
		"form":                   {"POST", "/api/v1/signin", `{"name":"anna"}`, header("Content-Type", "text/plain"), 400, "bad_request"},
		"wrong method":           {"PUT", "/api/v1/sessions", "{}", signed, 404, "not_found"},
		"unknown":                {"GET", "/api/v2/x", "", nil, 404, "not_found"},
		"page by post":           {"POST", "/", "", nil, 405, ""},
		"headers too long":       {"GET", "/", "", header("X-Long", strings.Repeat("x", 3*maxHeaderBytes)), 431, ""},
	} {
		t.Run(name, func(t *testing.T) {
			status, h, body := r.ask(c.method, c.path, c.body, c.change)
			var e tunnel.ErrorBody
			_ = json.Unmarshal([]byte(body), &e)
			if status != c.status || e.Error.Code != c.code || c.code != "" && e.Error.Message == "" {
				t.Errorf("%d %s, want %d %s", status, body, c.status, c.code)
			}
			if status != 431 && (!strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || h.Get("X-Content-Type-Options") != "nosniff" ||
				h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cross-Origin-Opener-Policy") != "same-origin") {
				t.Errorf("headers: %v", h)
			}
		})
	}
	if strings.Contains(r.logs.String(), "level=ERROR") {
		t.Errorf("strangers' doing logged as errors:\n%s", r.logs)
	}
	for what, secret := range map[string]string{"cookie": cookie, "csrf": csrf} {
		if strings.Contains(r.logs.String(), secret) {
			t.Errorf("%s is in the log", what)
		}
	}
}

// TestAgentIsOurPage: the customer's page may be an agent.
func TestAgentIsOurPage(t *testing.T) {
	t.Parallel()
	r := start(t)
	d := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: r.roots}}
	ws, _, err := d.DialContext(t.Context(), "wss://"+r.addr+"/agent/v1", map[string][]string{"Origin": {r.url}})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	if err := ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"enter","place":"1234","resume":"AAAA"}`)); err != nil {
		t.Fatal(err)
	}
	_, m, err := ws.ReadMessage()
	if err != nil || !strings.Contains(string(m), tunnel.RefusedLost) {
		t.Fatalf("%s, %v", m, err)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	r := start(t)
	for path, want := range map[string][3]string{
		"/": {"text/html; charset=utf-8", "no-cache", "<p>customer"}, "/advisor": {"text/html; charset=utf-8", "no-cache", "<p>advisor"},
		"/assets/app-3fZ8kQ1x.js": {"text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "1"},
		"/assets/plain.css":       {"text/css; charset=utf-8", "no-cache", "a{}"},
	} {
		status, h, body := r.ask("GET", path, "", nil)
		if status != 200 || h.Get("Content-Type") != want[0] || h.Get("Cache-Control") != want[1] || body != want[2] {
			t.Errorf("%s: %d %v %q", path, status, h, body)
		}
		if status, _, _ := r.ask("GET", path, "", func(q *http.Request) { q.Header.Set("If-None-Match", h.Get("ETag")) }); status != 304 {
			t.Errorf("%s unchanged: %d", path, status)
		}
	}
	for _, path := range []string{"/secret.html", "/index.html", "/assets/", "/assets/../secret.html", "/../go.mod", "/assets/%2e%2e/secret.html", "/advisor/"} {
		if status, _, body := r.ask("GET", path, "", nil); status == 200 {
			t.Errorf("%s is served: %q", path, body)
		}
	}
}

// TestSecurityText covers the gateway's part of finding L10.
func TestSecurityText(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *Config) { c.SecurityContact = "mailto:security@example.com" })
	status, h, body := r.ask("GET", "/.well-known/security.txt", "", nil)
	if status != 200 || h.Get("Content-Type") != "text/plain; charset=utf-8" || !strings.HasPrefix(body, "Contact: mailto:security@example.com\nExpires: 20") ||
		!strings.Contains(body, "\nCanonical: "+r.url+"/.well-known/security.txt\n") {
		t.Errorf("%d %v %q", status, h, body)
	}
	if status, _, _ := start(t).ask("GET", "/.well-known/security.txt", "", nil); status != 404 {
		t.Errorf("without a contact: %d", status)
	}
}

func TestSignInLimit(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *Config) { c.Limits.SignInWrong = 2 })
	for i, c := range []struct {
		name, password string
		code           string
	}{
		{"anna", testPassword, ""}, {"anna", "wrong", "unauthorized"}, {"nobody", "wrong", "unauthorized"},
		{"anna", testPassword, "too_many"}, {"bert", testPassword, "too_many"},
	} {
		_, err := r.client().SignIn(t.Context(), c.name, c.password)
		if c.code == "" && err != nil || c.code != "" && !hasCode(err, c.code) {
			t.Errorf("sign-in %d: %v, want %q", i, err, c.code)
		}
	}
}

func TestPasswordChange(t *testing.T) {
	t.Parallel()
	r := start(t)
	a := r.signIn("anna")
	accounts, err := OpenAccounts(r.data)
	if err != nil {
		t.Fatal(err)
	}
	if err := accounts.SetPassword("anna", "another password"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Sessions(t.Context()); !hasCode(err, tunnel.CodeUnauthorized) {
		t.Errorf("still signed in: %v", err)
	}
}

func TestMetrics(t *testing.T) {
	r, o, c := joinedRig(t)
	a, b, _ := rawStream(t, o, c)
	echo(t, a, b)
	get := func(path string) string {
		resp, err := http.Get("http://" + r.metrics + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return string(text)
	}
	if got := get("/healthz"); got != "ok\n" {
		t.Errorf("health: %q", got)
	}
	text := get("/metrics")
	for _, want := range []string{"lotse_sessions 1\n", "lotse_sessions_joined 1\n", "lotse_streams 2\n", "lotse_joins_total 1\n", "# TYPE lotse_sessions gauge\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("metrics lack %q:\n%s", want, text)
		}
	}
	if status, _, _ := r.ask("GET", "/metrics", "", nil); status != 404 {
		t.Errorf("metrics on the public port: %d", status)
	}
	http.DefaultClient.CloseIdleConnections()
}
