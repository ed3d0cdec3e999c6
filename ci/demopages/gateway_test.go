package main

import (
	"encoding/pem"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSignInLink checks that the link signs a browser in without HTTPS, that its cookie reaches
// the gateway under the gateway's own name, and that other pages are refused.
func TestSignInLink(t *testing.T) {
	behind := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/v1/signin":
			if body, _ := io.ReadAll(r.Body); string(body) != `{"name":"advisor","password":"secret"}` {
				http.Error(w, "wrong", http.StatusForbidden)
				return
			}
			http.SetCookie(w, &http.Cookie{Name: "__Host-lotse", Value: "v", Path: "/", Secure: true, HttpOnly: true})
		case "/advisor":
			cookie, err := r.Cookie("__Host-lotse")
			if err != nil || cookie.Value != "v" || r.Header.Get("Origin") != "" {
				http.Error(w, "not signed in", http.StatusForbidden)
			}
		}
	}))
	defer behind.Close()
	t.Setenv("LOTSE_PASSWORD", "secret")
	file := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: behind.Certificate().Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(nil)
	g, err := newGateway(behind.URL, file, "http://"+front.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	front.Config.Handler = g.handler()
	front.Start()
	defer front.Close()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	get := func(path, origin string) (int, string) {
		req, err := http.NewRequest(http.MethodGet, g.origin+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if origin != "" {
			req.Header.Set("Origin", origin)
		}
		answer, err := browser.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, answer.Request.URL.Path + " " + strings.TrimSpace(string(body))
	}
	if status, what := get("/advisor", ""); status != http.StatusForbidden {
		t.Errorf("before the link: %d %s", status, what)
	}
	for range 2 { // the link can be opened again
		if status, what := get(g.link, ""); status != http.StatusOK || !strings.HasPrefix(what, "/advisor") {
			t.Errorf("the link: %d %s", status, what)
		}
	}
	if status, what := get("/advisor", "http://elsewhere.example.com"); status != http.StatusForbidden {
		t.Errorf("another page: %d %s", status, what)
	}
	if status, what := get(g.link+"x", ""); status != http.StatusOK || strings.HasPrefix(what, "/advisor") {
		t.Errorf("a wrong link: %d %s", status, what)
	}
}
