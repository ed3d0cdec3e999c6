package e2e

import (
	"net"
	"strconv"
	"sync"
	"testing"
	"time"
)

// A slow line listens at a port and forwards connections to another port at 5 Mbit/s, with a
// delay of 50 ms in each direction. Data that exceeds the line's own short queue waits in the
// sender, as on a real line.
const (
	slowBytesPerSecond = 5e6 / 8
	slowDelay          = 50 * time.Millisecond
	slowPacket         = 1460
	slowQueue          = 40 // in packets
)

// newSlowLine starts a slow line to a port and returns the port at which it listens.
func newSlowLine(t testing.TB, to int) (port int) {
	t.Helper()
	port = vncPort(t)
	l, err := net.Listen("tcp", hostPortOf(port))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	wg.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", hostPortOf(to))
			if err != nil {
				near.Close()
				continue
			}
			mu.Lock()
			open = append(open, near, far)
			mu.Unlock()
			_ = far.(*net.TCPConn).SetReadBuffer(32 << 10) // keeps the kernel's buffer from being a second queue
			wg.Go(func() { carry(near, far) })
			wg.Go(func() { carry(far, near) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return port
}

func hostPortOf(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// carry forwards one direction of the line. It returns when either end closes.
func carry(to, from net.Conn) {
	type packet struct {
		b  []byte
		at time.Time // when the packet arrives
	}
	line := make(chan packet, slowQueue)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer to.Close()
		for p := range line {
			time.Sleep(time.Until(p.at))
			if _, err := to.Write(p.b); err != nil {
				from.Close()
			}
		}
	}()
	free := time.Now() // when the line has sent everything that it accepted
	for {
		b := make([]byte, slowPacket)
		n, err := from.Read(b)
		if err != nil {
			break
		}
		if now := time.Now(); free.Before(now) {
			free = now
		}
		free = free.Add(time.Duration(float64(n) / slowBytesPerSecond * float64(time.Second)))
		line <- packet{b[:n], free.Add(slowDelay)}
	}
	close(line)
	<-done
}
