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

// Limits for a side that waits for the other.
const (
	// maxPreload is how many bytes a server may send before a viewer is connected: enough for its
	// version.
	maxPreload = 1 << 10
	// viewerWait is how long a viewer waits. A server waits for the lifetime of its number.
	viewerWait = 10 * time.Minute
)

// foreign is a session whose number an advisor has opened for a foreign VNC server that connects
// through the repeater. It has one server and one viewer at a time. Its data is not sealed, and
// only that server decides about consent.
type foreign struct {
	session *session // Static.
	digits  [9]byte  // Static.

	// Guarded by the directory's mu.
	legs [2]*leg // sideA the server, sideB the viewer
}

// leg is the connection of one side of a foreign session.
type leg struct {
	conn net.Conn

	mu      sync.Mutex
	preload []byte   // Guarded by mu; data read before the other side connected.
	peer    net.Conn // Guarded by mu; nil while waiting.
}

var (
	errForeignOnce  = errors.New("gateway: a customer or a foreign server is in the session already")
	errPreload      = errors.New("gateway: too much said before the other side was there")
	errForeignTaken = errors.New("gateway: this side is taken")
)

// openForeign allows foreign servers and repeater viewers to use the session's number.
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

// findForeign compares n with all open numbers, each in constant time.
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

// foreignState returns the state that the owner receives.
func (s *session) foreignState() string {
	switch {
	case s.foreign == nil:
		return ""
	case s.foreign.legs[sideA] == nil:
		return tunnel.ForeignWaiting
	}
	return tunnel.ForeignHere
}

// arrive registers conn as a side. The first connection of a side stays; later ones with the same
// number are refused.
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

// meet links the two sides if both are connected.
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

// leave disconnects a side and, if it is linked, the other.
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

// link sends the data read so far to peer; afterwards run writes to peer directly.
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

// run reads until the side ends, and returns the number of bytes it passed on.
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

// meetForeign serves one side of a foreign session until it ends.
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

// endForeignLocked closes both sides and wipes the number.
func (d meetings) endForeignLocked(s *session) {
	f := s.foreign
	if f == nil {
		return
	}
	s.foreign = nil
	clear(f.digits[:])
	for _, l := range f.legs {
		if l != nil {
			d.after(0, func() { _ = l.conn.Close() }) // closing a WebSocket may take a while
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

// foreignView is GET /api/v1/sessions/PLACE/foreign/view, a WebSocket. The advisor's page is the
// viewer.
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
