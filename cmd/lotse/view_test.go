package main

import (
	"context"
	"encoding/hex"
	"errors"
	"image"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
	"lotse/tunnel"
)

// serveRFB serves a view stream as the agent does.
func (a *agentEnd) serveRFB(conn net.Conn, approve error) <-chan error {
	a.t.Helper()
	picture := screen.NewFramebuffer(image.Pt(32, 24))
	c := rfb.NewConn(conn, rfb.Config{Desktop: picture, Waiting: picture, Name: "PETRA-PC", Rights: rfb.RightView,
		Approve: func(context.Context, rfb.Viewer) error { return approve }})
	done := make(chan error, 1)
	go func() { done <- c.Serve(context.Background()) }()
	a.t.Cleanup(func() { c.Close(); <-done; done <- nil })
	return done
}

// TestViewWaits: without a customer the program waits, and says so unless another program reads its
// output.
func TestViewWaits(t *testing.T) {
	t.Parallel()
	_, url, ca, _ := devGateway(t)
	p, digits := newSession(t, url, ca)
	login := []string{"--gateway", url, "--user", "advisor", "--ca-file", ca}
	args := append([]string{"view", digits, "--listen", "127.0.0.1:0"}, login...)
	stopped := begin(t, nil, args...)
	waitFor(t, "the message", func() bool {
		return strings.Contains(stopped.errs.String(), "waiting for the customer to enter the number … Ctrl-C stops")
	})
	_ = stopped.Signal(os.Interrupt)
	code := stopped.Exit()
	<-stopped.Drained()
	if code != exitSession || len(stopped.Output()) != 0 {
		t.Errorf("interrupted: code %d, output %q", code, stopped.Output())
	}
	v := begin(t, nil, args...)
	waitFor(t, "the message", func() bool { return strings.Contains(v.errs.String(), "waiting for the customer") })
	a := newAgent(t, url, ca)
	a.join(digits)
	v.connect()
	a.seal(a.recv(tunnel.TypeCall))

	over := begin(t, nil, args...)
	over.connect()
	p.Write("end")
	if code := over.Exit(); code != exitSession {
		t.Errorf("ended while nobody watched: code %d", code)
	}
	// It does not wait for a session that can never be joined.
	if code, _, errs := run(t, nil, args...); code != exitSession || !strings.Contains(errs, "no open session") {
		t.Errorf("no session: code %d, %s", code, errs)
	}
}

