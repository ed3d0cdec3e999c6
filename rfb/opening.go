package rfb

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"strconv"
	"time"
)

// opening is everything before the first message: sections 7.1 to 7.3 of RFC 6143, and the
// customer's approval. The only security type is None, because the stream's ends have authenticated
// each other already.
type opening struct {
	ServerHandshake
	conn *Conn
}

func (h *opening) run(ctx context.Context) error {
	c := h.conn
	timeout := h.deathIn(max(handshakeTimeout, c.cfg.Patience))
	defer func() { timeout.Stop() }()
	greeted := time.Now()
	if err := h.greet(); err != nil {
		return err
	}
	c.mu.Lock()
	c.flow.greeting = time.Since(greeted)
	c.counted.minor = h.minor
	c.mu.Unlock()
	timeout.Stop()
	timeout = h.deathIn(handshakeTimeout)
	// A viewer older than 3.8 that uses None gets no SecurityResult, and so no reason. For such a
	// viewer the customer is asked before the security types, which can carry a reason.
	old := h.minor < minor38
	if !old {
		if err := h.choose(secNone); err != nil {
			return err
		}
	}
	timeout.Stop()
	peeked := h.watchHangUp(&ctx)
	err := h.approve(ctx)
	switch {
	case err != nil && old:
		h.refuseSecurity(err)
	case err != nil:
		h.Refuse(err)
	case old:
		timeout = h.deathIn(handshakeTimeout)
		err = h.offer([]byte{secNone})
	default:
		timeout = h.deathIn(handshakeTimeout)
		err = h.Result()
	}
	if err != nil {
		c.closeWith(err)
		<-peeked
		return err
	}
	flag := <-peeked
	if old {
		flag = h.afterNone(flag)
	}
	return h.initialise(flag)
}

// afterNone returns ClientInit's byte. first is what an old viewer sent after the security types:
// that byte in 3.3, the chosen type in 3.7.
func (h *opening) afterNone(first peekedByte) peekedByte {
	if h.minor == minor33 || first.err != nil {
		return first
	}
	if first.value != secNone {
		return peekedByte{err: fmt.Errorf("rfb: viewer chose security type %d, which was not offered", first.value)}
	}
	flag, err := readByte(h.Conn)
	return peekedByte{flag, err}
}

// deathIn closes the connection after d unless the timer is stopped.
func (h *opening) deathIn(d time.Duration) *time.Timer {
	return time.AfterFunc(d, func() {
		h.conn.closeWith(lateError(fmt.Sprintf("rfb: the viewer did not finish the handshake within %v", d)))
	})
}

func (h *opening) approve(ctx context.Context) error {
	c := h.conn
	if c.cfg.Approve == nil {
		return nil
	}
	viewer := Viewer{Version: "3." + strconv.Itoa(h.minor), Remote: c.conn.RemoteAddr()}
	if err := c.cfg.Approve(ctx, viewer); err != nil {
		return err
	}
	return ctx.Err()
}

// peekedByte is the byte that follows the customer's answer, or the error of reading it.
type peekedByte struct {
	value byte
	err   error
}

// watchHangUp reads the viewer's next byte while the customer is asked. The viewer sends nothing
// before it has the answer, so this detects a disconnected viewer; ctx is then cancelled, which
// withdraws the question.
func (h *opening) watchHangUp(ctx *context.Context) <-chan peekedByte {
	inner, cancel := context.WithCancelCause(*ctx)
	*ctx = inner
	done := make(chan peekedByte, 1)
	go func() {
		value, err := readByte(h.Conn)
		if err != nil {
			cancel(fmt.Errorf("rfb: the viewer hung up: %w", err))
		}
		done <- peekedByte{value, err}
	}()
	return done
}

// initialise implements section 7.3 after the viewer's shared flag, which is ignored: other viewers
// always stay connected.
func (h *opening) initialise(shared peekedByte) error {
	c := h.conn
	if shared.err != nil {
		return fmt.Errorf("rfb: no ClientInit from the viewer: %w", shared.err)
	}
	var size image.Point
	c.mu.Lock()
	rights, name := c.rights, c.name
	c.pending.name = false
	c.pending.all() // the viewer has no pixels, even if its first request is incremental
	c.asked.whole = true
	c.mu.Unlock()
	source := c.cfg.source(rights)
	if source == nil {
		return ErrDenied
	}
	source.Read(func(v view) { size = v.Frame.Size })
	c.writer.size = size
	b := binary.BigEndian.AppendUint16(nil, uint16(size.X))
	b = binary.BigEndian.AppendUint16(b, uint16(size.Y))
	b = nativeFormat.append(b)
	b = binary.BigEndian.AppendUint32(b, uint32(len(name)))
	_, err := c.conn.Write(append(b, name...))
	return err
}
