package agent

import (
	"context"

	"lotse/consent"
	"lotse/rfb"
	"lotse/screen"
)

// clipboardWatch offers the customer's clipboard to viewers while the right is in effect. At
// other times it does not read the clipboard.
type clipboardWatch struct{ session *Session }

func (w *clipboardWatch) run(ctx context.Context) {
	allowed := func(m *moment) bool { return m.consent.Effective().Has(consent.Clipboard) }
	for {
		if _, ok := w.session.await(ctx, nil, allowed); !ok {
			return
		}
		watch, stop := context.WithCancel(ctx)
		var err error
		done := make(chan struct{})
		go func() {
			defer close(done)
			err = w.session.cfg.Display.Clipboard.Watch(watch, w.copied)
		}()
		_, taken := w.session.await(ctx, done, func(m *moment) bool { return !allowed(m) })
		stop()
		<-done
		if !taken && ctx.Err() == nil {
			w.session.log.capture.Info("clipboard not watched", "reason", err)
			return
		}
	}
}

// copied offers a text to viewers if a shared program put it on the clipboard.
func (w *clipboardWatch) copied(text string, owner screen.ClipboardOwner) {
	if w.session.share.owns(owner) {
		w.session.eachViewer(func(c *rfb.Conn) { c.CutText(text) })
	}
}

// takeClipboard puts a viewer's text on the customer's clipboard. Package rfb has checked the
// right.
func (s *Session) takeClipboard(text string) {
	if c := s.cfg.Display.Clipboard; c != nil {
		if err := c.SetText(text); err != nil {
			s.log.capture.Info("clipboard text not taken", "reason", err)
		}
	}
}
