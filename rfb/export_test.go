package rfb

import "lotse/screen"

// Picture encodes whole frames without a connection, for benchmarks.
type Picture struct {
	w writer
	j job
	b []byte
}

// NewPicture makes a Picture for a viewer with this format and these encodings.
func NewPicture(format PixelFormat, encodings ...int32) *Picture {
	return &Picture{j: job{caps: capabilitiesOf(encodings), conv: newConverter(format), rights: RightView}}
}

// Encode returns the size in bytes of f's rectangles.
func (p *Picture) Encode(f *screen.Frame) (int, error) {
	u := &p.w.update
	u.begin(&p.w, &p.j, screen.View{Frame: f}, p.b[:0])
	header := len(u.b)
	u.picture(screen.RegionOf(f.Bounds()), nil)
	p.b = u.b
	return len(u.b) - header, u.err
}

// Shared returns how often a JPEG was reused.
func (p *Photos) Shared() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.shared
}

// Updates returns the number of updates sent to a viewer without continuous updates.
func (c *Conn) Updates() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flow.seq
}
