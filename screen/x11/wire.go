//go:build linux

package x11

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
)

// X Window System Protocol, section 8 and appendix B.
const (
	xHead         = 32 // size of an error, an event, and a reply's fixed part
	xError        = 0
	xReply        = 1
	xGenericEvent = 35 // X Generic Event Extension: the only event longer than 32 bytes
	xSentFlag     = 0x80

	xBadImplementation = 17
	xFirstExtError     = 128
)

// Limits on the size of what a server may send at once.
const (
	maxReplyBytes   = 256 << 20 // a whole 8192x8192 image
	maxGenericBytes = 1 << 20
)

// wire is between xgb and the server and removes all events from the stream.
//
// There are three reasons. xgb does not support generic events and loses its place in the stream at
// the first one, and XInput 2 has no others. xgb has one table of extension events for all
// connections in the process, without a lock, which is wrong for two servers and crashes if two
// connections are opened at once. And xgb accepts any length that a server sends.
//
// Errors of extensions are replaced by BadImplementation, which xgb always knows.
type wire struct {
	net.Conn
	r     *bufio.Reader
	watch replyWatch

	// onEvent is called with each event, 32 bytes or more, on the reading goroutine, in the order
	// of arrival relative to replies. It must not block, keep ev, or send requests.
	onEvent func(ev []byte)

	// Owned by the reading goroutine.
	greeted bool
	head    []byte // read but not yet returned
	body    int    // bytes after head that are passed on as they arrive
	buf     [xHead]byte
	event   []byte
}

func newWire(c net.Conn, onEvent func(ev []byte)) *wire {
	return &wire{Conn: c, r: bufio.NewReaderSize(c, 64<<10), onEvent: onEvent}
}

// Write implements net.Conn.
func (w *wire) Write(p []byte) (int, error) {
	w.watch.asked()
	return w.Conn.Write(p)
}

// Close implements net.Conn.
func (w *wire) Close() error {
	w.watch.stop()
	return w.Conn.Close()
}

// Read implements net.Conn.
func (w *wire) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(w.head) == 0 && w.body == 0 {
		if err := w.message(); err != nil {
			return 0, err
		}
	}
	if len(w.head) > 0 {
		n := copy(p, w.head)
		w.head = w.head[n:]
		return n, nil
	}
	n, err := w.r.Read(p[:min(len(p), w.body)])
	w.body -= n
	return n, err
}

// message reads the next head. It handles an event itself, and leaves in w.head and w.body what is
// for xgb.
func (w *wire) message() error {
	if !w.greeted {
		// The server's answer to the connection setup: 8 bytes that end with the length of the rest
		// in words.
		h := w.buf[:8]
		if _, err := io.ReadFull(w.r, h); err != nil {
			return err
		}
		w.greeted = true
		w.head, w.body = h, 4*int(binary.LittleEndian.Uint16(h[6:]))
		return nil
	}
	h := w.buf[:]
	if _, err := io.ReadFull(w.r, h); err != nil {
		return err
	}
	w.watch.answered()
	length := uint64(binary.LittleEndian.Uint32(h[4:])) * 4
	switch h[0] {
	case xError:
		if h[1] >= xFirstExtError || h[1] > xBadImplementation || h[1] == 0 {
			h[1] = xBadImplementation
		}
		w.head = h
	case xReply:
		if length > maxReplyBytes {
			return fmt.Errorf("x11: X reply of %d bytes", length)
		}
		w.head, w.body = h, int(length)
	case xGenericEvent, xGenericEvent | xSentFlag:
		if length > maxGenericBytes {
			return fmt.Errorf("x11: X event of %d bytes", length)
		}
		need := xHead + int(length)
		if cap(w.event) < need {
			w.event = make([]byte, need)
		}
		ev := w.event[:need]
		copy(ev, h)
		if _, err := io.ReadFull(w.r, ev[xHead:]); err != nil {
			return err
		}
		w.onEvent(ev)
	default:
		w.onEvent(h)
	}
	return nil
}
