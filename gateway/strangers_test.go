package gateway

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"lotse/seal"
	"lotse/tunnel"
)

// TestOverBudgetNeverReachesOwner covers finding M4: a stranger's tries are charged to his address
// before they count against a number.
func TestOverBudgetNeverReachesOwner(t *testing.T) {
	d := testDirectory(t)
	s, err := d.open(testAccounts()[0], "")
	if err != nil {
		t.Fatal(err)
	}
	c := addr("192.0.2.1")
	try := func(place string) *agentLink {
		l := &agentLink{wire: newWire(nil), client: c}
		m := tunnel.AgentRequest{Type: tunnel.TypeEnter, Place: place}
		for range 2 { // the second time with a proof of work
			if err := (entering{d}).enter(l, m); err != nil {
				t.Fatal(err)
			}
			if answer := (<-l.out).message.(tunnel.GatewayMessage); answer.Type == tunnel.TypePuzzle {
				m.Proof = solve(t, admission{puzzle: answer.Puzzle})
				continue
			}
			break
		}
		return l
	}
	for range 10 {
		try("9999")
	}
	if l := try(s.place); l.entry != nil || len(s.entries) != 0 {
		t.Error("a stranger over his bound reaches an owner")
	}
	c = addr("198.51.100.7")
	if l := try(s.place); l.entry == nil || len(s.entries) != 1 {
		t.Error("somebody else does not")
	}
}

// TestSweepBurnsLittle covers finding M4: a whole /48 tries each of the 9000 places three times in
// half an hour, and solves all puzzles. Few owners receive any of the tries.
func TestSweepBurnsLittle(t *testing.T) {
	d := testDirectory(t)
	clock := newTestClock()
	d.cfg.Clock = clock
	d.enters.puzzles = nil // as if all puzzles were solved
	for i := range 9000 {
		place := placeOf(1000 + i)
		d.sessions[place] = &session{place: place, account: "anna", state: tunnel.StateWaiting, entries: map[string]*stream{}}
	}
	n := 0
	for round := range 3 {
		for place := range d.sessions {
			n++
			l := &agentLink{wire: newWire(nil), client: address64("2001:db8:bad::", n)}
			if err := (entering{d}).enter(l, tunnel.AgentRequest{Type: tunnel.TypeEnter, Place: place}); err != nil {
				t.Fatal(round, err)
			}
			if n%15 == 0 {
				clock.advance(time.Second)
			}
		}
	}
	reached := 0
	for _, s := range d.sessions {
		reached += len(s.entries)
	}
	if bound := 160 + 4*31; reached > bound {
		t.Errorf("%d of %d tries reached an owner, want at most %d: a third of that are numbers burnt", reached, n, bound)
	}
}

// TestEndedPlaceTellsNothing: if somebody else joins or the session ends after an agent was called
// to the stream of its try, the agent does not learn of it.
func TestEndedPlaceTellsNothing(t *testing.T) {
	t.Parallel()
	r := start(t)
	a := r.signIn("anna")
	for name, change := range map[string]func(*owner){
		"joined": func(o *owner) { r.customer().join(o.number) },
		"ended":  func(o *owner) { o.link.End(); o.state(tunnel.StateEnded) },
	} {
		o := r.open(a)
		c := r.customer()
		if err := c.link.Enter(o.place, "", ""); err != nil {
			t.Fatal(err)
		}
		call := c.recv()
		change(o)
		conn, err := c.c.DialAgentStream(t.Context(), call.Stream)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, err = seal.Handshake(t.Context(), conn, seal.Agent, seal.Params{Number: o.number.Digits(), Kind: "control", Stream: call.Stream})
		if m := c.recv(); !errors.Is(err, seal.ErrWrongNumber) || m.Code != tunnel.RefusedNumber {
			t.Errorf("%s: %v, %+v", name, err, m)
		}
	}
}

// TestUnjoinedLink covers finding M3: a link without a session is closed after a minute, even one
// that tries numbers; a joined link is not.
func TestUnjoinedLink(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	r := start(t, withRunningClock(t, clock))
	o := r.open(r.signIn("anna"))
	joined := r.customer()
	joined.join(o.number)
	trying := r.customer()
	trying.try("999912345")
	clock.advance(unjoinedTimeout)
	if m, err := trying.link.Recv(); err == nil {
		t.Errorf("still there: %+v", m)
	}
	view, shown, _ := openSealed(t, o, joined, "view")
	echo(t, view, shown)
}

