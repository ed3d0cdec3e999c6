package tunnel

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"lotse/plaintext"
)

// PROTOCOL.md, section 4.
const (
	// MaxStreamMessage is the maximum size of one binary message in bytes.
	MaxStreamMessage = 64 << 10
	// PingEvery is the interval of the gateway's pings.
	PingEvery = 20 * time.Second
	// IdleTimeout is the time of silence after which an end closes the connection.
	IdleTimeout = 60 * time.Second
	// Subprotocol is the WebSocket subprotocol of streams.
	Subprotocol = "binary"
)

const (
	// writeTimeout limits the sending of one message. A peer that accepts nothing for so long is
	// gone.
	writeTimeout = 60 * time.Second
	// closeTimeout limits the closing handshake.
	closeTimeout = time.Second
	// maxPings is the maximum number of control frames that a peer may send per PingEvery.
	maxPings = 100
)

// watch sets the deadlines of a WebSocket and limits its control frames. Stream and Link embed it.
type watch struct {
	ws *websocket.Conn

	mu            sync.Mutex
	readDeadline  time.Time // Guarded by mu; set by the caller, zero for none.
	writeDeadline time.Time // Guarded by mu; set by the caller, zero for none.
	pinger        *time.Timer
	closed        bool // Guarded by mu.

	ponging atomic.Bool // a pong is being sent

	// Owned by the reader.
	window time.Time
	pings  int
}

// start sets limits and handlers. pingEvery is 0 for an end, which only answers pings.
func (w *watch) start(ws *websocket.Conn, limit int64, pingEvery time.Duration) {
	w.ws = ws
	ws.SetReadLimit(limit)
	ws.SetPingHandler(func(text string) error {
		if err := w.heardControl(); err != nil {
			return err
		}
		w.pong(text)
		return nil
	})
	ws.SetPongHandler(func(string) error { return w.heardControl() })
	// The answer to a close is sent without waiting for a stuck writer.
	ws.SetCloseHandler(func(code int, _ string) error {
		_ = ws.WriteControl(websocket.CloseMessage, closePayload(code, ""), time.Now().Add(closeTimeout))
		return nil
	})
	if pingEvery > 0 {
		w.mu.Lock()
		w.pinger = time.AfterFunc(pingEvery, func() { w.ping(pingEvery) })
		w.mu.Unlock()
	}
}

// ping runs on the timer's goroutine, so no goroutine waits between two pings. It uses the same
// write deadline as a message: gorilla treats a control frame that a full line delays past its
// deadline as the end of the connection.
func (w *watch) ping(every time.Duration) {
	_ = w.ws.WriteControl(websocket.PingMessage, nil, w.nextWriteDeadline())
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.pinger.Reset(every)
	}
}

// pong answers a ping on a new goroutine, because reading must continue while the line is full.
// While a pong is waiting to be sent, no further pong is started.
func (w *watch) pong(text string) {
	if !w.ponging.CompareAndSwap(false, true) {
		return
	}
	go func() {
		defer w.ponging.Store(false)
		_ = w.ws.WriteControl(websocket.PongMessage, []byte(text), w.nextWriteDeadline())
	}()
}

func (w *watch) heardControl() error {
	now := time.Now()
	if now.Sub(w.window) > PingEvery {
		w.window, w.pings = now, 0
	}
	if w.pings++; w.pings > maxPings {
		return errors.New("tunnel: too many pings")
	}
	w.armRead()
	return nil
}

// armRead extends the read deadline to IdleTimeout from now, or to the caller's deadline if that is
// earlier.
func (w *watch) armRead() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armReadLocked()
}

func (w *watch) armReadLocked() {
	if w.closed {
		return // close has set the final deadline
	}
	_ = w.ws.NetConn().SetReadDeadline(earlier(time.Now().Add(IdleTimeout), w.readDeadline))
}

func (w *watch) setReadDeadline(t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.readDeadline = t
	w.armReadLocked()
}

