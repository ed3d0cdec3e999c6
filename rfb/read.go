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
	in := messageReader{r: bufio.NewReaderSize(c.conn, 4096)}
	for {
		c.mu.Lock()
		in.extendedMouse, in.extendedClipboard = c.told.mouseButtons, c.told.clipboard
		c.mu.Unlock()
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
	switch m := msg.(type) {
	case setPixelFormat:
		c.setPixelFormat(m.format)
	case setEncodings:
		c.setEncodings(m.encodings)
	case updateRequest:
		c.request(m)
	case keyEvent:
		return c.inputError(c.key(m.key))
	case pointerEvent:
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
		c.setContinuous(m)
	case clientFence:
		return c.fence(m)
	case setDesktopSize:
		// The customer's screen is not the viewer's to change.
		c.mu.Lock()
		c.sizeReply = min(c.sizeReply+1, maxQueued)
		c.wake.Broadcast()
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

func (c *Conn) setEncodings(encodings []int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.caps = capabilitiesOf(encodings)
	c.pending.layout = c.pending.layout || c.caps.extDesktop
	c.shapeDirty = true
	c.offerClipboardLocked()
	if c.caps.fence && !c.told.fence {
		c.told.fence = true
		c.queued = append(c.queued, func(b []byte) []byte { return appendFence(b, fenceRequest, nil) })
	}
	if c.caps.continuous && !c.told.continuous {
		c.told.continuous = true
		c.queued = append(c.queued, appendEndOfContinuousUpdates)
	}
	c.wake.Broadcast()
}

func appendEndOfContinuousUpdates(b []byte) []byte { return append(b, msgEndOfContinuousUpdates) }

// request is RFC 6143, section 7.5.3.
func (c *Conn) request(m updateRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !m.incremental {
		// The viewer has lost what it had: moves into or out of it are void.
		if !c.pending.move.Dst.Empty() {
			c.pending.region.Add(c.pending.move.Dst)
			c.pending.move = screen.Move{}
		}
		if !c.pending.everything {
			c.pending.region.Add(m.area)
		}
		c.shapeDirty = true
	}
	c.requested.Add(m.area)
	// An empty area asks for pseudo-rectangles only; count it as a request.
	if m.area.Empty() {
		c.requested.Add(image.Rect(m.area.Min.X, m.area.Min.Y, m.area.Min.X+1, m.area.Min.Y+1))
	}
	c.wake.Broadcast()
}

func (c *Conn) setContinuous(m enableContinuous) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.contArea.Clear()
	if m.on {
		c.contArea.Add(m.area)
	} else if c.continuous {
		c.queued = append(c.queued, appendEndOfContinuousUpdates)
	}
	c.continuous = m.on
	c.wake.Broadcast()
}

// fence is rfbproto, "ClientFence": a request is answered behind what was
// asked for before it; an answer measures the line.
func (c *Conn) fence(m clientFence) error {
	if m.flags&fenceRequest == 0 {
		c.mu.Lock()
		c.flow.answered(m.payload, time.Now())
		c.wake.Broadcast()
		c.mu.Unlock()
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fences >= maxPendingFences {
		return fmt.Errorf("rfb: viewer let %d fences wait", c.fences)
	}
	c.fences++
	flags := m.flags & fenceKnown
	c.queued = append(c.queued, func(b []byte) []byte { return appendFence(b, flags, m.payload) })
	c.wake.Broadcast()
	return nil
}
