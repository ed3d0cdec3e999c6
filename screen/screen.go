// Package screen says what a shared display is: a frame of pixels, the region
// that changed, the cursor, and the small interfaces through which the rest of
// Lotse reaches an operating system's capture, input and clipboard.
//
// The package is pure Go and knows no operating system; screen/x11, screen/windows and
// screen/portable implement its interfaces, and screen/native chooses one. Use it to describe or to
// consume a display; do not put policy (who may see what) here, that belongs to agent and rfb.
package screen

import (
	"context"
	"image"
	"time"
)

// Screen is a source of pictures of one display.
//
// One goroutine calls Next; Close may be called from another, twice, and wakes
// a blocked Next, which then returns ErrClosed.
type Screen interface {
	// Next blocks until the display may have changed since the last call, then
	// captures it. The first call returns at once with the whole display as
	// damage. The Update and its Frame are valid until the next call.
	// It returns ctx.Err() when ctx ends.
	Next(ctx context.Context) (Update, error)
	// Refresh makes the next call of Next like the first: for somebody who has not
	// seen the earlier ones. It may be called from any goroutine.
	Refresh()
	// Close releases all that the capture holds.
	Close() error
}

// Update is what Screen.Next found.
type Update struct {
	// Frame is the whole display. Its size changes when the display's does; the
	// damage is then the whole frame.
	Frame *Frame
	// Damage covers every pixel that may have changed since the previous
	// Update. It is a hint: it may be too large, never too small. It is empty
	// when only the cursor changed.
	Damage Region
	// Took is how long it took to read the picture; 0: unknown.
	Took time.Duration
	// Moved are distances by which parts of the display moved, where the system
	// told. It is a hint: each is proved before anything is copied by it, and
	// others are searched for.
	Moved []image.Point
	// Monitors is the layout in Frame's coordinates; never empty.
	Monitors []Monitor
	// Cursor is the shape; the same pointer as before when it did not change,
	// nil when the display has none or it cannot be read.
	Cursor *Cursor
	// Pointer is the hot spot's position in Frame's coordinates.
	Pointer image.Point
}

// Monitor is one physical screen of the display.
type Monitor struct {
	ID   uint32 // stable while the monitor stays connected; not 0
	Name string // as the system calls it, for people
	Rect image.Rectangle
}

// Cursor is a pointer's shape. It is not modified after it was published.
type Cursor struct {
	// Pix holds 4 bytes per pixel, B G R A, premultiplied, rows without gaps.
	Pix  []byte
	Size image.Point
	Hot  image.Point // inside Size
}

// MaxCursorSide bounds a cursor's width and height in pixels.
const MaxCursorSide = 1024

// NewCursor returns a transparent cursor; hot is moved inside size. It returns nil if
// size is empty or larger than MaxCursorSide.
func NewCursor(size, hot image.Point) *Cursor {
	if size.X <= 0 || size.Y <= 0 || size.X > MaxCursorSide || size.Y > MaxCursorSide {
		return nil
	}
	hot.X, hot.Y = min(max(hot.X, 0), size.X-1), min(max(hot.Y, 0), size.Y-1)
	return &Cursor{Pix: make([]byte, size.X*size.Y*4), Size: size, Hot: hot}
}

// Input injects events into the display. It does not decide who may: the
// caller checked the rights. All methods may be called concurrently.
//
// Key, Pointer and ReleaseAll may wait for the operating system's display. They
// return ErrClosed when the display is gone for good; after another error the
// next call may succeed.
type Input interface {
	// Key presses or releases a key.
	Key(k Key) error
	// Pointer moves the pointer to p, in Frame's coordinates, and brings the
	// buttons to the given state. The wheel's buttons are clicks: pressing one
	// scrolls by one notch.
	Pointer(p image.Point, buttons Buttons) error
	// ReleaseAll releases every key and button that this Input holds down
	// and undoes any change it made to the keyboard map. It may be called at
	// any time, also after an error.
	ReleaseAll() error
	// Suspend takes effect at once and never waits. While suspended, nothing is
	// pressed and the pointer does not move; releases still work. A call that was
	// under way then presses nothing more, even when Suspend(false) follows at once.
	// An Input starts without being suspended. See Permission.
	Suspend(on bool)
}

// Key is a key event as RFB knows it.
type Key struct {
	Sym  uint32 // X11 keysym; 0 when only Code is known
	Code uint32 // XT scan code as in the QEMU extended key event; 0 when unknown
	Down bool
}

// XTExtended is set in Key.Code where the XT scan code has the prefix E0; QEMU Extended
// Key Event Message.
const XTExtended = 0x80

// Buttons is a mask of pointer buttons, bit 0 the first; the order is RFB's:
// left, middle, right, wheel up, down, left, right, back, forward.
type Buttons uint16

// The pointer buttons.
const (
	ButtonLeft Buttons = 1 << iota
	ButtonMiddle
	ButtonRight
	WheelUp
	WheelDown
	WheelLeft
	WheelRight
	ButtonBack
	ButtonForward
)

// Clipboard is the display's text clipboard.
type Clipboard interface {
	// SetText puts UTF-8 text, with "\n" as line end, on the clipboard.
	SetText(text string) error
	// Watch calls changed with the text each time another program puts text on
	// the clipboard, until ctx ends. It does not report SetText's own.
	Watch(ctx context.Context, changed func(text string, owner ClipboardOwner)) error
}

// ClipboardOwner names the program that put a text on the clipboard, for
// Scope.Owns; 0: unknown.
type ClipboardOwner uint32

// Hands tells of what is done to mouse and keyboard, and whether by hand.
type Hands interface {
	// Watch calls acted, on one goroutine, for keys, buttons and the pointer until
	// ctx ends; it then returns ctx.Err(). Presses are all reported, the pointer's
	// way at most 20 times a second. It returns another error when the system
	// cannot tell a device from a program.
	Watch(ctx context.Context, acted func(Act)) error
}

// Act is one thing done to mouse or keyboard.
type Act struct {
	Physical bool // on a device, not by a program
	Press    bool // a key or button went down; else another event
}

// Badge is a small window on the customer's screen, above all others.
type Badge interface {
	// Show shows the picture, or hides the badge when it is nil. The badge keeps
	// the place to which it was moved.
	Show(f *Frame) error
	// Watch calls clicked with the place in the picture that was clicked, until ctx
	// ends, and whether a device did it for certain. Moving the badge is not a click.
	Watch(ctx context.Context, clicked func(p image.Point, physical bool)) error
	// Rect is where the badge is, in the display's coordinates; empty when hidden.
	Rect() image.Rectangle
}

// Hotkey tells of a key pressed on a physical device, never of an injected one.
type Hotkey interface {
	// Watch calls pressed, on one goroutine, at each physical press of the key
	// with this X11 keysym until ctx ends. Key repeats are not presses.
	Watch(ctx context.Context, sym uint32, pressed func()) error
	// Swallow says whether the watched key is kept from applications.
	Swallow(on bool) error
}
