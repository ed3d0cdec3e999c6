package seal

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// ErrTruncated is returned by Read when the line ended before the other end sent an End frame.
var ErrTruncated = errors.New("seal: the line was cut before the other end had finished")

// Conn is a sealed connection. Read and Write may be called concurrently with each other; Close may
// be called concurrently with everything, and twice.
type Conn struct {
	// Static after newConn.
	conn   net.Conn
	origin *Origin
	onward bool

	readMu  sync.Mutex
	in      *direction // Guarded by readMu.
	body    []byte     // Guarded by readMu.
	plain   []byte     // Guarded by readMu; rest of the last record, inside body.
	readErr error      // Guarded by readMu; sticky.

	writeMu  sync.Mutex
	out      *direction // Guarded by writeMu.
	frames   []byte     // Guarded by writeMu.
	writeErr error      // Guarded by writeMu; sticky.
}

var _ net.Conn = (*Conn)(nil)

func newConn(conn net.Conn, sendSecret, receiveSecret []byte, origin *Origin, onward bool) (*Conn, error) {
	out, err := newDirection(sendSecret)
	if err != nil {
		return nil, err
	}
	in, err := newDirection(receiveSecret)
	if err != nil {
		return nil, err
	}
	return &Conn{conn: conn, origin: origin, onward: onward, in: in, out: out}, nil
}

// Origin returns the exchange over the number alone that the stream is based on: an earlier one, or
// its own.
func (c *Conn) Origin() *Origin { return c.origin }

// Compare returns the four digits that the users can compare by telephone: those of the exchange
// that the stream is based on.
func (c *Conn) Compare() string { return c.origin.compare }

// Onward reports whether the advisor's end passes the stream on unsealed.
func (c *Conn) Onward() bool { return c.onward }

// Read reads decrypted bytes. It returns io.EOF after the other end's End frame, and ErrTruncated
// or ErrForged (wrapped) if the stream was interfered with.
func (c *Conn) Read(p []byte) (int, error) {
	c.readMu.Lock()
	defer c.readMu.Unlock()
	for len(c.plain) == 0 {
		if c.readErr != nil {
			return 0, c.readErr
		}
		if len(p) == 0 {
			return 0, nil
		}
		c.plain, c.readErr = c.readRecordLocked()
	}
	n := copy(p, c.plain)
	c.plain = c.plain[n:]
	return n, nil
}

func (c *Conn) readRecordLocked() ([]byte, error) {
	if c.body == nil {
		c.body = make([]byte, maxBody)
	}
	var h [frameHeader]byte
	if _, err := io.ReadFull(c.conn, h[:]); err != nil {
		return nil, truncated(err)
	}
	typ, n, err := parseHeader(h)
	if err != nil {
		return nil, err
	}
	if typ != frameData && typ != frameEnd {
		return nil, fmt.Errorf("seal: frame 0x%02x after the key exchange", typ)
	}
	if _, err := io.ReadFull(c.conn, c.body[:n]); err != nil {
		return nil, truncated(err)
	}
	plain, err := c.in.open(h, c.body[:n])
	if err != nil {
		return nil, err
	}
	if typ == frameEnd {
		return nil, io.EOF
	}
	return plain, nil
}

func truncated(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrTruncated
	}
	return err
}

// Write seals p in records of at most 32 KiB, each in one write to the line.
func (c *Conn) Write(p []byte) (int, error) {
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	done := 0
	for done < len(p) {
		if c.writeErr != nil {
			return done, c.writeErr
		}
		part := p[done:min(len(p), done+maxPlain)]
		if c.frames, c.writeErr = c.out.seal(c.frames[:0], frameData, part); c.writeErr != nil {
			return done, c.writeErr
		}
		if _, c.writeErr = c.conn.Write(c.frames); c.writeErr != nil {
			return done, c.writeErr
		}
		done += len(part)
	}
	return done, nil
}

// CloseWrite sends an End frame, after which the other end's Read returns io.EOF.
func (c *Conn) CloseWrite() error {
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	if c.writeErr != nil {
		return c.writeErr
	}
	frame, err := c.out.seal(nil, frameEnd, nil)
	if err == nil {
		_, err = c.conn.Write(frame)
	}
	c.writeErr = net.ErrClosed
	return err
}

// closeTimeout limits the sending of the End frame in Close.
const closeTimeout = time.Second

// Close sends an End frame if possible, closes the line and wipes the keys. Calls of Read and Write
// in progress return first.
func (c *Conn) Close() error {
	// A blocked Write holds writeMu; then no End frame is sent.
	if c.writeMu.TryLock() {
		if c.writeErr == nil {
			_ = c.conn.SetWriteDeadline(time.Now().Add(closeTimeout))
			if frame, err := c.out.seal(nil, frameEnd, nil); err == nil {
				_, _ = c.conn.Write(frame)
			}
			c.writeErr = net.ErrClosed
		}
		c.writeMu.Unlock()
	}
	err := c.conn.Close()
	// Closing the line has woken the goroutines that hold the locks.
	c.writeMu.Lock()
	if c.writeErr == nil {
		c.writeErr = net.ErrClosed
	}
	c.out.wipe()
	c.writeMu.Unlock()
	c.readMu.Lock()
	if c.readErr == nil {
		c.readErr = net.ErrClosed
	}
	c.in.wipe()
	clear(c.body)
	c.plain = nil
	c.readMu.Unlock()
	return err
}

// LocalAddr returns the line's local address.
func (c *Conn) LocalAddr() net.Addr { return c.conn.LocalAddr() }

// RemoteAddr returns the line's remote address.
func (c *Conn) RemoteAddr() net.Addr { return c.conn.RemoteAddr() }

// SetDeadline sets both deadlines of the line. After a deadline has passed, the connection is
// unusable.
func (c *Conn) SetDeadline(t time.Time) error { return c.conn.SetDeadline(t) }

// SetReadDeadline sets the line's read deadline.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.conn.SetReadDeadline(t) }

// SetWriteDeadline sets the line's write deadline.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.conn.SetWriteDeadline(t) }
