package rfb

import (
	"image"
	"time"

	"lotse/screen"
)

// A moving picture may be sent as JPEG; one that stands still is owed to the
// viewer as it is. What was sent with loss is remembered, as a region, and sent
// again, better and then without, when it has stood for a while: also beside a
// film, in the time that the line has left.

const (
	// refineTick is the interval at which static areas are checked for refinement. What was
	// coarser than the viewer asked for must have been static for a whole tick, what is to
	// become exact for two.
	refineTick = 150 * time.Millisecond
	// refineStep bounds the pixels of one such update, so that news do not wait
	// behind it.
	refineStep = 4 * tightSide * tightSide
	// sharpenStep is the same for JPEG.
	sharpenStep = 24 * tightSide * tightSide
)

// refinement is owned by writeLoop, but for the timer's callback.
type refinement struct {
	lossy  screen.Region
	coarse screen.Region // part of lossy, coarser than the viewer asked for
	// young is what was sent with loss, or moved, in the present tick and in those
	// before.
	young   [3]screen.Region
	timer   *time.Timer
	ticking bool
	// refining: what is sent now is a part of this, and not young by it.
	refining bool
}

// sent notes how r was sent.
func (f *refinement) sent(r image.Rectangle, lossy, coarse bool) {
	if coarse {
		f.coarse.Add(r)
	} else if !f.coarse.Empty() {
		f.coarse.Subtract(r)
	}
	if lossy {
		f.lossy.Add(r)
		if !f.refining {
			f.young[0].Add(r)
		}
	} else if !f.lossy.Empty() {
		f.lossy.Subtract(r)
	}
}

// moved notes that the viewer moved pixels, with what they had lost.
func (f *refinement) moved(m screen.Move) {
	if f.lossy.Empty() {
		return
	}
	follow(&f.lossy, m)
	follow(&f.coarse, m)
	f.young[0].Add(m.Dst)
}

// reset forgets all: the viewer's picture has another size.
func (f *refinement) reset() {
	f.lossy.Clear()
	f.coarse.Clear()
	for i := range f.young {
		f.young[i].Clear()
	}
}

// tick begins the next tick.
func (f *refinement) tick() {
	f.ticking = false
	last := len(f.young) - 1
	oldest := f.young[last]
	copy(f.young[1:], f.young[:last])
	oldest.Clear()
	f.young[0] = oldest
}

// stands is the part of g that was not sent or moved in so many ticks, besides
// the present one.
func (f *refinement) stands(g screen.Region, ticks int) screen.Region {
	g = g.Clone()
	for i := range 1 + ticks {
		g.SubtractRegion(f.young[i])
	}
	return g
}

// follow applies the move m to the part of g inside m's source.
func follow(g *screen.Region, m screen.Move) {
	came := g.Intersect(m.Src())
	came.Translate(m.Delta)
	g.Subtract(m.Dst)
	g.AddRegion(came)
}

// lively: something moves, or did so a moment ago.
func (f *refinement) lively() bool { return !f.young[0].Empty() || !f.young[1].Empty() }

// next returns what to send again now, and whether without loss: a part of the
// region inside area.
func (f *refinement) next(area screen.Region, bounds image.Rectangle, allow *pace) (send screen.Region, lossless bool) {
	due, room := f.stands(f.coarse.IntersectRegion(area).Intersect(bounds), 1), sharpenStep
	if lossless = due.Empty(); lossless {
		due, room = f.stands(f.lossy.IntersectRegion(area).Intersect(bounds), 2), refineStep
	}
	if allow.bytesPerSecond > 0 {
		// About a byte for each pixel without loss, a sixth with it.
		fits := int(allow.bytesPerSecond * allow.refine.Seconds())
		if f.lively() {
			fits /= 4
		}
		if !lossless {
			fits *= 6
		}
		room = min(room, max(fits, tightSide*tightSide/2))
	}
	for _, r := range due.Rects() {
		for _, piece := range splitRect(nil, r, image.Pt(tightSide, tightSide)) {
			if room -= piece.Dx() * piece.Dy(); room < 0 && !send.Empty() {
				return send, lossless
			}
			send.Add(piece)
		}
	}
	return send, lossless
}

// schedule runs after every update: asked says that a part was due, displaced that
// something new went in its place, done that it was sent. due has writeLoop send the next
// part when the viewer is ready; tick says that a tick is over.
func (f *refinement) schedule(asked, displaced, done bool, due func(tick bool)) {
	switch {
	case f.lossy.Empty():
	case done && !f.lively() || asked && displaced:
		due(false) // the next part; beside a film one a tick
	case f.ticking:
	default:
		f.ticking = true
		if f.timer == nil {
			f.timer = time.AfterFunc(refineTick, func() { due(true) })
		} else {
			f.timer.Reset(refineTick)
		}
	}
}

// stop ends the timer; writeLoop is over.
func (f *refinement) stop() {
	if f.timer != nil {
		f.timer.Stop()
	}
}
