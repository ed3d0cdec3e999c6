//go:build windows

package windows

import (
	"context"
	"errors"
	"image"
	"strings"
	"sync/atomic"
	"testing"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/screentest"
)

const symF12 = 0xffc9

// background runs a Watch until the test ends; the Watch must end when ctx does.
func background(t testing.TB, watch func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- watch(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Watch: %v", err)
		}
	})
}

// TestHotkey: a physical F12 counts, an injected one does not; programs receive it unless it is
// swallowed.
func TestHotkey(t *testing.T) {
	p := startColour(t, 0x336699, image.Rect(100, 100, 500, 400))
	d := openTest(t, screen.Options{})
	var pressed atomic.Int32
	background(t, func(ctx context.Context) error {
		return d.Hotkey.Watch(ctx, symF12, func() { pressed.Add(1) })
	})
	p.ask("focus")
	hand(t, "mousemove", "200", "200", "click", "1")
	screentest.Eventually(t, "the hooks are there and F12 works", func() bool {
		hand(t, "key", "F12")
		return pressed.Load() > 0
	})
	before := pressed.Load()
	hand(t, "key", "F12")
	screentest.Eventually(t, "F12 counts once", func() bool { return pressed.Load() == before+1 })
	hand(t, "key", "F11")
	for range 3 {
		press(t, d.Input, screen.Key{Sym: symF12})
	}
	hand(t, "key", "F12") // after the injected ones
	screentest.Eventually(t, "the next F12 counts", func() bool { return pressed.Load() >= before+2 })
	if got := pressed.Load(); got != before+2 {
		t.Errorf("another key or an injected F12 counts: %d presses, want 2", got-before)
	}
	p.ask("log")
	if err := d.Hotkey.Swallow(true); err != nil {
		t.Fatal(err)
	}
	hand(t, "key", "F12")
	hand(t, "key", "F10")
	screentest.Eventually(t, "swallowed F12 counts", func() bool { return pressed.Load() == before+3 })
	log := ""
	screentest.Eventually(t, "the program gets F10", func() bool { log += " " + p.ask("log"); return strings.Contains(log, ":79:") })
	if strings.Contains(log, ":7b:") {
		t.Errorf("the program got the swallowed key: %s", log)
	}
	if err := d.Hotkey.Swallow(false); err != nil {
		t.Fatal(err)
	}
	hand(t, "key", "F12")
	screentest.Eventually(t, "the program gets F12", func() bool { log += " " + p.ask("log"); return strings.Contains(log, ":7b:") })
}

// TestHotkeyWhileOthersHang: the hook's callback does not wait for any watcher.
func TestHotkeyWhileOthersHang(t *testing.T) {
	p := startColour(t, 0x336699, image.Rect(100, 100, 500, 400))
	d := openTest(t, screen.Options{})
	stuck := make(chan struct{})
	var pressed atomic.Int32
	background(t, func(ctx context.Context) error {
		return d.InputWatcher.Watch(ctx, func(screen.Act) { <-stuck })
	})
	background(t, func(ctx context.Context) error {
		return d.Hotkey.Watch(ctx, symF12, func() { pressed.Add(1) })
	})
	t.Cleanup(func() { close(stuck) })
	p.ask("focus")
	hand(t, "mousemove", "200", "200", "click", "1")
	for range 2 * hookQueue {
		press(t, d.Input, screen.Key{Sym: keysym.ShiftL})
	}
	screentest.Eventually(t, "F12 works", func() bool {
		hand(t, "key", "F12")
		return pressed.Load() > 0
	})
}

func TestHands(t *testing.T) {
	p := startColour(t, 0x336699, image.Rect(100, 100, 500, 400))
	d := openTest(t, screen.Options{})
	var count [2][2]atomic.Int32 // physical, press
	index := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	background(t, func(ctx context.Context) error {
		return d.InputWatcher.Watch(ctx, func(a screen.Act) { count[index(a.Physical)][index(a.Press)].Add(1) })
	})
	p.ask("focus")
	screentest.Eventually(t, "an injected press", func() bool {
		press(t, d.Input, screen.Key{Sym: 'x'})
		return count[0][1].Load() > 0
	})
	moved := 0
	screentest.Eventually(t, "injected motion", func() bool {
		moved++
		_ = d.Input.Pointer(image.Pt(300+moved%50, 300), 0)
		return count[0][0].Load() > 0
	})
	if n := count[1][1].Load(); n != 0 {
		t.Errorf("%d presses by hand, although only injected", n)
	}
	screentest.Eventually(t, "a press by hand", func() bool {
		hand(t, "mousemove", "200", "200", "click", "1", "key", "a")
		return count[1][1].Load() > 0
	})
	screentest.Eventually(t, "motion by hand", func() bool {
		hand(t, "mousemove_relative", "3", "3")
		return count[1][0].Load() > 0
	})
}

// TestMarksAreNoHand checks that a window of ours that appears and goes below the pointer does not
// count as the customer's input. Wine reports a movement of the mouse then.
func TestMarksAreNoHand(t *testing.T) {
	p := startColour(t, 0x336699, image.Rect(100, 100, 500, 400))
	d := openTest(t, screen.Options{})
	hand(t, "mousemove", "300", "200")
	p.ask("focus")
	acts := make(chan screen.Act, 100)
	background(t, func(ctx context.Context) error {
		return d.InputWatcher.Watch(ctx, func(a screen.Act) {
			if a.Physical {
				acts <- a
			}
		})
	})
	physical := func(hands ...string) (first screen.Act) {
		t.Helper()
		for len(acts) > 0 {
			<-acts
		}
		screentest.Eventually(t, "an act by hand", func() bool {
			hand(t, hands...)
			select {
			case first = <-acts:
				return true
			default:
				return false
			}
		})
		return first
	}
	physical("mousemove_relative", "1", "1")
	physical("key", "a")
	mark := screen.Mark{Shape: blot(31, 0xc2410c), At: pointerAt().Sub(virtualScreen().Min)}
	corner := image.Rectangle{Min: mark.At.Sub(image.Pt(12, 12)), Max: mark.At.Sub(image.Pt(8, 8))}
	for len(acts) > 0 {
		<-acts
	}
	for _, marks := range [][]screen.Mark{{mark}, nil} {
		if err := d.Marker.Mark(marks); err != nil {
			t.Fatal(err)
		}
		screentest.Eventually(t, "the mark comes and goes", func() bool { return screenShows(t, corner, 0xc2410c) == (marks != nil) })
	}
	if n := len(acts); n > 0 {
		t.Errorf("%d acts by hand, although nobody moved", n)
	}
}
