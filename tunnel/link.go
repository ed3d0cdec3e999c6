package tunnel

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Link carries JSON text messages over a WebSocket: it is either side of an agent's or an owner's
// link. Only one goroutine may call Receive at a time; Send and Close may be called concurrently
// with everything.
type Link struct {
	watch

	readMu  sync.Mutex
	readErr error  // Guarded by readMu; sticky.
	buf     []byte // Guarded by readMu; Receive returns a part of it.

	writeMu sync.Mutex
}

// NewLink makes a link of ws. pingEvery is PingEvery at the gateway and 0 at an end.
func NewLink(ws *websocket.Conn, pingEvery time.Duration) *Link {
	l := &Link{}
	l.start(ws, MaxLinkMessage, pingEvery)
	return l
}

// Receive returns the next message, which is valid until the next call. It returns io.EOF after a
// normal close. Any error is final.
func (l *Link) Receive() ([]byte, error) {
	l.readMu.Lock()
	defer l.readMu.Unlock()
	kind, r, err := l.nextLocked()
	if err != nil {
		return nil, err
	}
	if kind != websocket.TextMessage {
		l.readErr = errors.New("tunnel: binary message on a link")
		return nil, l.readErr
	}
	if l.buf == nil {
		l.buf = make([]byte, MaxLinkMessage)
	}
	n := 0
	for n < len(l.buf) {
		m, err := r.Read(l.buf[n:])
		n += m
		if err != nil {
			break // end of the message, or an error that the next call returns
		}
	}
	return l.buf[:n], nil
}

// nextLocked waits for the next message and drops the unread rest of the last one.
func (l *Link) nextLocked() (kind int, r io.Reader, err error) {
	if l.readErr != nil {
		return 0, nil, l.readErr
	}
	l.armRead()
	if kind, r, err = l.ws.NextReader(); err != nil {
		l.readErr = l.readError(err)
	}
	return kind, r, l.readErr
}

// Send writes v as one message.
func (l *Link) Send(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(b) > MaxLinkMessage {
		return fmt.Errorf("tunnel: message of %d bytes, at most %d", len(b), MaxLinkMessage)
	}
	l.writeMu.Lock()
	defer l.writeMu.Unlock()
	_ = l.ws.SetWriteDeadline(l.nextWriteDeadline())
	if err := l.ws.WriteMessage(websocket.TextMessage, b); err != nil {
		return l.writeError(err)
	}
	return nil
}

// SetReadDeadline limits Receive, including a call in progress. After the deadline the link is
// unusable.
func (l *Link) SetReadDeadline(t time.Time) { l.setReadDeadline(t) }

// CloseReason is Close with a WebSocket close code and a text for people.
func (l *Link) CloseReason(code int, reason string) {
	// Messages that still arrive are dropped without reading them into buf, which the caller of
	// Receive may still be using.
	l.close(code, reason, &l.readMu, func() error {
		_, _, err := l.nextLocked()
		return err
	})
}

// SayClose sends the close frame only; see Stream.SayClose.
func (l *Link) SayClose(code int, reason string) { l.sayClose(code, reason) }

// Close sends a close frame, waits up to a second for the answer, and closes the connection. It may
// be called twice.
func (l *Link) Close() error {
	l.CloseReason(websocket.CloseNormalClosure, "")
	return nil
}
