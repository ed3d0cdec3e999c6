// Package exposure decides which pixels of a picture of the whole screen may be shown in a
// share of some windows, for systems that cannot read a single window.
package exposure

import (
	"image"
	"time"

	"lotse/screen"
)

// Trust knows which pixels of a picture of the whole screen are surely those of
// shared windows. A system tells where windows are, not what the picture shows:
// its compositor draws later, and lets windows fade and fly. So a pixel counts
// when it belonged to shared windows every time that anybody looked, for a while
// before the picture and just after it, and when nothing was told meanwhile that
// could have put something else there. All places are the frame's.
type Trust struct {
	Settle time.Duration // how long before the picture

	seen     []sighting // the oldest first
	suspects []suspicion
	known    map[uintptr]Window // those that are on the screen, as far as it was seen or told
}

// Window is a window as it was last.
type Window struct {
	Rect  image.Rectangle // all that it can cover
	Shown bool            // it is shared
	told  time.Time       // when that was told; zero: it was seen
}

// sighting is what belonged to shared windows when somebody looked, one window
// after the other.
type sighting struct {
	began, ended time.Time
	visible      screen.Region
}

// suspicion is where something else may have been at a time.
type suspicion struct {
	at   time.Time
	rect image.Rectangle
	all  bool
}

// maxSuspects bounds the list; one more and everything is suspect.
const maxSuspects = 256

// Sees notes what belonged to shared windows when somebody looked, and where all
// windows were. That takes a while, and what happens meanwhile may be told before
// its end or later.
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
	// What the system tells later of what changed since the last look, nobody could
	// tell from what is now.
	for w, was := range t.known {
		switch now, still := known[w]; {
		case !was.told.Before(began):
			if now.Shown && now.Rect != was.Rect {
				visible.Subtract(now.Rect) // it was there before
			}
			known[w] = was // newer than what was seen
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
	// One that is older than it need be stays: what was between it and the next
	// is covered by both.
	for len(t.seen) > 2 && began.Sub(t.seen[1].ended) > 2*t.Settle {
		t.seen = t.seen[1:]
	}
}

// Forget forgets all, when the places have become other ones.
func (t *Trust) Forget() { t.seen, t.suspects, t.known = nil, nil, nil }

// Change is what can be told of a window.
type Change int

const (
	Reordered Change = iota // those of the whole desktop
	Moved                   // or grown
	Gone                    // hidden or destroyed
	Changed                 // shown, made small, cloaked or anything else
)

// News is what the system told of a window, and what it is by now.
type News struct {
	Window  uintptr
	What    Change
	Rect    image.Rectangle // all that it can cover
	There   bool            // it has not been destroyed since
	Visible bool
	Shared  bool // and nothing that lies below can be seen in it
}

// Told notes what could have put something else into a picture.
func (t *Trust) Told(now time.Time, n News) {
	was, known := t.known[n.Window]
	switch {
	case n.What == Reordered:
		t.SuspectAll(now)
		return
	case known && was.Shown && (n.Shared || !n.There):
		// It may have been away and have come back between two looks: both see it
		// in its place, and the picture shows what lies below.
		t.suspect(now, was.Rect)
	case !known && n.Shared:
		// Nobody took its place for its own yet.
	case n.What == Moved:
		t.moved(now, n, was, known)
	case !known && (n.What == Gone || n.There && n.Rect.Empty()):
		// It was not on the screen when anybody looked; that it came is told as well.
	default:
		t.SuspectAll(now) // windows that come and go may fade and fly anywhere
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

// moved notes the way of a window that is not shared.
func (t *Trust) moved(now time.Time, n News, was Window, known bool) {
	switch {
	case !known && !(n.There && n.Visible):
		// It is not on the screen.
	case !n.There, !n.Visible, known && n.Rect == was.Rect:
		t.SuspectAll(now) // it has gone since, or was somewhere else when that was told
	default:
		t.suspect(now, n.Rect)
		if known && n.Rect.Size() != was.Rect.Size() {
			t.suspect(now, n.Rect.Union(was.Rect)) // what grows does so step by step
		} else if known {
			t.suspect(now, was.Rect)
		}
	}
}

// suspect notes that something else was, or may be, at a place. What was seen
// there last counts no longer: else a place that was left and taken again between
// two looks would pass for one that was never left.
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

// SuspectAll notes that something else may be anywhere.
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

// Certain is what may be shown of a picture that was begun at a time; the last
// look must have begun after it.
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

// Layer is a top-level window as it lies on the screen.
type Layer struct {
	Outer image.Rectangle // all that it can cover
	Inner image.Rectangle // all that it fills
	Shown bool            // it is shared and covers all of Inner
	Cut   int             // side of the squares that its corners do not fill
}

// Visible is what the shown layers fill of bounds; the foremost comes first.
func Visible(bounds image.Rectangle, layers []Layer) screen.Region {
	free := screen.RegionOf(bounds)
	var out screen.Region
	for _, l := range layers {
		if !l.Shown {
			free.Subtract(l.Outer)
			continue
		}
		// The corners show what lies below them, and so does the border outside.
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
