package gateway

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"lotse/gateway/audit"
	"lotse/tunnel"
)

// Sides of a stream.
const (
	sideA = 0 // the agent
	sideB = 1 // the advisor's end, or the gateway in its place
)

// joinBuffer is the size of a full TLS record, which is the most that one read returns.
const joinBuffer = 16 << 10

var joinBuffers = sync.Pool{New: func() any { return new([joinBuffer]byte) }}

// stream is a pair of connections to be joined. Each side's goroutine reads from its own connection
// and writes to the other's. A slow side therefore slows the other one by TCP, and nothing is
// queued here.
//
//	called ──both sides dialled──► joined ──either side ends──► finished
//	   └────────── 30 s, refused, session ended ───────────────────┘
type stream struct {
	// Static after newStream.
	id, kind, door string
	account        string // of the advisor at side B; "" if the gateway plays the owner
	dir            *directory
	created        time.Time
	entering       bool
	place          string           // only while entering
	decided        chan struct{}    // closed by release; only while entering
	ready          [2]chan struct{} // closed after legs[side] is set
	dead           chan struct{}    // closed by finish
	once           sync.Once

	legs  [2]net.Conn  // Written before ready[side] is closed.
	heard atomic.Int64 // when A connected or last sent something, in Unix nanoseconds
	bytes [2]atomic.Int64

	releaseMu sync.Mutex // held while A's read deadline is set

	session *session // Guarded by the directory's mu; nil if the gateway plays the owner.
	taken   [2]bool  // Guarded by the directory's mu.
	entry   *entry   // Guarded by the directory's mu; nil once decided.

	announced bool // Guarded by the directory's mu; the owner may dial.
}

func newStream(d *directory, s *session, kind, door string) *stream {
	st := &stream{
		id: newToken(), kind: kind, door: door, dir: d, session: s, created: d.now(),
		ready: [2]chan struct{}{make(chan struct{}), make(chan struct{})},
		dead:  make(chan struct{}),
	}
	if s != nil {
		st.account = s.account
	}
	return st
}

func (st *stream) completeLocked() bool { return st.taken[sideA] && st.taken[sideB] }

// claim takes a side of a stream, once. account is the advisor's account at side B. Handlers call
// claim before the upgrade, so that two requests cannot take the same side.
func (d *directory) claim(id string, side int, account string) *stream {
	d.mu.Lock()
	defer d.mu.Unlock()
	st := d.streams[id]
	if st == nil || st.taken[side] || d.now().Sub(st.created) > streamLifetime {
		return nil
	}
	if side == sideB && (st.session == nil || st.account != account) {
		return nil
	}
	st.taken[side] = true
	return st
}

// run serves one side: it publishes conn, relays what it reads from it, and returns when the stream
// has ended. It closes conn.
func (st *stream) run(side int, conn net.Conn) {
	defer conn.Close()
	if side == sideA {
		st.heard.Store(st.dir.now().UnixNano())
	}
	st.legs[side] = conn
	close(st.ready[side])
	if st.entering && side == sideA {
		entering{st.dir}.announce(st)
	}
	why := st.relay(side, conn)
	if st.entering && (entering{st.dir}).entryLost(st) {
		// The refusal will close the stream after its hold.
		<-st.dead
		return
	}
	st.finish(why)
}

// relay copies from conn to the other side and returns the reason of the end, "" for a normal one.
// After the stream has finished it only reads and drops data, so that closing does not reset the
// connection.
func (st *stream) relay(side int, conn net.Conn) (why string) {
	buf := joinBuffers.Get().(*[joinBuffer]byte)
	defer joinBuffers.Put(buf)
	var other net.Conn
	gone := false // writing to the other side failed
	for {
		if side == sideA && st.entering {
			st.armEntering(conn)
		}
		n, err := conn.Read(buf[:])
		if n > 0 {
			if side == sideA && st.entering {
				st.heard.Store(st.dir.now().UnixNano())
			}
			if other == nil {
				other = st.peer(side)
			}
			if other != nil && !gone && st.mayPass(side) {
				if _, werr := other.Write(buf[:n]); werr != nil {
					// The other side's goroutine may still be reading the last data of that side.
					// It decides the reason of the end and gets a moment for it.
					gone = true
					st.hurry(other)
				}
				if all := st.bytes[side].Add(int64(n)); side == sideA && st.kind == tunnel.KindView &&
					all >= firstViewBytes && all-int64(n) < firstViewBytes {
					st.dir.pictureCame(st)
				}
				st.dir.metrics.relayed[side].Add(int64(n))
			}
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			return ""
		default:
			return "the other end was lost"
		}
	}
}

