package screen

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// ShareKind is the kind of a Share.
type ShareKind uint8

// The kinds of a Share.
const (
	ShareScreen  ShareKind = iota // everything
	ShareMonitor                  // one monitor
	ShareApps                     // the windows of some programs
)

// Share is what a customer shows. The zero value is the whole screen.
type Share struct {
	Kind    ShareKind
	Monitor uint32   // ShareMonitor: Monitor.ID
	Apps    []string // ShareApps: App.ID, or AppNamed
}

// AppNamed returns the ID of all present and future programs whose file name or window class is
// name, ignoring case.
func AppNamed(name string) string { return appNamePrefix + name }

const appNamePrefix = "name:"

// NameOfApp is the inverse of AppNamed; ok is false for other IDs.
func NameOfApp(id string) (name string, ok bool) {
	if len(id) > len(appNamePrefix) && id[:len(appNamePrefix)] == appNamePrefix {
		return id[len(appNamePrefix):], true
	}
	return "", false
}

// ParseShare parses a share from a command line: "screen", "monitor:N" with N counted from 1, or
// "app:NAME[,app:NAME…]", where NAME is a program's file name or a window class. monitors returns
// the present layout; it is called only if the share is a monitor.
func ParseShare(text string, monitors func() ([]Monitor, error)) (Share, error) {
	switch kind, rest, _ := strings.Cut(text, ":"); kind {
	case "screen":
		if rest == "" {
			return Share{}, nil
		}
	case "monitor":
		n, err := strconv.Atoi(rest)
		if err != nil || n < 1 {
			return Share{}, fmt.Errorf("screen: share %q: want monitor:1, monitor:2, …", text)
		}
		all, err := monitors()
		if err != nil {
			return Share{}, err
		}
		if n > len(all) {
			return Share{}, fmt.Errorf("screen: share %q: this display has %d monitor(s)", text, len(all))
		}
		return Share{Kind: ShareMonitor, Monitor: all[n-1].ID}, nil
	case "app":
		s := Share{Kind: ShareApps}
		for part := range strings.SplitSeq(text, ",") {
			name, ok := strings.CutPrefix(strings.TrimSpace(part), "app:")
			if !ok || name == "" {
				return Share{}, fmt.Errorf("screen: share %q: want app:NAME, or several with commas between", text)
			}
			s.Apps = append(s.Apps, AppNamed(name))
		}
		return s, nil
	}
	return Share{}, fmt.Errorf("screen: share %q: want screen, monitor:N or app:NAME[,app:NAME…]", text)
}

// Covers reports whether s shows everything that other shows.
func (s Share) Covers(other Share) bool {
	switch {
	case s.Kind == ShareScreen:
		return true
	case s.Kind != other.Kind:
		return false
	case s.Kind == ShareMonitor:
		return s.Monitor == other.Monitor
	}
	for _, id := range other.Apps {
		if !slices.Contains(s.Apps, id) {
			return false
		}
	}
	return true
}

// App is a program with windows, as shown to the customer.
type App struct {
	ID     string   // of this run of the program
	Name   string   // of its file
	Titles []string // of its windows
	Icon   []byte   // a PNG of at most IconSide by IconSide; nil: unknown
}

// IconSide is the maximum width and height of App.Icon in pixels.
const IconSide = 32

// Choices is what can be shared at the moment apart from the whole screen.
type Choices struct {
	Monitors []Monitor
	Apps     []App
}

// Windows makes shares of a display. All methods may be called concurrently.
type Windows interface {
	// Choices returns the choices. Its texts are secrets of the customer: only his own panel may
	// show them.
	Choices() (Choices, error)
	// Open makes a share. backdrop paints what is shown instead of everything that is not shared;
	// it is called again after the display's size has changed. The error is ErrNothingShared if
	// nothing in s exists.
	Open(s Share, backdrop func(size image.Point) *Frame) (Scope, error)
}

// ErrNothingShared means that no monitor or program in a Share exists.
var ErrNothingShared = errors.New("screen: nothing that exists was chosen")

// Scope is an open share. It is a Screen whose frames contain no pixel, cursor or pointer of what
// is not shared. It is also an Input that reaches nothing else: events for the rest are dropped
// without an error. Close ends the Screen and releases what the Input holds down.
type Scope interface {
	Screen
	Input
	// Owns reports whether the program that owns the clipboard is shared. It does not block.
	Owns(owner ClipboardOwner) bool
	// Shown returns where on the display the Screen's last frame is in sight: rectangles in the
	// coordinates of the whole display's frame that do not overlap, and where the Screen's own
	// frames begin. It never waits for the display.
	Shown() (shown []image.Rectangle, origin image.Point)
}

