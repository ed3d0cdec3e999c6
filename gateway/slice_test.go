package gateway

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lotse/gateway/audit"
	"lotse/seal"
	"lotse/tunnel"
)

// openSealed opens a sealed stream from the advisor to a joined customer.
func openSealed(t *testing.T, o *owner, c *customer, kind string) (advisor, agent net.Conn, id string) {
	t.Helper()
	id, err := o.a.OpenStream(t.Context(), o.place, kind, tunnel.DoorHelper)
	if err != nil {
		t.Fatal(err)
	}
	call := c.recv()
	if call.Type != tunnel.TypeCall || call.Stream != id || call.Kind != kind || call.Door != "helper" || call.From != "127.0.0.1" ||
		call.Advisor == nil || call.Advisor.Name != o.a.Me().Name {
		t.Fatalf("call %+v", call)
	}
	type result struct {
		c   net.Conn
		err error
	}
	params := seal.Params{Number: o.number.Digits(), Kind: kind, Stream: id}
	agentDone := make(chan result, 1)
	go func() {
		conn, err := c.c.DialAgentStream(context.Background(), id)
		if err != nil {
			agentDone <- result{nil, err}
			return
		}
		sealed, err := seal.Handshake(context.Background(), conn, seal.Agent, params)
		agentDone <- result{sealed, err}
	}()
	conn, err := o.a.DialStream(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := seal.Handshake(t.Context(), conn, seal.Advisor, params)
	if err != nil {
		t.Fatal(err)
	}
	got := receive(t, agentDone, "agent's seal")
	if got.err != nil {
		t.Fatal(got.err)
	}
	t.Cleanup(func() { sealed.Close(); got.c.Close() })
	return sealed, got.c, id
}

// TestSession plays both ends of a whole session, and then searches the gateway's files and logs
// for secrets.
func TestSession(t *testing.T) {
	t.Parallel()
	r := start(t)
	a := r.signIn("anna")
	o := r.open(a)
	o.state(tunnel.StateWaiting)
	if _, err := a.OpenStream(t.Context(), o.place, "view", "helper"); !hasCode(err, tunnel.CodeNotJoined) {
		t.Fatalf("stream before joining: %v", err)
	}

	c := r.customer()
	control, joined := c.join(o.number)
	if joined.Resume == "" || joined.Grace != 120 || joined.Advisor.Display != "Anna Advisor" || joined.Advisor.Company != "Example Support" {
		t.Fatalf("joined %+v", joined)
	}
	o.state(tunnel.StateJoined)
	first := receive(t, o.control, "control stream")
	if control.Compare() != first.Compare() {
		t.Fatal("compare codes differ")
	}
	echo(t, control, first)

	show, seen, _ := openSealed(t, o, c, "show")
	echo(t, show, seen)
	if _, err := a.OpenStream(t.Context(), o.place, "files", "helper"); !hasCode(err, tunnel.CodeBadRequest) {
		t.Fatalf("stream of another kind: %v", err)
	}

	view, shown, id := openSealed(t, o, c, "view")
	echo(t, view, shown)
	if view.(*seal.Conn).CloseWrite() != nil {
		t.Fatal("CloseWrite")
	}
	if _, err := shown.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("after CloseWrite: %v", err)
	}

	list, err := a.Sessions(t.Context())
	if err != nil || len(list) != 1 || list[0].State != tunnel.StateJoined || list[0].Place != o.place {
		t.Fatalf("sessions %+v, %v", list, err)
	}
	if err := c.link.End(""); err != nil {
		t.Fatal(err)
	}
	if m := c.recv(); m.Type != tunnel.TypeEnded || m.Reason != tunnel.ReasonCustomer {
		t.Fatalf("after end: %+v", m)
	}
	if m := o.state(tunnel.StateEnded); m.Reason != tunnel.ReasonCustomer {
		t.Fatalf("the owner received %+v", m)
	}
	if _, err := c.link.Recv(); err != io.EOF {
		t.Fatalf("link after ended: %v", err)
	}
	if _, err := control.Read(make([]byte, 1)); err == nil {
		t.Fatal("stream outlived the session")
	}
	if err := a.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Sessions(t.Context()); !hasCode(err, tunnel.CodeUnauthorized) {
		t.Fatalf("after signing out: %v", err)
	}
	r.stop()

	trail, err := os.ReadFile(filepath.Join(r.data, "audit.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{audit.SignIn, audit.Opened, audit.Enter, audit.Joined, audit.Stream, audit.StreamEnd, audit.Ended, audit.SignOut, `"account":"anna"`} {
		if !strings.Contains(string(trail), want) {
			t.Errorf("audit lacks %s", want)
		}
	}
	written := string(trail) + r.logs.String()
	for what, secret := range map[string]string{
		"number": o.number.Digits(), "grouped number": o.number.Grouped(),
		"stream": id, "resume token": joined.Resume, "password": testPassword,
	} {
		if strings.Contains(written, secret) {
			t.Errorf("%s was written down:\n%s", what, written)
		}
	}
	if regexp.MustCompile(`\b` + o.number.Digits()[4:] + `\b`).MatchString(written) {
		t.Errorf("secret was written down:\n%s", written)
	}
	if strings.Contains(r.logs.String(), "level=ERROR") {
		t.Errorf("errors logged:\n%s", r.logs)
	}
}

func hasCode(err error, code string) bool {
	var e *tunnel.APIError
	return errors.As(err, &e) && e.Code == code
}
