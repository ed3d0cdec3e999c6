package rfb

import (
	"image"
	"sync"

	"lotse/rfb/jpeg"
	"lotse/screen"
)

// Photos shares the photographs of one Framebuffer among viewers: JPEG is the
// one part of an update that does not depend on what a viewer got before, so who
// wants the same piece at the same level gets the same bytes. The zero value is
// ready. With a single viewer it does nothing.
type Photos struct {
	mu sync.Mutex
	// Guarded by mu.
	viewers int
	seq     uint64 // of the picture
	list    map[photoKey]*photo
	shared  int // how often one was used again
}

type photoKey struct {
	r     image.Rectangle
	level int
}

type photo struct {
	once sync.Once
	data []byte
}

// maxPhotos bounds what is kept of one picture: a film and its surroundings.
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

// encode returns the JPEG of r, by e or by another viewer's; valid until the
// next call for e. f is the framebuffer's picture of that seq, read under its
// lock.
func (p *Photos) encode(e *jpeg.Encoder, f *screen.Frame, seq uint64, r image.Rectangle, level int) []byte {
	shared := p.entry(seq, photoKey{r, level})
	if shared == nil {
		return e.Encode(f, r, level)
	}
	shared.once.Do(func() { shared.data = append([]byte(nil), e.Encode(f, r, level)...) })
	return shared.data
}

// entry is where a photograph is kept; nil: it is not.
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
