package agent

import (
	"context"

	"lotse/consent"
	"lotse/rfb"
	"lotse/screen"
)

// watchClipboard offers the customer's clipboard to viewers for as long as the
// right is in effect; nothing is read from it otherwise.
func (s *Session) watchClipboard(ctx context.Context) {
	if s.cfg.Display.Clipboard == nil {
		return
	}
	for ctx.Err() == nil {
		allowed, changed := s.clipboardAllowed()
		if !allowed {
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		watch, stop := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() {
			done <- s.cfg.Display.Clipboard.Watch(watch, func(text string, owner screen.ClipboardOwner) {
				if !s.mayCopy(owner) {
					return
				}
				s.eachViewer(func(c *rfb.Conn) { c.CutText(text) })
			})
		}()
		for allowed {
			select {
			case <-changed:
				allowed, changed = s.clipboardAllowed()
			case err := <-done:
				stop()
				s.log.Info("clipboard not watched", "reason", err)
				return
			case <-ctx.Done():
				allowed = false
			}
		}
		stop()
		<-done
	}
}

func (s *Session) clipboardAllowed() (bool, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.Effective().Has(consent.Clipboard), s.changed
}

// mayCopy reports whether a text is of a program that is shared.
func (s *Session) mayCopy(owner screen.ClipboardOwner) bool {
	s.mu.Lock()
	scope := s.scope
	s.mu.Unlock()
	return scope != nil && scope.Owns(owner)
}

// takeClipboard puts a viewer's text on the customer's clipboard; rfb has
// checked the right.
func (s *Session) takeClipboard(text string) {
	if c := s.cfg.Display.Clipboard; c != nil {
		if err := c.SetText(text); err != nil {
			s.log.Info("clipboard text not taken", "reason", err)
		}
	}
}
