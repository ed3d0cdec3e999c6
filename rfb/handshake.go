package rfb

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"strconv"
	"time"
)

// RFC 6143, section 7.1.1. The minor versions that change the handshake.
const (
	minor33        = 3
	minor37        = 7
	minor38        = 8
	versionMessage = "RFB 003.008\n"
	maxReason      = 1024
)

// SecurityResult; RFC 6143, section 7.1.3.
const (
	resultOK     = 0
	resultFailed = 1
)

// handshake runs sections 7.1 to 7.3 of RFC 6143.
func (c *Conn) handshake(ctx context.Context) error {
	timeout := c.deathIn(max(handshakeTimeout, c.cfg.Patience))
	defer func() { timeout.Stop() }()
	greeted := time.Now()
	if _, err := io.WriteString(c.conn, versionMessage); err != nil {
		return err
	}
	var b [len(versionMessage)]byte
	if _, err := io.ReadFull(c.conn, b[:]); err != nil {
		return fmt.Errorf("rfb: no version from the viewer: %w", err)
	}
	c.mu.Lock()
	c.flow.greeting = time.Since(greeted)
	c.mu.Unlock()
	timeout.Stop()
	timeout = c.deathIn(handshakeTimeout)
	minor, err := parseVersion(b[:])
	if err != nil {
		return err
	}
	viewer := Viewer{Version: "3." + strconv.Itoa(minor), Remote: c.conn.RemoteAddr()}

	// A viewer older than 3.8 that uses None gets no SecurityResult, and so no
	// text. It is asked for before the security types, which can carry one.
	if minor < minor38 && c.noneIsFirst(minor) {
		timeout.Stop()
		peeked := c.watchHangUp(&ctx)
		err := c.approve(ctx, viewer)
		if err != nil {
			c.refuseSecurity(minor, err)
		} else {
			timeout = c.deathIn(handshakeTimeout)
			err = c.offerNone(minor)
		}
		if err != nil {
			c.closeWith(err)
			<-peeked
			return err
		}
		return c.initialise(c.afterNone(minor, <-peeked))
	}
	sec, err := c.chooseSecurity(minor)
	if err != nil {
		return err
	}
	if err := sec.Handshake(c.conn); err != nil {
		c.refuseResult(minor, err)
		return err
	}
	timeout.Stop()
	peeked := c.watchHangUp(&ctx)
	if err := c.approve(ctx, viewer); err != nil {
		c.refuseResult(minor, err)
		c.closeWith(err)
		<-peeked
		return err
	}
	timeout = c.deathIn(handshakeTimeout)
	if minor >= minor38 || sec.Type() != secNone {
		if _, err := c.conn.Write([]byte{0, 0, 0, resultOK}); err != nil {
			c.closeWith(err)
			<-peeked
			return err
		}
	}
	return c.initialise(<-peeked)
}

// offerNone tells a viewer older than 3.8 that it needs no authentication.
func (c *Conn) offerNone(minor int) error {
	b := []byte{1, secNone}
	if minor == minor33 {
		b = binary.BigEndian.AppendUint32(nil, secNone)
	}
	_, err := c.conn.Write(b)
	return err
}

// afterNone returns ClientInit's byte; first is what the viewer sent after
// offerNone: in 3.3 that byte, in 3.7 the type it chose.
func (c *Conn) afterNone(minor int, first hangUp) hangUp {
	if minor == minor33 || first.err != nil {
		return first
	}
	if first.flag != secNone {
		return hangUp{err: fmt.Errorf("rfb: viewer chose security type %d, which was not offered", first.flag)}
	}
	flag, err := readByte(c.conn)
	return hangUp{flag, err}
}

// deathIn closes the connection unless it is stopped in time.
func (c *Conn) deathIn(d time.Duration) *time.Timer {
	return time.AfterFunc(d, func() {
		c.closeWith(fmt.Errorf("rfb: the viewer did not finish the handshake within %v", d))
	})
}

// parseVersion reads the viewer's version; unknown minor versions count as the
// nearest older one that exists.
func parseVersion(b []byte) (minor int, err error) {
	digits := func(b []byte) (n int, ok bool) {
		for _, c := range b {
			if c < '0' || c > '9' {
				return 0, false
			}
			n = n*10 + int(c-'0')
		}
		return n, true
	}
	if len(b) != len(versionMessage) || string(b[:4]) != "RFB " || b[7] != '.' || b[11] != '\n' {
		return 0, errors.New("rfb: what connected is not a VNC viewer: no version message")
	}
	major, ok1 := digits(b[4:7])
	minor, ok2 := digits(b[8:11])
	switch {
	case !ok1 || !ok2 || major < 3 || major == 3 && minor < minor33:
		return 0, fmt.Errorf("rfb: viewer's version %q is not supported, want 3.3 or later", b[4:11])
	case major > 3 || minor >= minor38:
		return minor38, nil
	case minor == minor37:
		return minor37, nil
	default:
		return minor33, nil
	}
}

