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

// joinBuffer is a full TLS record: more never comes out of one read.
const joinBuffer = 16 << 10

var joinBuffers = sync.Pool{New: func() any { return new([joinBuffer]byte) }}

// stream is a pair of connections to be joined. Each side's goroutine reads
// its own connection and writes the other's, so that a slow side slows the
// other by TCP and nothing queues here.
//
//	called ──both sides dialled──► joined ──either side ends──► finished
//	   └────────── 30 s, refused, session ended ───────────────────┘
type stream struct {
	// Static after newStream.
	id, kind, door string
	dir            *directory
	created        time.Time
	entering       bool
	place          string           // only while entering
	decided        chan struct{}    // closed by release; only while entering
	ready          [2]chan struct{} // closed after legs[side] is set
	dead           chan struct{}    // closed by finish
	once           sync.Once

	legs  [2]net.Conn  // Written before ready[side] is closed.
	heard atomic.Int64 // when A attached or the last of it came, in Unix nanoseconds
	bytes [2]atomic.Int64

	releaseMu sync.Mutex // orders those who set A's read deadline

	session *session // Guarded by the directory's mu; nil where the gateway plays the owner.
	taken   [2]bool  // Guarded by the directory's mu.
	entry   *entry   // Guarded by the directory's mu; nil once decided.

	announced bool // Guarded by the directory's mu; an owner may dial.
}

func newStream(d *directory, s *session, kind, door string) *stream {
	return &stream{
		id: newToken(), kind: kind, door: door, dir: d, session: s, created: d.now(),
		ready: [2]chan struct{}{make(chan struct{}), make(chan struct{})},
		dead:  make(chan struct{}),
	}
}

func (st *stream) completeLocked() bool { return st.taken[sideA] && st.taken[sideB] }

// claim takes a side of a stream, once. account is the advisor's at side B. It
// is made before the upgrade, so that two cannot race for it.
func (d *directory) claim(id string, side int, account string) *stream {
	d.mu.Lock()
	defer d.mu.Unlock()
	st := d.streams[id]
	if st == nil || st.taken[side] || d.now().Sub(st.created) > streamLifetime {
		return nil
	}
	if side == sideB && (st.session == nil || st.session.account != account) {
		return nil
	}
	st.taken[side] = true
	return st
}

// run is one side: it hands conn in, relays what it says, and returns when it
// is over. It closes conn.
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
		// The refusal that follows closes the stream in its own time.
		<-st.dead
		return
	}
	st.finish(why)
}

// relay copies from conn to the other side and returns the reason of the end,
// "" for a normal one. After the stream is dead it only takes off the line
// what still comes, so that closing resets nothing.
func (st *stream) relay(side int, conn net.Conn) (why string) {
	buf := joinBuffers.Get().(*[joinBuffer]byte)
	defer joinBuffers.Put(buf)
	var other net.Conn
	gone := false // the other side takes nothing any more
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
					// Its own goroutine may still be reading its last words and
					// decides how this ends; it gets a moment for it.
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

// peer waits for the other side; nil when the stream died before it came.
func (st *stream) peer(side int) net.Conn {
	select {
	case <-st.ready[1-side]:
		return st.legs[1-side]
	case <-st.dead:
		return nil
	}
}

// mayPass holds what the owner says to someone who is entering, PROTOCOL.md,
// section 4: no earlier than enteringHold after A attached or said its last word, so
// that nobody can tell by time whether an owner or the gateway itself answers. The
// owner speaks first. It reports false when there is nobody left to tell.
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

// armEntering gives A handshakeTimeout for its next word while it is entering.
// The time runs from A's own doing, so that it looks the same with any owner.
func (st *stream) armEntering(conn net.Conn) {
	st.releaseMu.Lock()
	defer st.releaseMu.Unlock()
	select {
	case <-st.decided:
	case <-st.dead: // finish has set the last deadline
	default:
		_ = conn.SetReadDeadline(time.Now().Add(handshakeTimeout))
	}
}

// release ends the holding back: the owner knows who it is.
func (st *stream) release() {
	st.releaseMu.Lock()
	defer st.releaseMu.Unlock()
	close(st.decided)
	_ = st.legs[sideA].SetReadDeadline(time.Time{})
}

// finish ends the stream: both sides are told and, after a moment in which
// they can answer, closed. It may wait for a slow line; call it without a lock.
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

// hurry gives a side farewell to end.
func (st *stream) hurry(leg net.Conn) {
	if _, ok := leg.(*tunnel.Stream); !ok {
		_ = leg.Close() // the gateway's own end of a decoy
		return
	}
	st.releaseMu.Lock()
	defer st.releaseMu.Unlock()
	_ = leg.SetReadDeadline(time.Now().Add(farewell))
}

// pictureCame notes when an advisor first saw something in a session.
func (d *directory) pictureCame(st *stream) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := st.session; s != nil && !s.viewed && !s.joined.IsZero() {
		s.viewed = true
		d.metrics.spread.firstView.observeTime(d.now().Sub(s.joined))
	}
}

// forget takes a stream out of the directory and writes down what it was.
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
	d.audit.Record(audit.Record{Event: audit.StreamEnd, Account: s.account, Session: s.id, Kind: st.kind, Door: st.door,
		Bytes: a + b, Seconds: int64(d.now().Sub(st.created) / time.Second)})
}
