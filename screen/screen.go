// Package screen defines a shared display: a frame of pixels, the region that changed, the cursor,
// and the small interfaces through which the rest of Lotse uses an operating system's capture,
// input and clipboard.
//
// The package is pure Go and does not depend on an operating system. screen/x11, screen/windows and
// screen/portable implement its interfaces, and screen/native chooses one. Use it to describe or to
// consume a display. Policy (who may see what) does not belong here but in agent and rfb.
package screen

import (
	"context"
	"image"
	"time"
)

// Screen is a source of frames of one display.
//
// One goroutine calls Next. Close may be called from another goroutine, and twice; it wakes a
// blocked Next, which then returns ErrClosed.
type Screen interface {
	// Next blocks until the display may have changed since the last call, then captures it. The
	// first call returns at once with the whole display as damage. The Update and its Frame are
	// valid until the next call. If ctx ends, Next returns ctx.Err().
	Next(ctx context.Context) (Update, error)
	// Refresh makes the next call of Next behave like the first, for a consumer that has not seen
	// the earlier ones. It may be called from any goroutine.
	Refresh()
	// Close releases all resources of the capture.
	Close() error
}

// Update is the result of Screen.Next.
type Update struct {
	// Frame is the whole display. Its size changes with the display's; the damage is then the whole
	// frame.
	Frame *Frame
	// Damage covers every pixel that may have changed since the previous Update. It may be too
	// large, never too small. It is empty if only the cursor changed.
	Damage Region
	// Took is how long it took to read the picture; 0: unknown.
	Took time.Duration
	// Moved are distances by which parts of the display moved, where the system
	// told. It is a hint: each is proved before anything is copied by it, and
	// others are searched for.
	Moved []image.Point
	// Monitors is the layout in Frame's coordinates; never empty.
	Monitors []Monitor
	// Cursor is the shape: the same pointer as before if it did not change, nil if the display has
	// none or it cannot be read.
	Cursor *Cursor
	// Pointer is the position of the hot spot in Frame's coordinates.
	Pointer image.Point
}

// Monitor is one physical screen of the display.
type Monitor struct {
	ID   uint32 // stable while the monitor stays connected; not 0
	Name string // as the system calls it, for people
	Rect image.Rectangle
}

// Cursor is a pointer's shape. It is immutable after it was published.
type Cursor struct {
	// Pix holds 4 bytes per pixel, B G R A, premultiplied, rows without gaps.
	Pix  []byte
	Size image.Point
	Hot  image.Point // inside Size
}

// MaxCursorSide is the maximum width and height of a cursor in pixels.
const MaxCursorSide = 1024

// NewCursor returns a transparent cursor, with hot clamped to size. It returns nil if size is empty
// or exceeds MaxCursorSide.
func NewCursor(size, hot image.Point) *Cursor {
	if size.X <= 0 || size.Y <= 0 || size.X > MaxCursorSide || size.Y > MaxCursorSide {
		return nil
	}
	hot.X, hot.Y = min(max(hot.X, 0), size.X-1), min(max(hot.Y, 0), size.Y-1)
	return &Cursor{Pix: make([]byte, size.X*size.Y*4), Size: size, Hot: hot}
}

// Input injects events into the display. It does not check rights; the caller must. All methods may
// be called concurrently.
//
// Key, Pointer and ReleaseAll may wait for the operating system's display. They return ErrClosed if
// the display is permanently gone; after another error the next call may succeed.
type Input interface {
	// Key presses or releases a key.
	Key(k Key) error
	// Pointer moves the pointer to p, in Frame's coordinates, and sets the buttons to the given
	// state. Pressing a button of the wheel scrolls by one notch.
	Pointer(p image.Point, buttons Buttons) error
	// ReleaseAll releases every key and button that this Input holds down and undoes all its
	// changes to the keyboard map. It may be called at any time, also after an error.
	ReleaseAll() error
	// Suspend takes effect at once and never waits. While suspended, nothing is pressed and the
	// pointer does not move; releases still work. A call in progress then presses nothing more,
	// even if Suspend(false) follows at once. Initially an Input is not suspended. See Permission.
	Suspend(on bool)
}

