package rfb

import (
	"image"
	"time"

	"lotse/screen"
)

// Moving content may be sent as JPEG; static content must finally be sent losslessly. The region
// that was sent with loss is remembered and sent again when it has been static for a while, first
// better and then losslessly. This also happens next to a video, in the time that the line has
// left.

const (
	// refineTick is the interval at which static areas are checked for refinement. Areas coarser
	// than the viewer asked for are refined after one static tick, other lossy areas after two.
	refineTick = 150 * time.Millisecond
	// refineStep is the maximum number of pixels of one lossless step, so that new changes do not
	// wait for it.
	refineStep = 4 * tightSide * tightSide
	// sharpenStep is the maximum for a step with JPEG.
	sharpenStep = 24 * tightSide * tightSide
)

// refinement is owned by writeLoop, except for the timer's callback.
type refinement struct {
	lossy  screen.Region
	coarse screen.Region // part of lossy: coarser than the viewer asked for
	// young is what was sent with loss, or moved, in the present tick and in the ones before.
	young   [3]screen.Region
	timer   *time.Timer
	ticking bool
	// refining: the rectangles being sent are a refinement, so they do not become young.
	refining bool
}

// sent records how r was sent.
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

// moved records that the viewer moved pixels; their losses move along.
func (f *refinement) moved(m screen.Move) {
	if f.lossy.Empty() {
		return
	}
	follow(&f.lossy, m)
	follow(&f.coarse, m)
	f.young[0].Add(m.Dst)
}

// reset clears everything after the framebuffer's size changed.
func (f *refinement) reset() {
	f.lossy.Clear()
	f.coarse.Clear()
	for i := range f.young {
		f.young[i].Clear()
	}
}

// tick starts the next tick.
func (f *refinement) tick() {
	f.ticking = false
	last := len(f.young) - 1
	oldest := f.young[last]
	copy(f.young[1:], f.young[:last])
	oldest.Clear()
	f.young[0] = oldest
}

// stands returns the part of g that was neither sent nor moved in the present tick and the given
// number of ticks before.
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

// lively reports whether something is moving or was a moment ago.
func (f *refinement) lively() bool { return !f.young[0].Empty() || !f.young[1].Empty() }

// next returns what to send again now inside area, and whether losslessly.
func (f *refinement) next(area screen.Region, bounds image.Rectangle, allow *pace) (send screen.Region, lossless bool) {
	due, room := f.stands(f.coarse.IntersectRegion(area).Intersect(bounds), 1), sharpenStep
	if lossless = due.Empty(); lossless {
		due, room = f.stands(f.lossy.IntersectRegion(area).Intersect(bounds), 2), refineStep
	}
	if allow.bytesPerSecond > 0 {
		// About one byte per pixel without loss, a sixth of that with loss.
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

// schedule is called after every update. asked: a refinement step was due. displaced: something new
// was sent instead. done: the step was sent. due makes writeLoop send the next step when the viewer
// is ready; its argument says whether a tick has passed.
func (f *refinement) schedule(asked, displaced, done bool, due func(tick bool)) {
	switch {
	case f.lossy.Empty():
	case done && !f.lively() || asked && displaced:
		due(false) // the next step; while something moves, one per tick
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

// stop stops the timer when writeLoop ends.
func (f *refinement) stop() {
	if f.timer != nil {
		f.timer.Stop()
	}
}
