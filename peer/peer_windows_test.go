package peer

import (
	"net"
	"os"
	"os/exec"
	"testing"
)

// TestOwnProgram checks that connections of another program of this user are recognized from
// the first moment. It makes many, because wine reports some of them without an owner.
func TestOwnProgram(t *testing.T) {
	const connections = 300
	if address := os.Getenv("PEER_TEST_ADDRESS"); address != "" { // the other program
		for range connections {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = conn.Read(make([]byte, 1)) // until the connection is closed
			conn.Close()
		}
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	other := exec.Command(os.Args[0], "-test.run", "^TestOwnProgram$")
	other.Env = append(os.Environ(), "PEER_TEST_ADDRESS="+l.Addr().String())
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- other.Wait(); l.Close() }()
	for n := range connections {
		conn, err := l.Accept()
		if err != nil {
			t.Fatalf("connection %d: %v; the other program: %v", n, err, <-ended)
		}
		if err := Check(conn); err != nil {
			t.Errorf("connection %d: %v", n, err)
		}
		conn.Close()
	}
	if err := <-ended; err != nil {
		t.Errorf("the other program: %v", err)
	}
}
