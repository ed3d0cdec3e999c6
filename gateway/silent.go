package gateway

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"lotse/gateway/clock"
)

// silence is how long a client of the TLS port may send nothing before it is taken for a VNC
// viewer. A TLS client sends its hello right after the TCP handshake; in RFB the server sends
// first.
const silence = 800 * time.Millisecond

// splitListener divides the connections of the TLS port: its Accept returns clients that send
// something, and the Accept of silentClients returns silent ones. Each connection waits in a
// goroutine of its own for at most silence; the underlying listener limits their number.
// Connections from a trusted proxy are never treated as silent, because proxies open connections in
// advance.
type splitListener struct {
	// Static after newSplitListener.
	net.Listener
	s             *server
	spoke, silent chan net.Conn
	done          chan struct{} // closed when run is about to return
}

func newSplitListener(l net.Listener, s *server) *splitListener {
	return &splitListener{Listener: l, s: s, spoke: make(chan net.Conn), silent: make(chan net.Conn), done: make(chan struct{})}
}

// run accepts connections until the listener is closed, and returns after the last one was passed
// on.
func (l *splitListener) run() {
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(l.done)
	for {
		conn, err := l.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			l.s.log.http.Error("TLS port does not accept", "error", err)
			clock.Pause(context.Background(), l.s.cfg.Clock, acceptPause) // out of files, most likely
			continue
		}
		wg.Go(func() { l.divide(conn) })
	}
}

func (l *splitListener) divide(conn net.Conn) {
	to := l.spoke
	if ap, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err != nil || !l.s.trusted(ap.Addr().Unmap()) {
		first, err := l.firstByte(conn)
		switch {
		case err == nil:
			conn = &spokenConn{Conn: conn, first: first}
		case errors.Is(err, os.ErrDeadlineExceeded):
			to = l.silent
			served(counted(conn)) // a viewer sends no TLS request
		default:
			_ = conn.Close()
			return
		}
	}
	select {
	case to <- conn:
	case <-l.done:
		_ = conn.Close()
	}
}

// firstByte reads one byte. After silence it returns os.ErrDeadlineExceeded. Reads on a TCP
// connection continue to work after such a deadline.
func (l *splitListener) firstByte(conn net.Conn) ([]byte, error) {
	woken := make(chan struct{})
	stop := l.s.cfg.Clock.AfterFunc(silence, func() {
		_ = conn.SetReadDeadline(time.Unix(1, 0))
		close(woken)
	})
	first := make([]byte, 1)
	_, err := conn.Read(first)
	if !stop() {
		<-woken
	}
	_ = conn.SetReadDeadline(time.Time{})
	return first, err
}

// Accept returns the next client that has sent something.
func (l *splitListener) Accept() (net.Conn, error) { return l.accept(l.spoke) }

func (l *splitListener) accept(from <-chan net.Conn) (net.Conn, error) {
	select {
	case conn := <-from:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// silentClients is the listener for the silent clients of a splitListener, which closes it.
type silentClients struct{ *splitListener }

// Accept returns the next client that waits for the server to send first.
func (l silentClients) Accept() (net.Conn, error) { return l.accept(l.silent) }

// Close does nothing.
func (silentClients) Close() error { return nil }

// spokenConn returns the byte that firstByte read before the rest of the connection.
type spokenConn struct {
	net.Conn
	first []byte // Owned by the caller of Read.
}

func (c *spokenConn) Read(p []byte) (int, error) {
	if len(c.first) > 0 {
		n := copy(p, c.first)
		c.first = c.first[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}