// nextWriteDeadline returns the deadline of the next message.
func (w *watch) nextWriteDeadline() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return earlier(time.Now().Add(writeTimeout), w.writeDeadline)
}

func (w *watch) setWriteDeadline(t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writeDeadline = t
	// The deadline also applies to a write in progress.
	_ = w.ws.NetConn().SetWriteDeadline(earlier(time.Now().Add(writeTimeout), t))
}

// earlier returns a, or b when it is set and before a.
func earlier(a, b time.Time) time.Time {
	if b.IsZero() || a.Before(b) {
		return a
	}
	return b
}

// sayClose sends a close frame. Reading continues, so that the peer's answer is received.
func (w *watch) sayClose(code int, reason string) {
	_ = w.ws.WriteControl(websocket.CloseMessage, closePayload(code, reason), time.Now().Add(closeTimeout))
}

// close sends a close frame and closes the connection, once. Until the peer has answered, but no
// longer than closeTimeout, it reads and drops what still arrives. Closing with unread data would
// reset the connection, and a reset can destroy data that the peer has not read yet. read reads
// once and returns its error; mu is its lock.
func (w *watch) close(code int, reason string, mu *sync.Mutex, read func() error) {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return
	}
	w.closed = true
	if w.pinger != nil {
		w.pinger.Stop()
	}
	w.mu.Unlock()
	w.sayClose(code, reason)
	_ = w.ws.NetConn().SetReadDeadline(time.Now().Add(closeTimeout))
	// A concurrent reader returns on the answer or at this deadline.
	mu.Lock()
	for read() == nil {
	}
	mu.Unlock()
	_ = w.ws.Close()
}

func (w *watch) isClosed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closed
}

// maxCloseReason is the space in bytes for a reason in a control frame of 125 bytes.
const maxCloseReason = 123

func closePayload(code int, reason string) []byte {
	switch code {
	case websocket.CloseNoStatusReceived, websocket.CloseAbnormalClosure, websocket.CloseTLSHandshake:
		code = websocket.CloseNormalClosure // these must not be sent
	}
	return websocket.FormatCloseMessage(code, cutReason(reason))
}

// cutReason shortens a reason to maxCloseReason bytes without splitting a character.
func cutReason(reason string) string {
	reason = plaintext.Line(reason, maxCloseReason)
	end := 0
	for i, r := range reason {
		if i+utf8.RuneLen(r) > maxCloseReason {
			return reason[:end]
		}
		end = i + utf8.RuneLen(r)
	}
	return reason
}

// readError translates errors of gorilla/websocket.
func (w *watch) readError(err error) error {
	var ce *websocket.CloseError
	if errors.As(err, &ce) {
		switch {
		case ce.Code == websocket.CloseNormalClosure || ce.Code == websocket.CloseNoStatusReceived:
			return io.EOF
		case ce.Text != "":
			return fmt.Errorf("tunnel: the gateway closed the line: %s: %w", shown(ce.Text), io.ErrUnexpectedEOF)
		}
		return fmt.Errorf("tunnel: the line was closed (%d): %w", ce.Code, io.ErrUnexpectedEOF)
	}
	if w.isClosed() {
		return net.ErrClosed
	}
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() {
		w.mu.Lock()
		mine := !w.readDeadline.IsZero() && !time.Now().Before(w.readDeadline)
		w.mu.Unlock()
		if mine {
			return os.ErrDeadlineExceeded
		}
		return fmt.Errorf("tunnel: nothing heard for %v, the line is dead: %w", IdleTimeout, err)
	}
	return fmt.Errorf("tunnel: line lost: %w", err)
}

// Stream is one side of a stream: a net.Conn over a WebSocket with binary messages. Read and Write
// may be called concurrently with each other and with Close. Read returns io.EOF after the peer
// closed normally. The caller must always be reading, or pings remain unanswered. After a deadline
// has passed, the connection is unusable.
type Stream struct {
	watch

	readMu  sync.Mutex
	message io.Reader // Guarded by readMu; nil between messages.
	readErr error     // Guarded by readMu; sticky, as gorilla panics on repeated reads.

	writeMu sync.Mutex
}

