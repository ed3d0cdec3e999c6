package rfb

import (
	"image"

	"lotse/screen"
)

// maxHeldKeys bounds what a viewer can hold down at once.
const maxHeldKeys = 64

// heldInput is what one viewer holds down, so that it can be released.
type heldInput struct {
	keys    []screen.Key
	buttons screen.Buttons
	at      image.Point
}

// key injects a key event of a viewer with RightControl.
func (c *Conn) key(k screen.Key) error {
	c.inputMu.Lock()
	defer c.inputMu.Unlock()
	if c.cfg.Input == nil || !c.Rights().Has(RightControl) {
		return nil
	}
	same := -1
	for i, h := range c.held.keys {
		if h.Sym == k.Sym && h.Code == k.Code {
			same = i
		}
	}
	switch {
	case !k.Down && same < 0:
		// Not pressed here: perhaps before the right was given.
		return nil
	case !k.Down:
		c.held.keys = append(c.held.keys[:same], c.held.keys[same+1:]...)
	case same < 0:
		if len(c.held.keys) == maxHeldKeys {
			return nil
		}
		c.held.keys = append(c.held.keys, k)
	}
	return c.cfg.Input.Key(k)
}

// pointer injects a pointer event of a viewer with RightControl.
func (c *Conn) pointer(at image.Point, buttons screen.Buttons) error {
	c.inputMu.Lock()
	defer c.inputMu.Unlock()
	if c.cfg.Input == nil || !c.Rights().Has(RightControl) {
		return nil
	}
	c.held.at, c.held.buttons = at, buttons
	return c.cfg.Input.Pointer(at, buttons)
}

// release releases all that the viewer holds down. inputMu is held.
func (h *heldInput) release(in screen.Input) {
	keys, buttons := h.keys, h.buttons
	h.keys, h.buttons = nil, 0
	if in == nil {
		return
	}
	for i := len(keys) - 1; i >= 0; i-- {
		k := keys[i]
		k.Down = false
		_ = in.Key(k) // the others must be released as well
	}
	if buttons != 0 {
		_ = in.Pointer(h.at, 0)
	}
}

// releaseLoop releases what the viewer holds down each time that control was
// taken, and at the end.
func (c *Conn) releaseLoop(served <-chan struct{}) {
	for over := false; !over; {
		select {
		case <-c.taken:
		case <-served:
			over = true
		}
		c.inputMu.Lock()
		c.held.release(c.cfg.Input)
		c.inputMu.Unlock()
	}
}

// deliverText hands a viewer's clipboard text on.
func (c *Conn) deliverText(text string) {
	if c.cfg.CutText != nil && c.Rights().Has(RightClipboard) {
		c.cfg.CutText(text)
	}
}
