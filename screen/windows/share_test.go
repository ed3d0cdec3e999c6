//go:build windows

package windows

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"lotse/screen"
	"lotse/screen/screentest"
)

// census counts the pixels of a frame that have one of the puppets' colours.
func census(f *screen.Frame) (own, sentinel int) {
	for y := range f.Size.Y {
		for row := f.Row(y, 0, f.Size.X); len(row) >= 4; row = row[4:] {
			switch binary.LittleEndian.Uint32(row) & 0xffffff {
			case ownColour:
				own++
			case sentinelColour:
				sentinel++
			}
		}
	}
	return own, sentinel
}

func openShare(t testing.TB, d *screen.Desktop, ids ...string) screen.Scope {
	t.Helper()
	s, err := d.Windows.Open(screen.Share{Kind: screen.ShareApps, Apps: ids}, grey)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestShareSettles: a still window is shown to the pixel, and nothing else. Windows that cover it
// are not shown, and parts that become uncovered are shown later.
func TestShareSettles(t *testing.T) {
	own, foreign := image.Rect(200, 150, 500, 350), image.Rect(400, 100, 700, 250)
	mine := startColour(t, ownColour, own)
	theirs := startColour(t, sentinelColour, foreign)
	d := openTest(t, screen.Options{})
	screentest.Eventually(t, "the programs are offered", func() bool {
		c, err := d.Windows.Choices()
		has := func(p *puppet) bool {
			return slices.ContainsFunc(c.Apps, func(a screen.App) bool {
				return a.ID == p.id() && strings.HasSuffix(a.Name, ".exe") && slices.Contains(a.Titles, "puppet")
			})
		}
		return err == nil && has(mine) && has(theirs)
	})
	f := watch(t, openShare(t, d, mine.id()))
	left := image.Rect(200, 150, 400, 350)
	screentest.Eventually(t, "what is free is shown", func() bool { return f.solid(left, ownColour) })
	if right := image.Rect(400, 150, 500, 250); !f.solid(right, greyColour) || !f.solid(image.Rect(500, 100, 700, 350), greyColour) || !f.solid(image.Rect(0, 0, 200, 700), greyColour) {
		t.Error("something else is shown")
	}
	theirs.ask("move 800 500")
	screentest.Eventually(t, "what became free is shown", func() bool { return f.solid(own, ownColour) })
	theirs.ask("move 100 100")
	screentest.Eventually(t, "what is covered is not shown", func() bool { return f.solid(image.Rect(200, 150, 400, 250), greyColour) })
	mine.ask("move 600 400")
	screentest.Eventually(t, "it moved", func() bool { return f.solid(image.Rect(600, 400, 900, 600), ownColour) && f.solid(own, greyColour) })
	mine.kill()
	screentest.Eventually(t, "it has gone", func() bool { return f.solid(image.Rect(0, 0, 1000, 700), greyColour) })
}

// TestShareLeaksNothing captures while shared and other windows move, grow, appear and disappear at
// full speed: no pixel of another window may be read.
func TestShareLeaksNothing(t *testing.T) {
	watchForLeaks(t, 35, func() (mine *puppet, all []*puppet) {
		secret, mine := startPuppet(t, "secret"), startPuppet(t, "chosen")
		return mine, []*puppet{secret, mine}
	})
}

// TestShareFlickers: the shared window is hidden or elsewhere for moments, and back before the next
// look. What is below it is never shown.
func TestShareFlickers(t *testing.T) {
	startColour(t, sentinelColour, image.Rect(0, 0, 1280, 800))
	watchForLeaks(t, 30, func() (mine *puppet, all []*puppet) {
		mine = startPuppet(t, "flicker")
		return mine, []*puppet{mine}
	})
}

// move makes a puppet move its windows a few times, as fast as it can.
func (p *puppet) move() {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.in); err != nil {
		p.t.Fatal(err)
	}
}

