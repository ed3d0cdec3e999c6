// Package screentest contains a display that a test paints, in place of an operating system's.
package screentest

import (
	"context"
	"image"
	"sync"

	"lotse/screen"
)

// Display is a Screen and an Input in memory. Make it with NewDisplay. All methods may be called
// concurrently.
type Display struct {
	permission screen.Permission

	mu sync.Mutex
	// Guarded by mu.
	frame   *screen.Frame
	damage  screen.Region
	changed chan struct{} // closed and replaced at each change
	closed  bool
	events  []any         // screen.Key and Motion
	stuck   chan struct{} // nil: input is accepted; closed to accept input again
}

// Motion is an injected pointer event.
type Motion struct {
	At      image.Point
	Buttons screen.Buttons
}

// Released is recorded for each ReleaseAll.
type Released struct{}

var (
	_ screen.Screen = (*Display)(nil)
	_ screen.Input  = (*Display)(nil)
)

// NewDisplay makes a black display.
func NewDisplay(size image.Point) *Display {
	d := &Display{frame: screen.NewFrame(size), changed: make(chan struct{})}
	d.damage.Add(d.frame.Bounds())
	return d
}

// Fill paints a rectangle.
func (d *Display) Fill(r image.Rectangle, red, green, blue byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.frame.Fill(r, red, green, blue)
	d.damage.Add(r.Intersect(d.frame.Bounds()))
	d.wakeLocked()
}

// Resize changes the display's size and makes it black.
func (d *Display) Resize(size image.Point) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.frame = screen.NewFrame(size)
	d.damage.Clear()
	d.damage.Add(d.frame.Bounds())
	d.wakeLocked()
}

func (d *Display) wakeLocked() {
	close(d.changed)
	d.changed = make(chan struct{})
}

// Next implements screen.Screen.
func (d *Display) Next(ctx context.Context) (screen.Update, error) {
	for {
		d.mu.Lock()
		if d.closed {
			d.mu.Unlock()
			return screen.Update{}, screen.ErrClosed
		}
		if !d.damage.Empty() {
			u := d.captureLocked()
			d.mu.Unlock()
			return u, nil
		}
		changed := d.changed
		d.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return screen.Update{}, ctx.Err()
		}
	}
}

// Refresh implements screen.Screen.
func (d *Display) Refresh() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.damage.Add(d.frame.Bounds())
	d.wakeLocked()
}

func (d *Display) captureLocked() screen.Update {
	f := screen.NewFrame(d.frame.Size)
	f.CopyRect(d.frame, d.frame.Bounds())
	u := screen.Update{Frame: f, Damage: d.damage, Monitors: []screen.Monitor{{ID: 1, Rect: f.Bounds()}}}
	d.damage = screen.Region{}
	return u
}

// Close implements screen.Screen.
func (d *Display) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	d.wakeLocked()
	return nil
}

// Key implements screen.Input.
func (d *Display) Key(k screen.Key) error { return d.record(k, k.Down) }

// Pointer implements screen.Input.
func (d *Display) Pointer(p image.Point, b screen.Buttons) error { return d.record(Motion{p, b}, true) }

// ReleaseAll implements screen.Input.
func (d *Display) ReleaseAll() error { return d.record(Released{}, false) }

// Suspend implements screen.Input.
func (d *Display) Suspend(on bool) { d.permission.Suspend(on) }

// Hang makes input block, as on a display that does not respond, until resume is called.
func (d *Display) Hang() (resume func()) {
	stuck := make(chan struct{})
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stuck = stuck
	return sync.OnceFunc(func() { close(stuck) })
}

// record records an injected event. press: the event is dropped while the display is suspended.
func (d *Display) record(event any, press bool) error {
	permit := d.permission.Permit()
	d.mu.Lock()
	stuck := d.stuck
	d.mu.Unlock()
	if stuck != nil {
		<-stuck
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return screen.ErrClosed
	case press && !permit.Valid():
		return nil
	}
	d.events = append(d.events, event)
	return nil
}

// Events returns the events injected since the last call.
func (d *Display) Events() []any {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.events
	d.events = nil
	return e
}
