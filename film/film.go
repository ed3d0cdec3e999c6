package film

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"time"
)

// Encoder writes a film. It has the methods of the library's ImageEncoder, which has no errors, and
// Err. All pictures have one size.
type Encoder interface {
	Init(name string)
	Run()
	// Encode adds a picture; nil: the same one as before.
	Encode(img image.Image)
	Close()
	// Err returns the first error of the other methods.
	Err() error
}

// Survey is what a recording has, without its pixels.
type Survey struct {
	// Size contains all pictures.
	Size    image.Point
	Length  time.Duration
	Updates int
	// Cut means that the recording ends within an update, or is damaged there.
	Cut error
}

// Look reads a recording without decoding it. It returns an error if there is nothing to see.
func Look(r io.Reader) (Survey, error) {
	p, err := newPlayer(r, false)
	if err != nil {
		return Survey{}, err
	}
	s := Survey{Size: p.Canvas().Size}
	for {
		at, err := p.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			s.Cut = err
			break
		}
		s.Updates++
		s.Length = at
		size := p.Canvas().Size
		s.Size = image.Pt(max(s.Size.X, size.X), max(s.Size.Y, size.Y))
	}
	if s.Updates == 0 {
		return s, errors.Join(errors.New("film: the recording has no picture"), s.Cut)
	}
	return s, nil
}

// MaxLength is the length of the longest recording of which a film is made: a few bytes can claim
// any time, and each picture of a film takes room.
const MaxLength = 24 * time.Hour

// ErrLength means that a recording is longer than MaxLength.
var ErrLength = errors.New("film: the recording is longer than a day")

// lastPicture is how long the last picture is shown.
const lastPicture = time.Second

// Make makes a film of a recording that Look has read, with fps pictures a second, as fast as it
// can. It calls done, which may be nil, with the time in the film. What follows a damaged part is
// not in the film.
func Make(ctx context.Context, r io.Reader, s Survey, to Encoder, name string, fps int, done func(time.Duration)) (err error) {
	if s.Length > MaxLength {
		return ErrLength
	}
	p, err := NewPlayer(r)
	if err != nil {
		return err
	}
	to.Init(name)
	defer func() {
		to.Close()
		err = errors.Join(err, to.Err())
	}()
	if to.Err() != nil {
		return nil
	}
	m := making{player: p, frame: newCanvas(s.Size, true)}
	m.next, m.failed = p.Next()
	frames := int64((s.Length+lastPicture)*time.Duration(fps)/time.Second) + 1
	for i := range frames {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		at := time.Duration(i) * time.Second / time.Duration(fps)
		if m.until(at) || i == 0 {
			to.Encode(m.frame)
		} else {
			to.Encode(nil)
		}
		if to.Err() != nil {
			return nil
		}
		if done != nil {
			done(at)
		}
	}
	if m.failed != nil && !errors.Is(m.failed, io.EOF) && s.Cut == nil {
		return fmt.Errorf("film: %w", m.failed)
	}
	return nil
}

// making is the state of Make.
type making struct {
	player *Player
	frame  *Canvas       // the film's picture
	next   time.Duration // time of the update that was decoded last
	failed error
}

// until brings the film's picture to a time. It reports whether the picture has changed. The update
// after that time is decoded already, but not in the picture.
func (m *making) until(at time.Duration) (changed bool) {
	for m.failed == nil && m.next <= at {
		m.paint()
		changed = true
		m.next, m.failed = m.player.Next()
	}
	return changed
}

// paint copies what has changed.
func (m *making) paint() {
	region, resized := m.player.Changed()
	from := m.player.Canvas()
	if resized {
		m.frame.Fill(m.frame.Bounds(), 0, 0, 0)
	}
	for _, r := range region.Rects() {
		r = r.Intersect(from.Bounds()).Intersect(m.frame.Bounds())
		for y := r.Min.Y; y < r.Max.Y; y++ {
			copy(m.frame.Row(y, r.Min.X, r.Max.X), from.Row(y, r.Min.X, r.Max.X))
		}
	}
}