// Whole returns the Scope of the whole screen.
func Whole(s Screen, in Input) Scope { return &whole{Screen: s, Input: in} }

type whole struct {
	Screen
	Input

	size atomic.Pointer[image.Point] // of the last frame; nil: none yet
}

// Next implements Screen.
func (w *whole) Next(ctx context.Context) (Update, error) {
	u, err := w.Screen.Next(ctx)
	if err == nil {
		if last := w.size.Load(); last == nil || *last != u.Frame.Size {
			w.size.Store(&image.Point{X: u.Frame.Size.X, Y: u.Frame.Size.Y})
		}
	}
	return u, err
}

// Shown implements Scope.
func (w *whole) Shown() (shown []image.Rectangle, origin image.Point) {
	size := w.size.Load()
	if size == nil {
		return nil, image.Point{}
	}
	return []image.Rectangle{{Max: *size}}, image.Point{}
}

func (w *whole) Owns(ClipboardOwner) bool { return true }

// Close releases the input. The Screen belongs to the display and stays open.
func (w *whole) Close() error { return w.ReleaseAll() }

// Crop returns a Scope of one monitor from a scope of the whole screen. If the monitor is gone,
// Next returns ErrNothingShared. key must inject a key if the window that receives it is on the
// monitor, whose rectangle it gets, and otherwise drop it; nil: s.Key is used.
func Crop(s Scope, monitor uint32, key func(k Key, monitor image.Rectangle) error) Scope {
	return &crop{Scope: s, monitor: monitor, key: key}
}

type crop struct {
	Scope
	monitor uint32
	key     func(Key, image.Rectangle) error
	// at is the monitor's rectangle. Next writes it, Input reads it; nil before the first frame.
	at atomic.Pointer[image.Rectangle]

	// Owned by Next.
	rect image.Rectangle
}

// Next implements Screen.
func (c *crop) Next(ctx context.Context) (Update, error) {
	u, err := c.Scope.Next(ctx)
	if err != nil {
		return u, err
	}
	i := slices.IndexFunc(u.Monitors, func(m Monitor) bool { return m.ID == c.monitor })
	if i < 0 {
		return Update{}, ErrNothingShared
	}
	m := u.Monitors[i]
	rect := m.Rect.Intersect(u.Frame.Bounds())
	if rect.Empty() {
		return Update{}, ErrNothingShared
	}
	if rect != c.rect {
		c.rect = rect
		c.at.Store(&rect)
		u.Damage = RegionOf(rect)
	}
	u.Damage = u.Damage.Intersect(rect)
	u.Damage.Translate(image.Point{}.Sub(rect.Min))
	u.Frame = u.Frame.sub(rect)
	u.Monitors = []Monitor{{ID: m.ID, Name: m.Name, Rect: u.Frame.Bounds()}}
	if u.Pointer.In(rect) {
		u.Pointer = u.Pointer.Sub(rect.Min)
	} else {
		u.Pointer, u.Cursor = image.Point{}, nil
	}
	return u, nil
}

// Shown implements Scope.
func (c *crop) Shown() (shown []image.Rectangle, origin image.Point) {
	r := c.at.Load()
	if r == nil {
		return nil, image.Point{}
	}
	return []image.Rectangle{*r}, r.Min
}

// sub returns the part of f inside r; it shares the memory.
func (f *Frame) sub(r image.Rectangle) *Frame {
	from := r.Min.Y*f.Stride + r.Min.X*BytesPerPixel
	to := (r.Max.Y-1)*f.Stride + r.Max.X*BytesPerPixel
	return &Frame{Pix: f.Pix[from:to:to], Stride: f.Stride, Size: r.Size()}
}

// Pointer implements Input.
func (c *crop) Pointer(p image.Point, buttons Buttons) error {
	r := c.at.Load()
	if r == nil {
		return nil
	}
	p = p.Add(r.Min)
	p.X, p.Y = min(max(p.X, r.Min.X), r.Max.X-1), min(max(p.Y, r.Min.Y), r.Max.Y-1)
	return c.Scope.Pointer(p, buttons)
}

// Key implements Input.
func (c *crop) Key(k Key) error {
	r := c.at.Load()
	switch {
	case r == nil:
		return nil
	case c.key != nil:
		return c.key(k, *r)
	}
	return c.Scope.Key(k)
}
