package question

import (
	"image"
	"time"

	"lotse/screen"
)

// Sheet is a question window as this program draws it: a Form and its layout. It
// belongs to one goroutine.
type Sheet struct {
	*Form

	scale  float64
	fonts  *fonts
	layout layout
}

// Kind is what happened to the window.
type Kind uint8

// The kinds of Event.
const (
	Visible   Kind = iota // the whole window can be seen
	Covered               // a part of it cannot
	Injected              // a program made input somewhere
	Motion                // the pointer is at At, which may be outside
	ButtonOn              // the first button went down
	ButtonOff             // and up
	KeyOn                 // a key went down while the window has the keyboard's focus
	KeyOff
)

// Event is one thing that happened.
type Event struct {
	Kind  Kind
	When  time.Time
	At    image.Point // in the window
	By    Device
	Sym   uint32 // of a key
	Shift bool
}

// NewSheet lays a question out. scale is the number of pixels that stand for one at
// 96 dots per inch.
func NewSheet(q screen.Question, scale float64) (*Sheet, error) {
	f, err := newFonts(scale)
	if err != nil {
		return nil, err
	}
	s := &Sheet{Form: NewForm(q), scale: scale, fonts: f}
	s.arrange()
	return s, nil
}

// Size is the window's size in pixels. Handle may change it.
func (s *Sheet) Size() image.Point { return s.layout.size }

// Buttons lists what can be pressed and where, by name.
func (s *Sheet) Buttons() map[string]image.Rectangle {
	out := map[string]image.Rectangle{}
	for target, r := range s.layout.rects {
		out[s.Name(target)] = r
	}
	return out
}

// Handle takes an event in. answer is the person's, once there is one; redraw says
// that the window looks different now.
func (s *Sheet) Handle(e Event) (answer *screen.Answer, redraw bool) {
	activated := None
	g := &s.Gate
	switch e.Kind {
	case Visible:
		g.Visible(e.When)
	case Covered:
		g.Covered(e.When)
	case Injected:
		g.Injected(e.When)
	case Motion:
		before := g.hover
		g.Pointer(e.When, s.hit(e.At), e.By)
		return nil, before != g.hover
	case ButtonOn:
		g.Press(e.When, s.hit(e.At), e.By)
	case ButtonOff:
		activated = g.Release(e.When, s.hit(e.At), e.By)
	case KeyOn, KeyOff:
		activated = s.Key(e)
	}
	if activated != None {
		answer = s.Activate(activated, e.When)
		s.arrange()
	}
	return answer, true
}

// hit finds what is at a place in the window.
func (s *Sheet) hit(p image.Point) Target {
	for target, r := range s.layout.rects {
		if p.In(r) {
			return target
		}
	}
	return None
}
