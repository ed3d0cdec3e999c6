//go:build linux

package x11

import (
	"context"
	"errors"
	"image"
	"os"
	"strings"
	"time"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
	"lotse/screen/ownwindow"
)

// Check looks for what can be done on an X display, part by part. hotkey is the keysym of the
// key that takes control back. Nothing is typed, clicked, shown or put on the clipboard.
func Check(o screen.Options, hotkey uint32) screen.Findings {
	c := &check{o: o.WithDefaults()}
	if !c.display() {
		return c.found
	}
	defer c.l.close()
	c.capture()
	c.input()
	c.devices(hotkey)
	c.windows()
	c.clipboard()
	c.questions()
	return c.found
}

// check is one run of Check.
type check struct {
	o     screen.Options
	l     *link
	found screen.Findings
}

const startInside = "Start it from inside the graphical session, as the user who is logged in, or name the " +
	"display with --display :0."

// display reports whether there is a display.
func (c *check) display() (there bool) {
	var err error
	if c.l, err = dialX(c.o, func([]byte) {}); err != nil {
		fix := startInside
		if os.Getenv("WAYLAND_DISPLAY") != "" {
			fix = "This is a Wayland session without an X server. Log in to a session of the kind Xorg."
		}
		c.found.Fail("display", fix, "%s", words(err))
		return false
	}
	switch _, nested, err := c.l.extension("XWAYLAND"); {
	case err != nil:
		c.found.Fail("display", startInside, "%s", words(err))
		c.l.close()
		return false
	case nested || os.Getenv("WAYLAND_DISPLAY") != "":
		c.found.Warn("display", "Log in to a session of the kind Xorg.",
			"the X server runs inside a Wayland session, which hides most of the screen from it")
	default:
		c.found.OK("display", "an X server answers; depth %d", c.l.scr.RootDepth)
	}
	return true
}

// has reports whether the X server has an extension.
func (c *check) has(name string) bool {
	_, ok, err := c.l.extension(name)
	return ok && err == nil
}

// without lists those of some extensions that the X server lacks.
func (c *check) without(names ...string) string {
	var missing []string
	for _, name := range names {
		if !c.has(name) {
			missing = append(missing, name)
		}
	}
	return strings.Join(missing, ", ")
}

// capture takes a picture of the whole screen.
func (c *check) capture() {
	const name = "capture"
	s, err := openRootScreen(c.o, &ownwindow.Places{})
	if err != nil {
		c.found.Fail(name, "Without it nothing can be shown.", "%s", words(err))
		return
	}
	defer s.Close()
	size, monitors, took, err := screen.Captured(s)
	if err != nil {
		c.found.Fail(name, "Without it nothing can be shown.", "the screen cannot be read: %s", words(err))
		return
	}
	picture := "%d x %d, monitors: %d, one picture takes %v"
	args := []any{size.X, size.Y, monitors, took.Round(10 * time.Microsecond)}
	if missing := c.without("MIT-SHM", "DAMAGE", "XFIXES", "RANDR"); missing != "" {
		c.found.Warn(name, "It works. Each of these makes it faster or more exact: allow them in the X server.",
			picture+"; the X server lacks %s", append(args, missing)...)
		return
	}
	c.found.OK(name, picture, args...)
}

// input looks whether input could be injected, without doing it.
func (c *check) input() {
	const name = "input"
	in, err := openInput(c.o, &ownwindow.Places{})
	if err != nil {
		c.found.Fail(name, "Allow the extension XTEST in the X server; the program does not start without it.",
			"%s", words(err))
		return
	}
	_ = in.close()
	c.found.OK(name, "the X server has XTEST; nothing was typed or clicked")
}

