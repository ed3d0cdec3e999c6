// Package exposure determines which pixels of a capture of the whole screen may be shown in a share
// of some windows, on systems that cannot capture a single window.
package exposure

import (
	"image"
	"time"

	"lotse/screen"
)

// Trust determines which pixels of a capture of the whole screen certainly belong to shared
// windows. The system reports where windows are, not what the capture shows: its compositor draws
// later, and animates windows. A pixel is therefore trusted only under two conditions. It belonged
// to shared windows at every look, for a while before the capture and just after it. And nothing
// was reported meanwhile that could have put something else there. All coordinates are the frame's.
type Trust struct {
	Settle time.Duration // how long before the capture

	seen     []sighting // oldest first
	suspects []suspicion
	known    map[uintptr]Window // windows on the screen, as far as seen or reported
}

// Window is the last known state of a window.
type Window struct {
	Rect  image.Rectangle // everything that it can cover
	Shown bool            // it is shared
	told  time.Time       // when this was reported; zero: it was seen by a look
}

// sighting is the region that belonged to shared windows at one look, which examines one window
// after the other.
type sighting struct {
	began, ended time.Time
	visible      screen.Region
}

// suspicion is a place where something else may have been at a time.
type suspicion struct {
	at   time.Time
	rect image.Rectangle
	all  bool
}

// maxSuspects is the maximum length of the list; with one more, everything is suspect.
const maxSuspects = 256

// Sees records one look: the region of shared windows and the places of all windows. A look takes
// time, and changes during it may be reported before its end or later.
func (t *Trust) Sees(began, ended time.Time, visible screen.Region, known map[uintptr]Window) {
	visible = visible.Clone()
	for _, s := range t.suspects {
		switch {
		case s.at.Before(began):
		case s.all:
			visible = screen.Region{}
		default:
			visible.Subtract(s.rect)
		}
	}
	// Reports about changes since the last look may arrive later, and the present state cannot show
	// what changed.
	for w, was := range t.known {
		switch now, still := known[w]; {
		case !was.told.Before(began):
			if now.Shown && now.Rect != was.Rect {
				visible.Subtract(now.Rect) // it was there before
			}
			known[w] = was // newer than the look
		case was.Shown && now.Rect != was.Rect:
			t.suspect(ended, was.Rect)
		case !was.Shown && !still:
			t.SuspectAll(ended)
		case !was.Shown && now.Rect != was.Rect:
			t.suspect(ended, now.Rect.Union(was.Rect))
		}
	}
	t.known = known
	t.seen = append(t.seen, sighting{began, ended, visible})
	// One entry older than necessary is kept: the time between it and the next is covered by both.
	for len(t.seen) > 2 && began.Sub(t.seen[1].ended) > 2*t.Settle {
		t.seen = t.seen[1:]
	}
}

// Forget clears everything, after the coordinates have changed.
func (t *Trust) Forget() { t.seen, t.suspects, t.known = nil, nil, nil }

// Change is what can be reported about a window.
type Change int

const (
	Reordered Change = iota // the order of the whole desktop's windows
	Moved                   // or resized
	Gone                    // hidden or destroyed
	Changed                 // shown, minimized, cloaked or anything else
)

// News is a report of the system about a window, and the window's present state.
type News struct {
	Window  uintptr
	What    Change
	Rect    image.Rectangle // everything that it can cover
	There   bool            // it has not been destroyed since
	Visible bool
	Shared  bool // and nothing below can be seen through it
}

// Told records a report of something that could have put other pixels into a capture.
func (t *Trust) Told(now time.Time, n News) {
	was, known := t.known[n.Window]
	switch {
	case n.What == Reordered:
		t.SuspectAll(now)
		return
	case known && was.Shown && (n.Shared || !n.There):
		// It may have disappeared and returned between two looks: both see it in its place, but the
		// capture may show what is below it.
		t.suspect(now, was.Rect)
	case !known && n.Shared:
		// No look has counted its place as shared yet.
	case n.What == Moved:
		t.moved(now, n, was, known)
	case !known && (n.What == Gone || n.There && n.Rect.Empty()):
		// No look has seen it on the screen; a report that it appears will follow.
	default:
		t.SuspectAll(now) // windows that appear or disappear may be animated anywhere
	}
	if n.There && n.Visible {
		if t.known == nil {
			t.known = map[uintptr]Window{}
		}
		t.known[n.Window] = Window{n.Rect, n.Shared, now}
	} else {
		delete(t.known, n.Window)
	}
}

