package rfb

import (
	"bufio"
	"errors"
	"fmt"
	"time"

	"lotse/screen"
)

// reader handles a viewer's messages. readLoop owns it.
type reader struct {
	conn *Conn
	// syncNext is a fence that is answered after the next message; nil: none.
	syncNext  *clientFence
	clipboard clipboardReader
}

// loop is readLoop: it handles the viewer's messages until the stream ends.
func (r *reader) loop() error {
	c := r.conn
	in := messageReader{r: bufio.NewReaderSize(c.conn, 4096), begin: func(m *messageReader) {
		c.mu.Lock()
		defer c.mu.Unlock()
		m.extendedMouse, m.extendedClipboard = c.viewer.told.mouseButtons, c.viewer.told.clipboard
		m.longClipboard = r.clipboard.requested&^clipboardText != 0 && c.rights.Has(RightClipboard)
	}}
	for {
		msg, err := in.next()
		if err != nil {
			return err
		}
		if err := r.handle(msg); err != nil {
			return err
		}
	}
}

func (r *reader) handle(msg clientMessage) error {
	sync := r.syncNext
	r.syncNext = nil
	err := r.act(msg)
	if sync != nil && err == nil {
		err = r.answerFence(sync)
	}
	return err
}

func (r *reader) act(msg clientMessage) error {
	c := r.conn
	switch m := msg.(type) {
	case setPixelFormat:
		r.setPixelFormat(m.format)
	case setEncodings:
		return r.setEncodings(m.encodings)
	case updateRequest:
		r.request(m)
	case keyEvent:
		r.acted()
		return r.inputError(c.input.key(m.key))
	case pointerEvent:
		r.acted()
		if c.cfg.points(c.Rights()) {
			c.cfg.Point(m.at, m.buttons)
			return nil
		}
		return r.inputError(c.input.pointer(m.at, m.buttons))
	case cutText:
		if !m.tooLong {
			r.deliver(Copied{Text: m.text})
		}
	case extendedCutText:
		if err := r.extendedCutText(m.body); err != nil {
			// A malformed text is dropped, but the session continues.
			c.log.Info("clipboard text ignored", "reason", err)
		}
	case textChat:
		return r.textChat(m)
	case enableContinuous:
		return r.setContinuous(m)
	case clientFence:
		return r.fence(m)
	case setDesktopSize:
		// A viewer must not resize the customer's screen.
		c.mu.Lock()
		if c.viewer.caps.extDesktop {
			c.pending.sizeReplies = min(c.pending.sizeReplies+1, maxQueued)
			c.wake.Broadcast()
		}
		c.mu.Unlock()
	}
	return nil
}

// acted records that the advisor acted.
func (r *reader) acted() {
	c := r.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flow.inputAt = time.Now()
	if c.cfg.Ready != nil {
		c.cfg.Ready()
	}
}

// deliver passes on what a viewer's user has copied.
func (r *reader) deliver(copied Copied) {
	c := r.conn
	if c.cfg.Copied != nil && c.Rights().Has(RightClipboard) {
		c.cfg.Copied(copied)
	}
}

// inputError returns an error, which ends this viewer, only if the display is closed. Other errors
// are logged.
func (r *reader) inputError(err error) error {
	if errors.Is(err, screen.ErrClosed) {
		return fmt.Errorf("rfb: input: %w", err)
	}
	if err != nil {
		r.conn.log.Info("input event not injected", "reason", err)
	}
	return nil
}

func (r *reader) setPixelFormat(f PixelFormat) {
	c := r.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	c.viewer.conv = newConverter(f)
	c.viewer.newFormat = true
	c.pending.all()
	c.pending.shape = true
	c.wake.Broadcast()
}

