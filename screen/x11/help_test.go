//go:build linux

package x11

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"testing"

	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/screen/x11/x11test"

	"github.com/jezek/xgb/xproto"
)

// keysDown returns the keycodes that are down, and 1000+bit for modifiers and buttons in effect.
func keysDown(t testing.TB, l *link) (down []int) {
	t.Helper()
	m, err := xproto.QueryKeymap(l.Conn).Reply()
	if err != nil {
		t.Fatal(err)
	}
	for kc := range 256 {
		if m.Keys[kc/8]>>(kc%8)&1 != 0 {
			down = append(down, kc)
		}
	}
	p, err := xproto.QueryPointer(l.Conn, l.root).Reply()
	if err != nil {
		t.Fatal(err)
	}
	for bit := range 16 {
		if p.Mask>>bit&1 != 0 {
			down = append(down, 1000+bit)
		}
	}
	return down
}

// listener is a program with a window that covers the screen and has the focus.
type listener struct {
	l      *link
	window xproto.Window
	mu     sync.Mutex
	got    []string
}

func startListener(t testing.TB, x *x11test.Server) *listener {
	t.Helper()
	li := &listener{}
	l, err := dialX(screen.Options{Display: x.Display}.WithDefaults(), func(ev []byte) {
		names := map[byte]string{2: "+", 3: "-", 4: "press ", 5: "release "}
		n, ok := names[ev[0]]
		if !ok {
			return
		}
		s := fmt.Sprintf("%s%d", n, ev[1])
		if state := binary.LittleEndian.Uint16(ev[28:]) & 0xff; state != 0 && ev[0] == 2 {
			s += fmt.Sprintf("/%x", state)
		}
		li.mu.Lock()
		li.got = append(li.got, s)
		li.mu.Unlock()
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	li.l = l
	if li.window, err = xproto.NewWindowId(l.Conn); err != nil {
		t.Fatal(err)
	}
	const events = xproto.EventMaskKeyPress | xproto.EventMaskKeyRelease | xproto.EventMaskButtonPress | xproto.EventMaskButtonRelease
	err = xproto.CreateWindowChecked(l.Conn, 0, li.window, l.root, 0, 0, l.scr.WidthInPixels, l.scr.HeightInPixels, 0,
		xproto.WindowClassInputOutput, 0, xproto.CwOverrideRedirect|xproto.CwEventMask, []uint32{1, events}).Check()
	if err != nil {
		t.Fatal(err)
	}
	xproto.MapWindow(l.Conn, li.window)
	if err := xproto.SetInputFocusChecked(l.Conn, xproto.InputFocusPointerRoot, li.window, 0).Check(); err != nil {
		t.Fatal(err)
	}
	return li
}

// take returns the events since the last call, once there are n or more.
func (li *listener) take(t testing.TB, n int) string {
	t.Helper()
	var s string
	screentest.Eventually(t, fmt.Sprint(n, " events"), func() bool {
		if err := li.l.sync(); err != nil {
			t.Fatal(err)
		}
		li.mu.Lock()
		defer li.mu.Unlock()
		s = strings.Join(li.got, " ")
		return len(li.got) >= n
	})
	li.mu.Lock()
	defer li.mu.Unlock()
	li.got = nil
	return s
}

// keyMapOf reads the keyboard map of a display.
func keyMapOf(t testing.TB, x *x11test.Server) *keyMap {
	t.Helper()
	l, err := dialX(screen.Options{Display: x.Display}.WithDefaults(), func([]byte) {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	k, err := openXKB(l)
	if err != nil {
		t.Fatal(err)
	}
	m, err := k.keyMap()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// cursor sets the root window's cursor to a shape of the cursor font, in red with a blue border.
// The server does not let anybody read a cursor whose creator has disconnected, as with xsetroot,
// so the painter creates it.
func cursor(p *x11test.Painter, t testing.TB, glyph uint16) {
	t.Helper()
	font, err := xproto.NewFontId(p.Conn)
	if err != nil {
		t.Fatal(err)
	}
	id, err := xproto.NewCursorId(p.Conn)
	if err != nil {
		t.Fatal(err)
	}
	xproto.OpenFont(p.Conn, font, 6, "cursor")
	xproto.CreateGlyphCursor(p.Conn, id, font, font, glyph, glyph+1, 0xffff, 0, 0, 0, 0, 0xffff)
	err = xproto.ChangeWindowAttributesChecked(p.Conn, p.Root, xproto.CwCursor, []uint32{uint32(id)}).Check()
	if err != nil {
		t.Fatal(err)
	}
}
