package screentest

import (
	"context"
	"image"
	"slices"
	"sync"

	"lotse/screen"
)

// Desk is a screen.Windows over a Display: its programs are rectangles. All methods may be called
// concurrently.
type Desk struct {
	display *Display

	mu sync.Mutex
	// Guarded by mu.
	choices screen.Choices
	rects   map[string]image.Rectangle
	opened  []screen.Share
}

var _ screen.Windows = (*Desk)(nil)

// NewDesk makes the windows of a display.
func NewDesk(d *Display) *Desk { return &Desk{display: d, rects: map[string]image.Rectangle{}} }

// Program adds a program with a window.
func (d *Desk) Program(id, name string, r image.Rectangle) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.choices.Apps = append(d.choices.Apps, screen.App{ID: id, Name: name, Titles: []string{name + "'s window"}})
	d.rects[id] = r
}

// Icon sets the icon of all programs added so far.
func (d *Desk) Icon(png []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.choices.Apps {
		d.choices.Apps[i].Icon = png
	}
}

// Monitor adds a monitor.
func (d *Desk) Monitor(m screen.Monitor) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.choices.Monitors = append(d.choices.Monitors, m)
}

// Opened returns the shares that were opened.
func (d *Desk) Opened() []screen.Share {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.opened)
}

// Choices implements screen.Windows.
func (d *Desk) Choices() (screen.Choices, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return screen.Choices{Monitors: slices.Clone(d.choices.Monitors), Apps: slices.Clone(d.choices.Apps)}, nil
}

// Open implements screen.Windows.
func (d *Desk) Open(s screen.Share, backdrop func(image.Point) *screen.Frame) (screen.Scope, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opened = append(d.opened, s)
	all := screen.Whole(d.display, d.display)
	switch s.Kind {
	case screen.ShareScreen:
		return all, nil
	case screen.ShareMonitor:
		if !slices.ContainsFunc(d.choices.Monitors, func(m screen.Monitor) bool { return m.ID == s.Monitor }) {
			return nil, screen.ErrNothingShared
		}
		return screen.Crop(all, s.Monitor, nil), nil
	}
	var rects []image.Rectangle
	for _, id := range s.Apps {
		if r, ok := d.rects[id]; ok {
			rects = append(rects, r)
		}
	}
	return &deskScope{Scope: all, rects: rects, backdrop: backdrop}, nil
}

// deskScope shows some rectangles.
type deskScope struct {
	screen.Scope
	rects    []image.Rectangle
	backdrop func(image.Point) *screen.Frame
}

// Next implements screen.Screen.
func (s *deskScope) Next(ctx context.Context) (screen.Update, error) {
	u, err := s.Scope.Next(ctx)
	if err != nil {
		return u, err
	}
	f := s.backdrop(u.Frame.Size)
	for _, r := range s.rects {
		f.CopyRect(u.Frame, r)
	}
	u.Frame = f
	return u, nil
}

// Pointer implements screen.Input.
func (s *deskScope) Pointer(p image.Point, b screen.Buttons) error {
	if slices.ContainsFunc(s.rects, func(r image.Rectangle) bool { return p.In(r) }) {
		return s.Scope.Pointer(p, b)
	}
	return nil
}

// Shown implements screen.Scope.
func (s *deskScope) Shown() (shown []image.Rectangle, origin image.Point) {
	return s.rects, image.Point{}
}

// Owns implements screen.Scope: program N, counted from 1, owns texts of owner N.
func (s *deskScope) Owns(owner screen.ClipboardOwner) bool {
	return owner > 0 && int(owner) <= len(s.rects)
}

// InputWatcher is a screen.InputWatcher controlled by a test. Make it with NewInputWatcher.
type InputWatcher struct{ acts chan screen.Act }

var _ screen.InputWatcher = (*InputWatcher)(nil)

// NewInputWatcher makes a InputWatcher without activity.
func NewInputWatcher() *InputWatcher { return &InputWatcher{acts: make(chan screen.Act)} }

// Act reports an act; it returns when Watch has received it.
func (h *InputWatcher) Act(a screen.Act) { h.acts <- a }

// Watch implements screen.InputWatcher.
func (h *InputWatcher) Watch(ctx context.Context, acted func(screen.Act)) error {
	for {
		select {
		case a := <-h.acts:
			acted(a)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Badge is a screen.Badge that a test clicks.
type Badge struct {
	clicks chan click

	mu    sync.Mutex
	frame *screen.Frame // Guarded by mu.
}

type click struct {
	at       image.Point
	physical bool
}

var _ screen.Badge = (*Badge)(nil)

// NewBadge makes a hidden badge.
func NewBadge() *Badge { return &Badge{clicks: make(chan click)} }

// Room implements screen.Badge.
func (b *Badge) Room() (width int, scale float64, err error) { return 1000, 1, nil }

// Show implements screen.Badge.
func (b *Badge) Show(f *screen.Frame) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.frame = f
	return nil
}

// Frame returns what is shown; nil: hidden.
func (b *Badge) Frame() *screen.Frame {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.frame
}

// Click clicks the badge physically; it returns when Watch has received the click.
func (b *Badge) Click(p image.Point) { b.clicks <- click{p, true} }

// Inject clicks the badge as a program does.
func (b *Badge) Inject(p image.Point) { b.clicks <- click{p, false} }

// Watch implements screen.Badge.
func (b *Badge) Watch(ctx context.Context, clicked func(p image.Point, physical bool)) error {
	for {
		select {
		case c := <-b.clicks:
			clicked(c.at, c.physical)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Rect implements screen.Badge.
func (b *Badge) Rect() image.Rectangle {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.frame == nil {
		return image.Rectangle{}
	}
	return b.frame.Bounds()
}

// Key is a screen.Hotkey that a test presses.
type Key struct{ presses chan struct{} }

var _ screen.Hotkey = (*Key)(nil)

// NewKey makes a key that is not pressed.
func NewKey() *Key { return &Key{presses: make(chan struct{})} }

// Press presses the key; it returns when Watch has received the press.
func (k *Key) Press() { k.presses <- struct{}{} }

// Watch implements screen.Hotkey.
func (k *Key) Watch(ctx context.Context, _ uint32, pressed func()) error {
	for {
		select {
		case <-k.presses:
			pressed()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Swallow implements screen.Hotkey.
func (k *Key) Swallow(bool) error { return nil }
