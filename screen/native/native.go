// Package native reaches the operating system's display: pictures, input,
// clipboard and a hotkey that only a person at the machine can press. It
// implements the interfaces of lotse/screen; use those types, and this package
// only to open them. It knows no rights: whoever calls Input was allowed to.
//
// On Linux it speaks to an X server (X11, or Xwayland where the compositor
// lets it), on Windows to user32, GDI and DXGI. It is pure Go and needs no library on the machine. Built with the
// tag "portable" it also offers OpenPortable, a slower backend on third-party
// libraries for systems that have no backend of their own.
package native

import (
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"lotse/screen"
)

// Options says which display to open and how. The zero value is useful.
type Options struct {
	// Display is the X display, such as ":0"; empty means $DISPLAY. Windows has one.
	Display string
	// Logger gets what is worth knowing but no error; nil: nothing is logged.
	Logger *slog.Logger

	// Guard is the path of a program that calls GuardMain first: it is started
	// beside the first key press and lets go of what is down when this process
	// is killed. Empty: what a killed process held down stays down.
	Guard string

	// Patience is how long the X server may leave a request unanswered before the
	// display counts as gone; 0: 10 seconds. A server that another program has
	// grabbed looks the same, so it must not be short.
	Patience time.Duration

	// NoShm and NoDamage keep the capture from using shared memory and damage
	// reports (on Windows: desktop duplication), as if the system had neither. They
	// are for tests.
	NoShm, NoDamage bool
}

func (o Options) withDefaults() Options {
	if o.Patience == 0 {
		o.Patience = 10 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError + 1}))
	}
	return o
}

// Desktop is an open display. Its parts may be used concurrently; they end
// with Close.
type Desktop struct {
	name      string
	screen    screen.Screen
	input     screen.Input
	clipboard screen.Clipboard
	hotkey    screen.Hotkey
	hands     screen.Hands
	windows   screen.Windows
	badge     screen.Badge
	asker     screen.Asker
	notices   screen.Notices

	closeOnce sync.Once
	closing   func() error
	closeErr  error
}

// Open opens the display. The error says what failed, where, and what to do.
func Open(o Options) (*Desktop, error) {
	return open(o.withDefaults())
}

// Screen is the capture. It is the same each time; closing it ends it for good.
func (d *Desktop) Screen() screen.Screen { return d.screen }

// Input injects keys and pointer events.
func (d *Desktop) Input() screen.Input { return d.input }

// Clipboard is the text clipboard.
func (d *Desktop) Clipboard() screen.Clipboard { return d.clipboard }

// Hotkey tells of a physical key press.
func (d *Desktop) Hotkey() screen.Hotkey { return d.hotkey }

// Name is the machine's name, for people; never empty.
func (d *Desktop) Name() string { return d.name }

// Hands tells what is done to mouse and keyboard by hand and by programs; nil
// where the system cannot tell.
func (d *Desktop) Hands() screen.Hands { return d.hands }

// Windows makes shares of single monitors and programs; nil where only the
// whole screen can be shared.
func (d *Desktop) Windows() screen.Windows { return d.windows }

// Badge is a small window above all others; nil where there is none.
func (d *Desktop) Badge() screen.Badge { return d.badge }

// Asker is the question window; nil where there is none.
func (d *Desktop) Asker() screen.Asker { return d.asker }

// Notices tells what the system keeps from programs; nil where it keeps nothing,
// or does not tell.
func (d *Desktop) Notices() screen.Notices { return d.notices }

// Close lets go of all keys and buttons that Input holds, undoes changes to the
// keyboard map, and stops everything. It may be called twice. A blocked
// Screen.Next returns screen.ErrClosed.
func (d *Desktop) Close() error {
	d.closeOnce.Do(func() { d.closeErr = d.closing() })
	return d.closeErr
}

// hostName is what Desktop.Name returns.
func hostName() string {
	if n, err := os.Hostname(); err == nil && n != "" {
		return n
	}
	return "this computer"
}
