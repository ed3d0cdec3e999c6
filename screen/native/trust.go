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
// could have put something else there.
type trust struct {
	settle time.Duration // how long before the picture

	seen     []sighting // the oldest first
	suspects []suspicion
}

// sighting is what belonged to shared windows at a time.
type sighting struct {
	at      time.Time
	visible screen.Region
}

// suspicion is where something else may have been at a time.
type suspicion struct {
	at   time.Time
	rect image.Rectangle
	all  bool
}

// maxSuspects bounds the list; one more and everything is suspect.
const maxSuspects = 256

// sees notes what belongs to shared windows now.
func (t *trust) sees(at time.Time, visible screen.Region) {
	t.seen = append(t.seen, sighting{at, visible})
	// One that is older than it need be stays: what was between it and the next
	// is covered by both.
	for len(t.seen) > 2 && at.Sub(t.seen[1].at) > 2*t.settle {
		t.seen = t.seen[1:]
	}
}

// suspect notes that something else was, or may be, at a place.
func (t *trust) suspect(at time.Time, r image.Rectangle) {
	t.expire(at)
	if len(t.suspects) >= maxSuspects {
		t.suspectAll(at)
		return
	}
	if !r.Empty() {
		t.suspects = append(t.suspects, suspicion{at: at, rect: r})
	}
}

// suspectAll notes that something else may be anywhere.
func (t *trust) suspectAll(at time.Time) {
	t.suspects = append(t.suspects[:0], suspicion{at: at, all: true})
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
// sighting must be younger than the picture.
func (t *trust) certain(picture time.Time) screen.Region {
	since := picture.Add(-t.settle)
	if n := len(t.seen); n == 0 || t.seen[0].at.After(since) || t.seen[n-1].at.Before(picture) {
		return screen.Region{}
	}
	first := 0
	for first+1 < len(t.seen) && !t.seen[first+1].at.After(since) {
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
