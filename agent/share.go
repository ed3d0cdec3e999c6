package agent

import (
	"context"
	"errors"
	"fmt"
	"image"
	"sync"
	"time"

	"lotse/consent"
	"lotse/rfb"
	"lotse/screen"
)

// framePause is the least time between two captures: 60 a second.
const framePause = time.Second / 60

// share captures the desktop while somebody may see it, and only then.
type share struct {
	session *Session
	desktop *screen.Framebuffer
	waiting *screen.Framebuffer

	mu sync.Mutex
	// Guarded by mu.
	wanted  bool
	changed chan struct{} // closed and replaced when wanted changes
	first   chan struct{} // closed after the first capture
	failed  error
	size    image.Point
	words   words // on the waiting picture

	// paintMu is held while the waiting picture is made: the newest words win.
	paintMu sync.Mutex
}

func newShare(s *Session) *share {
	size := image.Pt(1024, 768)
	sh := &share{
		session: s, desktop: screen.NewFramebuffer(size), waiting: screen.NewFramebuffer(size),
		changed: make(chan struct{}), first: make(chan struct{}), size: size,
	}
	return sh
}

// want starts and stops the capture.
func (sh *share) want(on bool) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.wanted != on {
		sh.wanted = on
		close(sh.changed)
		sh.changed = make(chan struct{})
	}
}

func (sh *share) isWanted() (bool, <-chan struct{}) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.wanted, sh.changed
}

// ready returns when there is a picture to show.
func (sh *share) ready(ctx context.Context) error {
	select {
	case <-sh.first:
		return nil
	case <-ctx.Done():
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.failed != nil {
		return rfb.Refusal{Reason: sh.session.lang.text("The screen of the customer cannot be read.")}
	}
	return context.Cause(ctx)
}

// run captures until ctx ends. A display that fails ends the session.
func (sh *share) run(ctx context.Context) {
	for ctx.Err() == nil {
		wanted, changed := sh.isWanted()
		if !wanted {
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		capture, stop := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- sh.capture(capture) }()
		select {
		case <-changed:
		case <-ctx.Done():
		case err := <-done:
			done <- err
		}
		stop()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			sh.mu.Lock()
			sh.failed = err
			sh.mu.Unlock()
			sh.session.cancel(fmt.Errorf("agent: the screen cannot be read: %w", err))
			return
		}
	}
}

func (sh *share) capture(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		began := time.Now()
		u, err := sh.session.cfg.Display.Screen.Next(ctx)
		if err != nil {
			return err
		}
		sh.apply(u)
		timer.Reset(framePause - time.Since(began))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (sh *share) apply(u screen.Update) {
	change := sh.desktop.Apply(u)
	select {
	case <-sh.first:
	default:
		change.Resized = true // nobody has seen the placeholder
		close(sh.first)
	}
	if change.Resized {
		sh.mu.Lock()
		sh.size = u.Frame.Size
		sh.mu.Unlock()
		sh.paintWaiting()
	}
	if change.Any() {
		sh.session.eachViewer(func(c *rfb.Conn) { c.Invalidate(change) })
	}
}

// words is what the waiting picture says.
type words struct{ title, line string }

// describe chooses the words for a state and paints them when they are new.
// The session's lock is held: the viewers are told on a goroutine of the
// stream group.
func (sh *share) describe(state consent.State) {
	w := waitingWords(sh.session.lang, state)
	sh.mu.Lock()
	same := sh.words == w
	sh.words = w
	sh.mu.Unlock()
	if !same && state.Phase != consent.Over {
		sh.session.streams.Go(sh.paintWaiting)
	}
}

func waitingWords(lang Language, state consent.State) words {
	switch {
	case state.Phase == consent.Away:
		return words{lang.text("The line is interrupted"), lang.text("The customer's program is trying to come back.")}
	case state.Paused:
		return words{lang.text("The view is paused"), lang.text("The customer has paused the view and can go on any time.")}
	case state.Asked.Has(consent.View):
		return words{lang.text("Waiting for the customer"), lang.text("The customer is being asked whether you may see the screen.")}
	}
	return words{lang.text("Nothing is shared"), lang.text("The customer has taken the view back. Ask for it again.")}
}

// paintWaiting draws the waiting picture in the desktop's size, so that a
// viewer's window stays as it is.
func (sh *share) paintWaiting() {
	sh.paintMu.Lock()
	defer sh.paintMu.Unlock()
	sh.mu.Lock()
	size, w := sh.size, sh.words
	sh.mu.Unlock()
	f := drawWaiting(size, w)
	change := sh.waiting.Apply(screen.Update{
		Frame: f, Damage: screen.RegionOf(f.Bounds()),
		Monitors: []screen.Monitor{{ID: 1, Rect: f.Bounds()}},
	})
	if change.Any() {
		sh.session.eachViewer(func(c *rfb.Conn) { c.InvalidateWaiting(change) })
	}
}
