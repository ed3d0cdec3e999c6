package rfb

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"time"

	"lotse/screen"
)

// readLoop takes the viewer's messages until the stream ends.
func (c *Conn) readLoop() error {
	in := messageReader{r: bufio.NewReaderSize(c.conn, 4096), begin: func(m *messageReader) {
		c.mu.Lock()
		defer c.mu.Unlock()
		m.extendedMouse, m.extendedClipboard = c.told.mouseButtons, c.told.clipboard
	}}
	for {
		msg, err := in.next()
		if err != nil {
			return err
		}
		if err := c.handle(msg); err != nil {
			return err
		}
	}
}

func (c *Conn) handle(msg clientMessage) error {
	sync := c.syncNext
	c.syncNext = nil
	err := c.act(msg)
	if sync != nil && err == nil {
		err = c.answerFence(sync)
	}
	return err
}

func (c *Conn) act(msg clientMessage) error {
	switch m := msg.(type) {
	case setPixelFormat:
		c.setPixelFormat(m.format)
	case setEncodings:
		return c.setEncodings(m.encodings)
	case updateRequest:
		c.request(m)
	case keyEvent:
		c.touched()
		return c.inputError(c.key(m.key))
	case pointerEvent:
		c.touched()
		return c.inputError(c.pointer(m.at, m.buttons))
	case cutText:
		if !m.tooLong {
			c.deliverText(m.text)
		}
	case extendedCutText:
		if err := c.handleExtendedCutText(m.body); err != nil {
			// A broken text costs the text, not the session.
			c.log.Info("clipboard text ignored", "reason", err)
		}
	case enableContinuous:
		return c.setContinuous(m)
	case clientFence:
		return c.fence(m)
	case setDesktopSize:
		// The customer's screen is not the viewer's to change.
		c.mu.Lock()
		if c.caps.extDesktop {
			c.sizeReply = min(c.sizeReply+1, maxQueued)
			c.wake.Broadcast()
		}
		c.mu.Unlock()
	}
	return nil
}

// inputError: a display that takes no events any more ends this viewer only
// when it is gone for good.
func (c *Conn) inputError(err error) error {
	if errors.Is(err, screen.ErrClosed) {
		return fmt.Errorf("rfb: input: %w", err)
	}
	if err != nil {
		c.log.Info("input event not injected", "reason", err)
	}
	return nil
}

func (c *Conn) setPixelFormat(f PixelFormat) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conv = newConverter(f)
	c.newFormat = true
	c.pending.all()
	c.shapeDirty = true
	c.wake.Broadcast()
}

func (c *Conn) setEncodings(encodings []int32) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	fences := c.caps.fence
	c.caps = capabilitiesOf(encodings)
	c.whole = c.whole && !c.caps.takesParts()
	c.pending.layout = c.pending.layout || c.caps.extDesktop
	c.pending.pointer = true // it may have to be drawn now, or no longer
	c.shapeDirty = true
	if !c.caps.copyRect {
		c.pending.dropMoves()
	}
	if c.caps.fence != fences {
		c.flow = congestion{greeting: c.flow.greeting} // nothing on its way will be answered for
	}
	c.wake.Broadcast()
	// rfbproto: the clipboard's abilities are told at each SetEncodings, those
	// of the others at the first.
	err := c.offerClipboardLocked()
	if c.caps.fence && !c.told.fence && err == nil {
		c.told.fence = true
		// It says that fences are known, and its answer how long the line is.
		payload := c.flow.sent(0, time.Now())
		err = c.queueLocked(func(b []byte) []byte { return appendFence(b, fenceRequest, payload) })
	}
	if c.caps.continuous && !c.told.continuous && err == nil {
		c.told.continuous = true
		err = c.queueLocked(appendEndOfContinuousUpdates)
	}
	return err
}

func appendEndOfContinuousUpdates(b []byte) []byte { return append(b, msgEndOfContinuousUpdates) }

// request is RFC 6143, section 7.5.3.
func (c *Conn) request(m updateRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.continuous && m.incremental {
		return // rfbproto, "EnableContinuousUpdates": must be ignored
	}
	if !m.incremental {
		// The viewer has lost what it had: moves into or out of it are void.
		c.pending.dropMoves()
		if !c.pending.everything {
			c.pending.region.Add(m.area)
		}
		c.shapeDirty = true
		// rfbproto, "ExtendedDesktopSize": it is due in answer to each.
		c.pending.layout = c.pending.layout || c.caps.extDesktop
		// A simple viewer takes the first update for the whole picture.
		c.whole = c.whole || !c.caps.takesParts()
	}
	if !c.caps.fence {
		c.flow.asked(time.Now())
	}
	c.requested.Add(m.area)
	// An empty area asks for pseudo-rectangles only; count it as a request.
	if m.area.Empty() {
		c.requested.Add(image.Rect(m.area.Min.X, m.area.Min.Y, m.area.Min.X+1, m.area.Min.Y+1))
	}
	c.readyLocked()
}

func (c *Conn) setContinuous(m enableContinuous) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.contArea.Clear()
	c.continuous = m.on
	if !m.on {
		// rfbproto: also when they were off already.
		return c.queueLocked(appendEndOfContinuousUpdates)
	}
	c.contArea.Add(m.area)
	c.readyLocked()
	return nil
}

// fence is rfbproto, "ClientFence": a request is answered behind what was
// asked for before it, with SyncNext behind the message that follows it; an
// answer measures the line.
func (c *Conn) fence(m clientFence) error {
	c.mu.Lock()
	if m.flags&fenceRequest == 0 {
		c.flow.answered(m.payload, time.Now())
		c.readyLocked()
		c.mu.Unlock()
		return nil
	}
	if c.fences >= maxPendingFences {
		c.mu.Unlock()
		return fmt.Errorf("rfb: viewer let %d fences wait", maxPendingFences)
	}
	c.fences++
	if m.flags&fenceSyncNext != 0 {
		c.syncNext = &m
		c.hold = true
	}
	c.mu.Unlock()
	if c.syncNext != nil {
		return nil
	}
	return c.answerFence(&m)
}

// answerFence queues the answer. With BlockAfter it returns only when the
// answer is in the stream: the messages behind the fence wait for that.
func (c *Conn) answerFence(m *clientFence) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	flags := m.flags & fenceKnown
	c.hold = c.syncNext != nil
	if err := c.queueLocked(func(b []byte) []byte { return appendFence(b, flags, m.payload) }); err != nil {
		return err
	}
	for flags&fenceBlockAfter != 0 && !c.closed && len(c.queued) > 0 {
		c.wake.Wait()
	}
	return nil
}