// Key is a key event as in RFB.
type Key struct {
	Sym  uint32 // X11 keysym; 0 if only Code is known
	Code uint32 // XT scan code as in the QEMU extended key event; 0 if unknown
	Down bool
}

// XTExtended is set in Key.Code if the XT scan code has the prefix E0; QEMU Extended Key Event
// Message.
const XTExtended = 0x80

// Buttons is a mask of pointer buttons; bit 0 is the first. The order is RFB's: left, middle,
// right, wheel up, down, left, right, back, forward.
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

// Clipboard is the display's clipboard.
type Clipboard interface {
	// Set replaces what is on the clipboard. Forms that the system cannot put on a clipboard are
	// left out; if there is no other, it returns an error. A text or HTML longer than MaxClipText
	// is an error.
	Set(c Clip) error
	// Watch calls changed each time another program sets the clipboard, until ctx ends, on any
	// goroutine but one at a time. It does not report Set, and nothing that a program has marked as
	// a secret. It reads what a program has set only if from returns true for that program; from
	// must not block. Forms that exceed the limits are left out.
	Watch(ctx context.Context, from func(ClipboardOwner) bool, changed func(Clip, ClipboardOwner)) error
}

// ClipboardOwner identifies the program that set the clipboard, for Scope.Owns; 0: unknown.
type ClipboardOwner uint32

// InputWatcher reports the use of mouse and keyboard, and whether it is physical.
type InputWatcher interface {
	// Watch calls acted, on one goroutine, for keys, buttons and the pointer until ctx ends; it
	// then returns ctx.Err(). It reports all presses, and pointer movement at most 20 times a
	// second. It returns another error if the system cannot distinguish a device from a program.
	Watch(ctx context.Context, acted func(Act)) error
}

// Act is one use of mouse or keyboard.
type Act struct {
	Physical bool // by a device, not by a program
	Press    bool // a key or button was pressed; otherwise another event
}

// Badge is a small window on the customer's screen, above all others.
type Badge interface {
	// Room returns the width that the badge can have, in pixels, and the number of pixels per pixel
	// at 96 dots per inch.
	Room() (width int, scale float64, err error)
	// Show shows the frame; nil hides the badge. At first the badge is at the bottom right, above
	// the system's bars. It stays at the place to which the customer moved it, and its right edge
	// stays where it is when the frame has another size.
	Show(f *Frame) error
	// Watch calls clicked with the point in the frame at which the button was released, until ctx
	// ends. physical: a device certainly did it. Moving the badge is not a click.
	Watch(ctx context.Context, clicked func(p image.Point, physical bool)) error
	// Rect returns where the badge is, in the display's coordinates; empty if it is hidden.
	Rect() image.Rectangle
}

// Hotkey reports presses of a key on a physical device, never injected ones.
type Hotkey interface {
	// Watch calls pressed, on one goroutine, at each physical press of the key with this X11 keysym
	// until ctx ends. Key repeats are not reported.
	Watch(ctx context.Context, sym uint32, pressed func()) error
	// Swallow sets whether the watched key is withheld from applications.
	Swallow(on bool) error
}

// Mark is a picture on the customer's screen. Two marks are the same if they have the same Shape,
// which must not change, and place.
type Mark struct {
	Shape *Cursor
	At    image.Point // of the hot spot, in the coordinates of the whole display's frame
}

// Rect returns the rectangle of the display that the mark covers.
func (m Mark) Rect() image.Rectangle {
	return image.Rectangle{Max: m.Shape.Size}.Add(m.At.Sub(m.Shape.Hot))
}

// Marker draws marks above all windows. Marks take no click and no key: what is below them gets
// everything.
type Marker interface {
	// Mark replaces all marks. It may wait for the display. Some systems draw no pixel that is less
	// than half opaque.
	Mark(marks []Mark) error
}
