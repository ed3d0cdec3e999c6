// Package pointing lets an advisor who may see the customer's screen point at things without having
// control. It turns pointer events of his viewer into marks on the customer's screen: an arrow with
// his name, a ring for each click, and a line for each drag, which disappears soon after it was
// drawn. Marks are drawn inside what is shared and nowhere else.
package pointing

import (
	"context"
	"errors"
	"image"
	"image/color"
	"log/slog"
	"slices"
	"sync"
	"time"

	"lotse/screen"
)

const (
	arrowLasts = 10 * time.Second       // without a movement
	lineLasts  = 2 * time.Second        // after the button was released
	ringStep   = 120 * time.Millisecond // the time between two sizes of a ring
	heldLimit  = 30 * time.Second       // a button held longer counts as released

	maxHands  = 16
	maxLines  = 20  // of a hand; older ones disappear
	maxPieces = 200 // of a hand's lines; the oldest disappear
	maxRings  = 5   // of a hand

	// A line consists of pieces, so that while it is drawn only its last piece changes.
	pieceSide   = 256 // pixels at most, without the width of the line
	piecePoints = 24
	stepAtLeast = 3 // pixels between two points of a line

	pressed = screen.ButtonLeft | screen.ButtonMiddle | screen.ButtonRight

	// frame is the minimum time between two changes of the marks.
	frame = 16 * time.Millisecond
	// follow is the maximum time after which the marks follow a change of what is shared.
	follow = 100 * time.Millisecond
)

// ringSizes are the radii of a ring, one after the other, in pixels at 96 dots per inch.
var ringSizes = [...]float64{6, 10, 14, 18, 22}

// Shown tells where on the display pointing is possible.
type Shown interface {
	// Shown returns what is shared at the moment, as rectangles of the display that do not overlap,
	// and where on the display the shared picture begins. It must not block.
	Shown() (shown []image.Rectangle, origin image.Point)
}

// Board collects what all advisors point at. It may be used concurrently.
type Board struct {
	shown Shown
	now   func() time.Time
	wake  chan struct{} // receives a value after each change

	mu sync.Mutex
	// Guarded by mu.
	on    bool
	scale float64
	hands []*Hand // in the order in which they appeared
	clips clips
}

// NewBoard returns a Board on which nobody may point. now is the clock; nil: time.Now.
func NewBoard(shown Shown, now func() time.Time) *Board {
	if now == nil {
		now = time.Now
	}
	return &Board{shown: shown, now: now, wake: make(chan struct{}, 1), scale: 1}
}

// Hand is one viewer's pointer.
type Hand struct {
	board *Board
	name  string

	// Guarded by board.mu.
	colour  color.RGBA
	shape   *screen.Cursor // the arrow; nil: not drawn yet
	circles [len(ringSizes)]*screen.Cursor
	in      bool        // the pointer is inside what is shared
	at      image.Point // on the display
	moved   time.Time
	buttons screen.Buttons
	pressed time.Time // when the first button went down
	lines   []*drawn
	rings   []circle
}

// drawn is a line of a hand, on the display.
type drawn struct {
	pieces []*piece
	over   time.Time // zero: it is still being drawn
}

// piece is a part of a line.
type piece struct {
	points []image.Point
	box    image.Rectangle
	mark   screen.Mark // Shape is nil if points has changed since
}

type circle struct {
	at    image.Point
	since time.Time
}

// Hand adds a pointer with the advisor's name. Its user must call Leave. Only the first hands are
// shown if there are too many.
func (b *Board) Hand(name string) *Hand { return &Hand{board: b, name: name} }

// Leave removes the hand and what it has drawn.
func (h *Hand) Leave() {
	b := h.board
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hands = slices.DeleteFunc(b.hands, func(other *Hand) bool { return other == h })
	b.changed()
}

// Allow sets whether the advisors may point. If not, all marks are removed, and events have no
// effect. It does not block.
func (b *Board) Allow(on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.on == on {
		return
	}
	b.on = on
	b.clearLocked()
}

// Clear removes all marks, because something else is shared.
func (b *Board) Clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clearLocked()
}

