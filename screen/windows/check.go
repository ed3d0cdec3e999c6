//go:build windows

package windows

import (
	"context"
	"image"
	"strings"
	"time"

	"golang.org/x/sys/windows"

	"lotse/screen"
	"lotse/screen/ownwindow"
)

// Check looks for what can be done on this Windows, part by part. hotkey is the keysym of the
// key that takes control back. Nothing is typed, clicked, shown or put on the clipboard.
func Check(o screen.Options, hotkey uint32) screen.Findings {
	awareOnce()
	c := &check{o: o.WithDefaults()}
	if !c.display() {
		return c.found
	}
	c.capture()
	c.input()
	c.devices(hotkey)
	c.windows()
	c.clipboard()
	c.badge()
	return c.found
}

// check is one run of Check.
type check struct {
	o     screen.Options
	found screen.Findings
}

// smRemoteSession is SM_REMOTESESSION.
const smRemoteSession = 0x1000

// display reports whether there is a display.
func (c *check) display() (there bool) {
	const name = "display"
	v := windows.RtlGetVersion()
	system := []any{v.MajorVersion, v.MinorVersion, v.BuildNumber, imitation()}
	switch {
	case virtualScreen().Empty():
		c.found.Fail(name, "Start it as the user who is logged in, and not as a service or in session 0.",
			"Windows %d.%d.%d%s shows no display to this program", system...)
		return false
	case isHidden():
		c.found.Warn(name, "Unlock the screen, or answer the question of Windows, and check again.",
			"Windows %d.%d.%d%s shows its lock screen or a question of its own, which programs may not see", system...)
	case metric(smRemoteSession) != 0:
		c.found.OK(name, "Windows %d.%d.%d%s, a session of Remote Desktop", system...)
	default:
		c.found.OK(name, "Windows %d.%d.%d%s", system...)
	}
	return true
}

// imitation says that this is no real Windows; "": it is one.
func imitation() string {
	if windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil {
		return " (wine)"
	}
	return ""
}

// capture takes a picture of the whole screen.
func (c *check) capture() {
	const name, without = "capture", "Without it nothing can be shown."
	s, err := openWholeScreen(c.o, &ownwindow.Places{})
	if err != nil {
		c.found.Fail(name, without, "%s", words(err))
		return
	}
	size, monitors, took, err := screen.Captured(s)
	_ = s.Close()
	if err != nil {
		c.found.Fail(name, without, "the screen cannot be read: %s", words(err))
		return
	}
	const picture = "%d x %d, monitors: %d, one picture takes %v, "
	args := []any{size.X, size.Y, monitors, took.Round(10 * time.Microsecond)}
	d, err := openDXGI(virtualScreen())
	if err != nil {
		c.found.Warn(name, "It works, and takes more of the processor. An updated driver of the graphics card may help.",
			picture+"by GDI: %s", append(args, words(err))...)
		return
	}
	d.close()
	c.found.OK(name, picture+"by desktop duplication", args...)
}

// Levels of integrity; winnt.h, SECURITY_MANDATORY_*_RID.
const (
	levelMedium = 0x2000
	levelHigh   = 0x3000
)

// input looks whether input could be injected, without doing it.
func (c *check) input() {
	const name = "input"
	switch level, err := integrity(windows.CurrentProcess()); {
	case err != nil:
		c.found.Warn(name, "Remote input may reach fewer windows.", "the level of this program is not known: %s", words(err))
	case level < levelMedium:
		c.found.Fail(name, "Start it as the user does: from a folder or the browser, without a sandbox.",
			"this program runs at the low level %#x: Windows drops what it types and clicks", level)
	case level < levelHigh:
		c.found.OK(name, "level %#x: all windows but those of programs that run as administrator; nothing was typed or "+
			"clicked", level)
	default:
		c.found.OK(name, "level %#x: windows of programs that run as administrator, too; nothing was typed or clicked", level)
	}
}

// devices looks whether real devices are told from programs.
func (c *check) devices(hotkey uint32) {
	h := newHotkey(c.o)
	defer h.close()
	const fix = "Windows refuses hooks to this program; a virus scanner may be the cause. "
	err := screen.Starts(func(ctx context.Context) error { return h.Watch(ctx, hotkey, func() {}) })
	if err != nil {
		c.found.Warn("hot key", fix+"The buttons in the panel and on the sign take control back.", "%s", words(err))
	} else {
		c.found.OK("hot key", "the key is known, and presses by hand are told from those of programs")
	}
	err = screen.Starts(func(ctx context.Context) error { return inputWatcher{h}.Watch(ctx, func(screen.Act) {}) })
	if err != nil {
		c.found.Warn("local input", fix+"Remote input does not wait for the customer's.", "%s", words(err))
		c.found.Fail("question window", fix+"Nobody can tell a click of the customer from one of a program, so every "+
			"question is answered with no.", "%s", words(err))
		return
	}
	c.found.OK("local input", "mouse and keyboard of the customer are told from programs")
	c.found.OK("question window", "it can be answered by hand only; it was not shown")
}

// windows looks at what can be shared besides the whole screen.
func (c *check) windows() {
	list := &windowList{o: c.o}
	got, err := list.Choices()
	if err != nil {
		c.found.Warn("window list", "The whole screen can be shared.", "%s", words(err))
	} else {
		c.found.OK("window list", "programs: %d, monitors: %d", len(got.Apps), len(got.Monitors))
	}
	none := screen.Share{Kind: screen.ShareApps, Apps: []string{"pid:0:0"}} // is no program
	s, err := openAppScreen(c.o, none, func(size image.Point) *screen.Frame { return screen.NewFrame(size) })
	if err != nil {
		c.found.Warn("share of programs", "The whole screen or one monitor can be shared.", "%s", words(err))
		return
	}
	_ = s.Close()
	c.found.OK("share of programs", "changes of windows are told")
}

// clipboard listens to the clipboard for a moment. It neither reads nor changes it.
func (c *check) clipboard() {
	clip := newClipboard(c.o)
	defer clip.close()
	if _, err := clip.start(); err != nil {
		c.found.Warn("clipboard", "All else works without the clipboard.", "%s", words(err))
		return
	}
	c.found.OK("clipboard", "it can be followed and set; it was neither read nor changed")
}

// badge makes the badge's window and shows it to nobody.
func (c *check) badge() {
	b := newBadge(c.o, &ownwindow.Places{})
	defer b.close()
	if _, err := b.start(); err != nil {
		c.found.Warn("badge", "The panel says who sees the screen.", "%s", words(err))
		return
	}
	if _, leftOut := unseen.Load(b.window); leftOut {
		c.found.OK("badge", "it can be shown; captures leave this program's windows out by themselves")
		return
	}
	c.found.OK("badge", "it can be shown; this program hides its windows from the picture itself")
}

// words is an error as it stands in a report.
func words(err error) string { return strings.TrimPrefix(err.Error(), "windows: ") }
