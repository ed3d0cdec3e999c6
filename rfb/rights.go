package rfb

// Rights is what a viewer may do. The zero value allows nothing.
type Rights uint8

// The rights. There is no right without its bit: none implies another.
const (
	// RightView lets the viewer see the framebuffer; without it the viewer sees
	// the waiting picture.
	RightView Rights = 1 << iota
	// RightControl passes the viewer's key and pointer events on.
	RightControl
	// RightClipboard passes text in both directions.
	RightClipboard
)

// Has reports whether all of want are among r.
func (r Rights) Has(want Rights) bool { return r&want == want }
