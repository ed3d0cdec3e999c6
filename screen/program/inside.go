package program

import "image"

// MostlyInside reports whether at least half of a window is inside r, or the window covers at least
// half of r, so that the customer sees on that monitor what is typed.
func MostlyInside(window, r image.Rectangle) bool {
	area := func(r image.Rectangle) int { return r.Dx() * r.Dy() }
	common := area(window.Intersect(r))
	return common > 0 && (2*common >= area(window) || 2*common >= area(r))
}