// peer waits for the other side. It returns nil if the stream finished before.
func (st *stream) peer(side int) net.Conn {
	select {
	case <-st.ready[1-side]:
		return st.legs[1-side]
	case <-st.dead:
		return nil
	}
}

// mayPass delays data from the owner to an agent that is entering, PROTOCOL.md, section 4. It waits
// until enteringHold after A connected or last sent something, so that timing does not reveal
// whether an owner or the gateway answers. The owner sends first. mayPass returns false if the
// stream has finished.
func (st *stream) mayPass(side int) bool {
	for st.entering && side == sideB {
		wait := time.Unix(0, st.heard.Load()).Add(enteringHold).Sub(st.dir.now())
		if wait <= 0 {
			break
		}
		over := make(chan struct{})
		stop := st.dir.cfg.Clock.AfterFunc(wait, func() { close(over) })
		select {
		case <-over:
			continue
		case <-st.decided:
		case <-st.dead:
		}
		stop()
		break
	}
	select {
	case <-st.dead:
		return false
	default:
		return true
	}
}

// armEntering gives A handshakeTimeout for its next message while it is entering. The time starts
// with A's own last action, so that it does not depend on the owner.
func (st *stream) armEntering(conn net.Conn) {
	st.releaseMu.Lock()
	defer st.releaseMu.Unlock()
	select {
	case <-st.decided:
	case <-st.dead: // finish has set the final deadline
	default:
		_ = conn.SetReadDeadline(time.Now().Add(handshakeTimeout))
	}
}

// release ends the delays of mayPass after a positive verdict.
func (st *stream) release() {
	st.releaseMu.Lock()
	defer st.releaseMu.Unlock()
	close(st.decided)
	_ = st.legs[sideA].SetReadDeadline(time.Time{})
}

// finish ends the stream. It sends a close frame to both sides and closes them after a moment in
// which they can answer. It may wait for a slow line, so the caller must not hold a lock.
func (st *stream) finish(why string) {
	st.once.Do(func() {
		close(st.dead)
		st.dir.forget(st)
		st.dir.log.tunnel.Debug("stream ended", "kind", st.kind, "door", st.door, "reason", why,
			"fromAgent", st.bytes[sideA].Load(), "fromAdvisor", st.bytes[sideB].Load(),
			"duration", st.dir.now().Sub(st.created))
		code := websocket.CloseNormalClosure
		if why != "" {
			code = websocket.CloseGoingAway
		}
		for side := range st.legs {
			select {
			case <-st.ready[side]:
			default:
				continue
			}
			leg := st.legs[side]
			if ws, ok := leg.(*tunnel.Stream); ok {
				ws.SayClose(code, why)
			}
			st.hurry(leg)
		}
	})
}

// hurry closes a side after farewell at the latest.
func (st *stream) hurry(leg net.Conn) {
	if _, ok := leg.(*tunnel.Stream); !ok {
		_ = leg.Close() // the gateway's own end
		return
	}
	st.releaseMu.Lock()
	defer st.releaseMu.Unlock()
	_ = leg.SetReadDeadline(time.Now().Add(farewell))
}

// pictureCame records when the advisor first saw something in a session.
func (d *directory) pictureCame(st *stream) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := st.session; s != nil && !s.viewed && !s.joined.IsZero() {
		s.viewed = true
		d.metrics.spread.firstView.observeTime(d.now().Sub(s.joined))
	}
}

// forget removes a stream from the directory and writes its audit record.
func (d *directory) forget(st *stream) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.streams, st.id)
	a, b := st.bytes[sideA].Load(), st.bytes[sideB].Load()
	s := st.session
	if s == nil || s.streams[st.id] == nil {
		return
	}
	delete(s.streams, st.id)
	d.metrics.spread.stream[st.kind].observe(float64(a + b))
	d.audit.Record(audit.Record{Event: audit.StreamEnd, Account: st.account, Session: s.id, Kind: st.kind, Door: st.door,
		Bytes: a + b, Seconds: int64(d.now().Sub(st.created) / time.Second)})
}
