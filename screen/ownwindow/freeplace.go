package ownwindow

import (
	"image"
	"math"
	"slices"
)

// FreePlace returns the place of a new window of this size on a monitor: the monitor's middle, or
// the nearest place that overlaps none of the busy rectangles and does not bring the button that
// allows under the pointer.
func FreePlace(monitor image.Rectangle, size, pointer image.Point, allow image.Rectangle, busy []image.Rectangle) image.Point {
	middle := monitor.Min.Add(monitor.Size().Sub(size).Div(2))
	best, bestFar := middle, math.MaxInt
	step := max(1, min(size.X, size.Y)/4)
	for dy := -monitor.Dy(); dy <= monitor.Dy(); dy += step {
		for dx := -monitor.Dx(); dx <= monitor.Dx(); dx += step {
			at := middle.Add(image.Pt(dx, dy))
			r := image.Rectangle{Min: at, Max: at.Add(size)}
			far := dx*dx + dy*dy
			if far >= bestFar || !r.In(monitor) || pointer.In(allow.Add(at)) ||
				slices.ContainsFunc(busy, func(b image.Rectangle) bool { return b.Overlaps(r) }) {
				continue
			}
			best, bestFar = at, far
		}
	}
	return best
}
