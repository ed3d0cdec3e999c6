package screen

import (
	"bytes"
	"encoding/binary"
	"image"
	"sync"
)

// tile is the side in pixels of the squares that are compared as a unit.
const tile = 64

// Framebuffer is the frame that viewers are served from: a copy of the capture that changes only
// under its lock, so that an encoder always reads a complete frame. All methods may be called
// concurrently.
type Framebuffer struct {
	mu sync.RWMutex
	// Guarded by mu.
	frame    *Frame
	monitors []Monitor
	cursor   *Cursor
	pointer  image.Point
	seq      uint64
	motion   motion
	runs     []image.Rectangle // of the last comparison
}

// NewFramebuffer makes a black framebuffer.
func NewFramebuffer(size image.Point) *Framebuffer {
	return &Framebuffer{
		frame:    NewFrame(size),
		monitors: []Monitor{{ID: 1, Rect: image.Rectangle{Max: size}}},
	}
}

// View is the framebuffer's content for a reader that holds the lock.
type View struct {
	Frame    *Frame
	Monitors []Monitor
	Cursor   *Cursor // nil: none
	Pointer  image.Point
	Seq      uint64 // number of calls of Apply
}

// Read calls f with the current content. f must not keep the View, and must not call other methods
// of the framebuffer.
func (b *Framebuffer) Read(f func(View)) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	f(View{b.frame, b.monitors, b.cursor, b.pointer, b.seq})
}

// Change describes what one Update changed in the framebuffer.
type Change struct {
	Region  Region // pixels that differ, exactly to the tile's row
	Moves   []Move // pixels that came from elsewhere; they precede Region and are not in it
	Resized bool   // the frame has another size; Region is all of it
	Layout  bool   // the monitors changed
	Cursor  bool   // the shape changed
	Pointer bool   // the pointer moved
	Seq     uint64 // of the first View that contains the change
}

// Move means that the pixels of Dst were at Dst - Delta before.
type Move struct {
	Dst   image.Rectangle
	Delta image.Point
}

// Src returns where the pixels came from.
func (m Move) Src() image.Rectangle { return m.Dst.Sub(m.Delta) }

// Any reports whether anything changed.
func (c *Change) Any() bool {
	return !c.Region.Empty() || len(c.Moves) > 0 || c.Resized || c.Layout || c.Cursor || c.Pointer
}

// Apply updates the framebuffer and returns what really changed: the damage is only a hint, so
// Apply compares the pixels.
func (b *Framebuffer) Apply(u Update) Change {
	return b.Publish(u, func(*Change) {})
}

// Publish is Apply with a call of tell before anybody can read the changed frame, because a reader
// that learns of a move after it has read the moved pixels cannot use the move. tell may modify the
// change; it must not call methods of the framebuffer.
func (b *Framebuffer) Publish(u Update, tell func(*Change)) Change {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.applyLocked(u)
	tell(&c)
	return c
}

func (b *Framebuffer) applyLocked(u Update) Change {
	b.seq++
	c := Change{Seq: b.seq}
	if u.Frame.Size != b.frame.Size {
		b.frame = NewFrame(u.Frame.Size)
		b.frame.CopyRect(u.Frame, u.Frame.Bounds())
		c.Resized = true
		c.Region.Add(u.Frame.Bounds())
	} else {
		b.diffLocked(u.Frame, u.Damage, u.Moved, &c)
	}
	if !sameMonitors(b.monitors, u.Monitors) {
		b.monitors = append([]Monitor(nil), u.Monitors...)
		c.Layout = true
	}
	if u.Cursor != b.cursor {
		b.cursor = u.Cursor
		c.Cursor = true
	}
	if u.Pointer != b.pointer {
		b.pointer = u.Pointer
		c.Pointer = true
	}
	return c
}

