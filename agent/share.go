package agent

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"
	"sync"
	"time"

	"lotse/agent/pictures"
	"lotse/consent"
	"lotse/i18n"
	"lotse/rfb"
	"lotse/screen"
)

// framePause is the minimum time between two captures. It is a little less than a sixtieth of a
// second: timers fire late, and each frame of a program that draws 60 frames a second should be
// captured.
const framePause = 14 * time.Millisecond

// share captures what the customer chose, while somebody may see it and only then.
type share struct {
	session *Session
	desktop *screen.Framebuffer
	waiting *screen.Framebuffer
	photos  rfb.Photos    // of desktop
	taker   chan struct{} // receives a value when a viewer may be ready for a frame

	mu sync.Mutex
	// Guarded by mu.
	wanted  bool
	what    screen.Share
	turn    uint64        // counts changes of what; a frame of an older turn is discarded
	changed chan struct{} // closed and replaced when wanted or what changes
	scope   screen.Scope  // what is captured; nil: nothing
	first   chan struct{} // closed after the first capture of this turn
	has     bool          // first is closed
	passed  chan struct{} // closed and replaced when a frame was captured
	failed  error
	size    image.Point
	words   pictures.Words // on the waiting page

	// paintMu is held while the waiting page is drawn, so that the newest words are drawn last.
	paintMu sync.Mutex
}

func newShare(s *Session) *share {
	size := image.Pt(1024, 768)
	sh := &share{
		session: s, desktop: screen.NewFramebuffer(size), waiting: screen.NewFramebuffer(size),
		taker: make(chan struct{}, 1), changed: make(chan struct{}), first: make(chan struct{}), passed: make(chan struct{}), size: size, what: s.cfg.Share,
	}
	return sh
}

// hasPicture reports whether the present share has been captured.
func (sh *share) hasPicture() bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.has
}

// choose shares something else from now on. When it returns, the desktop contains nothing of
// what was shared before.
func (sh *share) choose(what screen.Share) screen.Change {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.what = what
	return sh.turnLocked()
}

// turnLocked starts a new turn with an empty frame.
func (sh *share) turnLocked() screen.Change {
	sh.turn++
	sh.scope = nil // of the turn before
	sh.session.board.Clear()
	if sh.has {
		sh.first, sh.has = make(chan struct{}), false
	}
	close(sh.changed)
	sh.changed = make(chan struct{})
	f := sh.backdrop(sh.size)
	return sh.desktop.Apply(screen.Update{
		Frame: f, Damage: screen.RegionOf(f.Bounds()), Monitors: []screen.Monitor{{ID: 1, Rect: f.Bounds()}},
	})
}

// backdrop returns the frame that is shown in place of everything that is not shared.
func (sh *share) backdrop(size image.Point) *screen.Frame {
	return pictures.Backdrop(size, sh.session.lang.Text("agent.backdrop"))
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

func (sh *share) present() (wanted bool, what screen.Share, turn uint64, changed <-chan struct{}) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.wanted, sh.what, sh.turn, sh.changed
}