// TestSilentLinkCosts: a link on which no number was entered counts as a wrong number.
func TestSilentLinkCosts(t *testing.T) {
	t.Parallel()
	r := start(t, behindProxy, func(c *Config) { c.Limits.EnterWrong = 2 })
	for range 2 {
		r.rawLink("203.0.113.9").Close()
	}
	eventually(t, "refused", func() bool { return r.answerTo("203.0.113.9", "9999").Code == tunnel.RefusedRate })
	if m := r.answerTo("203.0.113.10", "9999"); m.Code == tunnel.RefusedRate {
		t.Errorf("its neighbour: %+v", m)
	}
}

// TestPuzzleOnLink: under pressure customers' programs solve puzzles and otherwise work as usual.
func TestPuzzleOnLink(t *testing.T) {
	t.Parallel()
	r := start(t, behindProxy, func(c *Config) { c.Limits.EnterPerMinute = 1 })
	o := r.open(r.signIn("anna"))
	asked := 0
	for i := range 40 {
		m := r.answerTo(fmt.Sprintf("10.0.%d.1", i), "9999")
		if m.Type == tunnel.TypeRefused {
			t.Errorf("a clean address: %+v", m)
		}
		if m.Type == tunnel.TypePuzzle {
			asked++
		}
	}
	if asked == 0 {
		t.Error("nobody was asked for work")
	}
	r.customer().join(o.number)
}

// TestForwardedRequests: behind a proxy each client has its own limits, for simultaneous requests
// and for their rate, on any number of connections.
func TestForwardedRequests(t *testing.T) {
	t.Parallel()
	r := start(t, behindProxy, func(c *Config) { c.Limits.ConnectionsPerAddress = 5 })
	status := func(from string) int {
		status, _, _ := r.ask("GET", "/api/v1/info", "", func(q *http.Request) { q.Header.Set("X-Forwarded-For", from) })
		return status
	}
	for range 5 {
		r.rawLink("203.0.113.9")
	}
	if got := status("203.0.113.9"); got != http.StatusTooManyRequests {
		t.Errorf("the sixth at a time: %d", got)
	}
	if got := status("203.0.113.10"); got != http.StatusOK {
		t.Errorf("another client: %d", got)
	}
	client := r.http()
	last := 0
	for i := 0; i < 2*requestsPerWindow && last != http.StatusTooManyRequests; i++ {
		q, err := http.NewRequestWithContext(t.Context(), "GET", r.url+"/assets/plain.css", nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("X-Forwarded-For", "203.0.113.11")
		resp, err := client.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		last = resp.StatusCode
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("%d requests of one client were answered", 2*requestsPerWindow)
	}
	if got := status("203.0.113.12"); got != http.StatusOK {
		t.Errorf("another client: %d", got)
	}
}

// fakeConn is a connection from an address.
type fakeConn struct {
	net.Conn
	from   netip.Addr
	closed bool
}

func (c *fakeConn) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(c.from, 4711))
}
func (c *fakeConn) Close() error { c.closed = true; return nil }

// TestFullTable: to make room, the newest connection of a guilty client is closed, then the one
// idle for longest that has proved nothing, and never one that has proved itself.
func TestFullTable(t *testing.T) {
	r := newSignInRig(t)
	l := newLimitListener(nil, r.s, 5, 5, handshakeTimeout)
	open := map[string]*countedConn{}
	gone := func() (who string) {
		for name, c := range open {
			if c.Conn.(*fakeConn).closed {
				who += name
				delete(open, name)
			}
		}
		return who
	}
	come := func(name, from string) {
		t.Helper()
		c, victims := l.admit(&fakeConn{from: netip.MustParseAddr(from)})
		for _, v := range victims {
			_ = v.Close()
		}
		if c == nil {
			t.Fatalf("%s is refused", name)
		}
		open[name] = c.(*countedConn)
		r.clock.advance(time.Second)
	}
	guilty := addr("192.0.2.1")
	for range 10 {
		r.s.enters.failed(guilty, r.clock.Now())
	}
	come("advisor", "198.51.100.1")
	open["advisor"].prove()
	come("guilty", "192.0.2.1")
	open["guilty"].served()
	come("idle", "203.0.113.1")
	open["idle"].served()
	come("newer guilty", "192.0.2.1")
	open["newer guilty"].served()
	come("busy", "203.0.113.2")
	open["busy"].served()
	for i, want := range []string{"newer guilty", "guilty", "idle"} {
		come(fmt.Sprint("newcomer", i), fmt.Sprintf("203.0.%d.3", i))
		open[fmt.Sprint("newcomer", i)].prove()
		if who := gone(); who != want {
			t.Errorf("%q went for newcomer %d, want %q", who, i, want)
		}
	}
	come("last", "203.0.77.1")
	if who := gone(); who != "busy" {
		t.Errorf("%q went, want the last that has proved nothing", who)
	}
	open["last"].prove()
	if c, victims := l.admit(&fakeConn{from: netip.MustParseAddr("203.0.78.1")}); c != nil || len(victims) > 0 {
		t.Error("somebody who belongs here goes")
	}
}

