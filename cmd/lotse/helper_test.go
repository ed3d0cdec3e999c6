package main

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"

	"lotse/seal"
	"lotse/tunnel"
)

// readyLine is the start of the line in which `lotse view` prints its port.
const readyLine = "ready: vnc viewer address 127.0.0.1::"

// connect connects to the port of `lotse view` as a viewer does.
func (p *process) connect() net.Conn {
	p.t.Helper()
	return dialViewer(p.t, p.line(readyLine))
}

func dialViewer(t *testing.T, ready string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", "127.0.0.1:"+strings.TrimPrefix(ready, readyLine))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// joinedSession starts a session with a customer, and returns what a helper's command line needs.
func joinedSession(t *testing.T) (p *process, a *agentEnd, login []string) {
	t.Helper()
	_, url, ca, _ := devGateway(t)
	p, digits := newSession(t, url, ca)
	a = newAgent(t, url, ca)
	a.join(digits)
	p.line(`"event":"customer"`)
	return p, a, []string{"--gateway", url, "--user", "advisor", "--ca-file", ca}
}

// guess takes the helper's stream and guesses at its number.
func (a *agentEnd) guess(call tunnel.GatewayMessage, digits string) error {
	a.t.Helper()
	conn, err := a.client.DialAgentStream(a.t.Context(), call.Stream)
	if err != nil {
		a.t.Fatal(err)
	}
	sealed, err := seal.Handshake(a.t.Context(), conn, seal.Agent, seal.Params{Number: digits, Kind: call.Kind, Stream: call.Stream})
	if err == nil {
		sealed.Close()
	}
	return err
}

// TestHelperMismatch: a helper allows one guess at its number. Then it exits, the gateway ends the
// session, and the helper does not start again with that number.
func TestHelperMismatch(t *testing.T) {
	t.Parallel()
	p, a, login := joinedSession(t)
	digits := a.number.Digits()
	args := append([]string{"view", digits, "--listen", "127.0.0.1:0"}, login...)
	v := begin(t, nil, args...)
	v.connect()
	if err := a.guess(a.recv(tunnel.TypeCall), wrongDigits(digits)); !errors.Is(err, seal.ErrWrongNumber) {
		t.Fatal(err)
	}
	if code := v.Exit(); code != exitSession || !strings.Contains(v.errs.String(), "ended for safety") {
		t.Errorf("code %d, %s", code, v.errs.String())
	}
	if m := a.recv(tunnel.TypeEnded); m.Reason != tunnel.ReasonAdvisor {
		t.Errorf("%+v", m)
	}
	p.line(`"ended"`)
	code, _, errs := run(t, nil, args...)
	if code != exitSession || !strings.Contains(errs, "no open session") && !strings.Contains(errs, "not tried again") {
		t.Errorf("started again: %d, %s", code, errs)
	}
}

// TestHelperRemembers: a malicious gateway that claims that the session continues gets no second
// guess from another start; a right number leaves nothing behind.
func TestHelperRemembers(t *testing.T) {
	t.Parallel()
	memory := t.TempDir()
	_, a, login := joinedSession(t)
	digits := a.number.Digits()
	args := append([]string{"view", digits, "--listen", "127.0.0.1:0"}, login...)
	v := begin(t, []string{"XDG_RUNTIME_DIR=" + memory}, args...)
	viewer := v.connect()
	shown := a.seal(a.recv(tunnel.TypeCall))
	v.line("sealed end to end; compare code: " + shown.Compare())
	shown.Close()
	viewer.Close()
	_ = v.Signal(os.Interrupt)
	v.Exit()
	if left, err := os.ReadDir(memory); err != nil || len(left) != 0 {
		t.Errorf("a right number leaves %v behind, %v", left, err)
	}
	g := newEvilGateway(t)
	login = []string{"--gateway", g.url, "--user", "advisor", "--ca-file", g.caFile}
	args = append([]string{"view", evilNumber, "--listen", "127.0.0.1:0"}, login...)
	if !g.guessAtHelper(t, args, memory) {
		t.Fatal("no guess at the first start")
	}
	for _, command := range []string{"view", "view"} {
		args[0] = command
		if g.guessAtHelper(t, args, memory) {
			t.Errorf("a further guess by starting %s again", command)
		}
	}
}

// wrongDigits returns another number with the same place.
func wrongDigits(digits string) string {
	return digits[:8] + string('0'+(digits[8]-'0'+1)%10)
}

// TestHelperStreamsGoBack: the later streams of a helper are bound to its first exchange and have
// the same code; each start has its own.
func TestHelperStreamsGoBack(t *testing.T) {
	t.Parallel()
	_, a, login := joinedSession(t)
	args := append([]string{"view", a.number.Digits(), "--listen", "127.0.0.1:0", "--control"}, login...)
	codes := map[string]bool{}
	for range 2 {
		v := begin(t, nil, args...)
		viewer := v.connect()
		var code string
		for range 2 { // view and control
			m := a.recv(tunnel.TypeCall)
			conn := a.seal(m)
			if code == "" {
				code = conn.Compare()
			}
			if conn.Compare() != code {
				t.Errorf("the %s stream has another code", m.Kind)
			}
		}
		codes[code] = true
		viewer.Close()
		_ = v.Signal(os.Interrupt)
		v.Exit()
	}
	if len(codes) != 2 {
		t.Errorf("two starts have one code: %v", codes)
	}
}
