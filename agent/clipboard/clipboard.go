// Package clipboard puts what advisors have copied on the customer's clipboard.
package clipboard

import (
	"context"
	"log/slog"

	"lotse/rfb"
	"lotse/screen"
)

// Writer puts what viewers' users have copied on a clipboard. Decoding a picture takes too long for
// the goroutine that reads a viewer's input, and setting the clipboard may wait for the display.
type Writer struct {
	to      screen.Clipboard
	allowed func() bool
	log     *slog.Logger
	box     chan rfb.Copied // contains only the newest content
}

// NewWriter returns a writer. allowed reports whether the right to the clipboard is in effect; it
// must not block.
func NewWriter(to screen.Clipboard, allowed func() bool, log *slog.Logger) *Writer {
	return &Writer{to: to, allowed: allowed, log: log, box: make(chan rfb.Copied, 1)}
}

// Put hands over a content, and replaces one that Run has not taken yet. It never waits for Run.
func (w *Writer) Put(copied rfb.Copied) {
	for {
		select {
		case w.box <- copied:
			return
		default:
		}
		select {
		case <-w.box:
		default:
		}
	}
}

// Run puts the contents on the clipboard until ctx ends.
func (w *Writer) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case copied := <-w.box:
			w.write(copied)
		}
	}
}

// write checks the right again after a picture was decoded, because it may have ended meanwhile.
func (w *Writer) write(copied rfb.Copied) {
	if !w.allowed() {
		return
	}
	clip, err := copied.Clip()
	if err != nil {
		w.log.Info("a picture for the clipboard is not valid", "reason", err)
		if clip.Empty() {
			return
		}
	}
	if !w.allowed() {
		return
	}
	if err := w.to.Set(clip); err != nil {
		w.log.Info("the clipboard could not be set", "reason", err)
	}
}