// watchForLeaks captures a share of a puppet while windows move, and then until something is
// certain and shows part of the puppet, which may be covered. It repeats this until the puppet was
// seen the given number of times.
func watchForLeaks(t *testing.T, times int, start func() (mine *puppet, all []*puppet)) {
	t.Helper()
	const enough = 40_000 // pixels
	done, frames, rounds := 0, 0, 0
	watch := func() (again bool) {
		rounds++
		mine, all := start()
		defer func() {
			for _, p := range all {
				p.kill()
			}
		}()
		scope := openShare(t, openTest(t, screen.Options{}), mine.id())
		for deadline := time.Now().Add(4 * screentest.Patience); done < times; {
			for _, p := range all {
				p.move()
			}
			wait := 5 * time.Millisecond // for the programs that move windows
			own := 0
			for i := 0; i < 10 || i < 40 && own < enough; i++ {
				scope.Refresh() // a frame each time, whether or not anything changed
				u, err := scope.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				frames++
				time.Sleep(wait)
				if i >= 10 {
					wait = 40 * time.Millisecond // what is certain changes slowly
				}
				sentinel := 0
				switch own, sentinel = census(u.Frame); {
				case sentinel == 0:
				case rounds < 8 && longestPause(all) > shareSettle/2:
					t.Logf("after %d frames a puppet was stopped for %v", frames, longestPause(all))
					return true
				case rounds < 8 && orderIsWrong(t, appScreenOf(scope)):
					t.Logf("after %d frames wine's order of windows is not that of its X server", frames)
					return true
				default:
					t.Fatalf("frame %d: %d pixels of a window that was not chosen", frames, sentinel)
				}
			}
			if own >= enough {
				done++
			}
			if time.Now().After(deadline) {
				t.Fatalf("the share showed the puppet %d times in %v", done, 4*screentest.Patience)
			}
		}
		return false
	}
	for watch() {
	}
	t.Logf("%d frames", frames)
}

// longestPause returns the longest time in the last seconds in which a puppet did not paint. On a
// busy machine a program may be stopped between a move in wine and the same move at wine's X
// server, or before it paints what became free. If that takes about as long as shareSettle, a frame
// says nothing about the mask. Windows moves a window at once, and keeps the pixels of each.
func longestPause(all []*puppet) (longest time.Duration) {
	for _, p := range all {
		pause, err := time.ParseDuration(p.ask("pause"))
		if err != nil {
			p.t.Fatal(err)
		}
		longest = max(longest, pause)
	}
	return longest
}

// orderIsWrong stops the windows. It reports whether a foreign window stays visible, though nothing
// moves, where wine reports a shared one above it: its X server does not always have the same
// order, which no mask can know. Wrong pixels caused by movement have disappeared by then.
func orderIsWrong(t *testing.T, a *appScreen) bool {
	runtime.LockOSThread() // a mutex belongs to a thread
	defer runtime.UnlockOSThread()
	turn := call(procCreateMutex, 0, 0, uintptr(unsafe.Pointer(utf16Ptr("lotse-puppets"))))
	call(procWaitForSingleObject, turn, 5000)
	defer call(procReleaseMutex, turn)
	for range 100 {
		if maskNow(t, a) == 0 {
			return false
		}
		time.Sleep(10 * time.Millisecond)
	}
	return true
}

// maskNow counts the foreign pixels in a capture masked by the windows' order as reported just
// before.
func maskNow(t *testing.T, a *appScreen) (sentinel int) {
	t.Helper()
	visible, ok := a.sight()
	if !ok {
		return 0
	}
	if err := a.src.shoot(); err != nil {
		t.Fatal(err)
	}
	masked := grey(a.all.Size())
	for _, r := range visible.Rects() {
		masked.CopyRect(a.src.bits, r)
	}
	_, sentinel = census(masked)
	return sentinel
}

// TestShareLeakIsNoticed tests the test itself: the same mask, but trusted at once, leaks, and this
// must be noticed.
func TestShareLeakIsNoticed(t *testing.T) {
	secret, mine := startPuppet(t, "secret"), startPuppet(t, "chosen")
	d := openTest(t, screen.Options{})
	a := openShare(t, d, mine.id()).(*scope).appScreen
	if _, err := a.layout(); err != nil {
		t.Fatal(err)
	}
	var err error
	if a.src, err = openGDI(a.all); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		secret.move()
		mine.move()
		for range 20 {
			if maskNow(t, a) > 0 && !orderIsWrong(t, a) {
				return
			}
		}
	}
	t.Error("a mask that is believed at once leaked nothing: the windows are too calm for this test")
}

