package screen

import (
	"io"
	"log/slog"
	"sync"
	"time"
)

// Options configures how a display is opened. The zero value is useful.
type Options struct {
	// Display is the X display, such as ":0"; empty means $DISPLAY. It is ignored on Windows.
	Display string
	// Logger receives information that is not an error; nil: nothing is logged.
	Logger *slog.Logger
	// Watchdog is the path of a program that calls native.WatchdogMain first. It is started as a
	// second process before the first key press. If this process is killed, the second one releases
	// the keys and buttons that are down. Empty: they stay down.
	Watchdog string
	// Patience is how long the X server may leave a request unanswered before the display counts as
	// gone; 0: 10 seconds. A server grabbed by another program does not answer either, so Patience
	// must not be short.
	Patience time.Duration
	// NoShm and NoDamage make the capture work without shared memory and without damage reports (on
	// Windows: without desktop duplication). They are for tests.
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

// Parts are the parts of an open display. A part is nil if the system has nothing like it; Screen
// and Input are never nil.
type Parts struct {
	Screen       Screen       // the capture; closing it ends it permanently
	Input        Input        // injects keys and pointer events
	Clipboard    Clipboard    // texts and pictures
	Hotkey       Hotkey       // presses of a key on a physical device
	InputWatcher InputWatcher // use of mouse and keyboard by devices and programs
	Windows      Windows      // shares of single monitors and programs
	Badge        Badge        // a small window above all others
	Asker        Asker        // the question window
	Notices      Notices      // things that the system hides from programs
	Marker       Marker       // marks above all windows
}

// Desktop is an open display. Its parts may be used concurrently; Close ends them.
type Desktop struct {
	Parts

	close     func() error
	closeOnce sync.Once
	closeErr  error
}

// NewDesktop returns a desktop of these parts. Close calls close once.
func NewDesktop(parts Parts, close func() error) *Desktop {
	return &Desktop{Parts: parts, close: close}
}

// Close releases all keys and buttons that Input holds down, undoes its changes to the keyboard
// map, and ends all parts. A blocked Screen.Next returns ErrClosed. Close may be called twice.
func (d *Desktop) Close() error {
	d.closeOnce.Do(func() { d.closeErr = d.close() })
	return d.closeErr
}
