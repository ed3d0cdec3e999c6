package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// stack is a gateway with one advisor.
type stack struct {
	t       *testing.T
	gateway *process
	url     string
	data    string
	http    *http.Client
}

const devPassword = "correct horse battery staple"

// newStack starts `lotse gateway --dev`.
func newStack(t *testing.T) *stack {
	t.Helper()
	s := &stack{t: t, data: t.TempDir()}
	s.startGateway("127.0.0.1:0")
	pem, err := os.ReadFile(filepath.Join(s.data, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	s.http = &http.Client{Transport: transport, Timeout: patience}
	t.Cleanup(transport.CloseIdleConnections)
	return s
}

func (s *stack) startGateway(listen string) {
	s.t.Helper()
	s.gateway = start(s.t, []string{"LOTSE_DEV_PASSWORD=" + devPassword}, ours(s.t, "lotse"), "gateway", "--dev", "--data", s.data, "--listen", listen)
	line := s.gateway.line("listening on https://")
	s.url = line[strings.Index(line, "https://"):]
}

func (s *stack) env() []string {
	return []string{"LOTSE_PASSWORD=" + devPassword, "LOTSE_CA_FILE=" + filepath.Join(s.data, "ca.pem"), "LOTSE_NO_BROWSER=1", "LC_ALL=C.UTF-8"}
}

// session is one made by `lotse session new`.
type session struct {
	*process
	number string
	link   string
}

func (s *stack) newSession() *session {
	s.t.Helper()
	p := start(s.t, s.env(), ours(s.t, "lotse"), "session", "new", "--gateway", s.url, "--user", "advisor", "--json")
	var made struct{ Number, URL string }
	line := p.line(`"number"`)
	if err := json.Unmarshal([]byte(line), &made); err != nil {
		s.t.Fatalf("%s: %v", line, err)
	}
	return &session{process: p, number: made.Number, link: made.URL}
}

// agent starts the customer's program with a terminal panel.
func (s *stack) agent(d *display, number string, more ...string) *process {
	s.t.Helper()
	args := append([]string{"--gateway", s.url, "--number", number, "--panel", "terminal", "--display", d.name, "--log-level", "info"}, more...)
	return start(s.t, append(s.env(), d.env()...), ours(s.t, "lotse-agent"), args...)
}

// view starts `lotse view` and returns it with the port that viewers use.
func (s *stack) view(number string, more ...string) (p *process, port int) {
	s.t.Helper()
	port = vncPort(s.t)
	args := append([]string{"view", number, "--gateway", s.url, "--user", "advisor", "--listen", "127.0.0.1:" + strconv.Itoa(port)}, more...)
	p = start(s.t, s.env(), ours(s.t, "lotse"), args...)
	p.line("ready:")
	return p, port
}

// get fetches a path of the gateway.
func (s *stack) get(path string) (int, http.Header) {
	s.t.Helper()
	resp, err := s.http.Get(s.url + path)
	if err != nil {
		s.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode, resp.Header
}

// allow answers the open question of a terminal panel.
func allow(agent *process, mark int, what string) {
	agent.t.Helper()
	agent.lineAfterPrompt(mark, what)
	agent.write("y")
}

// lineAfterPrompt waits for a prompt, which has no line end: it is seen in
// the log line of the same moment.
func (p *process) lineAfterPrompt(mark int, right string) {
	p.t.Helper()
	p.lineAfter(mark, fmt.Sprintf("msg=question right=%s armed=true", right))
}
