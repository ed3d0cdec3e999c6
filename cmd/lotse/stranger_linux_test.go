package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"lotse/rfb/rfbtest"
	"lotse/tunnel"
)

// strangerVariable makes the test binary a program run by another user: "dial ADDRESS" reads from a
// port until the end, "listen" accepts one connection and reads it until the end.
const strangerVariable = "LOTSE_TEST_STRANGER"

const strangerID = 64002

func init() {
	if errand := os.Getenv(strangerVariable); errand != "" {
		goOnErrand(errand)
		os.Exit(0)
	}
}

func goOnErrand(errand string) {
	var conn net.Conn
	var err error
	if address, ok := strings.CutPrefix(errand, "dial "); ok {
		conn, err = net.Dial("tcp", address)
	} else {
		var l net.Listener
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err == nil {
			fmt.Println(l.Addr())
			conn, err = l.Accept()
		}
	}
	var got []byte
	if err == nil {
		_, _ = io.WriteString(conn, "RFB 003.008\n")
		got, err = io.ReadAll(conn)
	}
	fmt.Printf("got %q, %v\n", got, err)
}

// stranger starts the test binary as another user and returns its output. It requires root.
func stranger(t *testing.T, errand string) *bufio.Scanner {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("NOT TESTED: only root can start a program as another user")
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{strangerVariable + "=" + errand}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: strangerID, Gid: strangerID}, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return bufio.NewScanner(out)
}

func said(t *testing.T, s *bufio.Scanner) string {
	t.Helper()
	if !s.Scan() {
		t.Fatal("the other user's program said nothing")
	}
	return s.Text()
}

// TestViewForOwnUserOnly: the port of lotse view serves only programs of the same user. Another
// user's program is disconnected before the customer's end is contacted.
func TestViewForOwnUserOnly(t *testing.T) {
	t.Parallel()
	for _, many := range []bool{false, true} {
		_, a, login := joinedSession(t)
		args := append([]string{"view", a.number.Digits(), "--listen", "127.0.0.1:0"}, login...)
		if many {
			args = append(args, "--many")
		}
		v := begin(t, nil, args...)
		ready := v.line(readyLine)
		for range 4 {
			got := said(t, stranger(t, "dial 127.0.0.1:"+strings.TrimPrefix(ready, readyLine)))
			if !strings.HasPrefix(got, `got "", `) {
				t.Errorf("another user: %s", got)
			}
		}
		waitFor(t, "the message", func() bool { return strings.Count(v.errs.String(), fmt.Sprint("user ", strangerID)) == 3 })
		// After that, this user is admitted: the first stream is his.
		conn := dialViewer(t, ready)
		a.serveRFB(a.seal(a.recv(tunnel.TypeCall)), nil)
		viewer, err := rfbtest.New(conn, rfbtest.Config{})
		if err != nil {
			t.Fatal(err)
		}
		viewer.Close()
		if !many {
			v.Exit()
		}
	}
}

// TestViewToOwnUserOnly: another user's viewer listening on this computer receives nothing, even if
// it accepts late.
func TestViewToOwnUserOnly(t *testing.T) {
	t.Parallel()
	_, a, login := joinedSession(t)
	other := stranger(t, "listen")
	args := append([]string{"view", a.number.Digits(), "--to", said(t, other)}, login...)
	if code, _, errs := run(t, nil, args...); code == exitOK || !strings.Contains(errs, fmt.Sprint("user ", strangerID)) {
		t.Errorf("code %d, %s", code, errs)
	}
	if got := said(t, other); !strings.HasPrefix(got, `got "", `) {
		t.Errorf("another user: %s", got)
	}
}
