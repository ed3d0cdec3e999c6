package rfb

import (
	"image"

	"lotse/screen"
)

// requests is what a viewer asked for: FramebufferUpdateRequest (RFC 6143, section 7.5.3)
// and EnableContinuousUpdates (rfbproto).
type requests struct {
	region screen.Region // asked for and not answered
	// whole: the next update with pixels must cover all that is asked for.
	whole      bool
	continuous bool
	always     screen.Region // the area of continuous updates
}

// open reports whether an update may be sent.
func (r *requests) open() bool { return r.continuous || !r.region.Empty() }

// add joins a request. An empty area asks for pseudo-rectangles only; it counts as well.
func (r *requests) add(area image.Rectangle) {
	r.region.Add(area)
	if area.Empty() {
		r.region.Add(image.Rect(area.Min.X, area.Min.Y, area.Min.X+1, area.Min.Y+1))
	}
}

// take removes and returns what the next update may hold.
func (r *requests) take() screen.Region {
	area := r.region.Clone()
	if r.continuous {
		area.AddRegion(r.always)
	}
	r.region.Clear()
	return area
}

// wants reports whether p holds anything that was asked for.
func (r *requests) wants(p *pending) bool {
	return p.waits(&r.region) || r.continuous && p.waits(&r.always)
}
