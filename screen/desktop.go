package screen

import (
	"io"
	"log/slog"
	"sync"
	"time"
)

// Options says which display to open and how. The zero value is useful.
type Options struct {
	// Display is the X display, such as ":0"; empty means $DISPLAY. Windows has one.
	Display string
	// Logger gets what is worth knowing but no error; nil: nothing is logged.
	Logger *slog.Logger
	// Watchdog is the path of a program that calls native.WatchdogMain first. It is
	// started as a second process before the first key press, and releases what is down
	// if this process is killed. Empty: what a killed process held down stays down.
	Watchdog string
	// Patience is how long the X server may leave a request unanswered before the
	// display counts as gone; 0: 10 seconds. A server that another program has
	// grabbed looks the same, so it must not be short.
	Patience time.Duration
	// NoShm and NoDamage keep the capture from using shared memory and damage
	// reports (on Windows: desktop duplication), as if the system had neither. They
	// are for tests.
	NoShm, NoDamage bool
}

// WithDefaults returns o with Patience and Logger set.
func (o Options) WithDefaults() Options {
	if o.Patience == 0 {
		o.Patience = 10 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError + 1}))
	}
	return o
}

// Parts is what an open display consists of. A part is nil where the system has nothing
// like it; Screen and Input never are.
type Parts struct {
	Screen    Screen    // the capture; closing it ends it for good
	Input     Input     // injects keys and pointer events
	Clipboard Clipboard // text
	Hotkey    Hotkey    // presses of a key on a physical device
	Hands     Hands     // what devices and programs do to mouse and keyboard
	Windows   Windows   // shares of single monitors and programs
	Badge     Badge     // a small window above all others
	Asker     Asker     // the question window
	Notices   Notices   // what the system keeps from programs
}

// Desktop is an open display. Its parts may be used concurrently; they end with Close.
type Desktop struct {
	Parts

	close     func() error
	closeOnce sync.Once
	closeErr  error
}

// NewDesktop returns the desktop of these parts; close ends them and is called once.
func NewDesktop(parts Parts, close func() error) *Desktop {
	return &Desktop{Parts: parts, close: close}
}

// Close releases all keys and buttons that Input holds, undoes its changes to the
// keyboard map, and ends all parts. It may be called twice. A Screen.Next that waits
// returns ErrClosed.
func (d *Desktop) Close() error {
	d.closeOnce.Do(func() { d.closeErr = d.close() })
	return d.closeErr
}