// ready waits until there is a frame to show.
func (sh *share) ready(ctx context.Context) error {
	sh.mu.Lock()
	first := sh.first
	sh.mu.Unlock()
	select {
	case <-first:
		return nil
	case <-ctx.Done():
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.failed != nil {
		return rfb.Refusal{Reason: sh.session.lang.Text("agent.refused.screen")}
	}
	return context.Cause(ctx)
}

// renewal is how many frames must be captured until one of them was read completely after a moment:
// the first may have been read before.
const renewal = 2

// renew waits until there is a frame that was captured after the call.
func (sh *share) renew(ctx context.Context) error {
	for range renewal {
		sh.mu.Lock()
		scope, passed := sh.scope, sh.passed
		sh.mu.Unlock()
		if scope != nil { // otherwise the capture begins anyway
			scope.Refresh()
		}
		select {
		case <-passed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// run captures until ctx ends. A display that fails ends the session. If nothing that is shared
// exists any more, run takes the right to view.
func (sh *share) run(ctx context.Context) {
	for ctx.Err() == nil {
		wanted, what, turn, changed := sh.present()
		if !wanted {
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		capture, stop := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- sh.capture(capture, what, turn) }()
		select {
		case <-changed:
		case <-ctx.Done():
		case err := <-done:
			done <- err
		}
		stop()
		err := <-done
		switch {
		case err == nil || errors.Is(err, context.Canceled):
		case errors.Is(err, screen.ErrNothingShared):
			sh.session.send(consented{consent.Event{Kind: consent.Take, Right: consent.View}, byAuto})
		default:
			sh.mu.Lock()
			sh.failed = err
			sh.mu.Unlock()
			sh.session.cancel(fmt.Errorf("agent: the screen cannot be read: %w", err))
			return
		}
	}
}

// open opens the share on the display.
func (sh *share) open(what screen.Share) (screen.Scope, error) {
	d := sh.session.cfg.Display
	if d.Windows != nil {
		return d.Windows.Open(what, sh.backdrop)
	}
	if what.Kind != screen.ShareScreen {
		return nil, screen.ErrNothingShared
	}
	return screen.Whole(d.Screen, d.Input), nil
}

func (sh *share) capture(ctx context.Context, what screen.Share, turn uint64) error {
	scope, err := sh.open(what)
	if err != nil {
		return err
	}
	defer scope.Close()
	sh.session.guard.Aim(scope)
	defer sh.session.guard.Aim(nil)
	sh.setScope(scope)
	defer sh.setScope(nil)
	timer := time.NewTimer(0)
	defer timer.Stop()
	scope.Refresh()
	for {
		began := time.Now()
		u, err := scope.Next(ctx)
		if err != nil {
			return err
		}
		captured := time.Now()
		if !sh.apply(u, turn) {
			return nil
		}
		if trace := sh.session.cfg.Trace; trace != nil {
			trace.Picture(u, time.Since(captured))
		}
		timer.Reset(framePause - time.Since(began))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := sh.awaitTaker(ctx); err != nil {
			return err
		}
	}
}

func (sh *share) setScope(scope screen.Scope) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.scope = scope
}

// Shown implements pointing.Shown.
func (sh *share) Shown() (shown []image.Rectangle, origin image.Point) {
	sh.mu.Lock()
	scope := sh.scope
	sh.mu.Unlock()
	if scope == nil {
		return nil, image.Point{}
	}
	return scope.Shown()
}

// owns reports whether a shared program put a text on the clipboard.
func (sh *share) owns(owner screen.ClipboardOwner) bool {
	sh.mu.Lock()
	scope := sh.scope
	sh.mu.Unlock()
	return scope != nil && scope.Owns(owner)
}

// takerPatience is the maximum time between two captures of a changing screen. It serves the
// panel's thumbnail, and viewers that send nothing.
const takerPatience = 100 * time.Millisecond

// takerReady is called by viewers that may be able to take a frame now.
func (sh *share) takerReady() {
	select {
	case sh.taker <- struct{}{}:
	default:
	}
}

// awaitTaker waits until a viewer can take a frame at once, because a frame that was captured
// earlier would only become old.
func (sh *share) awaitTaker(ctx context.Context) error {
	patience := time.NewTimer(takerPatience)
	defer patience.Stop()
	for {
		ready := false
		sh.session.eachViewer(func(c *rfb.Conn) { ready = ready || c.Ready() })
		if ready {
			return nil
		}
		select {
		case <-sh.taker:
		case <-patience.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// apply publishes a captured frame. It returns false if the frame belongs to an earlier share.
func (sh *share) apply(u screen.Update, turn uint64) bool {
	told := *sh.session.viewers.Load()
	sh.mu.Lock()
	if turn != sh.turn {
		sh.mu.Unlock()
		return false
	}
	change := sh.desktop.Publish(u, func(change *screen.Change) {
		change.Resized = change.Resized || !sh.has // nobody has seen the placeholder's size
		if change.Any() {
			for _, c := range told {
				c.Invalidate(*change)
			}
		}
	})
	if !sh.has {
		sh.has = true
		close(sh.first)
	}
	close(sh.passed)
	sh.passed = make(chan struct{})
	if change.Resized {
		sh.size = u.Frame.Size
	}
	sh.mu.Unlock()
	if change.Resized {
		sh.paintWaiting()
	}
	if change.Any() {
		sh.session.eachViewer(func(c *rfb.Conn) {
			if !slices.Contains(told, c) { // it connected meanwhile
				c.Invalidate(change)
			}
		})
	}
	return true
}

// describe sets the words for a state. If they are new, it draws the waiting page on a new
// goroutine.
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

func waitingWords(l i18n.Language, state consent.State) pictures.Words {
	switch {
	case state.Phase == consent.Away:
		return pictures.Words{Title: l.Text("agent.away.title"), Line: l.Text("agent.away.line")}
	case state.Paused:
		return pictures.Words{Title: l.Text("agent.paused.title"), Line: l.Text("agent.paused.line")}
	case state.Asked.Has(consent.View):
		return pictures.Words{Title: l.Text("agent.waiting.title"), Line: l.Text("agent.waiting.view")}
	case state.Given.Has(consent.Show):
		return pictures.Words{Title: l.Text("agent.showing.title"), Line: l.Text("agent.showing.line")}
	case state.Asked.Has(consent.Show):
		return pictures.Words{Title: l.Text("agent.waiting.title"), Line: l.Text("agent.waiting.show")}
	}
	return pictures.Words{Title: l.Text("agent.nothing.title"), Line: l.Text("agent.nothing.line")}
}

// paintWaiting draws the waiting page in the desktop's size, so that a viewer's window keeps
// its size.
func (sh *share) paintWaiting() {
	sh.paintMu.Lock()
	defer sh.paintMu.Unlock()
	sh.mu.Lock()
	size, w := sh.size, sh.words
	sh.mu.Unlock()
	f := pictures.Waiting(size, w)
	change := sh.waiting.Apply(screen.Update{
		Frame: f, Damage: screen.RegionOf(f.Bounds()),
		Monitors: []screen.Monitor{{ID: 1, Rect: f.Bounds()}},
	})
	if change.Any() {
		sh.session.eachViewer(func(c *rfb.Conn) { c.InvalidateWaiting(change) })
	}
}
