package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// TestPanelLink checks that the link opens the panel again and again, each time by an address that
// the customer's program has printed since.
func TestPanelLink(t *testing.T) {
	log := filepath.Join(t.TempDir(), "agent.log")
	if err := os.WriteFile(log, []byte("a warning\npanel: http://127.0.0.1:1/#t=a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// The first try of a second start changes nothing, like one within three seconds of the first.
	script := `n=$(cat "$0.n" 2>/dev/null || true); echo "$n." >"$0.n"; [ -z "$n" ] || echo "panel: http://127.0.0.1:1/#t=$n" >>"$0"; exit 4`
	p := newPanelLink(log, "sh", "-c", script, log)
	for _, want := range []string{"http://127.0.0.1:1/#t=a", "http://127.0.0.1:1/#t=.", "http://127.0.0.1:1/#t=.."} {
		answer := httptest.NewRecorder()
		p.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, p.path, nil))
		if got := answer.Header().Get("Location"); answer.Code != http.StatusSeeOther || got != want {
			t.Errorf("%d %q, want %q", answer.Code, got, want)
		}
	}
	p.start = []string{filepath.Join(t.TempDir(), "none")}
	answer := httptest.NewRecorder()
	if p.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, p.path, nil)); answer.Code != http.StatusBadGateway {
		t.Errorf("without a program: %d", answer.Code)
	}
}