var _ net.Conn = (*Stream)(nil)

// NewStream makes a stream of ws. pingEvery is PingEvery at the gateway and 0 at an end. An idle
// stream has no goroutine.
func NewStream(ws *websocket.Conn, pingEvery time.Duration) *Stream {
	s := &Stream{}
	s.start(ws, MaxStreamMessage, pingEvery)
	return s
}

// Read reads from the current message or the next. It returns as soon as any bytes are available.
func (s *Stream) Read(p []byte) (int, error) {
	s.readMu.Lock()
	defer s.readMu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	return s.readLocked(p)
}

func (s *Stream) readLocked(p []byte) (int, error) {
	if s.readErr != nil {
		return 0, s.readErr
	}
	for {
		s.armRead()
		if s.message == nil {
			kind, r, err := s.ws.NextReader()
			if err != nil {
				s.readErr = s.readError(err)
				return 0, s.readErr
			}
			if kind != websocket.BinaryMessage {
				s.readErr = errors.New("tunnel: text message on a stream")
				s.sayClose(websocket.CloseUnsupportedData, "streams are binary")
				return 0, s.readErr
			}
			s.message = r
		}
		n, err := s.message.Read(p)
		switch {
		case err == io.EOF:
			s.message = nil
		case err != nil:
			s.readErr = s.readError(err)
			if n == 0 {
				return 0, s.readErr
			}
		}
		if n > 0 {
			return n, nil
		}
	}
}

// Write sends p in messages of at most MaxStreamMessage bytes.
func (s *Stream) Write(p []byte) (int, error) {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	done := 0
	for len(p) > 0 {
		part := p[:min(len(p), MaxStreamMessage)]
		_ = s.ws.SetWriteDeadline(s.nextWriteDeadline())
		if err := s.ws.WriteMessage(websocket.BinaryMessage, part); err != nil {
			return done, s.writeError(err)
		}
		done += len(part)
		p = p[len(part):]
	}
	return done, nil
}

func (w *watch) writeError(err error) error {
	if w.isClosed() || errors.Is(err, websocket.ErrCloseSent) {
		return net.ErrClosed
	}
	return fmt.Errorf("tunnel: line lost while sending: %w", err)
}

// Close sends a close frame, waits up to a second for the answer, and closes the connection. It may
// be called twice.
func (s *Stream) Close() error {
	var rest [512]byte
	s.close(websocket.CloseNormalClosure, "", &s.readMu, func() error {
		_, err := s.readLocked(rest[:])
		return err
	})
	return nil
}

// SayClose sends a close frame with a reason and leaves the connection open. The caller keeps
// reading, so that no reset destroys data that the peer has not read yet, and then calls Close.
func (s *Stream) SayClose(code int, reason string) { s.sayClose(code, reason) }

// LocalAddr returns the local address of the underlying connection.
func (s *Stream) LocalAddr() net.Addr { return s.ws.LocalAddr() }

// RemoteAddr returns the remote address of the underlying connection: the gateway's or a proxy's.
func (s *Stream) RemoteAddr() net.Addr { return s.ws.RemoteAddr() }

// SetDeadline sets both deadlines.
func (s *Stream) SetDeadline(t time.Time) error {
	s.setReadDeadline(t)
	s.setWriteDeadline(t)
	return nil
}

// SetReadDeadline limits reading, including a Read in progress.
func (s *Stream) SetReadDeadline(t time.Time) error {
	s.setReadDeadline(t)
	return nil
}

// SetWriteDeadline limits writing, including a Write in progress.
func (s *Stream) SetWriteDeadline(t time.Time) error {
	s.setWriteDeadline(t)
	return nil
}
