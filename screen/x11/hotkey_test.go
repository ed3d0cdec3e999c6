//go:build linux

package x11

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/screentest"
	"lotse/screen/x11/x11test"
)

const symF12 = keysym.F12

// viewer is a VNC viewer that only sends: its input comes from a device of the X server, like a
// keyboard's.
type viewer struct {
	t testing.TB
	c net.Conn
}

func startViewer(t testing.TB, port int) *viewer {
	t.Helper()
	c, err := net.DialTimeout("tcp", fmt.Sprint("127.0.0.1:", port), screentest.Patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	v := &viewer{t, c}
	// RFC 6143, section 7.1 to 7.3: version, security None, shared.
	v.read(12)
	v.send([]byte("RFB 003.008\n"))
	v.read(int(v.read(1)[0]))
	v.send([]byte{1})
	if r := v.read(4); binary.BigEndian.Uint32(r) != 0 {
		t.Fatalf("viewer refused: %v", r)
	}
	v.send([]byte{1})
	head := v.read(24)
	v.read(int(binary.BigEndian.Uint32(head[20:])))
	return v
}

func (v *viewer) read(n int) []byte {
	v.t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(v.c, b); err != nil {
		v.t.Fatal(err)
	}
	return b
}

func (v *viewer) send(b []byte) {
	v.t.Helper()
	if _, err := v.c.Write(b); err != nil {
		v.t.Fatal(err)
	}
}

func (v *viewer) key(sym uint32, down bool) {
	v.t.Helper()
	b := []byte{4, 0, 0, 0}
	if down {
		b[1] = 1
	}
	v.send(binary.BigEndian.AppendUint32(b, sym))
}

func (v *viewer) pointer(x, y uint16) {
	v.t.Helper()
	v.send([]byte{5, 0, byte(x >> 8), byte(x), byte(y >> 8), byte(y)})
}

// point moves the pointer and sets its buttons to a state.
func (v *viewer) point(p image.Point, buttons byte) {
	v.t.Helper()
	v.send([]byte{5, buttons, byte(p.X >> 8), byte(p.X), byte(p.Y >> 8), byte(p.Y)})
}

// background runs a watch until the test ends or stop is called.
func background(t testing.TB, run func(ctx context.Context) error) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	var err error
	once := false
	stop = func() error {
		cancel()
		if !once {
			once = true
			select {
			case err = <-done:
			case <-time.After(screentest.Patience):
				t.Error("watch does not end")
			}
		}
		return err
	}
	t.Cleanup(func() { _ = stop() })
	return stop
}

func TestHotkeyPhysical(t *testing.T) {
	x := x11test.Start(t, "Xtigervnc", "-geometry", "800x600")
	d := openOn(t, x, screen.Options{})
	v := startViewer(t, x.RFBPort)
	li := startListener(t, x)
	var presses, hands, programs atomic.Int32 // presses of F12, and of anything
	stop := background(t, func(ctx context.Context) error {
		return d.Hotkey.Watch(ctx, symF12, func() { presses.Add(1) })
	})
	background(t, func(ctx context.Context) error {
		return d.InputWatcher.Watch(ctx, func(a screen.Act) {
			switch {
			case a.Press && a.Physical:
				hands.Add(1)
			case a.Press:
				programs.Add(1)
			}
		})
	})
	hotkey := watching(t, d)
	v.key(symF12, true)
	v.key(symF12, false)
	screentest.Eventually(t, "physical F12 is seen", func() bool { return presses.Load() == 1 })
	screentest.Eventually(t, "hands are seen", func() bool {
		v.pointer(uint16(hands.Load()+5), 7)
		v.key('x', true)
		v.key('x', false)
		return hands.Load() > 0
	})

	// Injected keys are not reported, neither xdotool's nor our own. A program's click arrives
	// after everything physical before it.
	v.key('z', true)
	v.key('z', false)
	waitFor(t, li, "-52")
	settle := func() {
		t.Helper()
		before := programs.Load()
		x.Run(t, "xdotool", "click", "9")
		screentest.Eventually(t, "a program's click", func() bool { return programs.Load() > before })
		_ = li.take(t, 2)
	}
	settle()
	base, baseHands, basePrograms := presses.Load(), hands.Load(), programs.Load()
	x.Run(t, "xdotool", "key", "F12")
	x.Run(t, "xdotool", "mousemove", "50", "60")
	x11test.Key(t, d.Input, symF12, true)
	x11test.Key(t, d.Input, symF12, false)
	if got := li.take(t, 4); got != "+96 -96 +96 -96" {
		t.Errorf("the program got %s", got)
	}
	hotkey.settle(t)
	settle()
	if presses.Load() != base || hands.Load() != baseHands || programs.Load() != basePrograms+3 {
		t.Errorf("injected F12: %d presses of the hotkey, %d by hand, %d by programs, want 0, 0, 3",
			presses.Load()-base, hands.Load()-baseHands, programs.Load()-basePrograms)
	}

	// Repeats count as one press.
	v.key(symF12, true)
	v.key(symF12, true)
	v.key(symF12, true)
	v.key(symF12, false)
	v.key('z', true)
	v.key('z', false)
	waitFor(t, li, "-52")
	hotkey.settle(t)
	if presses.Load() != base+1 {
		t.Errorf("%d presses of one held key", presses.Load()-base)
	}

	// Swallowed: we receive it, the program does not.
	if err := d.Hotkey.Swallow(true); err != nil {
		t.Fatal(err)
	}
	v.key(keysym.NumLock, true) // with Num Lock
	v.key(keysym.NumLock, false)
	v.key(symF12, true)
	v.key(symF12, false)
	screentest.Eventually(t, "swallowed F12", func() bool { return presses.Load() == base+2 })
	v.key('q', true)
	v.key('q', false)
	if got := waitFor(t, li, "-24"); strings.Contains(got, "96") {
		t.Errorf("the program got the swallowed key: %s", got)
	}
	if err := d.Hotkey.Swallow(false); err != nil {
		t.Fatal(err)
	}
	v.key(symF12, true)
	v.key(symF12, false)
	if got := waitFor(t, li, "-96"); !strings.Contains(got, "+96") {
		t.Errorf("the program did not get the key back: %s", got)
	}
	screentest.Eventually(t, "F12 after Swallow(false)", func() bool { return presses.Load() == base+3 })

	// A grab ends with the watch.
	if err := d.Hotkey.Swallow(true); err != nil {
		t.Fatal(err)
	}
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("Watch ended with %v", err)
	}
	v.key(symF12, true)
	v.key(symF12, false)
	waitFor(t, li, "+96")
}

