package rfb

// Rights are what a viewer may do. The zero value allows nothing.
type Rights uint8

// The rights. None implies another.
const (
	// RightView lets the viewer see the desktop; without it the viewer sees the waiting
	// framebuffer.
	RightView Rights = 1 << iota
	// RightControl passes the viewer's key and pointer events on.
	RightControl
	// RightClipboard passes text in both directions.
	RightClipboard
	// RightPoint passes the viewer's pointer events to Config.Point while it has RightView and not
	// RightControl.
	RightPoint
)

// Has reports whether all of want are among r.
func (r Rights) Has(want Rights) bool { return r&want == want }