func (b *Board) clearLocked() {
	for _, h := range b.hands {
		h.in, h.buttons, h.lines, h.rings = false, 0, nil, nil
	}
	b.hands = nil
	b.changed()
}

func (b *Board) changed() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Point handles a pointer event of the viewer. p is in the shared picture's coordinates.
func (h *Hand) Point(p image.Point, buttons screen.Buttons) {
	b := h.board
	shown, origin := b.shown.Shown()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.on || !b.hasLocked(h) {
		return
	}
	now := b.now()
	before := h.buttons
	h.at, h.buttons, h.moved = p.Add(origin), buttons&pressed, now
	h.in = slices.ContainsFunc(shown, func(r image.Rectangle) bool { return h.at.In(r) })
	if before == 0 && h.buttons != 0 {
		h.pressed = now
	}
	if h.buttons&^before != 0 && h.in {
		h.rings = append(h.rings[max(0, len(h.rings)-maxRings+1):], circle{h.at, now})
	}
	h.draw(now)
	b.changed()
}

// hasLocked adds a hand that points for the first time. It returns false if there are too many.
func (b *Board) hasLocked(h *Hand) bool {
	if slices.Contains(b.hands, h) {
		return true
	}
	if len(b.hands) == maxHands {
		return false
	}
	if h.colour == (color.RGBA{}) {
		h.colour = b.freeColourLocked()
	}
	b.hands = append(b.hands, h)
	return true
}

// freeColourLocked returns the colour that the fewest hands have.
func (b *Board) freeColourLocked() color.RGBA {
	var used [len(colours)]int
	for _, h := range b.hands {
		used[slices.Index(colours[:], h.colour)]++
	}
	return colours[slices.Index(used[:], slices.Min(used[:]))]
}

// draw continues the line of the left button. It ends where the pointer leaves what is shared.
func (h *Hand) draw(now time.Time) {
	var open *drawn
	if n := len(h.lines); n > 0 && h.lines[n-1].over.IsZero() {
		open = h.lines[n-1]
	}
	down := h.buttons&screen.ButtonLeft != 0
	if !down || !h.in || now.Sub(h.pressed) > heldLimit {
		if open != nil {
			open.over = now
		}
		return
	}
	if open == nil {
		open = &drawn{}
		h.lines = append(h.lines[max(0, len(h.lines)-maxLines+1):], open)
	}
	open.add(h.at)
	h.forget()
}

// forget drops the oldest pieces if the lines have too many.
func (h *Hand) forget() {
	count := 0
	for _, l := range h.lines {
		count += len(l.pieces)
	}
	for count > maxPieces {
		l := h.lines[0]
		if len(l.pieces) > 0 {
			l.pieces, count = l.pieces[1:], count-1
			continue
		}
		h.lines = h.lines[1:]
	}
}

// add continues a line to p. Far jumps are drawn in steps, so that each fits into a piece.
func (l *drawn) add(p image.Point) {
	if len(l.pieces) == 0 {
		l.pieces = []*piece{newPiece(p)}
		return
	}
	last := l.pieces[len(l.pieces)-1]
	from := last.points[len(last.points)-1]
	far := max(abs(p.X-from.X), abs(p.Y-from.Y))
	if far < stepAtLeast {
		return
	}
	steps := (far + pieceSide - 1) / pieceSide
	for i := 1; i <= steps; i++ {
		next := from.Add(p.Sub(from).Mul(i).Div(steps))
		box := last.box.Union(pixel(next))
		if len(last.points) >= piecePoints || len(last.points) > 1 && max(box.Dx(), box.Dy()) > pieceSide {
			last = newPiece(last.points[len(last.points)-1])
			l.pieces = append(l.pieces, last)
			box = last.box.Union(pixel(next))
		}
		last.points, last.box, last.mark = append(last.points, next), box, screen.Mark{}
	}
}

func newPiece(p image.Point) *piece { return &piece{points: []image.Point{p}, box: pixel(p)} }

func pixel(p image.Point) image.Rectangle { return image.Rectangle{Min: p, Max: p.Add(image.Pt(1, 1))} }

func abs(n int) int { return max(n, -n) }