// waitFor collects events until the given one, which must be the last.
func waitFor(t testing.TB, li *listener, last string) string {
	t.Helper()
	var got string
	screentest.Eventually(t, last, func() bool {
		got = strings.TrimSpace(got + " " + li.take(t, 0))
		return strings.Contains(got, last)
	})
	return got
}

// watching waits until the desktop's only watch of a hotkey receives events.
func watching(t testing.TB, d *screen.Desktop) *physical {
	t.Helper()
	h := d.Hotkey.(*hotkey)
	var p *physical
	screentest.Eventually(t, "the hotkey's watch has begun", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		if len(h.watches) == 1 {
			p = h.watches[0].p
		}
		return p != nil
	})
	return p
}

// settle waits until the watch has handled all events that the X server has made.
func (p *physical) settle(t testing.TB) {
	t.Helper()
	if err := p.xi.sync(); err != nil {
		t.Fatal(err)
	}
	p.events <- xiEvent{} // of no kind; when it is taken, the ones before it are handled
	screentest.Eventually(t, "all events are dealt with", func() bool { return len(p.events) == 0 })
}

func TestHotkeyTaken(t *testing.T) {
	x := x11test.Xvfb(t, "640x480x24")
	first, second := openOn(t, x, screen.Options{}), openOn(t, x, screen.Options{})
	if err := first.Hotkey.Swallow(true); err != nil {
		t.Fatal(err)
	}
	if err := second.Hotkey.Swallow(true); err != nil {
		t.Fatal(err)
	}
	background(t, func(ctx context.Context) error { return first.Hotkey.Watch(ctx, symF12, func() {}) })
	watching(t, first)
	if err := second.Hotkey.Watch(t.Context(), symF12, func() {}); err == nil || !strings.Contains(err.Error(), "another program") {
		t.Errorf("the second watch of a key that one has for itself: %v", err)
	}
	// Without swallowing, two can watch.
	if err := second.Hotkey.Swallow(false); err != nil {
		t.Fatal(err)
	}
	if err := second.Hotkey.Watch(t.Context(), 0x1008ffff, func() {}); err == nil {
		t.Error("a key that is not there is watched")
	}
	stop := background(t, func(ctx context.Context) error { return second.Hotkey.Watch(ctx, symF12, func() {}) })
	watching(t, second)
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("Watch: %v", err)
	}
}

func TestHotkeyEndsWithDesktop(t *testing.T) {
	x := x11test.Xvfb(t, "640x480x24")
	d := openOn(t, x, screen.Options{})
	stop := background(t, func(context.Context) error {
		return d.Hotkey.Watch(context.Background(), symF12, func() {})
	})
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := stop(); !errors.Is(err, screen.ErrClosed) {
		t.Errorf("Watch ended with %v", err)
	}
}

// TestHotkeyXephyr receives the customer's key through an outer display.
func TestHotkeyXephyr(t *testing.T) {
	outer := x11test.Xvfb(t, "900x700x24")
	t.Setenv("DISPLAY", outer.Display)
	inner := x11test.Start(t, "Xephyr", "-screen", "640x480")
	id, _, _ := strings.Cut(string(outer.Run(t, "xdotool", "search", "--sync", "--name", "Xephyr")), "\n")
	outer.Run(t, "xdotool", "windowfocus", "--sync", id)
	outer.Run(t, "xdotool", "mousemove", "--window", id, "100", "100")
	d := openOn(t, inner, screen.Options{})
	var presses atomic.Int32
	background(t, func(ctx context.Context) error {
		return d.Hotkey.Watch(ctx, symF12, func() { presses.Add(1) })
	})
	hotkey := watching(t, d)
	li := startListener(t, inner)
	screentest.Eventually(t, "F12 from the outer display", func() bool {
		outer.Run(t, "xdotool", "key", "F12")
		return presses.Load() > 0
	})
	outer.Run(t, "xdotool", "key", "a") // after every F12
	waitFor(t, li, "-38")
	hotkey.settle(t)
	base := presses.Load()
	inner.Run(t, "xdotool", "key", "F12")
	waitFor(t, li, "-96")
	hotkey.settle(t)
	if presses.Load() != base {
		t.Error("injected F12 taken for physical")
	}
}
