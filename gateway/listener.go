package gateway

import (
	"net"
	"net/netip"
	"sync"
)

// limitListener bounds open connections, in all and per address. What is over
// the bound is closed at once: it costs less than telling.
type limitListener struct {
	// Static after newLimitListener.
	net.Listener
	s                 *server
	total, perAddress int

	mu    sync.Mutex
	open  map[*countedConn]struct{} // Guarded by mu.
	byKey map[string]int            // Guarded by mu.
}

func newLimitListener(l net.Listener, s *server, total, perAddress int) *limitListener {
	return &limitListener{Listener: l, s: s, total: total, perAddress: perAddress, open: map[*countedConn]struct{}{}, byKey: map[string]int{}}
}

// Accept returns the next connection within the bounds.
func (l *limitListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c := l.admit(conn); c != nil {
			return c, nil
		}
		l.s.metrics.connRefused.Add(1)
		_ = conn.Close()
	}
}

func (l *limitListener) admit(conn net.Conn) net.Conn {
	key, proxy := "", false
	if ap, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
		key, proxy = limitKey(ap.Addr()), l.s.trusted(ap.Addr().Unmap())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) >= l.total || !proxy && l.byKey[key] >= l.perAddress {
		return nil
	}
	c := &countedConn{Conn: conn, listener: l, key: key}
	l.open[c] = struct{}{}
	l.byKey[key]++
	// The gauge has what another listener handed on already.
	if _, again := conn.(*countedConn); !again {
		c.metered = true
		l.s.metrics.connections.Add(1)
	}
	return c
}

// closeAll closes what is left at the end.
func (l *limitListener) closeAll() {
	l.mu.Lock()
	var left []*countedConn
	for c := range l.open {
		left = append(left, c)
	}
	l.mu.Unlock()
	for _, c := range left {
		_ = c.Close()
	}
}

// countedConn is taken off the count when it is closed, once.
type countedConn struct {
	net.Conn
	listener *limitListener
	key      string
	metered  bool
	once     sync.Once
}

func (c *countedConn) Close() error {
	c.once.Do(func() {
		l := c.listener
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.open, c)
		if l.byKey[c.key]--; l.byKey[c.key] == 0 {
			delete(l.byKey, c.key)
		}
		if c.metered {
			l.s.metrics.connections.Add(-1)
		}
	})
	return c.Conn.Close()
}
