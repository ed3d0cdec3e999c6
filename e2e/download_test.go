package e2e

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// newDownloadStack starts a gateway that offers the agent for this system, and returns the
// agent's file. The gateway's address has a host name, as customers' addresses do.
func newDownloadStack(t *testing.T) (s *stack, program []byte) {
	t.Helper()
	return newDownloadStackOf(t, "lotse-agent", "lotse-agent-linux-amd64")
}

// newDownloadStackOf is newDownloadStack for one of our programs, offered under name.
func newDownloadStackOf(t *testing.T, built, name string) (s *stack, program []byte) {
	t.Helper()
	s = &stack{t: t, data: t.TempDir()}
	s.caFile = filepath.Join(s.data, "ca.pem")
	program, err := os.ReadFile(ours(t, built))
	if err != nil {
		t.Fatal(err)
	}
	folder, settings := t.TempDir(), filepath.Join(t.TempDir(), "gateway.toml")
	for name, body := range map[string][]byte{
		filepath.Join(folder, name): program,
		settings:                    fmt.Appendf(nil, "downloads = %q\nmetrics.listen = \"\"\n", folder),
	} {
		if err := os.WriteFile(name, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.gateway = start(t, []string{"LOTSE_DEV_PASSWORD=" + devPassword}, ours(t, "lotse"), "gateway", "--dev", "--config", settings, "--data", s.data, "--listen", "127.0.0.1:0")
	line := s.gateway.Line("listening on https://")
	s.url = strings.Replace(line[strings.Index(line, "https://"):], "127.0.0.1", "localhost", 1)
	return s, program
}

// resumed downloads a file in two parts, as a browser does after an interruption.
func (s *stack) resumed(t *testing.T, path string) (body []byte) {
	t.Helper()
	pem, err := os.ReadFile(s.caFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()
	etag := ""
	for _, part := range []string{"bytes=0-999999", "bytes=1000000-"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Range", part)
		if etag != "" {
			req.Header.Set("If-Range", etag)
		}
		resp, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusPartialContent {
			t.Fatalf("%s: %d, %v", part, resp.StatusCode, err)
		}
		etag = resp.Header.Get("ETag")
		body = append(body, b...)
	}
	return body
}

// TestDownloadToSession checks the way from an advisor's link to an accepted number, using only
// what the page offers. It counts the clicks.
func TestDownloadToSession(t *testing.T) {
	s, program := newDownloadStack(t)
	sum := sha256.Sum256(program)
	want := hex.EncodeToString(sum[:])
	ses := s.newSession()
	d := customerDisplay(t, "1000x700")
	b := newBrowser(t)
	page, panel := b.tab("customer"), b.tab("panel")
	begin, clicks := time.Now(), 0
	page.open(s.url + "/#p=" + ses.number[:4])
	page.wait("download")
	if got := page.text("invited-place"); !strings.HasPrefix(got, ses.number[:4]) {
		t.Errorf("the page shows %q of %s", got, ses.number)
	}

	saved := filepath.Join(t.TempDir(), "download")
	name := page.do("download", map[string]any{"id": "download", "value": saved})
	clicks++
	port := s.url[strings.LastIndex(s.url, ":")+1:]
	if name != "lotse-localhost_"+port {
		t.Errorf("saved as %q", name)
	}
	file := filepath.Join(filepath.Dir(saved), name)
	if err := os.Rename(saved, file); err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := sha256.Sum256(body); got != sum || page.do("text", map[string]any{"id": "sha256"}) != want {
		t.Errorf("another file came than was promised: %x, want %s", got, want)
	}
	if got := sha256.Sum256(s.resumed(t, "/download/lotse-agent-linux-amd64")); got != sum {
		t.Error("a resumed download is another file")
	}

	if err := os.Chmod(file, 0o700); err != nil {
		t.Fatal(err)
	}
	// The command line names no gateway: the agent reads it from its file name.
	agent := start(t, append(s.env(), d.env()...), file, "--display", d.name, "--log-level", "info")
	clicks++
	panel.open(agent.address(0))
	if got := panel.text("gateway"); got != "localhost:"+port {
		t.Errorf("the panel names %q before anything is connected", got)
	}
	panel.waitFor("number-form", `[data-confirm="true"]`)
	panel.fill("number", ses.number)
	panel.click("number-submit")
	clicks++
	ses.Line(`"state":"joined"`)
	panel.wait("session")
	t.Logf("from the link to an accepted number: %d clicks, nine digits, %.1f s (a page and a program that open at once)", clicks, time.Since(begin).Seconds())
	ses.Write("end")
	if code := agent.Exit(); code != 0 {
		t.Errorf("agent ended with %d", code)
	}
	b.noComplaints(afterTheEnd...)
}

// TestTypedGateway checks that an agent which knows no gateway asks for it together with the
// number.
func TestTypedGateway(t *testing.T) {
	s, _ := newDownloadStack(t)
	ses := s.newSession()
	d := customerDisplay(t, "1000x700")
	b := newBrowser(t)
	agent := start(t, append(s.env(), d.env()...), ours(t, "lotse-agent"), "--display", d.name, "--log-level", "info")
	panel := b.tab("panel")
	panel.open(agent.address(0))
	panel.wait("which-gateway")
	panel.fill("number", ses.number)
	panel.click("number-submit")
	if got := panel.text("number-error"); !strings.Contains(got, "@") {
		t.Errorf("a number alone: %q", got)
	}
	panel.fill("number", ses.number+"@"+strings.Replace(strings.TrimPrefix(s.url, "https://"), "o", "\u043e", 1))
	panel.click("number-submit")
	eventually(t, "a look-alike is refused in words", func() error {
		if got := panel.text("number-error"); !strings.Contains(got, "U+043E") {
			return fmt.Errorf("%q", got)
		}
		return nil
	})
	panel.fill("number", ses.number+"@"+strings.TrimPrefix(s.url, "https://"))
	panel.click("number-submit")
	ses.Line(`"state":"joined"`)
	panel.click("end")
	if code := agent.Exit(); code != 0 {
		t.Errorf("agent ended with %d", code)
	}
	b.noComplaints(afterTheEnd...)
}

// TestStartedByAnotherProgram checks what docs/integration.md promises to a program that starts
// the agent.
func TestStartedByAnotherProgram(t *testing.T) {
	s, _ := newDownloadStack(t)
	ses := s.newSession()
	d := customerDisplay(t, "1000x700")
	link := "lotse:" + strings.TrimPrefix(s.url, "https://") + "/" + ses.number
	// Standard error is discarded: standard output must hold nothing but events.
	only := []string{"-c", `exec "$0" "$@" 2>/dev/null`, ours(t, "lotse-agent")}
	agent := start(t, append(s.env(), d.env()...), "/bin/sh", append(only, "--events", "json", "--answer", "control", "--panel", "terminal", "--display", d.name, link)...)
	agent.Line(`"state":"joined"`)
	ses.Line(`"event":"compare"`) // the advisor's program may learn of the customer later
	ses.Write("view")
	agent.Line(`"state":"shared"`)
	ses.Write("end")
	agent.Line(`"exit":0`)
	if code := agent.Exit(); code != 0 {
		t.Errorf("ended with %d", code)
	}
	states := ""
	for _, line := range agent.Output() {
		var ev struct {
			V       int
			State   string
			Gateway string
			Reason  string
			Exit    *int
		}
		if err := json.Unmarshal([]byte(line), &ev); err != nil || ev.V != 1 || "https://"+ev.Gateway != s.url {
			t.Errorf("%q: %v", line, err)
		}
		if strings.Contains(line, ses.number) {
			t.Errorf("the session number is in %q", line)
		}
		states += ev.State + " "
		if ev.State == "ended" && (ev.Reason != "advisor" || ev.Exit == nil || *ev.Exit != 0) {
			t.Errorf("end: %s", line)
		}
	}
	if !strings.HasPrefix(states, "number connecting joined") && !strings.HasPrefix(states, "connecting joined") || !strings.HasSuffix(states, "joined shared ended ") {
		t.Errorf("states: %s", states)
	}

	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{5, `"code":"number"`, []string{"lotse:" + strings.TrimPrefix(s.url, "https://") + "/999912345"}},
		{3, "nothing answers", []string{"lotse:localhost:9/482193057"}},
		{2, "U+043E", []string{"lotse:supp\u043ert.example.com/482193057"}},
	} {
		p := start(t, append(s.env(), d.env()...), "/bin/sh", append(append(only, "--events", "json", "--answer", "deny", "--panel", "terminal", "--display", d.name), c.args...)...)
		last := p.Line(fmt.Sprintf(`"exit":%d`, c.code))
		if code := p.Exit(); code != c.code || !strings.Contains(last, c.want) {
			t.Errorf("%v: exit code %d\n%s", c.args, code, last)
		}
	}
}