// TestOneViewer: the port accepts one viewer and closes. A connection without data does not count
// as a viewer.
func TestOneViewer(t *testing.T) {
	t.Parallel()
	_, a, login := joinedSession(t)
	v := begin(t, nil, append([]string{"view", a.number.Digits(), "--listen", "127.0.0.1:0"}, login...)...)
	ready := v.line(readyLine)
	probe := dialViewer(t, ready)
	conn := a.seal(a.recv(tunnel.TypeCall))
	if _, err := io.WriteString(conn, "RFB 003.008\n"); err != nil {
		t.Fatal(err)
	}
	probe.Close()
	if _, err := io.ReadAll(conn); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	v.line("viewer disconnected")
	// Nor does a request that a web page makes the user's browser send.
	page := dialViewer(t, ready)
	conn = a.seal(a.recv(tunnel.TypeCall))
	if _, err := io.WriteString(page, "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nRFB 003.008\n"); err != nil {
		t.Fatal(err)
	}
	if said, _ := io.ReadAll(conn); len(said) > 0 {
		t.Errorf("the customer's end heard %q", said)
	}
	conn.Close()
	v.line("viewer disconnected")

	first := dialViewer(t, ready)
	a.serveRFB(a.seal(a.recv(tunnel.TypeCall)), nil)
	late := dialViewer(t, ready) // connected before the port has its viewer
	a.serveRFB(a.seal(a.recv(tunnel.TypeCall)), nil)
	viewer, err := rfbtest.New(first, rfbtest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rfbtest.New(late, rfbtest.Config{}); err == nil {
		t.Error("a second viewer was let in")
	}
	waitFor(t, "the port to close", func() bool {
		c, err := net.Dial("tcp", first.RemoteAddr().String())
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	viewer.Close()
	if code := v.Exit(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

// TestManyViewers: with --many the port stays open until the session ends.
func TestManyViewers(t *testing.T) {
	t.Parallel()
	p, a, login := joinedSession(t)
	v := begin(t, nil, append([]string{"view", a.number.Digits(), "--listen", "127.0.0.1:0", "--many"}, login...)...)
	ready := v.line(readyLine)
	for i := range 3 {
		conn := dialViewer(t, ready)
		if i == 1 { // it crashes, which must do no harm
			_ = conn.(*net.TCPConn).SetLinger(0)
		}
		a.serveRFB(a.seal(a.recv(tunnel.TypeCall)), nil)
		viewer, err := rfbtest.New(conn, rfbtest.Config{})
		if err != nil {
			t.Fatal(err)
		}
		viewer.Close()
		v.line("viewer disconnected")
	}
	p.Write("end")
	v.line("the session ended")
	if code := v.Exit(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	if said := v.errs.String(); said != "" {
		t.Errorf("complained: %s", said)
	}
}

// asViewer is a program that prints what it was given and runs until its input ends.
const asViewer = `stat -c "file %a" "$1"; stat -c "folder %a" "$(dirname "$1")"; echo "pid $$"; echo "path $1"; echo "address $2"; echo "password $VNC_PASSWORD"; echo "hidden $(od -An -tx1 "$1" | tr -d " ")"; cat >/dev/null`

// TestOneTimePassword: a viewer that is started gets a password in a file of its own. The port
// demands it before the customer's end is contacted, accepts one viewer and closes, and the file is
// removed.
func TestOneTimePassword(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"3.3", "3.7", "3.8"} {
		t.Run(version, func(t *testing.T) {
			_, a, login := joinedSession(t)
			args := append([]string{"view", a.number.Digits(), "--listen", "127.0.0.1:0"}, login...)
			v := begin(t, nil, append(args, "--", "sh", "-c", asViewer, "viewer", "{passwd}", "{}")...)
			ready := v.line(readyLine)
			value := func(name string) string { return strings.TrimPrefix(v.line(name+" "), name+" ") }
			if file, folder := value("file"), value("folder"); file != "600" || folder != "700" {
				t.Errorf("the password's file is %s, its folder %s", file, folder)
			}
			pid, path, address, password, hidden := value("pid"), value("path"), value("address"), value("password"), value("hidden")
			if want, err := rfb.PasswordFile(password); err != nil || hidden != hex.EncodeToString(want) || len(password) != passwordLength {
				t.Errorf("hidden %s, want %x", hidden, want)
			}
			if cmdline, err := os.ReadFile(filepath.Join("/proc", pid, "cmdline")); err != nil || strings.Contains(string(cmdline), password) {
				t.Errorf("the password is on a command line, or %v", err)
			}
			if address != strings.TrimPrefix(ready, "ready: vnc viewer address ") {
				t.Errorf("address %q", address)
			}
			for _, wrong := range []rfbtest.Config{{Version: version, Password: "wrongone"}, {Version: version}} {
				if _, err := rfbtest.New(dialViewer(t, ready), wrong); err == nil {
					t.Errorf("let in with %+v", wrong)
				}
			}
			conn := dialViewer(t, ready)
			viewer := make(chan error, 1)
			var rv *rfbtest.Viewer
			go func() {
				var err error
				rv, err = rfbtest.New(conn, rfbtest.Config{Version: version, Password: password})
				viewer <- err
			}()
			// The first stream to which the customer's end is called belongs to the viewer with the
			// right password.
			a.serveRFB(a.seal(a.recv(tunnel.TypeCall)), nil)
			if err := take(t, viewer, "the viewer"); err != nil {
				t.Fatal(err)
			}
			if rv.Name() != "PETRA-PC" {
				t.Errorf("name %q", rv.Name())
			}
			waitFor(t, "the file to go", func() bool { _, err := os.Stat(filepath.Dir(path)); return errors.Is(err, os.ErrNotExist) })
			waitFor(t, "the port to close", func() bool {
				c, err := net.Dial("tcp", conn.RemoteAddr().String())
				if err == nil {
					c.Close()
				}
				return err != nil
			})
			rv.Close()
			v.CloseInput()
			if code := v.Exit(); code != exitOK {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

// TestPasswordAndRefusal: the customer's refusal reaches a viewer that has sent its password.
func TestPasswordAndRefusal(t *testing.T) {
	t.Parallel()
	_, a, login := joinedSession(t)
	args := append([]string{"view", a.number.Digits(), "--listen", "127.0.0.1:0", "--password"}, login...)
	v := begin(t, nil, append(args, "--", "sh", "-c", `echo "password $VNC_PASSWORD"; cat >/dev/null`, "viewer")...)
	conn := dialViewer(t, v.line(readyLine))
	password := strings.TrimPrefix(v.line("password "), "password ")
	out := make(chan error, 1)
	go func() {
		_, err := rfbtest.New(conn, rfbtest.Config{Password: password})
		out <- err
	}()
	a.serveRFB(a.seal(a.recv(tunnel.TypeCall)), rfb.Refusal{Reason: "Not today."})
	if err := take(t, out, "the refusal"); err == nil || !strings.Contains(err.Error(), "Not today.") {
		t.Errorf("%v", err)
	}
	v.CloseInput()
	v.Exit()
}

// TestUnknownViewer: a program that cannot be given a password works without one.
func TestUnknownViewer(t *testing.T) {
	t.Parallel()
	_, a, login := joinedSession(t)
	args := append([]string{"view", a.number.Digits(), "--listen", "127.0.0.1:0"}, login...)
	v := begin(t, []string{"VNC_PASSWORD=of its own"}, append(args, "--", "sh", "-c", `echo "password $VNC_PASSWORD"; cat >/dev/null`, "viewer")...)
	conn := dialViewer(t, v.line(readyLine))
	v.line("password of its own")
	a.serveRFB(a.seal(a.recv(tunnel.TypeCall)), nil)
	if _, err := rfbtest.New(conn, rfbtest.Config{}); err != nil {
		t.Error(err)
	}
	v.CloseInput()
	v.Exit()
}

// TestStartedViewer: which viewers get the password, and how.
func TestStartedViewer(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"xtigervncviewer", "remmina"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(folder, "vncviewer")
	if err := os.Symlink(filepath.Join(folder, "xtigervncviewer"), link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in       string
		demand   bool
		password bool
		out      string
	}{
		{"xtigervncviewer -FullScreen", false, true, "xtigervncviewer -PasswordFile {passwd} -FullScreen"},
		{link, false, true, link + " -PasswordFile {passwd}"},
		{"xtightvncviewer {}", false, true, "xtightvncviewer -passwd {passwd} {}"},
		{"ssvncviewer", false, true, "ssvncviewer -passwd {passwd}"},
		{"vncsnapshot {} x.jpg", false, true, "vncsnapshot -passwd {passwd} {} x.jpg"},
		// The user provides the password himself, or must not be disturbed.
		{"xtigervncviewer -passwd mine", false, false, "xtigervncviewer -passwd mine"},
		{"xtigervncviewer --PasswordFile=mine {}", false, false, "xtigervncviewer --PasswordFile=mine {}"},
		{"xtightvncviewer -autopass", false, false, "xtightvncviewer -autopass"},
		{filepath.Join(folder, "remmina") + " -c vnc://{}", false, false, filepath.Join(folder, "remmina") + " -c vnc://{}"},
		// With the placeholder.
		{"myviewer -pw {passwd} {}", false, true, "myviewer -pw {passwd} {}"},
		{"xtigervncviewer -passwd {passwd}", false, true, "xtigervncviewer -passwd {passwd}"},
		{"myviewer", true, true, "myviewer"},
	} {
		v := newStartedViewer(strings.Fields(c.in), c.demand)
		if got := strings.Join(v.args, " "); got != c.out || (v.password != "") != c.password {
			t.Errorf("%s: %s, password %v", c.in, got, v.password != "")
		}
	}
	if one, two := newPassword(), newPassword(); one == two || len(one) != passwordLength {
		t.Errorf("passwords %q, %q", one, two)
	}
}

// TestOldViewerIsTold: a viewer of RFB 3.3 receives a refusal in another form than later ones.
func TestOldViewerIsTold(t *testing.T) {
	t.Parallel()
	g := newEvilGateway(t)
	g.closeBy = "the gateway is full"
	login := []string{"--gateway", g.url, "--user", "advisor", "--ca-file", g.caFile}
	for _, version := range []string{"3.3", "3.7", "3.8"} {
		v := begin(t, []string{"XDG_RUNTIME_DIR=" + t.TempDir()}, append([]string{"view", evilNumber, "--listen", "127.0.0.1:0", "--many"}, login...)...)
		conn := v.connect()
		if _, err := rfbtest.New(conn, rfbtest.Config{Version: version}); err == nil || !strings.Contains(err.Error(), "the gateway is full") {
			t.Errorf("%s: %v", version, err)
		}
	}
}

// TestOnward: the customer's end learns, sealed, that other computers can reach the port.
func TestOnward(t *testing.T) {
	t.Parallel()
	_, a, login := joinedSession(t)
	for listen, onward := range map[string]bool{"127.0.0.1:0": false, "0.0.0.0:0": true} {
		v := begin(t, nil, append([]string{"view", a.number.Digits(), "--listen", listen, "--listen-anyone"}, login...)...)
		line := v.line("ready: vnc viewer address ")
		conn, err := net.Dial("tcp", "127.0.0.1:"+line[strings.LastIndexByte(line, ':')+1:])
		if err != nil {
			t.Fatal(err)
		}
		sealed := a.seal(a.recv(tunnel.TypeCall))
		if sealed.Onward() != onward {
			t.Errorf("%s: onward %v", listen, sealed.Onward())
		}
		conn.Close()
		sealed.Close()
	}
	// To a listening viewer: on this computer, and on another one (by an address that is not
	// loopback's).
	for _, host := range addressesOfThisHost(t) {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Fatal(err)
		}
		v := begin(t, nil, append([]string{"view", a.number.Digits(), "--to", l.Addr().String()}, login...)...)
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		sealed := a.seal(a.recv(tunnel.TypeCall))
		if want := !net.ParseIP(host).IsLoopback(); sealed.Onward() != want {
			t.Errorf("--to %s: onward %v", host, sealed.Onward())
		}
		conn.Close()
		sealed.Close()
		l.Close()
		v.Exit()
	}
}

// addressesOfThisHost returns the loopback address and, if there is one, another address.
func addressesOfThisHost(t *testing.T) []string {
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.To4() != nil && !ip.IP.IsLoopback() {
			return []string{"127.0.0.1", ip.IP.String()}
		}
	}
	return []string{"127.0.0.1"}
}