func sameMonitors(a, b []Monitor) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// diffLocked updates the framebuffer to src: what differs inside the hint is moved if it only
// moved, and copied otherwise.
func (b *Framebuffer) diffLocked(src *Frame, hint Region, moved []image.Point, c *Change) {
	b.runs = b.compareLocked(b.runs[:0], src, hint.Rects())
	if c.Moves = b.motion.move(b.frame, src, b.runs, moved, nil); len(c.Moves) > 0 {
		// What was moved is correct: each move was verified.
		rest := RegionOf(b.runs...)
		for _, m := range c.Moves {
			rest.Subtract(m.Dst)
		}
		b.runs = b.compareLocked(b.runs[:0], src, rest.Rects())
	}
	for _, r := range b.runs {
		b.frame.CopyRect(src, r)
		c.Region.Add(r)
	}
}

// compareLocked appends the rectangles inside the hint that differ. Adjacent tiles are joined to
// runs, and each run is trimmed to the rows that differ.
func (b *Framebuffer) compareLocked(runs []image.Rectangle, src *Frame, hint []image.Rectangle) []image.Rectangle {
	// The hint's rectangles are aligned to tiles, so that overlapping hints do not compare a tile
	// twice.
	bounds := b.frame.Bounds()
	across, down := (bounds.Dx()+tile-1)/tile, (bounds.Dy()+tile-1)/tile
	if across == 0 || down == 0 {
		return runs
	}
	seen := make([]bool, across*down)
	for _, r := range hint {
		r = r.Intersect(bounds)
		if r.Empty() {
			continue
		}
		for ty := r.Min.Y / tile; ty <= (r.Max.Y-1)/tile; ty++ {
			for tx := r.Min.X / tile; tx <= (r.Max.X-1)/tile; tx++ {
				seen[ty*across+tx] = true
			}
		}
	}
	for ty := range down {
		run := image.Rectangle{}
		for tx := range across {
			if !seen[ty*across+tx] {
				continue
			}
			t := image.Rect(tx*tile, ty*tile, (tx+1)*tile, (ty+1)*tile).Intersect(bounds)
			first, last := b.differingRows(src, t)
			if first > last {
				continue
			}
			t.Min.Y, t.Max.Y = first, last+1
			if joined := run.Union(t); run.Max.X == t.Min.X && !run.Empty() && area(joined) <= (area(run)+area(t))*5/4 {
				run = joined
				continue
			}
			runs = b.appendTrimmed(runs, src, run)
			run = t
		}
		runs = b.appendTrimmed(runs, src, run)
	}
	return runs
}

func area(r image.Rectangle) int { return r.Dx() * r.Dy() }

// appendTrimmed appends a run of tiles without the columns at its sides that do not differ.
func (b *Framebuffer) appendTrimmed(runs []image.Rectangle, src *Frame, run image.Rectangle) []image.Rectangle {
	if run.Empty() {
		return runs
	}
	left, right := min(tile, run.Dx())-1, min(tile, run.Dx())-1 // columns that may be trimmed
	for y := run.Min.Y; y < run.Max.Y && (left > 0 || right > 0); y++ {
		was, is := b.frame.Row(y, run.Min.X, run.Max.X), src.Row(y, run.Min.X, run.Max.X)
		if n := left * BytesPerPixel; !bytes.Equal(was[:n], is[:n]) {
			for left = 0; samePixel(was, is, left); left++ {
			}
		}
		if n := len(was) - right*BytesPerPixel; !bytes.Equal(was[n:], is[n:]) {
			last := run.Dx() - 1
			for right = 0; samePixel(was, is, last-right); right++ {
			}
		}
	}
	run.Min.X += left
	run.Max.X -= min(right, run.Dx()-1)
	return append(runs, run)
}

func samePixel(a, b []byte, x int) bool {
	return binary.LittleEndian.Uint32(a[x*BytesPerPixel:]) == binary.LittleEndian.Uint32(b[x*BytesPerPixel:])
}

// differingRows returns the first and last row of t that differ; first > last if none does.
func (b *Framebuffer) differingRows(src *Frame, t image.Rectangle) (first, last int) {
	first, last = t.Min.Y, t.Max.Y-1
	for first <= last && bytes.Equal(b.frame.Row(first, t.Min.X, t.Max.X), src.Row(first, t.Min.X, t.Max.X)) {
		first++
	}
	for last > first && bytes.Equal(b.frame.Row(last, t.Min.X, t.Max.X), src.Row(last, t.Min.X, t.Max.X)) {
		last--
	}
	return first, last
}
