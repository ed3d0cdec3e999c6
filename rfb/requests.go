package rfb

import (
	"image"

	"lotse/screen"
)

// requests is what a viewer requested: FramebufferUpdateRequest (RFC 6143, section 7.5.3) and
// EnableContinuousUpdates (rfbproto).
type requests struct {
	region screen.Region // requested and not answered
	// whole: the next update with pixels must cover everything requested.
	whole      bool
	continuous bool
	always     screen.Region // the area of continuous updates
}

// open reports whether an update may be sent.
func (r *requests) open() bool { return r.continuous || !r.region.Empty() }

// add adds a request. An empty area asks for pseudo-rectangles only, but it is a request, too.
func (r *requests) add(area image.Rectangle) {
	r.region.Add(area)
	if area.Empty() {
		r.region.Add(image.Rect(area.Min.X, area.Min.Y, area.Min.X+1, area.Min.Y+1))
	}
}

// take removes and returns the area that the next update may contain.
func (r *requests) take() screen.Region {
	area := r.region.Clone()
	if r.continuous {
		area.AddRegion(r.always)
	}
	r.region.Clear()
	return area
}

// wants reports whether p contains anything that was requested.
func (r *requests) wants(p *pending) bool {
	return p.waits(&r.region) || r.continuous && p.waits(&r.always)
}