// marks returns what is to be seen now, and the time after which that changes by itself; 0: never.
func (b *Board) marks() (all []screen.Mark, after time.Duration) {
	shown, _ := b.shown.Shown()
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	for _, h := range b.hands {
		all = h.marks(all, now, b.scale)
	}
	if len(all) == 0 {
		return nil, 0
	}
	return b.clips.of(all, shown), follow
}

// marks appends a hand's marks: lines, rings, and the arrow above them.
func (h *Hand) marks(all []screen.Mark, now time.Time, scale float64) []screen.Mark {
	held := h.buttons != 0 && now.Sub(h.pressed) <= heldLimit
	if n := len(h.lines); n > 0 && h.lines[n-1].over.IsZero() && !held {
		h.lines[n-1].over = h.pressed.Add(heldLimit) // no event may ever come again
	}
	h.lines = slices.DeleteFunc(h.lines, func(l *drawn) bool { return !l.over.IsZero() && now.Sub(l.over) >= lineLasts })
	for _, l := range h.lines {
		for _, p := range l.pieces {
			if p.mark.Shape == nil && len(p.points) > 1 {
				p.mark, _ = line(p.points, h.colour, scale)
			}
			if p.mark.Shape != nil {
				all = append(all, p.mark)
			}
		}
	}
	h.rings = slices.DeleteFunc(h.rings, func(c circle) bool { return now.Sub(c.since) >= ringStep*time.Duration(len(ringSizes)) })
	for _, c := range h.rings {
		i := now.Sub(c.since) / ringStep
		if h.circles[i] == nil {
			h.circles[i] = ring(ringSizes[i], h.colour, scale)
		}
		all = append(all, screen.Mark{Shape: h.circles[i], At: c.at})
	}
	if h.in && (held || now.Sub(h.moved) < arrowLasts) {
		if h.shape == nil {
			h.shape = arrow(h.name, h.colour, scale)
		}
		all = append(all, screen.Mark{Shape: h.shape, At: h.at})
	}
	return all
}

// clips remembers clipped marks, so that a mark that stays where it is keeps its shape.
type clips struct {
	shown []image.Rectangle
	made  map[screen.Mark]*screen.Cursor
}

// of returns marks, clipped to what is shared.
func (c *clips) of(all []screen.Mark, shown []image.Rectangle) []screen.Mark {
	if !slices.Equal(shown, c.shown) {
		c.shown, c.made = slices.Clone(shown), nil
	}
	made := make(map[screen.Mark]*screen.Cursor, len(all))
	out := all[:0]
	for _, m := range all {
		shape, ok := c.made[m]
		if !ok {
			shape = clip(m, shown)
		}
		made[m] = shape
		if shape != nil {
			out = append(out, screen.Mark{Shape: shape, At: m.At})
		}
	}
	c.made = made
	return out
}

// Show shows the marks on a display, in its scale, until ctx ends; then it removes them. If the
// display fails, it logs that and ends.
func (b *Board) Show(ctx context.Context, on *screen.Parts, log *slog.Logger) {
	scale := 1.0
	if on.Badge != nil {
		if _, of, err := on.Badge.Room(); err == nil {
			scale = of
		}
	}
	err := b.run(ctx, on.Marker, scale)
	if err != nil && !errors.Is(err, screen.ErrClosed) && ctx.Err() == nil {
		log.Warn("the advisor's pointer cannot be shown", "reason", err)
	}
}

// run shows the marks until ctx ends. scale is the number of pixels per pixel at 96 dots per inch.
// It returns the first error of the display.
func (b *Board) run(ctx context.Context, to screen.Marker, scale float64) error {
	b.mu.Lock()
	b.scale = max(1, min(scale, 4))
	b.mu.Unlock()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var last []screen.Mark
	for {
		select {
		case <-b.wake:
		case <-timer.C:
		case <-ctx.Done():
			return to.Mark(nil)
		}
		now, after := b.marks()
		if !slices.Equal(now, last) {
			if err := to.Mark(now); err != nil {
				return err
			}
			last = now
		}
		if after == 0 {
			continue
		}
		// The next event may come at once; the one after it waits for a frame.
		pause := time.NewTimer(frame)
		select {
		case <-pause.C:
		case <-ctx.Done():
		}
		pause.Stop()
		timer.Reset(after)
	}
}
