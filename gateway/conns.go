package gateway

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Limits of connections. Limits.Connections and Limits.ConnectionsPerAddress are configured.
const (
	// connWindow is the time in which an address may open ConnectionsPerAddress connections that
	// have not proved anything.
	connWindow = 10 * time.Second
	// guiltyConn is the cost of a guilty client's connection; other clients pay 1.
	guiltyConn = 16
	// silentWrong is how many connections of an address may end without a request within
	// silentWindow. Browsers open some connections in advance.
	silentWrong  = 100
	silentWindow = 10 * time.Minute
)

// States of a connection.
const (
	connNew    = iota // no request yet
	connServed        // a request was read, or a viewer was greeted
	connProven        // the client signed in or joined, or is a trusted proxy
)

// limitListener limits the open connections, in all and per client, and the rate of new ones. It
// closes a client's connections above the limit at once, without an answer. If the table is full,
// it closes connections that have proved nothing to make room: first the newest of guilty clients,
// then those idle for longest. Connections without a request yet have a limit of their own, and the
// oldest of them is closed first.
type limitListener struct {
	// Static after newLimitListener.
	net.Listener
	s     *server
	total int
	first time.Duration // time limit for the first request; 0: none

	mu     sync.Mutex
	open   map[*countedConn]struct{} // Guarded by mu.
	counts *counts                   // Guarded by mu.
	fresh  *crowd[*countedConn]      // Guarded by mu; those that are connNew.
}

// newLimitListener makes a listener whose connections must send a request within first. first is 0
// for doors, where people have to type a password meanwhile.
func newLimitListener(l net.Listener, s *server, total, perAddress int, first time.Duration) *limitListener {
	fresh := perAddress
	if first > 0 {
		fresh = max(1, perAddress/4)
	}
	return &limitListener{Listener: l, s: s, total: total, first: first, open: map[*countedConn]struct{}{}, counts: newCounts(perAddress),
		fresh: newCrowd(max(1, total/4), fresh, func(*countedConn) bool { return true })}
}

// Accept returns the next connection within the limits.
func (l *limitListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c, victims := l.admit(conn)
		for _, v := range victims {
			l.s.metrics.connDropped.Add(1)
			_ = v.Close()
		}
		if c != nil {
			return c, nil
		}
		l.s.metrics.connRefused.Add(1)
		_ = conn.Close()
	}
}