// TestConnRate: connections without a sign-in or session are limited, and those of a guilty client
// cost 16 times as much; others cost nothing.
func TestConnRate(t *testing.T) {
	r := newSignInRig(t)
	l := newLimitListener(nil, r.s, 10_000, 40, handshakeTimeout)
	r.s.connRate = newLedger(40, connWindow, 1)
	come := func(from string, then func(*countedConn)) bool {
		c, _ := l.admit(&fakeConn{from: netip.MustParseAddr(from)})
		if c == nil {
			return false
		}
		then(c.(*countedConn))
		return c.Close() == nil
	}
	count := func(from func(int) string, then func(*countedConn)) (n int) {
		for i := range 1000 {
			if come(from(i), then) {
				n++
			}
		}
		return n
	}
	always := func(s string) func(int) string { return func(int) string { return s } }
	nothing, belongs := (*countedConn).served, (*countedConn).prove
	for range 10 {
		r.s.enters.failed(addr("192.0.2.9"), r.clock.Now())
	}
	for name, c := range map[string]struct {
		from func(int) string
		then func(*countedConn)
		want int
	}{
		"one address":  {always("203.0.113.1"), nothing, 40},
		"one site":     {site, nothing, 160},
		"guilty":       {always("192.0.2.9"), nothing, 3}, // 40 divided by 16
		"who belongs":  {always("198.51.100.1"), belongs, 1000},
		"one /24":      {func(i int) string { return fmt.Sprintf("198.18.0.%d", i%250) }, nothing, 320},
		"many of them": {func(i int) string { return fmt.Sprintf("10.%d.%d.1", i/250, i%250) }, nothing, 1000},
	} {
		if n := count(c.from, c.then); n != c.want {
			t.Errorf("%s: %d of 1000 connections, want %d", name, n, c.want)
		}
	}
	if len(l.open) != 0 || l.counts.of(addr("203.0.113.1")) != 0 || len(l.fresh.order) != 0 {
		t.Error("left behind")
	}
}

// TestFreshFirst: connections without a request make room for each other; connections that were
// answered are kept.
func TestFreshFirst(t *testing.T) {
	r := newSignInRig(t)
	l := newLimitListener(nil, r.s, 40, 1000, handshakeTimeout)
	var all []*fakeConn
	for i := range 30 {
		conn := &fakeConn{from: netip.AddrFrom4([4]byte{10, byte(i), 0, 1})}
		c, victims := l.admit(conn)
		for _, v := range victims {
			_ = v.Close()
		}
		if i < 5 {
			c.(*countedConn).served()
		}
		all = append(all, conn)
		r.clock.advance(time.Millisecond)
	}
	for i, conn := range all {
		if want := i >= 5 && i < 20; conn.closed != want {
			t.Errorf("connection %d: closed %v", i, conn.closed)
		}
	}
}

// TestHandshakeTurns: as many handshakes run as there are turns, fairly, and none keeps its turn
// while its client is silent.
func TestHandshakeTurns(t *testing.T) {
	t.Parallel()
	r := start(t)
	for range 50 { // each stops after its hello
		raw, err := net.Dial("tcp", r.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		half := &helloOnly{Conn: raw}
		_ = tls.Client(half, &tls.Config{RootCAs: r.roots, ServerName: "localhost"}).Handshake()
	}
	if status, _, _ := r.ask("GET", "/", "", nil); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
}

// helloOnly sends one message and then nothing.
type helloOnly struct {
	net.Conn
	said bool
}

func (c *helloOnly) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
func (c *helloOnly) Write(p []byte) (int, error) {
	if c.said {
		return len(p), nil
	}
	c.said = true
	return c.Conn.Write(p)
}
