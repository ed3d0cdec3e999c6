package rfb

import (
	"image"
	"sync"

	"lotse/rfb/jpeg"
	"lotse/screen"
)

// Photos shares the JPEGs of one Framebuffer among its viewers. JPEG is the only part of an update
// that does not depend on earlier updates, so viewers that need the same rectangle at the same
// level get the same bytes. The zero value is ready to use. With a single viewer it does nothing.
type Photos struct {
	mu sync.Mutex
	// Guarded by mu.
	viewers int
	seq     uint64 // of the frame
	list    map[photoKey]*photo
	shared  int // how often a JPEG was reused
}

type photoKey struct {
	r     image.Rectangle
	level int
}

type photo struct {
	once sync.Once
	data []byte
}

// maxPhotos is the maximum number of JPEGs kept for one frame: a video and its surroundings.
const maxPhotos = 16

func (p *Photos) join() { p.count(1) }

func (p *Photos) leave() { p.count(-1) }

func (p *Photos) count(n int) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.viewers += n; p.viewers < 2 {
		p.list = nil
	}
}

// encode returns the JPEG of r, made by e or for another viewer. It is valid until the next call
// for e. f is the framebuffer's frame with this seq, read under its lock.
func (p *Photos) encode(e *jpeg.Encoder, f *screen.Frame, seq uint64, r image.Rectangle, level int) []byte {
	shared := p.entry(seq, photoKey{r, level})
	if shared == nil {
		return e.Encode(f, r, level)
	}
	shared.once.Do(func() { shared.data = append([]byte(nil), e.Encode(f, r, level)...) })
	return shared.data
}

// entry returns where a JPEG is kept; nil if it is not kept.
func (p *Photos) entry(seq uint64, key photoKey) *photo {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.viewers < 2 {
		return nil
	}
	if p.seq != seq || p.list == nil {
		p.seq, p.list = seq, map[photoKey]*photo{}
	}
	have := p.list[key]
	switch {
	case have != nil:
		p.shared++
	case len(p.list) < maxPhotos:
		have = &photo{}
		p.list[key] = have
	}
	return have
}
