package rfb

import "time"

// The quality of photographs depends on the line: the highest level at which the update is
// transmitted in about frameTime, and never higher than the viewer's own. What was sent at a lower
// level is improved by refine.go.

const (
	// frameTime is how long an update may keep the line busy, so that video plays smoothly.
	frameTime = 30 * time.Millisecond
	// echoTime is used instead while the advisor types or points, so that the answer to a key waits
	// for at most one update.
	echoTime = 18 * time.Millisecond
	// recentInput is how long after an input event answers to input have priority.
	recentInput = 500 * time.Millisecond
)

// jpegSize is the size of a photograph at each level relative to level 6, measured by
// BenchmarkEncode's photo.
var jpegSize = [10]float64{0.20, 0.36, 0.47, 0.48, 0.66, 0.93, 1, 1.35, 2.6, 6}

// pace is the limits of one update.
type pace struct {
	bytesPerSecond float64 // 0: no limit
	frame          time.Duration
	largest        int           // maximum size of an update; 0: no limit
	refine         time.Duration // time on the line for one step of refine.go
}

// room returns how many bytes the line carries in the time of this many frames.
func (p *pace) room(frames float64) float64 {
	return p.bytesPerSecond * p.frame.Seconds() * frames
}

// full reports whether an update of this many bytes must end.
func (p *pace) full(bytes int) bool { return p.largest > 0 && bytes > p.largest }

// photoCost estimates the bytes per pixel of a photograph at level 6.
type photoCost struct{ perPixel float64 }

const firstPhotoCost = 0.16

func (p *photoCost) learn(bytes, pixels, level int) {
	if pixels == 0 {
		return
	}
	now := float64(bytes) / float64(pixels) / jpegSize[level]
	if p.perPixel == 0 {
		p.perPixel = now
	}
	p.perPixel += (now - p.perPixel) / 4
}

// level returns the level for a photograph with this many pixels, after before bytes of the update.
func (p *photoCost) level(limit int, pixels, before int, allow *pace) int {
	if allow.bytesPerSecond == 0 || limit < 0 {
		return limit
	}
	cost := p.perPixel
	if cost == 0 {
		cost = firstPhotoCost
	}
	for _, step := range [3]struct {
		frames float64
		worst  int
	}{{1, 4}, {2, 2}, {5, 1}} {
		room := allow.room(step.frames) - float64(before)
		for level := limit; level >= step.worst; level-- {
			if float64(pixels)*cost*jpegSize[level] <= room {
				return level
			}
		}
	}
	return min(limit, 1)
}
