package peer

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"testing"

	"lotse/leaktest"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(visitorVariable); address != "" {
		visit(address)
		return
	}
	leaktest.Main(m)
}

// pair returns a connection on the loopback interface, first the end that accepted it.
func pair(t *testing.T, network, host string) (accepted, dialled net.Conn) {
	t.Helper()
	l, err := net.Listen(network, net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if dialled, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dialled.Close() })
	if accepted, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { accepted.Close() })
	return accepted, dialled
}

func TestOwnUser(t *testing.T) {
	for _, c := range []struct{ network, host string }{{"tcp4", "127.0.0.1"}, {"tcp4", "127.9.8.7"}, {"tcp6", "::1"}, {"tcp", "127.0.0.1"}} {
		if c.host == "::1" && runtime.GOOS == "windows" {
			continue // wine does not report it; not tested on Windows
		}
		accepted, _ := pair(t, c.network, c.host)
		if err := Check(accepted); err != nil && !errors.Is(err, ErrUnsupported) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

// TestGone checks that a connection is refused if the other end has closed, because it is
// unknown then whether that end was this user's.
func TestGone(t *testing.T) {
	if !Supported {
		t.Skip("this system does not tell")
	}
	accepted, dialled := pair(t, "tcp4", "127.0.0.1")
	dialled.(*net.TCPConn).SetLinger(0)
	dialled.Close()
	_, _ = io.ReadAll(accepted) // until this end has noticed
	if err := Check(accepted); !errors.Is(err, ErrOther) {
		t.Errorf("%v", err)
	}
	accepted, dialled = pair(t, "tcp4", "127.0.0.1")
	dialled.Close() // a normal close: the kernel still has the connection
	_, _ = io.ReadAll(accepted)
	if err := Check(accepted); !errors.Is(err, ErrOther) {
		t.Errorf("%v", err)
	}
}

func TestElsewhere(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	if err := Check(a); !errors.Is(err, ErrOther) {
		t.Errorf("%v", err)
	}
}
