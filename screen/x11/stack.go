//go:build linux

package x11

import (
	"encoding/binary"
	"image"
	"slices"
	"time"

	"github.com/jezek/xgb/damage"
	"github.com/jezek/xgb/xproto"
)

// A model of the top-level windows, built from the server's events in the order in which they
// arrive: stacking order, places, and which part of each window was drawn. Meanwhile the server is
// not queried, so that the model and the reports of drawing always match.

// topWindow is a child of the root window.
type topWindow struct {
	id xproto.Window
	extent
	mapped    bool
	inputOnly bool
	// known: looked up; shared: of a chosen program.
	known, shared bool
	contents      []xproto.Window // the programs' windows inside
	looks         int             // how often it was looked up and found to be empty
	lookAt        time.Time       // when to look it up again

	// Only for shared windows. Regions are in the window's coordinates, with the origin inside the
	// border, as in the server's reports of drawing.

	depth  byte
	damage damage.Damage
	shape  []image.Rectangle // nil: the whole window, with its border
	pixmap xproto.Pixmap     // 0: not named yet
	drawing

	vis   []image.Rectangle // visible now, in the display's coordinates; exact
	visAt image.Point       // the origin for which vis was determined
}

// forget makes the whole window undrawn, because its memory is new.
func (w *topWindow) forget(now time.Time) { w.drawing.forget(w.inner(), now) }

// drawn records drawing and reports whether more of the window may be shown now.
func (w *topWindow) drawn(r image.Rectangle) (more bool) {
	return w.drawing.drawn(r.Intersect(w.inner()))
}

// needsSettling reports whether undrawn parts wait until reports count.
func (w *topWindow) needsSettling() bool {
	return w.shared && w.mapped && !w.settled && !w.undrawn.Empty()
}

// extent is the place of a window.
type extent struct {
	at     image.Point // outer corner, in the display's coordinates
	size   image.Point // inside the border
	border int
}

// extentOf returns the extent of a child of the root window from the server's reply.
func extentOf(g *xproto.GetGeometryReply) extent {
	return extent{
		at: image.Pt(int(g.X), int(g.Y)), size: image.Pt(int(g.Width), int(g.Height)),
		border: int(g.BorderWidth),
	}
}

// outer returns the window with its border, in the display's coordinates.
func (e *extent) outer() image.Rectangle {
	corner := e.at.Add(e.size).Add(image.Pt(2*e.border, 2*e.border))
	return image.Rectangle{Min: e.at, Max: corner}
}

// inner returns the window without its border, in its own coordinates.
func (e *extent) inner() image.Rectangle { return image.Rectangle{Max: e.size} }

// origin returns the origin of the window's coordinates in the display's.
func (e *extent) origin() image.Point { return e.at.Add(image.Pt(e.border, e.border)) }

// stack is the model. The goroutine that calls Next owns it.
type stack struct {
	root  xproto.Window
	order []*topWindow // bottom first
	byID  map[xproto.Window]*topWindow
}

// stir unsettles all windows, because a change of one makes the server report others.
func (s *stack) stir() {
	for _, w := range s.order {
		w.unsettle()
	}
}

func (s *stack) add(w *topWindow) {
	s.remove(w.id)
	s.order = append(s.order, w)
	s.byID[w.id] = w
}

func (s *stack) remove(id xproto.Window) *topWindow {
	w := s.byID[id]
	if w == nil {
		return nil
	}
	delete(s.byID, id)
	s.order = slices.DeleteFunc(s.order, func(o *topWindow) bool { return o == w })
	return w
}

// place puts w directly above the sibling, or lowest if there is none.
func (s *stack) place(w *topWindow, sibling xproto.Window) {
	i := 0
	rest := slices.DeleteFunc(slices.Clone(s.order), func(o *topWindow) bool { return o == w })
	for j, o := range rest {
		if o.id == sibling {
			i = j + 1
		}
	}
	s.order = slices.Insert(rest, i, w)
}

// windowEvent is an event of the core protocol about the tree of windows.
type windowEvent struct {
	kind       byte
	at, window xproto.Window // where it was reported, and the window it is about
	other      xproto.Window // new parent, or the sibling below
	pos, size  image.Point
	border     int
	toTop      bool
}

// parseWindowEvent parses an event that the server itself generated; ok is false for all others.
func parseWindowEvent(ev []byte) (e windowEvent, ok bool) {
	if len(ev) < xHead || ev[0]&xSentFlag != 0 {
		return e, false
	}
	window := func(o int) xproto.Window { return xproto.Window(binary.LittleEndian.Uint32(ev[o:])) }
	number := func(o int) int { return int(int16(binary.LittleEndian.Uint16(ev[o:]))) }
	e = windowEvent{kind: ev[0], at: window(4), window: window(8)}
	switch ev[0] {
	case xproto.CreateNotify:
		e.pos, e.size, e.border = image.Pt(number(12), number(14)), image.Pt(number(16), number(18)), number(20)
	case xproto.DestroyNotify, xproto.UnmapNotify, xproto.MapNotify:
	case xproto.ReparentNotify:
		e.other, e.pos = window(12), image.Pt(number(16), number(18))
	case xproto.ConfigureNotify:
		e.other, e.pos, e.size, e.border = window(12), image.Pt(number(16), number(18)), image.Pt(number(20), number(22)), number(24)
	case xproto.GravityNotify:
		e.pos = image.Pt(number(12), number(14))
	case xproto.CirculateNotify:
		e.toTop = ev[16] == xproto.PlaceOnTop
	default:
		return e, false
	}
	return e, true
}

// renews reports whether the event gives w new memory or other content, so that what was read
// meanwhile may not be w's.
func (e *windowEvent) renews(w *topWindow) bool {
	switch e.kind {
	case xproto.CreateNotify, xproto.MapNotify, xproto.UnmapNotify, xproto.DestroyNotify:
		return e.window == w.id
	case xproto.ReparentNotify:
		return e.window == w.id || e.at == w.id || e.other == w.id
	case xproto.ConfigureNotify:
		return e.window == w.id && (e.size != w.size || e.border != w.border)
	}
	return false
}
