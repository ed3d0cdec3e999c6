package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"lotse/gateway"
	"lotse/screen"
)

// check runs --check on a display that does not exist.
func check(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	t.Setenv("DISPLAY", "somebody.example:10")
	o, code := parse(append([]string{"--check", "--display", ":4711"}, args...))
	if o == nil || code != exitOK {
		t.Fatalf("%v: exit code %d", args, code)
	}
	var b bytes.Buffer
	code = o.runCheck(&b)
	return code, b.String()
}

// found returns one check of a report in JSON.
func found(t *testing.T, out, name string) screen.Finding {
	t.Helper()
	var r checkReport
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, f := range r.Checks {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no check %s in %s", name, out)
	return screen.Finding{}
}

// TestCheckWithoutDisplay checks that a missing display is in the report, with a hint what to
// do, and that the exit code is 1.
func TestCheckWithoutDisplay(t *testing.T) {
	code, out := check(t)
	if code != exitFailure || !strings.HasPrefix(out, "lotse-agent "+version+" ") || !strings.Contains(out, checkHead) ||
		!strings.Contains(out, "FAIL  display") || !strings.Contains(out, "fix: ") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	code, out = check(t, "--json", "--panel", "terminal")
	if f := found(t, out, "display"); code != exitFailure || f.Result != screen.Missing || f.Fix == "" {
		t.Errorf("exit code %d, %+v", code, f)
	}
	if f := found(t, out, "gateway"); f.Result != screen.Works || !strings.Contains(f.Found, "not tried") {
		t.Errorf("%+v", f)
	}
	if _, code := parse([]string{"--json"}); code != exitUsage {
		t.Errorf("--json alone: exit code %d", code)
	}
}

// TestCheckHasNoNames checks that no names in an error's text reach the report.
func TestCheckHasNoNames(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DISPLAY", "somebody.example:10")
	hide := namesHere("https://Support.example.com:8443", &url.URL{Host: "proxy.example:8080"}, "desk.example:0")
	for _, name := range []string{host, me.Username, me.HomeDir, "support.example.com", "PROXY.example", "desk.example", "somebody.example"} {
		if len(name) < 2 {
			continue
		}
		got := hide("dial " + name + " " + name + ": no (" + name + ")")
		if want := "dial (name) (name): no ((name))"; got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	// A name inside another word does not count.
	if got, want := hide("un"+me.Username+"ed"), "un"+me.Username+"ed"; got != want {
		t.Error(got)
	}
}

// TestCheckConnectsToNoStranger checks that --check does not connect to the gateway of a link,
// which could be anybody's.
func TestCheckConnectsToNoStranger(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	came := make(chan net.Conn, 8)
	go func() {
		defer close(came)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			came <- c
		}
	}()
	_, out := check(t, "--json", "lotse:localhost:"+strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	if f := found(t, out, "gateway"); !strings.Contains(f.Found, "not tried") {
		t.Errorf("%+v", f)
	}
	c, err := net.Dial("tcp", l.Addr().String()) // a barrier: this must be the first connection
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	first := <-came
	if first.RemoteAddr().String() != c.LocalAddr().String() {
		t.Error("it connected to a gateway that nobody has confirmed")
	}
	l.Close()
	for more := range came {
		more.Close()
	}
	first.Close()
}

// TestCheckGateway checks the reports about three gateways: one that works, one whose
// certificate is not trusted, and one that does not exist.
func TestCheckGateway(t *testing.T) {
	data := t.TempDir()
	ready, done := make(chan gateway.Addresses, 1), make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		done <- gateway.Serve(ctx, gateway.Config{
			Listen: "127.0.0.1:0", Data: data, Name: "Example", Version: "test", TLS: gateway.TLSConfig{Mode: gateway.TLSDev},
			Pages: fstest.MapFS{"index.html": {}, "advisor.html": {}}, Ready: func(a gateway.Addresses) { ready <- a },
		})
	}()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	var address string
	select {
	case a := <-ready:
		address = a.Listen.String()
	case <-time.After(time.Minute):
		t.Fatal("the gateway does not start")
	}
	ca := filepath.Join(data, gateway.DevCAFile)
	_, out := check(t, "--json", "--gateway", address, "--ca-file", ca)
	for _, name := range []string{"proxy", "gateway name", "gateway", "WebSocket"} {
		if f := found(t, out, name); f.Result != screen.Works {
			t.Errorf("%+v", f)
		}
	}
	_, out = check(t, "--json", "--gateway", address)
	if f := found(t, out, "gateway"); f.Result != screen.Missing || !strings.Contains(f.Found, "certificate") {
		t.Errorf("%+v", f)
	}
	_, out = check(t, "--json", "--gateway", "127.0.0.1:1")
	if f := found(t, out, "gateway"); f.Result != screen.Missing || !strings.Contains(f.Found, "nothing answers") ||
		strings.Contains(out, "127.0.0.1") {
		t.Errorf("%+v", f)
	}
}
