//go:build linux

package x11

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/screentest"
	"lotse/screen/x11/x11test"
)

// eavesdropper is a program outside of the share that records every key event it receives.
type eavesdropper struct {
	l      *link
	window xproto.Window
	mu     sync.Mutex
	got    []string
}

func startEavesdropper(t testing.TB, x *x11test.Server) *eavesdropper {
	t.Helper()
	e := &eavesdropper{}
	var major byte
	l, err := dialX(screen.Options{Display: x.Display}.WithDefaults(), func(ev []byte) {
		e.mu.Lock()
		defer e.mu.Unlock()
		switch kind := ev[0] &^ xSentFlag; {
		case kind == xproto.KeyPress, kind == xproto.KeyRelease:
			e.got = append(e.got, fmt.Sprintf("core %d key %d", kind, ev[1]))
		case kind == xGenericEvent && ev[1] == major:
			e.got = append(e.got, fmt.Sprintf("xi %d key %d", ev[8], ev[16]))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	e.l = l
	xi, err := openXI(l)
	if err != nil {
		t.Fatal(err)
	}
	e.mu.Lock()
	major = xi.major
	e.mu.Unlock()
	if e.window, err = xproto.NewWindowId(l.Conn); err != nil {
		t.Fatal(err)
	}
	const what = xproto.EventMaskKeyPress | xproto.EventMaskKeyRelease
	err = xproto.CreateWindowChecked(l.Conn, 0, e.window, l.root, 700, 500, 50, 50, 0, xproto.WindowClassInputOutput, 0,
		xproto.CwOverrideRedirect|xproto.CwEventMask, []uint32{1, what}).Check()
	if err != nil {
		t.Fatal(err)
	}
	if err := xproto.MapWindowChecked(l.Conn, e.window).Check(); err != nil {
		t.Fatal(err)
	}
	return e
}

// take returns what was recorded since the last call.
func (e *eavesdropper) take(t testing.TB) []string {
	t.Helper()
	if err := e.l.sync(); err != nil {
		t.Fatal(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	got := e.got
	e.got = nil
	return got
}

// grabShortCuts grabs the shortcuts of common window managers as they do: on the root window, with
// and without the locks; half of them with XInput 2.
func (e *eavesdropper) grabShortCuts(t testing.TB, keys *keyMap) {
	t.Helper()
	xi, err := openXI(e.l)
	if err != nil {
		t.Fatal(err)
	}
	const ctrl, mod1, mod4 = modControl, 1 << 3, 1 << 6
	n := 0
	grab := func(sym uint32, mods ...uint16) {
		for _, kc := range keys.on[keysym.Canonical(sym)] {
			for _, m := range mods {
				n++
				for _, lock := range []uint16{0, modLock, uint16(keys.numLock), modLock | uint16(keys.numLock)} {
					if n%2 == 0 {
						if _, err := e.l.request(xi.passiveGrab(e.l.root, kc, []uint16{m | lock}), true).Reply(); err != nil {
							t.Fatal(err)
						}
						continue
					}
					err := xproto.GrabKeyChecked(e.l.Conn, true, e.l.root, m|lock, xproto.Keycode(kc), xproto.GrabModeAsync, xproto.GrabModeAsync).Check()
					if err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	for f := range uint32(12) {
		grab(keysym.F1+f, mod1, ctrl, ctrl|mod1, mod4)
	}
	for _, sym := range []uint32{keysym.Tab, keysym.Escape, ' ', keysym.Return, keysym.Left, keysym.Right, keysym.Up, keysym.Down} {
		grab(sym, mod1, mod1|modShift, ctrl|mod1, mod4, ctrl|mod1|modShift)
	}
	for r := 'a'; r <= 'z'; r++ {
		grab(uint32(r), ctrl|mod1, mod4, mod4|modShift)
	}
	for _, r := range "dpqjk12345" { // as dwm and i3 with Alt
		grab(uint32(r), mod1, mod1|modShift)
	}
	for _, sym := range []uint32{keysym.Print, 0x1008ff11, 0x1008ff13, keysym.SuperL, keysym.SuperR, keysym.F1 + 4} {
		grab(sym, 0, mod1, ctrl, modShift)
	}
}

// drawKey draws a key message that a hostile viewer could send.
func drawKey(rnd *rand.Rand, held []screen.Key) screen.Key {
	if len(held) > 0 && rnd.IntN(3) == 0 {
		k := held[rnd.IntN(len(held))]
		k.Down = rnd.IntN(4) == 0 // a repeat now and then
		return k
	}
	modifiers := []uint32{keysym.ShiftL, keysym.ControlL, keysym.AltL, keysym.AltR, keysym.MetaL, keysym.SuperL, keysym.HyperL, keysym.ISOLevel3, keysym.CapsLock}
	codes := []uint32{0x1d, 0x38, 0x2a, 0xdb, 0xdc, 0x9d, 0xb8, 0x0f, 0x01, 0x39, 0x3b, 0x3c, 0x3e, 0x44, 0x58, 0xb7, 0x54, 0x1c, 0x19, 0x20}
	special := []uint32{keysym.Tab, keysym.ISOLeftTab, keysym.Escape, keysym.Return, ' ', keysym.Print, keysym.SysReq, keysym.F1, keysym.F1 + 1, keysym.F4, keysym.F12,
		keysym.Left, keysym.Delete, keysym.KPSpace, keysym.KPTab, keysym.KPEnter, 0x1008ff11, 0x1008ff41, 0x1008fe01, 0xfed5, 0xfe08}
	k := screen.Key{Down: rnd.IntN(4) > 0}
	switch rnd.IntN(8) {
	case 0, 1:
		k.Sym = modifiers[rnd.IntN(len(modifiers))]
	case 2:
		k.Code = codes[rnd.IntN(len(codes))]
	case 3:
		k.Code = uint32(rnd.IntN(256))
	case 4:
		k.Sym = special[rnd.IntN(len(special))]
	case 5: // the same keys as characters
		k.Sym = keysym.Unicode + []uint32{0x1b, 0x09, 0x0d, 0x20, 0x7f, 'd', 'p', 'q', '1', 0xa0}[rnd.IntN(10)]
	case 6:
		k.Sym = uint32(' ' + rnd.IntN(95))
	case 7:
		k.Sym, k.Code = uint32(rnd.IntN(0x10000)), uint32(rnd.IntN(256))
	}
	return k
}

// startKeyWindow starts a program whose window receives all keys and ignores them, and gives it the
// focus.
func startKeyWindow(t testing.TB, x *x11test.Server) {
	t.Helper()
	x.Start(t, "xev", "-geometry", "300x200+10+10", "-event", "keyboard")
	id := strings.TrimSpace(string(x.Run(t, "xdotool", "search", "--sync", "--onlyvisible", "--name", "Event Tester")))
	x.Run(t, "xdotool", "windowfocus", "--sync", id)
}

// startWitness follows what is really pressed, wherever it is sent, and reports what no share may
// press: keys of the desktop, and Tab, Escape, Space and function keys with Alt.
func startWitness(t *testing.T, x *x11test.Server, keys *keyMap) (stop func()) {
	t.Helper()
	p, err := openPhysical(screen.Options{Display: x.Display}.WithDefaults(), false, xiRawKeyPress, xiRawKeyRelease)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	quit := make(chan struct{})
	has := func(kc uint32, syms ...uint32) bool {
		return slices.ContainsFunc(syms, func(s uint32) bool { return slices.Contains(keys.on[keysym.Canonical(s)], byte(kc)) })
	}
	go func() {
		defer close(done)
		alt := map[uint32]bool{}
		for {
			select {
			case <-quit:
				return
			case e := <-p.events:
				switch {
				case e.kind == xiRawKeyRelease:
					delete(alt, e.detail)
				case e.kind != xiRawKeyPress:
				case has(e.detail, keysym.SuperL, keysym.SuperR, keysym.HyperL, keysym.Print, 0x1008ff11, 0x1008ff12, 0x1008ff13):
					t.Errorf("key %d of the desktop went down", e.detail)
				case has(e.detail, keysym.AltL):
					alt[e.detail] = true
				case len(alt) > 0 && has(e.detail, keysym.Tab, keysym.Escape, ' ', keysym.F1, keysym.F1+1):
					t.Errorf("key %d went down with Alt", e.detail)
				}
			}
		}
	}()
	return func() { close(quit); <-done; p.close() }
}

// TestKeysStayInside sends thousands of mixed key messages to a share of one program, while a
// window manager has grabbed its shortcuts and another program grabs the keyboard now and then.
// Neither may receive a single event.
func TestKeysStayInside(t *testing.T) {
	messages := 10_000
	if raceDetector {
		messages = 1_000
	}
	x := x11test.Start(t, "Xtigervnc", "-geometry", "800x600")
	d := openOn(t, x, screen.Options{})
	startKeyWindow(t, x)
	manager, grabber := startEavesdropper(t, x), startEavesdropper(t, x)
	manager.grabShortCuts(t, keyMapOf(t, x))
	scope, err := d.Windows.Open(screen.Share{Kind: screen.ShareApps, Apps: []string{screen.AppNamed("xev")}}, grey)
	if err != nil {
		t.Fatal(err)
	}
	x11test.Watch(t, scope)
	stop := startWitness(t, x, keyMapOf(t, x))
	hostileKeys(t, x, scope, manager, grabber, messages)
	stop()
	wouldHaveSeen(t, x, manager, grabber)
	if err := scope.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestMonitorKeysStayInside does the same for a share of the only monitor.
func TestMonitorKeysStayInside(t *testing.T) {
	messages := 2_000
	if raceDetector {
		messages = 500
	}
	x := x11test.Start(t, "Xtigervnc", "-geometry", "800x600")
	d := openOn(t, x, screen.Options{})
	startKeyWindow(t, x)
	manager, grabber := startEavesdropper(t, x), startEavesdropper(t, x)
	manager.grabShortCuts(t, keyMapOf(t, x))
	choices, err := d.Windows.Choices()
	if err != nil {
		t.Fatal(err)
	}
	scope, err := d.Windows.Open(screen.Share{Kind: screen.ShareMonitor, Monitor: choices.Monitors[0].ID}, grey)
	if err != nil {
		t.Fatal(err)
	}
	x11test.Watch(t, scope)
	stop := startWitness(t, x, keyMapOf(t, x))
	hostileKeys(t, x, scope, manager, grabber, messages)
	stop()
	wouldHaveSeen(t, x, manager, grabber)
	if err := scope.ReleaseAll(); err != nil {
		t.Fatal(err)
	}
}

func hostileKeys(t *testing.T, x *x11test.Server, scope screen.Scope, manager, grabber *eavesdropper, messages int) {
	t.Helper()
	focus := xproto.Window(0)
	screentest.Eventually(t, "the share is known", func() bool {
		f, err := xproto.GetInputFocus(manager.l.Conn).Reply()
		if err != nil {
			t.Fatal(err)
		}
		focus = f.Focus
		x11test.Key(t, scope, 'a', true)
		x11test.Key(t, scope, 'a', false)
		return len(keysPressed(t, x, scope)) > 0
	})
	rnd := rand.New(rand.NewPCG(3, 9))
	var held []screen.Key
	grabbed := false
	toggleGrab := func() {
		if grabbed = !grabbed; !grabbed {
			xproto.UngrabKeyboard(grabber.l.Conn, xproto.TimeCurrentTime)
			_ = grabber.l.sync()
			return
		}
		// Keys that are down belong to whatever had them pressed.
		if err := scope.ReleaseAll(); err != nil {
			t.Fatal(err)
		}
		held = nil
		grabber.take(t)
		grabber.grabKeyboard(t)
	}
	for i := range messages {
		if i%250 == 249 {
			toggleGrab()
		}
		k := drawKey(rnd, held)
		if err := scope.Key(k); err != nil && !strings.Contains(err.Error(), "unknown scan code") && !strings.Contains(err.Error(), "too many keys") {
			t.Fatalf("message %d, %+v: %v", i, k, err)
		}
		held = slices.DeleteFunc(held, func(h screen.Key) bool { return h.Sym == k.Sym && h.Code == k.Code })
		if k.Down && len(held) < 6 {
			held = append(held, k)
		}
		if i%50 == 49 {
			for name, e := range map[string]*eavesdropper{"the window manager": manager, "the grabbing program": grabber} {
				if got := e.take(t); len(got) > 0 {
					t.Fatalf("message %d: %s got %v; the last was %+v, held %+v", i, name, got, k, held)
				}
			}
			if err := scope.ReleaseAll(); err != nil {
				t.Fatal(err)
			}
			held = nil
		}
	}
	if grabbed {
		toggleGrab()
	}
	if f, err := xproto.GetInputFocus(manager.l.Conn).Reply(); err != nil || f.Focus != focus {
		t.Fatalf("the focus went from %v to %v, %v", focus, f, err)
	}
	if down := keysPressed(t, x, scope); len(down) != 1 {
		t.Fatalf("at the end a letter brings down %v", down)
	}
}

// wouldHaveSeen checks that both eavesdroppers receive what another program injects.
func wouldHaveSeen(t *testing.T, x *x11test.Server, manager, grabber *eavesdropper) {
	t.Helper()
	x.Run(t, "xdotool", "key", "alt+F2")
	screentest.Eventually(t, "the window manager's own short cut", func() bool { return len(manager.take(t)) > 0 })
	grabber.grabKeyboard(t)
	x.Run(t, "xdotool", "key", "b")
	screentest.Eventually(t, "a key while the keyboard is grabbed", func() bool { return len(grabber.take(t)) > 0 })
}

// grabKeyboard grabs all keys.
func (e *eavesdropper) grabKeyboard(t *testing.T) {
	t.Helper()
	r, err := xproto.GrabKeyboard(e.l.Conn, false, e.window, xproto.TimeCurrentTime, xproto.GrabModeAsync, xproto.GrabModeAsync).Reply()
	if err != nil || r.Status != xproto.GrabStatusSuccess {
		t.Fatalf("the keyboard was not grabbed: %v %v", r, err)
	}
}

// keysPressed presses x and returns what is down meanwhile.
func keysPressed(t testing.TB, x *x11test.Server, in screen.Input) []int {
	t.Helper()
	l, err := dialX(screen.Options{Display: x.Display}.WithDefaults(), func([]byte) {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	x11test.Key(t, in, 'x', true)
	down := keysDown(t, l)
	x11test.Key(t, in, 'x', false)
	return down
}
