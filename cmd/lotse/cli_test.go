package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"lotse/cmd/lotse/say"
	"lotse/record"
	"lotse/seal"
	"lotse/tunnel"
)

func TestSession(t *testing.T) {
	t.Parallel()
	gw, url, ca, data := devGateway(t)
	p, digits := newSession(t, url, ca)
	a := newAgent(t, url, ca)
	a.join(digits)
	p.line(`"event":"entering"`)
	p.line(`"event":"compare"`, `"code":"`)
	p.line(`"event":"customer"`, `"user":"petra"`, `"host":"PETRA-PC"`)
	p.line(`"event":"rights"`, `"direction":"none"`)
	p.Write("view")
	if m := a.next(a.control); m != (tunnel.Ask{Right: "view"}) {
		t.Fatalf("%+v", m)
	}
	a.send(a.control, tunnel.Event{Event: "given", Right: "view", By: "customer"})
	p.line(`"event":"given"`, `"right":"view"`, `"by":"customer"`)
	p.Write("nonsense")
	p.line(`"event":"help"`)
	p.Write("  return   control ")
	if m := a.next(a.control); m != (tunnel.Return{Right: "control"}) {
		t.Fatalf("%+v", m)
	}

	// The customer's connection is lost and comes back.
	if err := a.control.Close(); err != nil {
		t.Fatal(err)
	}
	call := a.recv(tunnel.TypeCall)
	if call.Kind != "control" || call.Door != "helper" || call.Advisor == nil {
		t.Fatalf("%+v", call)
	}
	a.control = tunnel.NewControlConn(a.seal(call))
	a.next(a.control)
	a.send(a.control, tunnel.State{Seq: 2, Direction: "none"})
	p.line(`"event":"rights"`, `"seq":2`)

	p.Write("end")
	if m := a.recv(tunnel.TypeEnded); m.Reason != "advisor" {
		t.Errorf("%+v", m)
	}
	p.line(`"event":"state"`, `"ended"`, `"reason":"advisor"`)
	if code := p.Exit(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	_ = gw.Signal(syscall.SIGTERM)
	if code := gw.Exit(); code != exitOK {
		t.Errorf("gateway: exit code %d", code)
	}
	audit, err := os.ReadFile(filepath.Join(data, "audit.jsonl"))
	if err != nil || strings.Contains(string(audit)+gw.errs.String(), digits) {
		t.Errorf("number in audit or log, or %v", err)
	}
}

// TestSessionText checks the text for people, and interrupts.
func TestSessionText(t *testing.T) {
	t.Parallel()
	_, url, ca, _ := devGateway(t)
	p := begin(t, []string{"LOTSE_CA_FILE=" + ca}, "session", "--user", "advisor", "new", "--gateway", url)
	number := strings.TrimPrefix(p.line("session number: "), "session number: ")
	p.line("link: " + url + "/#p=")
	p.line("state: waiting")
	a := newAgent(t, url, ca)
	a.join(number)
	p.line(`customer: user "petra" on "PETRA-PC"`)
	p.line("now: nobody's screen is shown; viewers: 0")
	a.send(a.control, tunnel.State{Seq: 2, Direction: "customer", Rights: tunnel.Rights{View: true, Control: true}, Asked: []string{"share"}, LocalInput: true,
		Share: &tunnel.Share{Kind: "apps", Names: []string{"gedit", "\x1b[2J"}}, Viewers: []tunnel.Viewer{{Door: "page"}}})
	p.line("now: you see these programs of the customer and nothing else: gedit, [2J; allowed: view, control; " +
		"the customer is asked for: share; the customer is at mouse and keyboard, yours wait; viewers: 1")
	a.send(a.control, tunnel.Event{Event: "taken", Right: "control", By: "key"})
	p.line("control: taken back by the customer's key")
	p.Write("show")
	p.line("lotse show NUMBER")

	// This agent is too old to say what it can do.
	p.Write("share")
	p.line("cannot choose what is seen")
	a.send(a.control, tunnel.AgentHello{Program: tunnel.ProgramBrowser, Can: []string{"view", "show"}})
	p.line("customer: shares from a browser")
	p.Write("control")
	p.line("cannot be controlled: the customer shares from a browser")
	a.send(a.control, tunnel.AgentHello{Can: []string{"view", "share"}})
	p.line("customer: ")
	p.Write("share")
	if m := a.next(a.control); m != (tunnel.Ask{Right: "share"}) {
		t.Errorf("%+v", m)
	}
	_ = p.Signal(syscall.SIGINT)
	if m := a.recv(tunnel.TypeEnded); m.Reason != "advisor" {
		t.Errorf("%+v", m)
	}
	if code := p.Exit(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

// TestStateText: who sees what, in words.
func TestStateText(t *testing.T) {
	screen := &tunnel.Share{Kind: "screen"}
	for want, s := range map[string]tunnel.State{
		"nobody's screen is shown; viewers: 0":                                                           {},
		"you see the customer's whole screen; allowed: view; viewers: 0":                                 {Direction: "customer", Share: screen, Rights: tunnel.Rights{View: true}},
		"you see the customer's screen; viewers: 0":                                                      {Direction: "customer"},
		"you see one monitor of the customer (DP-1); viewers: 0":                                         {Direction: "customer", Share: &tunnel.Share{Kind: "monitor", Names: []string{"DP-1"}}},
		"the customer sees your screen; allowed: show; viewers: 0":                                       {Direction: "advisor", Rights: tunnel.Rights{Show: true}},
		"the customer has paused, nothing is seen; allowed: view; viewers: 0":                            {Paused: true, Rights: tunnel.Rights{View: true}},
		"you may see the customer's whole screen, but no viewer is connected; allowed: view; viewers: 0": {Share: screen, Rights: tunnel.Rights{View: true}},
		"nobody's screen is shown; the customer is asked for: view; viewers: 0":                          {Asked: []string{"view"}},
	} {
		if got := stateText(say.English, s); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestShowAsksFirst: show finds out what the customer's end can do before it shows anything, and
// explains if that end cannot show a screen.
func TestShowAsksFirst(t *testing.T) {
	t.Parallel()
	_, url, ca, _ := devGateway(t)
	p, digits := newSession(t, url, ca)
	a := newAgent(t, url, ca)
	a.join(digits)
	p.line(`"event":"customer"`)
	advisor, err := a.client.SignIn(t.Context(), "advisor", testPassword)
	if err != nil {
		t.Fatal(err)
	}
	defer a.client.CloseIdle()
	for _, hello := range []tunnel.AgentHello{{}, {Can: []string{"view"}}, {Can: []string{"view", "show"}}} {
		type answer struct {
			hello tunnel.AgentHello
			err   error
		}
		told := make(chan answer, 1)
		go func() {
			h, err := helloOf(t.Context(), &advisorEnd{advisor: advisor, number: a.number, tries: new(seal.Tries)})
			told <- answer{h, err}
		}()
		call := a.recv(tunnel.TypeCall)
		if call.Kind != "control" || call.Door != "helper" {
			t.Fatalf("%+v", call)
		}
		control := tunnel.NewControlConn(a.seal(call))
		a.send(control, tunnel.State{Seq: 1})
		a.send(control, hello)
		got := <-told
		if got.err != nil {
			t.Fatal(got.err)
		}
		if want := len(hello.Can) == 2; can(got.hello, "show") != want {
			t.Errorf("%v: can show is not %v", hello.Can, want)
		}
		if words := cannot(got.hello, "show").Error(); !strings.Contains(words, "cannot look at your screen") {
			t.Error(words)
		}
	}
}

// TestViewerNumber: the gateway receives the number that the agent issues for a viewer, and never
// the session's own.
func TestViewerNumber(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	gw := begin(t, nil, "gateway", "--dev", "--listen", "127.0.0.1:0", "--data", data, "--metrics", "127.0.0.1:0",
		"--vnc-listen", "127.0.0.1:0", "--repeater-listen", "127.0.0.1:0", "--websockify")
	url := strings.TrimPrefix(gw.line("listening on https://"), "listening on ")
	ca := filepath.Join(data, "ca.pem")
	p, digits := newSession(t, url, ca)
	p.Write("password")
	p.line(`"event":"error"`, "no customer")
	a := newAgent(t, url, ca)
	a.join(digits)
	p.line(`"event":"customer"`)
	given := digits[:4] + "00007"
	if given == digits {
		given = digits[:4] + "00008"
	}
	for command, door := range viewerDoors {
		p.Write(command)
		if m := a.next(a.control); m != (tunnel.AskDoor{Door: door}) {
			t.Fatalf("%+v", m)
		}
		a.send(a.control, tunnel.DoorNumber{Door: door, Number: given, Seconds: 300})
		if door == tunnel.DoorWebsockify {
			p.line(`"event":"websockify"`, "/websockify?token=")
			continue
		}
		line := p.line(`"event":"password"`, `"door":"`+door+`"`, `"user":"`+given+`"`)
		if strings.Count(line, "127.0.0.1:")+strings.Count(line, "localhost:") != 1 {
			t.Errorf("not the one door that was asked for: %s", line)
		}
	}
	place := "9" + digits[1:4]
	if place == digits[:4] {
		place = "8" + digits[1:4]
	}
	for _, bad := range []string{digits, place + "00007", ""} {
		p.Write("password")
		a.next(a.control)
		a.send(a.control, tunnel.DoorNumber{Door: tunnel.DoorVNC, Number: bad})
		p.line(`"event":"error"`, "cannot be used")
	}
	a.send(a.control, tunnel.DoorNumber{Door: tunnel.DoorVNC, Gone: tunnel.GoneBurnt})
	p.line(`"event":"door_gone"`, `"door":"vnc"`, `"gone":"burnt"`)
}

// TestBurnt: after three wrong tries the session ends, before anybody joined.
func TestBurnt(t *testing.T) {
	t.Parallel()
	_, url, ca, _ := devGateway(t)
	p, digits := newSession(t, url, ca)
	a := newAgent(t, url, ca)
	wrong := digits[:8] + string('0'+(digits[8]-'0'+1)%10)
	for i := range 3 {
		if err := a.link.Enter(wrong[:4], "", ""); err != nil {
			t.Fatal(err)
		}
		call := a.recv(tunnel.TypeCall)
		conn, err := a.client.DialAgentStream(t.Context(), call.Stream)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := seal.Handshake(t.Context(), conn, seal.Agent, seal.Params{Number: wrong, Kind: "control", Stream: call.Stream}); !errors.Is(err, seal.ErrWrongNumber) {
			t.Fatal(err)
		}
		a.recv(tunnel.TypeRefused)
		p.line(`"event":"wrong"`, `"of":3`, fmt.Sprintf(`"tries":%d`, i+1))
	}
	p.line(`"event":"burnt"`)
	p.line(`"ended"`, `"burnt"`)
	if code := p.Exit(); code != exitSession {
		t.Errorf("exit code %d", code)
	}
}

func TestView(t *testing.T) {
	t.Parallel()
	_, url, ca, _ := devGateway(t)
	p, digits := newSession(t, url, ca)
	login := []string{"--gateway", url, "--user", "advisor", "--ca-file", ca}
	a := newAgent(t, url, ca)
	a.join(digits)
	p.line(`"event":"customer"`)

	v := begin(t, nil, append([]string{"view", "ID:" + digits, "--listen", "127.0.0.1:0", "--control", "--many"}, login...)...)
	address := strings.TrimPrefix(v.line("ready: vnc viewer address 127.0.0.1::"), "ready: vnc viewer address 127.0.0.1::")
	viewer, err := net.Dial("tcp", "127.0.0.1:"+address)
	if err != nil {
		t.Fatal(err)
	}
	defer viewer.Close()
	call := a.recv(tunnel.TypeCall)
	if call.Kind != "view" || call.Door != "helper" {
		t.Fatalf("%+v", call)
	}
	shown := a.seal(call)
	if _, err := io.WriteString(shown, "RFB 003.008\n"); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 12)
	if _, err := io.ReadFull(viewer, got); err != nil || string(got) != "RFB 003.008\n" {
		t.Fatalf("%q, %v", got, err)
	}
	// --control: it is asked for as soon as the customer shows his screen.
	call = a.recv(tunnel.TypeCall)
	if call.Kind != "control" {
		t.Fatalf("%+v", call)
	}
	control := tunnel.NewControlConn(a.seal(call))
	a.next(control)
	a.send(control, tunnel.AgentHello{})
	a.send(control, tunnel.State{Seq: 1, Direction: "none"})
	a.send(control, tunnel.State{Seq: 2, Direction: "customer", Rights: tunnel.Rights{View: true}})
	if m := a.next(control); m != (tunnel.Ask{Right: "control"}) {
		t.Fatalf("%+v", m)
	}
	if _, err := viewer.Write([]byte("RFB 003.008\nfrom the viewer")); err != nil {
		t.Fatal(err)
	}
	if err := viewer.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if all, err := io.ReadAll(shown); err != nil || string(all) != "RFB 003.008\nfrom the viewer" {
		t.Errorf("%q, %v", all, err)
	}
	if _, err := io.WriteString(shown, "last picture"); err != nil {
		t.Fatal(err)
	}
	shown.Close()
	if all, err := io.ReadAll(viewer); err != nil || string(all) != "last picture" {
		t.Errorf("%q, %v", all, err)
	}
	if err := a.link.End(""); err != nil {
		t.Fatal(err)
	}
	a.recv(tunnel.TypeEnded)
	if code := p.Exit(); code != exitOK {
		t.Errorf("session: exit code %d", code)
	}
	v.line("the session ended")
	if code := v.Exit(); code != exitOK {
		t.Errorf("view: exit code %d", code)
	}
	if code, _, _ := run(t, nil, append([]string{"view", digits}, login...)...); code != exitSession {
		t.Errorf("after the end: %d", code)
	}
}

// TestViewer starts a viewer program, which gets the address and whose exit closes the port.
func TestViewer(t *testing.T) {
	t.Parallel()
	_, url, ca, _ := devGateway(t)
	p, digits := newSession(t, url, ca)
	a := newAgent(t, url, ca)
	a.join(digits)
	p.line(`"event":"customer"`)
	login := []string{"view", digits, "--gateway", url, "--user", "advisor", "--ca-file", ca, "--listen", "127.0.0.1:0", "--"}
	code, out, errs := run(t, nil, append(login, "sh", "-c", `echo "viewer at $1, password ${LOTSE_PASSWORD:-none}"`, "viewer", "<{}>")...)
	if code != exitOK || !strings.Contains(out, "viewer at <127.0.0.1::") || !strings.Contains(out, "password none") || !strings.Contains(out, "viewer ended: exit status 0") {
		t.Errorf("%d\n%s\n%s", code, out, errs)
	}
	code, out, _ = run(t, nil, append(login, "sh", "-c", `echo "at $1"; exit 3`, "viewer")...)
	if code != exitFailure || !strings.Contains(out, "at 127.0.0.1::") || !strings.Contains(out, "viewer ended: exit status 3") {
		t.Errorf("%d\n%s", code, out)
	}
	if code, _, errs := run(t, nil, append(login, "/no/such/viewer")...); code != exitFailure || !strings.Contains(errs, "did not start") {
		t.Errorf("%d\n%s", code, errs)
	}
}

// TestDevPassword: if no password is given, one is printed; a second start keeps the authority.
func TestDevPassword(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	var ca []byte
	for i := range 2 {
		p := begin(t, []string{"LOTSE_DEV_PASSWORD="}, "gateway", "--dev", "--listen", "127.0.0.1:0", "--data", data, "--log-format", "json")
		line := p.line(`sign in as "advisor" with the password `)
		password := line[strings.LastIndexByte(line, ' ')+1:]
		url := strings.TrimPrefix(p.line("listening on "), "listening on ")
		now, err := os.ReadFile(filepath.Join(data, "ca.pem"))
		if err != nil || i == 1 && !bytes.Equal(ca, now) {
			t.Errorf("authority changed, %v", err)
		}
		ca = now
		code, _, errs := run(t, []string{"LOTSE_PASSWORD=" + password}, "view", "482193057", "--gateway", url, "--user", "advisor", "--ca-file", filepath.Join(data, "ca.pem"))
		if code != exitSession {
			t.Errorf("%d %s", code, errs)
		}
		_ = p.Signal(syscall.SIGHUP) // must not end it
		_ = p.Signal(syscall.SIGTERM)
		if code := p.Exit(); code != exitOK {
			t.Errorf("exit code %d", code)
		}
		if strings.Contains(p.errs.String(), password) || !strings.Contains(p.errs.String(), `"msg":"gateway started"`) {
			t.Errorf("log:\n%s", p.errs.String())
		}
	}
}

// TestSessionRecord checks that `lotse session --record` saves the record that the customer's
// program has sent, with the advisor's note, and replaces no file.
func TestSessionRecord(t *testing.T) {
	t.Parallel()
	_, url, ca, _ := devGateway(t)
	name := filepath.Join(t.TempDir(), "today")
	p, digits := newSession(t, url, ca, "--record", name)
	a := newAgent(t, url, ca)
	a.join(digits)
	p.line(`"event":"customer"`)
	var log record.Log
	for _, e := range []record.Entry{{Event: record.Begin, Version: 1, Gateway: "g"}, {Event: record.Joined, Code: "0412"}} {
		first := log.Len()
		a.send(a.control, tunnel.RecordLines{First: first, Lines: log.Add(e)})
	}
	p.Write("note It was the printer.")
	p.Write("view")
	a.next(a.control)
	p.Write("end")
	if m := a.next(a.control); m != (tunnel.End{}) {
		t.Fatalf("%+v", m)
	}
	first := log.Len()
	a.send(a.control, tunnel.RecordLines{First: first, Lines: log.Add(record.Entry{Event: record.Over, Reason: "advisor"})})
	a.send(a.control, tunnel.Bye{Reason: "advisor"})
	if _, err := a.control.Receive(); err == nil {
		t.Error("the stream is not closed after the end was said")
	}
	if err := a.link.End(tunnel.ReasonAdvisor); err != nil {
		t.Fatal(err)
	}
	if code := p.Exit(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	saved, err := os.ReadFile(name + ".jsonl")
	if err != nil {
		t.Fatal(err)
	}
	got, err := record.Read(bytes.NewReader(saved))
	if err != nil || got.SHA256() != log.SHA256() || !got.Complete() || !strings.Contains(string(saved), "It was the printer.") {
		t.Errorf("%s, %v", saved, err)
	}
	if code, out, errs := run(t, nil, "verify", name+".jsonl"); code != exitOK || !strings.Contains(out+errs, log.SHA256()) {
		t.Errorf("lotse verify: %d, %s%s", code, out, errs)
	}
	if err := os.WriteFile(name+".changed", bytes.Replace(saved, []byte("0412"), []byte("0413"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := run(t, nil, "verify", name+".changed"); code == exitOK || !strings.Contains(errs, "was changed") {
		t.Errorf("a changed record: %d, %s", code, errs)
	}
	if text, err := os.ReadFile(name + ".txt"); err != nil || !strings.Contains(string(text), log.SHA256()) || !strings.Contains(string(text), "It was the printer.") {
		t.Errorf("%s, %v", text, err)
	}
}
