package rfb

import "time"

// The quality of photographs follows the line: the level is the best that gets
// the update through in frameTime, or soon after, and never better than the
// viewer's own. What was sent coarser than that is made good in refine.go.

const (
	// frameTime is how long an update may keep the line busy, for a film to run.
	frameTime = 30 * time.Millisecond
	// echoTime is the same while the advisor types or points: the answer to a key
	// waits behind at most one picture.
	echoTime = 18 * time.Millisecond
	// recentInput is for how long input is answered first.
	recentInput = 500 * time.Millisecond
)

// jpegSize is how large a photograph gets at each level, as a share of level 6;
// measured by BenchmarkEncode's photo.
var jpegSize = [10]float64{0.20, 0.36, 0.47, 0.48, 0.66, 0.93, 1, 1.35, 2.6, 6}

// pace is what the line allows one update.
type pace struct {
	bytesPerSecond float64 // 0: no bound
	frame          time.Duration
	largest        int           // bytes of one update; 0: any
	refine         time.Duration // of the line, for one step of refine.go
}

// room is how many bytes the line carries in the time of so many frames.
func (p *pace) room(frames float64) float64 {
	return p.bytesPerSecond * p.frame.Seconds() * frames
}

// full reports whether an update of so many bytes ends here.
func (p *pace) full(bytes int) bool { return p.largest > 0 && bytes > p.largest }

// photoCost learns how many bytes a pixel of a photograph takes at level 6.
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

// level chooses for a photograph of so many pixels behind so many bytes.
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