// TestShareByName: a name includes programs that start later.
func TestShareByName(t *testing.T) {
	d := openTest(t, screen.Options{})
	p, ok := processOf(uint32(startColour(t, 0x336699, image.Rect(0, 600, 10, 610)).pid))
	if !ok {
		t.Fatal("no process")
	}
	for _, name := range []string{p.Name, strings.ToUpper(strings.TrimSuffix(p.Name, ".exe"))} {
		s := openShare(t, d, screen.AppNamed(name))
		f := watch(t, s)
		r := image.Rect(100, 100, 300, 200)
		later := startColour(t, ownColour, r)
		screentest.Eventually(t, "a later program is shown", func() bool { return f.solid(r, ownColour) })
		if !s.Owns(screen.ClipboardOwner(later.pid)) || s.Owns(0) || s.Owns(4) {
			t.Error("Owns is wrong")
		}
		later.kill()
	}
	if _, err := d.Windows.Open(screen.Share{Kind: screen.ShareApps}, grey); !errors.Is(err, screen.ErrNothingShared) {
		t.Errorf("no program: %v", err)
	}
	if _, err := d.Windows.Open(screen.Share{Kind: screen.ShareMonitor, Monitor: 77}, grey); !errors.Is(err, screen.ErrNothingShared) {
		t.Errorf("no such monitor: %v", err)
	}
}

// TestShareMonitor: one monitor is cropped from the whole screen.
func TestShareMonitor(t *testing.T) {
	d := openTest(t, screen.Options{})
	c, err := d.Windows.Choices()
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Windows.Open(screen.Share{Kind: screen.ShareMonitor, Monitor: c.Monitors[0].ID}, grey)
	if err != nil {
		t.Fatal(err)
	}
	u, err := s.Next(t.Context())
	if err != nil || u.Frame.Size != c.Monitors[0].Rect.Size() {
		t.Errorf("%v, %v", u.Monitors, err)
	}
}

// TestShareKeepsInput: keys and pointer reach shared windows only.
func TestShareKeepsInput(t *testing.T) {
	own, foreign := image.Rect(100, 100, 300, 300), image.Rect(400, 100, 600, 300)
	mine, theirs := startColour(t, ownColour, own), startColour(t, sentinelColour, foreign)
	d := openTest(t, screen.Options{})
	s := openShare(t, d, mine.id())
	f := watch(t, s)
	screentest.Eventually(t, "it is shown", func() bool { return f.solid(own, ownColour) })
	act := func() {
		t.Helper()
		press(t, s, screen.Key{Sym: 'x'})
		for _, at := range []image.Point{{150, 150}, {450, 150}} {
			for _, b := range []screen.Buttons{0, screen.ButtonLeft, 0} {
				if err := s.Pointer(at, b); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	theirs.ask("focus")
	theirs.ask("log")
	act()
	for _, b := range []screen.Buttons{0, screen.ButtonLeft, 0} { // after them, with the whole desktop's input
		if err := d.Input.Pointer(image.Pt(460, 170), b); err != nil {
			t.Fatal(err)
		}
	}
	got := ""
	screentest.Eventually(t, "the other program gets what is meant for it", func() bool {
		got += theirs.ask("log") + " "
		return strings.Contains(got, "202:0:60,70")
	})
	for event := range strings.FieldsSeq(got) {
		if !strings.HasSuffix(event, ":0:60,70") {
			t.Errorf("the other program gets something: %s", got)
			break
		}
	}
	mine.ask("log")
	log := ""
	screentest.Eventually(t, "keys and clicks arrive", func() bool {
		mine.ask("focus") // the clicks before can still give the focus to the other program
		act()
		log += " " + mine.ask("log")
		return strings.Contains(log, "100:58:") && strings.Contains(log, "201:0:50,50")
	})
	if got := theirs.ask("log"); got != "" {
		t.Errorf("the other program got %s", got)
	}
}

func appScreenOf(s screen.Scope) *appScreen { return s.(*scope).appScreen }