// devices looks whether real devices are told from programs.
func (c *check) devices(hotkey uint32) {
	h := newHotkey(c.o)
	defer h.close()
	const fix = "It needs an X server with XInput 2.2 outside of Wayland."
	err := screen.Starts(func(ctx context.Context) error { return h.Watch(ctx, hotkey, func() {}) })
	if err != nil {
		c.found.Warn("hot key", fix+" The buttons in the panel and on the sign take control back.", "%s", words(err))
	} else {
		c.found.OK("hot key", "the key is on the keyboard, and presses by hand are told from those of programs")
	}
	err = screen.Starts(func(ctx context.Context) error { return inputWatcher{h}.Watch(ctx, func(screen.Act) {}) })
	if err != nil {
		c.found.Warn("local input", fix+" Remote input does not wait for the customer's.", "%s", words(err))
	} else {
		c.found.OK("local input", "mouse and keyboard of the customer are told from programs")
	}
}

// windows looks at what can be shared besides the whole screen.
func (c *check) windows() {
	list := &windowList{o: c.o}
	switch got, err := list.Choices(); {
	case err != nil:
		c.found.Warn("window list", "The whole screen can be shared.", "%s", words(err))
	case c.managed():
		c.found.OK("window list", "programs: %d, monitors: %d", len(got.Apps), len(got.Monitors))
	default:
		c.found.Warn("window list", "Start a window manager; without one some windows may have no program.",
			"programs: %d, monitors: %d; there is no window manager", len(got.Apps), len(got.Monitors))
	}
	none := screen.Share{Kind: screen.ShareApps, Apps: []string{"pid:0:0"}} // is no program
	s, err := openAppScreen(c.o, none, func(size image.Point) *screen.Frame { return screen.NewFrame(size) })
	if err == nil {
		_ = s.Close()
	}
	if err != nil && !errors.Is(err, screen.ErrNothingShared) {
		c.found.Warn("share of programs", "The whole screen or one monitor can be shared. For single programs the "+
			"X server must have the extensions Composite, DAMAGE and XFIXES.", "%s", words(err))
		return
	}
	c.found.OK("share of programs", "the X server keeps windows apart")
}

// managed reports whether there is a window manager; EWMH, "_NET_SUPPORTING_WM_CHECK".
func (c *check) managed() bool {
	atom, err := c.l.atom("_NET_SUPPORTING_WM_CHECK")
	if err != nil {
		return false
	}
	r, err := xproto.GetProperty(c.l.Conn, false, c.l.root, atom, xproto.AtomWindow, 0, 1).Reply()
	return err == nil && len(r.Value) == 4
}

// clipboard connects to the clipboard. It neither reads nor changes it.
func (c *check) clipboard() {
	clip := newClipboard(c.o)
	defer clip.close()
	if _, err := clip.connect(); err != nil {
		c.found.Warn("clipboard", "Allow the extension XFIXES in the X server; all else works without the clipboard.",
			"%s", words(err))
		return
	}
	c.found.OK("clipboard", "it can be followed and set; it was neither read nor changed")
}

// questions looks for what the question window and the badge need, without showing them.
func (c *check) questions() {
	p, err := openPhysical(c.o, true, xiRawKeyPress)
	switch {
	case err != nil:
		c.found.Fail("question window", "The X server needs XInput 2.2: without it nobody can tell a click of "+
			"the customer from one of a program, so every question is answered with no.", "%s", words(err))
	default:
		p.close()
		c.found.OK("question window", "it can be answered by hand only; it was not shown")
	}
	if _, err := formatOf(c.l); err != nil {
		c.found.Warn("badge", "The panel says who sees the screen.", "%s", words(err))
		return
	}
	if hasCompositor(c.l) {
		c.found.OK("badge", "it can be shown; a compositing manager draws the screen")
		return
	}
	c.found.OK("badge", "it can be shown; no compositing manager draws the screen")
}

// words is an error without the display's name, which may hold a computer's.
func words(err error) string {
	text := strings.TrimPrefix(err.Error(), "x11: ")
	if rest, ok := strings.CutPrefix(text, "display "); ok {
		if _, after, ok := strings.Cut(rest, ": "); ok {
			text = after
		}
	}
	return text
}