// admit registers a connection, or returns nil to refuse it. The caller closes victims.
func (l *limitListener) admit(conn net.Conn) (admitted net.Conn, victims []*countedConn) {
	now := l.s.now()
	c := &countedConn{Conn: conn, listener: l, since: now}
	if ap, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
		c.client, c.proxy = clientOf(ap.Addr()), l.s.trusted(ap.Addr().Unmap())
	}
	c.active.Store(now.UnixNano())
	exempt := c.proxy || l.s.known.has(c.client, now)
	if _, again := conn.(*countedConn); !again && !c.proxy {
		c.cost = 1
		if isGuilty(l.s, c.client, now) {
			c.cost = guiltyConn
		}
		if l.s.connRate.charge(c.client, exempt, c.cost, now) > 0 {
			return nil, nil
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if p, full := l.counts.full(c.client); full && !c.proxy && (p == c.client.unit() || !exempt) {
		return nil, nil
	}
	if len(l.open) >= l.total {
		if victims = l.makeRoomLocked(now); len(victims) == 0 {
			return nil, nil
		}
	}
	if c.proxy {
		c.state.Store(connProven)
	} else if v, drop := l.fresh.add(c, c.client); drop {
		victims = append(victims, v)
	}
	l.open[c] = struct{}{}
	l.counts.add(c.client)
	// A connection that another limitListener passed on is already in the gauge.
	if _, again := conn.(*countedConn); !again {
		c.metered = true
		l.s.metrics.connections.Add(1)
	}
	return c, victims
}

// makeRoomLocked chooses connections to close: a hundredth of the table, so that a flood does not
// make it sort the table for every connection.
func (l *limitListener) makeRoomLocked(now time.Time) (victims []*countedConn) {
	guilty := map[*countedConn]bool{}
	for c := range l.open {
		if c.state.Load() < connProven {
			victims = append(victims, c)
			guilty[c] = isGuilty(l.s, c.client, now)
		}
	}
	slices.SortFunc(victims, func(a, b *countedConn) int {
		switch {
		case guilty[a] != guilty[b]:
			if guilty[a] {
				return -1
			}
			return 1
		case guilty[a]:
			return b.since.Compare(a.since)
		}
		return cmp.Compare(a.active.Load(), b.active.Load())
	})
	return victims[:min(len(victims), max(1, l.total/100))]
}

// sweep closes connections without a request within the time limit, and charges their clients.
func (l *limitListener) sweep(now time.Time) {
	if l.first == 0 {
		return
	}
	var late []*countedConn
	l.mu.Lock()
	for _, m := range l.fresh.order {
		if now.Sub(m.item.since) < l.first {
			break
		}
		late = append(late, m.item)
	}
	l.mu.Unlock()
	for _, c := range late {
		_ = c.Close()
	}
}

// closeAll closes all open connections.
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

// isGuilty reports whether a client has exceeded a limit for failed tries at any entrance or for
// silent connections.
func isGuilty(s *server, c client, now time.Time) bool {
	exempt := s.known.has(c, now)
	for _, l := range []*ledger{s.enters.ledger, s.signIns.ledger, s.viewers.ledger, s.silent} {
		if g := l.look(c, exempt, now); g.wait > 0 || g.guilt > 1 {
			return true
		}
	}
	return false
}

// countedConn unregisters itself when it is closed.
type countedConn struct {
	net.Conn
	// Static after admit.
	listener *limitListener
	client   client
	proxy    bool
	cost     float64 // charged to connRate
	since    time.Time
	metered  bool

	once   sync.Once
	active atomic.Int64 // time of the last read, in Unix nanoseconds
	state  atomic.Int32
	turn   atomic.Pointer[func()] // leaves the turnstile of handshakes
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.active.Store(c.listener.s.now().UnixNano())
	}
	return n, err
}

func (c *countedConn) Write(p []byte) (int, error) {
	c.leaveTurn()
	return c.Conn.Write(p)
}

func (c *countedConn) leaveTurn() {
	if leave := c.turn.Swap(nil); leave != nil {
		(*leave)()
	}
}

// served is called when the client sent something that could be answered.
func (c *countedConn) served() {
	if c.state.CompareAndSwap(connNew, connServed) {
		c.listener.mu.Lock()
		defer c.listener.mu.Unlock()
		c.listener.fresh.remove(c)
	}
}

// prove is called when the client has proved that it is legitimate. It refunds what the connection
// was charged.
func (c *countedConn) prove() {
	c.served()
	if c.state.CompareAndSwap(connServed, connProven) && c.cost > 0 {
		c.listener.s.connRate.refund(c.client, c.cost, c.listener.s.now())
	}
}

func (c *countedConn) Close() error {
	c.once.Do(func() {
		c.leaveTurn()
		l := c.listener
		if c.state.Load() == connNew && c.cost > 0 {
			now := l.s.now()
			l.s.silent.charge(c.client, l.s.known.has(c.client, now), 1, now)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.open, c)
		l.counts.remove(c.client)
		l.fresh.remove(c)
		if c.metered {
			l.s.metrics.connections.Add(-1)
		}
	})
	return c.Conn.Close()
}

// counted returns conn and the connections it wraps that are counted, the outermost first.
func counted(conn net.Conn) (out []*countedConn) {
	for {
		switch c := conn.(type) {
		case *countedConn:
			out = append(out, c)
			conn = c.Conn
		case *spokenConn:
			conn = c.Conn
		case interface{ NetConn() net.Conn }:
			conn = c.NetConn()
		default:
			return out
		}
	}
}

// connKey is the key of a request's connection in its context.
type connKey struct{}

// withConn is http.Server.ConnContext.
func withConn(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, counted(conn))
}

// connsOf returns the counted connections through which a request arrived; none in tests without a
// network.
func connsOf(r *http.Request) []*countedConn {
	conns, _ := r.Context().Value(connKey{}).([]*countedConn)
	return conns
}

func served(conns []*countedConn) {
	for _, c := range conns {
		c.served()
	}
}

func prove(conns []*countedConn) {
	for _, c := range conns {
		c.prove()
	}
}
