package gateway

import (
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"lotse/gateway/audit"
	"lotse/gateway/clock"
	"lotse/tunnel"
)

// Bounds of those who wait for their other side.
const (
	// maxPreload is what a server may say before somebody listens: its version.
	maxPreload = 1 << 10
	// viewerWait is how long a viewer waits; a server waits as long as its number lives.
	viewerWait = 10 * time.Minute
)

// foreign is a session whose number an advisor has opened for a VNC server that
// is not ours, one that comes by the repeater. It has one server and one viewer at a
// time. Nothing is sealed there and consent lies with that server.
type foreign struct {
	session *session // Static.
	digits  [9]byte  // Static.

	// Guarded by the directory's mu.
	legs [2]*leg // sideA the server, sideB the viewer
}

// leg is one side of a meeting.
type leg struct {
	conn net.Conn

	mu      sync.Mutex
	preload []byte   // Guarded by mu; what was said before the other came.
	peer    net.Conn // Guarded by mu; nil while waiting.
}

var (
	errForeignOnce  = errors.New("gateway: a customer or a foreign server is in the session already")
	errPreload      = errors.New("gateway: too much said before the other side was there")
	errForeignTaken = errors.New("gateway: this side is taken")
)

// openForeign lets foreign servers and repeater viewers use the session's number.
func (d meetings) openForeign(account, place string, number tunnel.Number, from string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.findLocked(account, place)
	switch {
	case err != nil:
		return err
	case number.Place() != s.place:
		return errOtherPlace
	case s.state != tunnel.StateWaiting || s.foreign != nil:
		return errForeignOnce
	}
	s.foreign = &foreign{session: s}
	copy(s.foreign.digits[:], number.Digits())
	d.audit.Record(audit.Record{Event: audit.Foreign, Account: s.account, Session: s.id, From: from})
	if s.owner != nil {
		s.owner.send(s.ownerState(""))
	}
	return nil
}

// findForeign compares the number with all that are open, in constant time each.
func (d meetings) findForeign(n tunnel.Number) (found *foreign) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.sessions {
		if s.foreign != nil && subtle.ConstantTimeCompare(s.foreign.digits[:], []byte(n.Digits())) == 1 {
			found = s.foreign
		}
	}
	return found
}

// foreignState is what the owner is told.
func (s *session) foreignState() string {
	switch {
	case s.foreign == nil:
		return ""
	case s.foreign.legs[sideA] == nil:
		return tunnel.ForeignWaiting
	}
	return tunnel.ForeignHere
}

// arrive takes a side, once: who is there first stays, whatever comes later
// with the same number.
func (d meetings) arrive(f *foreign, side int, conn net.Conn) (*leg, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := f.session
	if d.closed || s.foreign != f || f.legs[side] != nil {
		return nil, errForeignTaken
	}
	l := &leg{conn: conn}
	f.legs[side] = l
	if side == sideA {
		s.expires = d.now().Add(d.cfg.Limits.Times.Session)
		if s.owner != nil {
			s.owner.send(s.ownerState(""))
		}
	}
	return l, nil
}

// meet links a side with the other one if that is there.
func (d meetings) meet(f *foreign) {
	d.mu.Lock()
	a, b := f.legs[sideA], f.legs[sideB]
	d.mu.Unlock()
	if a == nil || b == nil {
		return
	}
	a.link(b.conn)
	b.link(a.conn)
}

// leave ends a side and, if they have met, the other.
func (d meetings) leave(f *foreign, side int, l *leg) {
	_ = l.conn.Close()
	l.mu.Lock()
	if l.peer != nil {
		_ = l.peer.Close()
	}
	l.mu.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	f.legs[side] = nil
	if s := f.session; side == sideA && s.owner != nil && s.state != tunnel.StateEnded {
		s.owner.send(s.ownerState(""))
	}
}

// link hands over what was said so far; from then on run writes to peer.
func (l *leg) link(peer net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.peer != nil {
		return
	}
	l.peer = peer
	if len(l.preload) > 0 {
		_ = peer.SetWriteDeadline(time.Now().Add(farewell))
		_, _ = peer.Write(l.preload)
		_ = peer.SetWriteDeadline(time.Time{})
		l.preload = nil
	}
	_ = l.conn.SetReadDeadline(time.Time{})
}

