package native

import (
	"image"
	"time"

	"lotse/screen"
)

// trust knows which pixels of a picture of the whole screen are surely those of
// shared windows. A system tells where windows are, not what the picture shows:
// its compositor draws later, and lets windows fade and fly. So a pixel counts
// when it belonged to shared windows every time that anybody looked, for a while
// before the picture and just after it, and when nothing was told meanwhile that
// could have put something else there. All places are the frame's.
type trust struct {
	settle time.Duration // how long before the picture

	seen     []sighting // the oldest first
	suspects []suspicion
	known    map[uintptr]knownWindow // those that are on the screen, as far as it was seen or told
}

// knownWindow is a window as it was last.
type knownWindow struct {
	rect  image.Rectangle // all that it can cover
	shown bool            // it is shared
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

// sees notes what belonged to shared windows when somebody looked, and where all
// windows were. That takes a while, and what happens meanwhile may be told before
// its end or later.
func (t *trust) sees(began, ended time.Time, visible screen.Region, known map[uintptr]knownWindow) {
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
			if now.shown && now.rect != was.rect {
				visible.Subtract(now.rect) // it was there before
			}
			known[w] = was // newer than what was seen
		case was.shown && now.rect != was.rect:
			t.suspect(ended, was.rect)
		case !was.shown && !still:
			t.suspectAll(ended)
		case !was.shown && now.rect != was.rect:
			t.suspect(ended, now.rect.Union(was.rect))
		}
	}
	t.known = known
	t.seen = append(t.seen, sighting{began, ended, visible})
	// One that is older than it need be stays: what was between it and the next
	// is covered by both.
	for len(t.seen) > 2 && began.Sub(t.seen[1].ended) > 2*t.settle {
		t.seen = t.seen[1:]
	}
}

// forget forgets all, when the places have become other ones.
func (t *trust) forget() { t.seen, t.suspects, t.known = nil, nil, nil }

// windowNews is what can be told of a window.
type windowNews int

const (
	windowsReordered windowNews = iota // those of the whole desktop
	windowMoved                        // or grown
	windowGone                         // hidden or destroyed
	windowChanged                      // shown, made small, cloaked or anything else
)

// news is what the system told of a window, and what it is by now.
type news struct {
	window  uintptr
	what    windowNews
	rect    image.Rectangle // all that it can cover
	there   bool            // it has not been destroyed since
	visible bool
	shared  bool // and nothing that lies below can be seen in it
}

// told notes what could have put something else into a picture.
func (t *trust) told(now time.Time, n news) {
	was, known := t.known[n.window]
	switch {
	case n.what == windowsReordered:
		t.suspectAll(now)
		return
	case known && was.shown && (n.shared || !n.there):
		// It may have been away and have come back between two looks: both see it
		// in its place, and the picture shows what lies below.
		t.suspect(now, was.rect)
	case !known && n.shared:
		// Nobody took its place for its own yet.
	case n.what == windowMoved:
		t.moved(now, n, was, known)
	case !known && (n.what == windowGone || n.there && n.rect.Empty()):
		// It was not on the screen when anybody looked; that it came is told as well.
	default:
		t.suspectAll(now) // windows that come and go may fade and fly anywhere
	}
	if n.there && n.visible {
		if t.known == nil {
			t.known = map[uintptr]knownWindow{}
		}
		t.known[n.window] = knownWindow{n.rect, n.shared, now}
	} else {
		delete(t.known, n.window)
	}
}

// moved notes the way of a window that is not shared.
func (t *trust) moved(now time.Time, n news, was knownWindow, known bool) {
	switch {
	case !known && !(n.there && n.visible):
		// It is not on the screen.
	case !n.there, !n.visible, known && n.rect == was.rect:
		t.suspectAll(now) // it has gone since, or was somewhere else when that was told
	default:
		t.suspect(now, n.rect)
		if known && n.rect.Size() != was.rect.Size() {
			t.suspect(now, n.rect.Union(was.rect)) // what grows does so step by step
		} else if known {
			t.suspect(now, was.rect)
		}
	}
}

// suspect notes that something else was, or may be, at a place. What was seen
// there last counts no longer: else a place that was left and taken again between
// two looks would pass for one that was never left.
func (t *trust) suspect(at time.Time, r image.Rectangle) {
	t.expire(at)
	if len(t.suspects) >= maxSuspects {
		t.suspectAll(at)
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

// suspectAll notes that something else may be anywhere.
func (t *trust) suspectAll(at time.Time) {
	t.suspects = append(t.suspects[:0], suspicion{at: at, all: true})
	if n := len(t.seen); n > 0 {
		t.seen[n-1].visible = screen.Region{}
	}
}

func (t *trust) expire(now time.Time) {
	keep := t.suspects[:0]
	for _, s := range t.suspects {
		if now.Sub(s.at) <= 2*t.settle {
			keep = append(keep, s)
		}
	}
	t.suspects = keep
}

// certain is what may be shown of a picture that was begun at a time; the last
// look must have begun after it.
func (t *trust) certain(picture time.Time) screen.Region {
	since := picture.Add(-t.settle)
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

// layer is a top-level window as it lies on the screen.
type layer struct {
	outer image.Rectangle // all that it can cover
	inner image.Rectangle // all that it fills
	shown bool            // it is shared and covers all of inner
	cut   int             // side of the squares that its corners do not fill
}

// visibleOf is what the shown layers fill of bounds; the foremost comes first.
func visibleOf(bounds image.Rectangle, layers []layer) screen.Region {
	free := screen.RegionOf(bounds)
	var out screen.Region
	for _, l := range layers {
		if !l.shown {
			free.Subtract(l.outer)
			continue
		}
		// The corners show what lies below them, and so does the border outside.
		fill := screen.RegionOf(l.inner)
		for _, c := range corners(l.inner, l.cut) {
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
