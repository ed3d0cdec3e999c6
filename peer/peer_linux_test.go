package peer

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// visitorVariable turns this test binary into a program that connects to an address, reports
// that, and runs until its standard input ends.
const visitorVariable = "LOTSE_PEER_VISITOR"

func visit(address string) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	fmt.Println("connected")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

const stranger = 64002

// TestAnotherUser checks that another user of this machine is refused, with both ways of asking
// the kernel. Only root can start a program as another user; otherwise the test treats its own
// user as the stranger.
func TestAnotherUser(t *testing.T) {
	accepted, _ := pair(t, "tcp4", "127.0.0.1")
	local, remote := accepted.LocalAddr().(*net.TCPAddr), accepted.RemoteAddr().(*net.TCPAddr)
	own := uint32(os.Getuid())
	if err := checkUser(local, remote, own+1); !errors.Is(err, ErrOther) || !strings.Contains(err.Error(), fmt.Sprint(own)) {
		t.Errorf("%v", err)
	}
	if own != 0 {
		t.Logf("running as user %d: no program is started as another user", own)
		return
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := make(chan error, 1)
	guarded := Listen(l, func(err error) { refused <- err })
	accepts := make(chan net.Conn, 1)
	go func() {
		conn, err := guarded.Accept()
		if err == nil {
			accepts <- conn
		}
		close(accepts)
	}()
	visitor := exec.Command("/proc/self/exe")
	visitor.Env = []string{visitorVariable + "=" + l.Addr().String()}
	visitor.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stranger, Gid: stranger}, Pdeathsig: syscall.SIGKILL}
	visitor.Dir = "/"
	stay, err := visitor.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := visitor.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := visitor.Start(); err != nil {
		t.Fatal(err)
	}
	// The listener closes the connection while the visitor connects, or later.
	if said, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("the stranger: %q, %v", said, err)
	}
	if err := <-refused; !errors.Is(err, ErrOther) || !strings.Contains(err.Error(), fmt.Sprint(stranger)) {
		t.Errorf("the stranger: %v", err)
	}
	// After that, this user is admitted.
	mine, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn := <-accepts
	if conn == nil || conn.RemoteAddr().String() != mine.LocalAddr().String() {
		t.Errorf("let in: %v", conn)
	}
	mine.Close()
	conn.Close()
	stay.Close()
	_ = visitor.Wait()
	l.Close()
}

// TestNotAcceptedYet checks that a listening program is unknown until it has accepted the
// connection.
func TestNotAcceptedYet(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialled, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer dialled.Close()
	if err := Check(dialled); !errors.Is(err, ErrNotFound) || !errors.Is(err, ErrOther) {
		t.Errorf("before: %v", err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	if err := Check(dialled); err != nil {
		t.Errorf("after: %v", err)
	}
}

// TestTheTableAgrees checks that both ways of asking the kernel give the same result.
func TestTheTableAgrees(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		accepted, _ := pair(t, "tcp", host)
		local, remote := accepted.LocalAddr().(*net.TCPAddr), accepted.RemoteAddr().(*net.TCPAddr)
		asked, err1 := askKernel(local, remote)
		read, err2 := readTable(local, remote)
		if err1 != nil || err2 != nil || asked != read || read != uint32(os.Getuid()) {
			t.Errorf("%s: %d, %v; %d, %v", host, asked, err1, read, err2)
		}
	}
}

func TestTable(t *testing.T) {
	const table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" +
		"   0: 0100007F:1F90 0100007F:A0F0 01 00000000:00000000 00:00000000 00000000  1000        0 4711 1\n" +
		"   1: 0100007F:1F91 0100007F:A0F0 06 00000000:00000000 03:00000000 00000000     0        0 0 3\n" +
		"   2: short\n" +
		"   3: 0000000000000000FFFF00000100007F:1F92 0000000000000000FFFF00000100007F:A0F0 01 0:0 0:0 0 1001 0 4712 1\n"
	address := netip.MustParseAddrPort
	for own, want := range map[string]struct {
		uid   uint32
		found bool
	}{"127.0.0.1:8080": {1000, true}, "127.0.0.1:8081": {0, false}, "127.0.0.1:8082": {1001, true}, "127.0.0.2:8080": {0, false}} {
		uid, found, err := findInTable(strings.NewReader(table), address(own), address("127.0.0.1:41200"))
		if uid != want.uid || found != want.found || err != nil {
			t.Errorf("%s: %d, %v, %v", own, uid, found, err)
		}
	}
}

func FuzzTable(f *testing.F) {
	f.Add("0: 0100007F:1F90 0100007F:A0F0 01 0:0 0:0 0 1000 0 4711")
	a, b := netip.MustParseAddrPort("127.0.0.1:8080"), netip.MustParseAddrPort("127.0.0.1:41200")
	f.Fuzz(func(t *testing.T, table string) { _, _, _ = findInTable(strings.NewReader(table), a, b) })
}

func FuzzAnswer(f *testing.F) {
	f.Add(make([]byte, 100))
	f.Fuzz(func(t *testing.T, b []byte) { _, _ = diagUser(b) })
}

func BenchmarkCheck(b *testing.B) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	mine, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer mine.Close()
	conn, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	for b.Loop() {
		if err := Check(conn); err != nil {
			b.Fatal(err)
		}
	}
}