// moved records the movement of a window that is not shared.
func (t *Trust) moved(now time.Time, n News, was Window, known bool) {
	switch {
	case !known && !(n.There && n.Visible):
		// It is not on the screen.
	case !n.There, !n.Visible, known && n.Rect == was.Rect:
		t.SuspectAll(now) // it has disappeared since, or was elsewhere when the report was made
	default:
		t.suspect(now, n.Rect)
		if known && n.Rect.Size() != was.Rect.Size() {
			t.suspect(now, n.Rect.Union(was.Rect)) // resizing happens step by step
		} else if known {
			t.suspect(now, was.Rect)
		}
	}
}

// suspect records that something else was, or may be, at a place. The last look no longer counts
// there: otherwise a place that was left and taken again between two looks would seem never to have
// been left.
func (t *Trust) suspect(at time.Time, r image.Rectangle) {
	t.expire(at)
	if len(t.suspects) >= maxSuspects {
		t.SuspectAll(at)
		return
	}
	if r.Empty() {
		return
	}
	t.suspects = append(t.suspects, suspicion{at: at, rect: r})
	if n := len(t.seen); n > 0 {
		t.seen[n-1].visible.Subtract(r)
	}
}

// SuspectAll records that something else may be anywhere.
func (t *Trust) SuspectAll(at time.Time) {
	t.suspects = append(t.suspects[:0], suspicion{at: at, all: true})
	if n := len(t.seen); n > 0 {
		t.seen[n-1].visible = screen.Region{}
	}
}

func (t *Trust) expire(now time.Time) {
	keep := t.suspects[:0]
	for _, s := range t.suspects {
		if now.Sub(s.at) <= 2*t.Settle {
			keep = append(keep, s)
		}
	}
	t.suspects = keep
}

// Certain returns the region that may be shown of a capture that began at the given time. The last
// look must have begun after that.
func (t *Trust) Certain(picture time.Time) screen.Region {
	since := picture.Add(-t.Settle)
	if n := len(t.seen); n == 0 || t.seen[0].ended.After(since) || t.seen[n-1].began.Before(picture) {
		return screen.Region{}
	}
	first := 0
	for first+1 < len(t.seen) && !t.seen[first+1].ended.After(since) {
		first++
	}
	sure := t.seen[first].visible.Clone()
	for _, s := range t.seen[first+1:] {
		sure = sure.IntersectRegion(s.visible)
	}
	for _, s := range t.suspects {
		switch {
		case s.at.Before(since):
		case s.all:
			return screen.Region{}
		default:
			sure.Subtract(s.rect)
		}
	}
	return sure
}

// Layer is a top-level window in the stacking order.
type Layer struct {
	Outer image.Rectangle // everything that it can cover
	Inner image.Rectangle // everything that it fills
	Shown bool            // it is shared and covers all of Inner
	Cut   int             // side of the squares at its corners that it may not fill
}

// Visible returns what the shown layers fill of bounds. The foremost layer is first.
func Visible(bounds image.Rectangle, layers []Layer) screen.Region {
	free := screen.RegionOf(bounds)
	var out screen.Region
	for _, l := range layers {
		if !l.Shown {
			free.Subtract(l.Outer)
			continue
		}
		// What is below shows through at the corners and in the border outside.
		fill := screen.RegionOf(l.Inner)
		for _, c := range corners(l.Inner, l.Cut) {
			fill.Subtract(c)
		}
		part := free.IntersectRegion(fill)
		out.AddRegion(part)
		free.SubtractRegion(fill)
	}
	return out
}

func corners(r image.Rectangle, side int) []image.Rectangle {
	if side <= 0 {
		return nil
	}
	var out []image.Rectangle
	for _, at := range []image.Point{
		r.Min, {r.Max.X - side, r.Min.Y}, {r.Min.X, r.Max.Y - side}, r.Max.Sub(image.Pt(side, side)),
	} {
		out = append(out, image.Rectangle{Min: at, Max: at.Add(image.Pt(side, side))}.Intersect(r))
	}
	return out
}