func (r *reader) setEncodings(encodings []int32) error {
	c := r.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	caps, told := capabilitiesOf(encodings), &c.viewer.told
	fences := c.viewer.caps.fence
	c.viewer.caps = caps
	c.asked.whole = c.asked.whole && !caps.takesParts()
	c.pending.layout = c.pending.layout || caps.extDesktop
	c.pending.pointer = true // the server may have to start or stop drawing it
	c.pending.shape = true
	if !caps.copyRect {
		c.pending.dropMoves()
	}
	if caps.fence != fences {
		c.flow.congestion = congestion{greeting: c.flow.greeting} // fences in flight will not be answered
	}
	c.wake.Broadcast()
	// rfbproto: the clipboard's capabilities are sent at each SetEncodings, the other announcements
	// at the first.
	c.viewer.clipboard.told = 0
	err := c.offerClipboardLocked()
	if caps.fence && !told.fence && err == nil {
		told.fence = true
		// This announces fences, and its answer measures the round trip.
		payload := c.flow.sent(0, time.Now())
		err = c.queueLocked(func(b []byte) []byte { return appendFence(b, fenceRequest, payload) })
	}
	if caps.continuous && !told.continuous && err == nil {
		told.continuous = true
		err = c.queueLocked(appendEndOfContinuousUpdates)
	}
	return err
}

func appendEndOfContinuousUpdates(b []byte) []byte { return append(b, msgEndOfContinuousUpdates) }

// request handles FramebufferUpdateRequest; RFC 6143, section 7.5.3.
func (r *reader) request(m updateRequest) {
	c := r.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	caps := &c.viewer.caps
	if c.asked.continuous && m.incremental {
		return // rfbproto, "EnableContinuousUpdates": must be ignored
	}
	if !m.incremental {
		// The viewer has lost its pixels: moves within or into the area are invalid.
		c.pending.dropMoves()
		if !c.pending.everything {
			c.pending.region.Add(m.area)
		}
		c.pending.shape = true
		// rfbproto, "ExtendedDesktopSize": it must be sent in answer to each such request.
		c.pending.layout = c.pending.layout || caps.extDesktop
		// A simple viewer takes the first update for the whole framebuffer.
		c.asked.whole = c.asked.whole || !caps.takesParts()
	}
	if !caps.fence {
		c.flow.asked(time.Now())
	}
	c.asked.add(m.area)
	c.readyLocked()
}

func (r *reader) setContinuous(m enableContinuous) error {
	c := r.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked.always.Clear()
	c.asked.continuous = m.on
	if !m.on {
		// rfbproto: even if they were already off.
		return c.queueLocked(appendEndOfContinuousUpdates)
	}
	c.asked.always.Add(m.area)
	c.readyLocked()
	return nil
}

// fence handles ClientFence of rfbproto. A request is answered after everything that was requested
// before it, and with SyncNext after the message that follows it. An answer to this server's own
// fence measures the line.
func (r *reader) fence(m clientFence) error {
	c := r.conn
	c.mu.Lock()
	if m.flags&fenceRequest == 0 {
		c.flow.answered(m.payload, time.Now())
		c.readyLocked()
		c.mu.Unlock()
		return nil
	}
	if err := c.outbox.addFence(); err != nil {
		c.mu.Unlock()
		return err
	}
	if m.flags&fenceSyncNext != 0 {
		r.syncNext = &m
		c.outbox.hold = true
	}
	c.mu.Unlock()
	if r.syncNext != nil {
		return nil
	}
	return r.answerFence(&m)
}

// answerFence queues the answer. With BlockAfter it returns only when writeLoop has taken the
// answer, because the messages after the fence must wait for that.
func (r *reader) answerFence(m *clientFence) error {
	c := r.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	flags := m.flags & fenceKnown
	c.outbox.hold = r.syncNext != nil
	if err := c.queueLocked(func(b []byte) []byte { return appendFence(b, flags, m.payload) }); err != nil {
		return err
	}
	for flags&fenceBlockAfter != 0 && !c.closed && len(c.outbox.messages) > 0 {
		c.wake.Wait()
	}
	return nil
}