// run reads until the side ends, and returns how much passed.
func (l *leg) run() (n int64, err error) {
	buf := joinBuffers.Get().(*[joinBuffer]byte)
	defer joinBuffers.Put(buf)
	for {
		k, err := l.conn.Read(buf[:])
		if k > 0 {
			l.mu.Lock()
			peer := l.peer
			if peer == nil {
				l.preload = append(l.preload, buf[:k]...)
			}
			waiting := len(l.preload)
			l.mu.Unlock()
			if waiting > maxPreload {
				return n, errPreload
			}
			if peer != nil {
				if _, err := peer.Write(buf[:k]); err != nil {
					return n, err
				}
				n += int64(k)
			}
		}
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// keepAlive says a word to a waiting server until it has met its viewer.
func (l *leg) keepAlive(ctx context.Context, c clock.Clock, every time.Duration) {
	for {
		clock.Pause(ctx, c, every)
		if ctx.Err() != nil {
			return
		}
		l.mu.Lock()
		met := l.peer != nil
		if !met {
			_ = l.conn.SetWriteDeadline(time.Now().Add(farewell))
			_, _ = io.WriteString(l.conn, repeaterKeepAlive)
			_ = l.conn.SetWriteDeadline(time.Time{})
		}
		l.mu.Unlock()
		if met {
			return
		}
	}
}

// meetForeign is one side of a foreign session, from its arrival to its end.
func (s *doors) meetForeign(f *foreign, side int, conn net.Conn, from netip.Addr, door string) {
	l, err := meetings{s.dir}.arrive(f, side, conn)
	if err != nil {
		s.log.rfb.Info("foreign side refused", "session", f.session.id, "side", side, "reason", err)
		s.audit.Record(audit.Record{Event: audit.ViewerRefused, Session: f.session.id, From: from.String(), Door: door})
		return
	}
	began := s.now()
	defer meetings{s.dir}.leave(f, side, l)
	_ = conn.SetDeadline(time.Time{})
	event := audit.ForeignServer
	if side == sideB {
		event = audit.Viewer
		_ = conn.SetReadDeadline(began.Add(viewerWait))
	}
	s.audit.Record(audit.Record{Event: event, Account: f.session.account, Session: f.session.id, From: from.String(), Door: door})
	meetings{s.dir}.meet(f)
	if every := s.cfg.Doors.Repeater.KeepAlive; side == sideA && every > 0 {
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		wg.Go(func() { l.keepAlive(ctx, s.cfg.Clock, every) })
		defer wg.Wait()
		defer cancel()
	}
	n, err := l.run()
	s.log.rfb.Info("foreign side ended", "session", f.session.id, "side", side, "reason", err)
	s.metrics.relayed[side].Add(n)
	s.metrics.spread.stream[foreignKind].observe(float64(n))
	s.audit.Record(audit.Record{Event: audit.StreamEnd, Account: f.session.account, Session: f.session.id,
		Kind: foreignKind, Door: door, Bytes: n, Seconds: int64(s.now().Sub(began) / time.Second)})
}

// endForeignLocked closes what is open and forgets the number.
func (d meetings) endForeignLocked(s *session) {
	f := s.foreign
	if f == nil {
		return
	}
	s.foreign = nil
	clear(f.digits[:])
	for _, l := range f.legs {
		if l != nil {
			d.after(0, func() { _ = l.conn.Close() }) // a WebSocket takes its time for it
		}
	}
}

// foreignSession is POST /api/v1/sessions/PLACE/foreign.
func (s *doors) foreignSession(w http.ResponseWriter, r *http.Request, c caller) {
	if s.cfg.Doors.Repeater.ServerListen == "" {
		doorClosed(s.server, w)
		return
	}
	n, _, ok := s.handedOver(w, r)
	if !ok {
		return
	}
	err := meetings{s.dir}.openForeign(c.account.Name, r.PathValue("place"), n, s.clientAddr(r).String())
	switch {
	case errors.Is(err, errForeignOnce):
		s.fail(w, http.StatusConflict, tunnel.CodeBadRequest, "Somebody is in this session already; make a new one.", 0)
	case err != nil:
		s.failDirectory(w, err)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// foreignView is GET /api/v1/sessions/PLACE/foreign/view (WebSocket): the
// advisor's page as the viewer.
func (s *doors) foreignView(w http.ResponseWriter, r *http.Request, c caller) {
	f := meetings{s.dir}.ownForeign(c.account.Name, r.PathValue("place"))
	if f == nil {
		s.failDirectory(w, errNoSession)
		return
	}
	ws, err := s.upgrade(w, r, joinBuffer, tunnel.Subprotocol)
	if err != nil {
		return
	}
	conn := tunnel.NewStream(ws, tunnel.PingEvery)
	defer conn.Close()
	s.meetForeign(f, sideB, conn, s.clientAddr(r), tunnel.DoorPage)
}

func (d meetings) ownForeign(account, place string) *foreign {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.findLocked(account, place)
	if err != nil {
		return nil
	}
	return s.foreign
}
