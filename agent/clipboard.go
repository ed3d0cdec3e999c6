package agent

import (
	"context"

	"lotse/consent"
	"lotse/rfb"
	"lotse/screen"
)

// sharesClipboard reports whether the right to the clipboard is in effect.
func sharesClipboard(m *moment) bool { return m.consent.Effective().Has(consent.Clipboard) }

// clipboardWatch offers the customer's clipboard to viewers while the right is in effect. At
// other times it does not read the clipboard.
type clipboardWatch struct{ session *Session }

func (w *clipboardWatch) run(ctx context.Context) {
	for {
		if _, ok := w.session.await(ctx, nil, sharesClipboard); !ok {
			return
		}
		watch, stop := context.WithCancel(ctx)
		var err error
		done := make(chan struct{})
		go func() {
			defer close(done)
			err = w.session.cfg.Display.Clipboard.Watch(watch, w.session.share.owns, w.copied)
		}()
		_, taken := w.session.await(ctx, done, func(m *moment) bool { return !sharesClipboard(m) })
		stop()
		<-done
		if !taken && ctx.Err() == nil {
			w.session.log.capture.Info("clipboard not watched", "reason", err)
			return
		}
	}
}

// copied offers a content to viewers if a shared program put it on the clipboard. What is shared
// may have changed since the content was read.
func (w *clipboardWatch) copied(clip screen.Clip, owner screen.ClipboardOwner) {
	if w.session.share.owns(owner) {
		w.session.eachViewer(func(c *rfb.Conn) { c.SetClipboard(clip) })
	}
}
