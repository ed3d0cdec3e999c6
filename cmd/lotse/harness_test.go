package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lotse/proctest"
	"lotse/seal"
	"lotse/tunnel"
)

const testPassword = "a password for tests"

// environment is what the binary gets in addition to this process's environment. Its language is
// English unless env changes LC_ALL.
func environment(env []string) []string {
	return append([]string{"LC_ALL=C.UTF-8", "LOTSE_CA_FILE=", "LOTSE_PASSWORD=" + testPassword, "LOTSE_DEV_PASSWORD=" + testPassword}, env...)
}

// run runs the binary until it exits.
func run(t *testing.T, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env = append(os.Environ(), environment(env)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// process is a running program; tests can wait for lines of its output.
type process struct {
	*proctest.Process
	t    *testing.T
	next int // the first line of the output that line has not looked at
	errs *lockedBuffer
}

// lockedBuffer may be read while the program writes.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// waitFor polls for a state.
func waitFor(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !f(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("timed out: %s", what)
		}
	}
}

// begin starts the binary. Its errors are kept apart from its output.
func begin(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	errs := &lockedBuffer{}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%v:\n%s", args, errs.String())
		}
	})
	p := proctest.Start(t, proctest.Command{Path: binary, Args: args, Env: environment(env), Errors: errs})
	return &process{Process: p, t: t, errs: errs}
}

// line waits for a line that contains all of want, after those that line has returned before.
func (p *process) line(want ...string) string {
	p.t.Helper()
	l, ok := p.lineOrEnd(want...)
	if !ok {
		p.t.Fatalf("ended before %q", want)
	}
	return l
}

// lineOrEnd does the same; it returns false if the program exits first.
func (p *process) lineOrEnd(want ...string) (string, bool) {
	p.t.Helper()
	l, next, err := p.Await(p.next, want...)
	p.next = next
	if err != nil && !errors.Is(err, proctest.ErrEnded) {
		p.t.Fatal(err)
	}
	return l, err == nil
}

// devGateway starts a gateway on a free port.
func devGateway(t *testing.T) (p *process, url, caFile, data string) {
	t.Helper()
	data = t.TempDir()
	p = begin(t, nil, "gateway", "--dev", "--listen", "127.0.0.1:0", "--data", data, "--metrics", "127.0.0.1:0")
	url = strings.TrimPrefix(p.line("listening on https://"), "listening on ")
	return p, url, filepath.Join(data, "ca.pem"), data
}

// agentEnd is a customer played by the test.
type agentEnd struct {
	t       *testing.T
	client  *tunnel.Client
	link    *tunnel.AgentLink
	number  tunnel.Number
	control *tunnel.ControlConn
	origins seal.Origins
}

func newRoots(t *testing.T, caFile string) *x509.CertPool {
	t.Helper()
	pem, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return roots
}

func newAgent(t *testing.T, url, caFile string) *agentEnd {
	t.Helper()
	a := &agentEnd{t: t, client: &tunnel.Client{Gateway: url, RootCAs: newRoots(t, caFile)}}
	var err error
	if a.link, err = a.client.DialAgent(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.link.Close() })
	return a
}

func (a *agentEnd) recv(want string) tunnel.GatewayMessage {
	a.t.Helper()
	m, err := a.link.Recv()
	if err != nil || m.Type != want {
		a.t.Fatalf("agent got %+v, %v; want %s", m, err, want)
	}
	return m
}

func (a *agentEnd) seal(m tunnel.GatewayMessage) *seal.Conn {
	a.t.Helper()
	conn, err := a.client.DialAgentStream(context.Background(), m.Stream)
	if err != nil {
		a.t.Fatal(err)
	}
	sealed, err := seal.Handshake(context.Background(), conn, seal.Agent, seal.Params{Number: a.number.Digits(), Kind: m.Kind, Stream: m.Stream, Origins: &a.origins})
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { sealed.Close() })
	return sealed
}

// join enters the number and says hello.
func (a *agentEnd) join(digits string) {
	a.t.Helper()
	var err error
	if a.number, err = tunnel.ParseNumber(digits); err != nil {
		a.t.Fatal(err)
	}
	if err := a.link.Enter(a.number.Place(), "", ""); err != nil {
		a.t.Fatal(err)
	}
	sealed := a.seal(a.recv(tunnel.TypeCall))
	a.control = tunnel.NewControlConn(sealed)
	a.recv(tunnel.TypeJoined)
	a.send(a.control, tunnel.AgentHello{Version: "1", Customer: tunnel.Customer{User: "petra", Host: "PETRA-PC", System: "linux/amd64"}})
	if m := a.next(a.control); m != (tunnel.AdvisorHello{Version: "dev", Client: "lotse"}) {
		a.t.Fatalf("hello %+v", m)
	}
	a.send(a.control, tunnel.State{Seq: 1, Direction: "none"})
}

func (a *agentEnd) send(c *tunnel.ControlConn, m tunnel.ControlMessage) {
	a.t.Helper()
	if err := c.Send(m); err != nil {
		a.t.Fatal(err)
	}
}

func (a *agentEnd) next(c *tunnel.ControlConn) tunnel.ControlMessage {
	a.t.Helper()
	m, err := c.Receive()
	if err != nil {
		a.t.Fatal(err)
	}
	return m
}

// newSession starts `session new --json` and reads its first line.
func newSession(t *testing.T, url, caFile string, more ...string) (p *process, digits string) {
	t.Helper()
	args := append([]string{"session", "new", "--gateway", url, "--user", "advisor", "--ca-file", caFile, "--json"}, more...)
	p = begin(t, nil, args...)
	var first struct{ Number, URL string }
	if err := json.Unmarshal([]byte(p.line("number")), &first); err != nil || first.URL != url+"/#p="+first.Number[:4] {
		t.Fatalf("%+v, %v", first, err)
	}
	p.line(`"event":"state"`, `"state":"waiting"`)
	return p, first.Number
}
