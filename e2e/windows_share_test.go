package e2e

import (
	"errors"
	"fmt"
	"image"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"lotse/rfb/rfbtest"
)

// windowsRounds is how often windows move at full speed and then rest until the viewer has seen
// the whole share.
const windowsRounds = 12

// watcher decodes frames as fast as they arrive and looks for pixels that must not be in them.
type watcher struct {
	v    *rfbtest.Viewer
	done chan struct{}

	mu sync.Mutex
	// Guarded by mu.
	pictures, own int // own: pixels of the chosen program in the last frame
	leak          error
}

func watchPort(t testing.TB, port int) *watcher {
	t.Helper()
	v, err := rfbtest.Dial(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), rfbtest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	w := &watcher{v: v, done: make(chan struct{})}
	t.Cleanup(func() { v.Close(); <-w.done })
	if err := v.SetEncodings(rfbtest.CopyRect, rfbtest.ZRLE, rfbtest.Cursor, rfbtest.DesktopSize); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(w.done)
		for w.next() == nil {
		}
	}()
	return w
}

func (w *watcher) next() error {
	if err := w.v.Request(w.pictures > 0, w.v.Bounds()); err != nil {
		return err
	}
	if _, err := w.v.NextUpdate(); err != nil {
		return err
	}
	secret, own := colours(w.v.Canvas().Pix)
	if shape := w.v.Shape(); shape != nil {
		n, _ := colours(shape.Image.Pix)
		secret += n
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pictures, w.own = w.pictures+1, own
	if secret > 0 {
		w.leak = errors.Join(w.leak, fmt.Errorf("picture %d: %d pixels of a program that was not chosen", w.pictures, secret))
	}
	return nil
}

// forget drops what has leaked.
func (w *watcher) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.leak = nil
}

func (w *watcher) seen() (pictures, own int, leak error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pictures, w.own, w.leak
}

// TestWindowsShareLeaksNothing checks that a viewer decodes no pixel of a window that is not
// shared. That window moves quickly across a shared one, is raised, is closed and opened again;
// the shared window moves and is raised as well.
//
// Wine's X server keeps the pixels of a window that has moved away until the window below paints.
// Windows does not. If a program is stopped for so long that the agent's mask has settled, a leak
// proves nothing, and the movements of that round are repeated.
func TestWindowsShareLeaksNothing(t *testing.T) {
	s := newStack(t)
	m := newWindows(t, "640x480", "lotse-agent")
	const w, h = 180, 140
	rnd := rand.New(rand.NewPCG(6, 1))
	somewhere := func() string {
		at := image.Pt(rnd.IntN(640-w), rnd.IntN(480-h))
		return fmt.Sprintf("move %d %d", at.X, at.Y)
	}
	chosen := m.program("chosen", "colour", "0000c8", "100", "100", strconv.Itoa(w), strconv.Itoa(h))
	other := func() *process {
		return m.program("other", "colour", "ff00ff", "440", "330", strconv.Itoa(w), strconv.Itoa(h))
	}
	secret := other()
	share := m.shareChosen(s)
	slowest, before := time.Duration(0), time.Duration(0) // steps of this round, and of the last one
	step := func(do func()) {
		began := time.Now()
		do()
		chosen.ask("paint")
		slowest = max(slowest, time.Since(began))
	}
	// clean reports whether the round counts: nothing has leaked until the viewer is up to date.
	clean := func() bool {
		leak, stopped := share.shows(w*h), max(slowest, before)
		slowest, before = 0, slowest
		if leak == nil {
			return true
		}
		if stopped < windowsSettle/2 {
			t.Fatal(leak)
		}
		t.Logf("again, as a program was stopped for %v: %v", stopped, leak)
		share.watch.forget()
		return false
	}
	step(func() {})
	clean()
	for round := 0; round < windowsRounds; {
		for range 6 {
			step(func() { secret.ask(somewhere()) })
			step(func() { secret.ask("move 120 120") })
			switch rnd.IntN(3) {
			case 0:
				step(func() { chosen.ask(somewhere()) })
			case 1:
				step(func() { chosen.ask("raise") })
				step(func() { secret.ask("raise") })
			}
		}
		step(func() { chosen.ask("move 100 100") })
		if round%4 == 3 {
			step(secret.Kill)
			secret = other()
			chosen.ask("paint")
		}
		step(func() { secret.ask("move 440 330") })
		if clean() {
			round++
		}
	}
	share.ends()
}

// windowsSettle is shareSettle of screen/windows: how long the agent's mask waits before it trusts
// that a place belongs to a shared window.
const windowsSettle = 400 * time.Millisecond

// windowsShare is a session that shares the program "chosen", with a watcher.
type windowsShare struct {
	m              *windowsMachine
	session, agent *process
	view           *process
	watch          *watcher
}

func (m *windowsMachine) shareChosen(s *stack) *windowsShare {
	m.t.Helper()
	ses := s.newSession()
	agent := m.agent(s, "--gateway", s.url, "--number", ses.number, "--panel", "terminal", "--answer", "view", "--share", "app:chosen.exe")
	ses.Line(`"state":"joined"`)
	view, port := s.view(ses.number)
	return &windowsShare{m, ses.process, agent, view, watchPort(m.t, port)}
}

// shows waits until the viewer shows exactly want pixels of the chosen program. It returns the
// first leak, if there was one.
func (s *windowsShare) shows(want int) (leak error) {
	s.m.t.Helper()
	eventually(s.m.t, "the chosen program's window", func() error {
		pictures, own, found := s.watch.seen()
		if leak = found; leak != nil {
			return nil
		}
		if own != want {
			return fmt.Errorf("picture %d shows %d of its %d pixels", pictures, own, want)
		}
		return nil
	})
	return leak
}

func (s *windowsShare) ends() {
	s.m.t.Helper()
	pictures, _, leak := s.watch.seen()
	s.m.t.Logf("%d pictures", pictures)
	if leak != nil {
		s.m.t.Error(leak)
	}
	s.session.Write("end")
	if code := s.agent.Exit(); code != 0 {
		s.m.t.Errorf("agent ended with %d", code)
	}
	s.view.Exit()
	s.m.nothingLeft()
}
