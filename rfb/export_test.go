package rfb

import "lotse/screen"

// Picture encodes whole frames without a connection, for benchmarks.
type Picture struct {
	w writer
	j job
	b []byte
}

// NewPicture encodes for a viewer that sent these.
func NewPicture(format PixelFormat, encodings ...int32) *Picture {
	return &Picture{j: job{caps: capabilitiesOf(encodings), conv: newConverter(format), rights: RightView}}
}

// Encode returns the length of f's rectangles.
func (p *Picture) Encode(f *screen.Frame) (int, error) {
	b, _, _, err := p.w.appendPicture(p.b[:0], &p.j, screen.View{Frame: f}, f, screen.RegionOf(f.Bounds()), nil)
	p.b = b
	return len(b), err
}

// Shared is how often a photograph was not encoded again.
func (p *Photos) Shared() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.shared
}