// noneIsFirst reports whether a viewer of that version will use None.
func (c *Conn) noneIsFirst(minor int) bool {
	all := c.securities()
	if minor == minor33 {
		return all[0].Type() == secNone
	}
	for _, s := range all {
		if s.Type() != secNone {
			return false
		}
	}
	return true
}

// chooseSecurity is section 7.1.2. In 3.3 the server decides.
func (c *Conn) chooseSecurity(minor int) (Security, error) {
	all := c.securities()
	if minor == minor33 {
		for _, s := range all {
			if s.Type() == secNone || s.Type() == secVncAuth {
				_, err := c.conn.Write(binary.BigEndian.AppendUint32(nil, uint32(s.Type())))
				return s, err
			}
		}
		err := Refusal{Reason: "This server needs a viewer that speaks RFB 3.7 or later."}
		c.refuseSecurity(minor, err)
		return nil, err
	}
	list := []byte{byte(len(all))}
	for _, s := range all {
		list = append(list, s.Type())
	}
	if _, err := c.conn.Write(list); err != nil {
		return nil, err
	}
	chosen, err := readByte(c.conn)
	if err != nil {
		return nil, fmt.Errorf("rfb: no security type from the viewer: %w", err)
	}
	for _, s := range all {
		if s.Type() == chosen {
			return s, nil
		}
	}
	return nil, fmt.Errorf("rfb: viewer chose security type %d, which was not offered", chosen)
}

// refuseSecurity says why there is no security type to choose.
func (c *Conn) refuseSecurity(minor int, err error) {
	var b []byte
	if minor == minor33 {
		b = binary.BigEndian.AppendUint32(nil, secInvalid)
	} else {
		b = []byte{0}
	}
	_, _ = c.conn.Write(appendReason(b, err))
}

// refuseResult fails the SecurityResult; before 3.8 it carries no text.
func (c *Conn) refuseResult(minor int, err error) {
	b := []byte{0, 0, 0, resultFailed}
	if minor >= minor38 {
		b = appendReason(b, err)
	}
	_, _ = c.conn.Write(b)
}

// appendReason appends what a stranger may read of err.
func appendReason(b []byte, err error) []byte {
	reason := ErrDenied.Reason
	if r := (Refusal{}); errors.As(err, &r) && r.Reason != "" {
		reason = r.Reason
	}
	reason = reason[:min(len(reason), maxReason)]
	b = binary.BigEndian.AppendUint32(b, uint32(len(reason)))
	return append(b, reason...)
}

func (c *Conn) approve(ctx context.Context, v Viewer) error {
	if c.cfg.Approve == nil {
		return nil
	}
	if err := c.cfg.Approve(ctx, v); err != nil {
		return err
	}
	return ctx.Err()
}

// hangUp is the byte that follows the customer's answer, or why none came.
type hangUp struct {
	flag byte
	err  error
}

// watchHangUp reads the viewer's next byte while the customer is asked: the
// viewer sends nothing before it has the answer, so that an end of the stream
// is noticed and ends the question. ctx then ends.
func (c *Conn) watchHangUp(ctx *context.Context) <-chan hangUp {
	inner, cancel := context.WithCancelCause(*ctx)
	*ctx = inner
	done := make(chan hangUp, 1)
	go func() {
		flag, err := readByte(c.conn)
		if err != nil {
			cancel(fmt.Errorf("rfb: the viewer hung up: %w", err))
		}
		done <- hangUp{flag, err}
	}()
	return done
}

// initialise is section 7.3, behind the viewer's shared flag.
func (c *Conn) initialise(init hangUp) error {
	if init.err != nil {
		return fmt.Errorf("rfb: no ClientInit from the viewer: %w", init.err)
	}
	var size image.Point
	c.mu.Lock()
	c.shared = init.flag != 0
	rights, name := c.rights, c.name
	c.nameDirty = false
	c.pending.all() // the viewer has nothing, even if it asks for changes only
	c.whole = true
	c.mu.Unlock()
	c.source(rights).Read(func(v view) { size = v.Frame.Size })
	c.writer.size = size
	b := binary.BigEndian.AppendUint16(nil, uint16(size.X))
	b = binary.BigEndian.AppendUint16(b, uint16(size.Y))
	b = nativeFormat.append(b)
	b = binary.BigEndian.AppendUint32(b, uint32(len(name)))
	_, err := c.conn.Write(append(b, name...))
	return err
}
