package question

import (
	"image"
	"time"

	"lotse/screen"
)

// Sheet is a question window drawn by this program: a Form and its layout. One goroutine owns it.
type Sheet struct {
	*Form

	scale  float64
	fonts  *fonts
	layout layout

	reminded time.Time // when the window last drew attention
}

// A reminder makes the frame broad and narrow again a few times.
const (
	remindFor   = 3 * time.Second
	remindPhase = 500 * time.Millisecond // half of a period: slower than what can cause a seizure
)

// Remind draws attention to the window with its frame.
func (s *Sheet) Remind(now time.Time) { s.reminded = now }

// frame returns the width of the frame in pixels.
func (s *Sheet) frame(now time.Time) int {
	if since := now.Sub(s.reminded); since >= 0 && since < remindFor && since/remindPhase%2 == 0 {
		return s.px(10)
	}
	return s.px(4)
}

// Kind is the kind of an Event.
type Kind uint8

// The kinds of Event.
const (
	Visible   Kind = iota // the whole window is visible
	Covered               // a part of it is not visible
	Injected              // a program made input somewhere
	Motion                // the pointer is at At, which may be outside
	ButtonOn              // the first button was pressed
	ButtonOff             // the first button was released
	KeyOn                 // a key was pressed while the window had the keyboard's focus
	KeyOff
)

// Event is something that happened to the window.
type Event struct {
	Kind  Kind
	When  time.Time
	At    image.Point // in the window
	By    Device
	Sym   uint32 // of a key
	Shift bool
}

// NewSheet lays a question out. scale is the number of pixels per pixel at 96 dots per inch.
func NewSheet(q screen.Question, scale float64) (*Sheet, error) {
	f, err := newFonts(scale)
	if err != nil {
		return nil, err
	}
	s := &Sheet{Form: NewForm(q), scale: scale, fonts: f}
	s.arrange()
	return s, nil
}

// Size returns the window's size in pixels. Handle may change it.
func (s *Sheet) Size() image.Point { return s.layout.size }

// Buttons returns the rectangles of everything that can be pressed, by name.
func (s *Sheet) Buttons() map[string]image.Rectangle {
	out := map[string]image.Rectangle{}
	for target, r := range s.layout.rects {
		out[s.Name(target)] = r
	}
	return out
}

// Handle handles an event. answer is the person's answer, if there is one. redraw: the window must
// be drawn again.
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

// hit returns the target at a point in the window.
func (s *Sheet) hit(p image.Point) Target {
	for target, r := range s.layout.rects {
		if p.In(r) {
			return target
		}
	}
	return None
}
