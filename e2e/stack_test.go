package e2e

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// stack is a gateway with one advisor account.
type stack struct {
	t       testing.TB
	gateway *process
	url     string
	data    string
	caFile  string
	config  string // a file of settings; "": none
}

// devPassword is random in each run: TestNeighbour searches for it wherever another user can
// read, and must not find it in the source of this test.
var devPassword = "correct horse battery staple " + rand.Text()

// newStack starts a stack with `lotse gateway --dev`.
// newStack starts a gateway. settings are lines of its configuration.
func newStack(t testing.TB, settings ...string) *stack {
	t.Helper()
	s := &stack{t: t, data: t.TempDir()}
	if len(settings) > 0 {
		s.config = filepath.Join(s.data, "gateway.toml")
		if err := os.WriteFile(s.config, []byte(strings.Join(settings, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.caFile = filepath.Join(s.data, "ca.pem")
	s.startGateway("127.0.0.1:0")
	return s
}

func (s *stack) startGateway(listen string) {
	s.t.Helper()
	args := []string{"gateway", "--dev", "--data", s.data, "--listen", listen}
	if s.config != "" {
		args = append(args, "--config", s.config)
	}
	s.gateway = start(s.t, []string{"LOTSE_DEV_PASSWORD=" + devPassword}, ours(s.t, "lotse"), args...)
	line := s.gateway.Line("listening on https://")
	s.url = line[strings.Index(line, "https://"):]
}

func (s *stack) env() []string {
	// The programs remember wrong numbers beside the gateway's data, not in this machine's
	// folders.
	return []string{"LOTSE_PASSWORD=" + devPassword, "LOTSE_CA_FILE=" + s.caFile, "LOTSE_NO_BROWSER=1", "LC_ALL=C.UTF-8", "XDG_RUNTIME_DIR=" + s.data}
}

// session is a running `lotse session new` and the session that it opened.
type session struct {
	*process
	number string
	link   string
}

func (s *stack) newSession() *session {
	s.t.Helper()
	p := start(s.t, s.env(), ours(s.t, "lotse"), "session", "new", "--gateway", s.url, "--user", "advisor", "--json")
	var made struct{ Number, URL string }
	line := p.Line(`"number"`)
	if err := json.Unmarshal([]byte(line), &made); err != nil {
		s.t.Fatalf("%s: %v", line, err)
	}
	return &session{process: p, number: made.Number, link: made.URL}
}

// takesInput waits until remote input counts: control is given, and the customer's own hands
// have rested since he answered.
func (s *session) takesInput() {
	s.t.Helper()
	eventually(s.t, "the customer's hands rest", func() error {
		last, _ := s.rights()
		if !strings.Contains(last, `"hands":false`) || !strings.Contains(last, `"control":true`) {
			return errors.New(last)
		}
		return nil
	})
}

// handsOn waits until the customer is using mouse or keyboard. It returns a mark behind the
// line that says so.
func (s *session) handsOn() (mark int) {
	s.t.Helper()
	eventually(s.t, "the customer's hands move", func() error {
		last, at := s.rights()
		if mark = at + 1; !strings.Contains(last, `"hands":true`) {
			return errors.New(last)
		}
		return nil
	})
	return mark
}

// rights returns the newest line about the rights and its index in the output.
func (s *session) rights() (line string, at int) {
	for i, l := range s.Output() {
		if strings.Contains(l, `"event":"rights"`) {
			line, at = l, i
		}
	}
	return line, at
}

// agent starts the customer's program with a terminal panel.
func (s *stack) agent(d *display, number string, more ...string) *process {
	s.t.Helper()
	args := append([]string{"--gateway", s.url, "--number", number, "--panel", "terminal", "--display", d.name, "--log-level", "debug"}, more...)
	return start(s.t, append(s.env(), d.env()...), ours(s.t, "lotse-agent"), args...)
}

// view starts `lotse view` for any number of viewers. It returns the process and the port for
// the viewers.
func (s *stack) view(number string, more ...string) (p *process, port int) {
	s.t.Helper()
	port = vncPort(s.t)
	args := append([]string{"view", number, "--gateway", s.url, "--user", "advisor", "--listen", "127.0.0.1:" + strconv.Itoa(port), "--many"}, more...)
	p = start(s.t, s.env(), ours(s.t, "lotse"), args...)
	p.Line("ready:")
	return p, port
}

// address returns the panel's address that the agent printed after mark.
func (p *process) address(mark int) string {
	p.t.Helper()
	return strings.TrimSpace(strings.TrimPrefix(p.LineAfter(mark, "panel: "), "panel: "))
}
