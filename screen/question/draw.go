package question

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"time"

	"golang.org/x/image/font"

	"lotse/screen"
	"lotse/screen/drawing"
)

// fonts are the fonts at one scale.
type fonts struct{ title, text, button, small font.Face }

func newFonts(scale float64) (f *fonts, err error) {
	f = &fonts{}
	for _, want := range []struct {
		face *font.Face
		of   func(size float64) (font.Face, error)
		size float64 // pixels at 96 dots per inch
	}{{&f.title, drawing.Bold, 18}, {&f.text, drawing.Regular, 17}, {&f.button, drawing.Bold, 16}, {&f.small, drawing.Regular, 14}} {
		if *want.face, err = want.of(want.size * scale); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// buttonInset is the minimum distance, in pixels, of a button's text from its edges.
const buttonInset = 4

var (
	inkText    = color.RGBA{0x17, 0x21, 0x2b, 0xff}
	inkMuted   = color.RGBA{0x4a, 0x57, 0x63, 0xff}
	inkWarning = color.RGBA{0xa4, 0x1e, 0x1e, 0xff}
	inkWhite   = color.RGBA{0xff, 0xff, 0xff, 0xff}

	paper      = color.RGBA{0xff, 0xff, 0xff, 0xff}
	buttonGrey = color.RGBA{0xe6, 0xea, 0xee, 0xff}
	hoverGrey  = color.RGBA{0xd5, 0xdc, 0xe3, 0xff}
	frameGrey  = color.RGBA{0x8a, 0x97, 0xa4, 0xff}
	chosenBlue = color.RGBA{0xdd, 0xea, 0xf6, 0xff}
	lookBlue   = color.RGBA{0x1b, 0x4a, 0x7a, 0xff}
	controlRed = color.RGBA{0xa4, 0x1e, 0x1e, 0xff}
)

// Draw draws the window as it looks at that moment.
func (s *Sheet) Draw(now time.Time) *screen.Frame {
	c := drawing.NewCanvas(s.layout.size)
	c.Fill(c.Rect, paper)
	c.Frame(c.Rect, s.frame(now), s.tone())
	for _, l := range s.layout.lines {
		c.Print(l.at, l.face, l.text, l.ink)
	}
	countdown := s.layout.countdown
	c.Print(countdown.at, countdown.face, s.Silence(now), countdown.ink)
	for target, r := range s.layout.rects {
		switch {
		case target == Allow:
			s.drawAllow(c, r, now)
		case target == Refuse, target == Back:
			s.drawButton(c, r, target)
		case target < FirstChoice:
			s.drawLink(c, r, s.Label(target))
		default:
			s.drawChoice(c, r, target)
		}
		if target == s.Gate.Focus() {
			c.Frame(r.Inset(-s.px(3)), s.px(2), inkText)
		}
	}
	return c.Finish()
}

func (s *Sheet) tone() color.RGBA {
	if s.q.Tone == screen.ToneControl {
		return controlRed
	}
	return lookBlue
}

// drawAllow fills the button from the left while the gate is being armed, to show when a press will
// count.
func (s *Sheet) drawAllow(c drawing.Canvas, r image.Rectangle, now time.Time) {
	c.Fill(r, buttonGrey)
	ready := 0.0
	if at := s.Gate.ArmedAt(); !at.IsZero() {
		ready = min(1, 1-float64(at.Sub(now))/float64(s.Gate.wait()))
	}
	col := inkMuted
	if ready >= 1 {
		c.Fill(r, s.tone())
		col = inkWhite
	} else {
		done := image.Rect(r.Min.X, r.Max.Y-s.px(5), r.Min.X+int(float64(r.Dx())*max(0, ready)), r.Max.Y)
		c.Fill(done, s.tone())
	}
	c.Frame(r, s.px(1), s.tone())
	c.Centred(r.Inset(buttonInset), s.fonts.button, s.Label(Allow), col)
}

func (s *Sheet) drawButton(c drawing.Canvas, r image.Rectangle, t Target) {
	col := buttonGrey
	if s.Gate.hover == t {
		col = hoverGrey
	}
	c.Fill(r, col)
	c.Frame(r, s.px(1), frameGrey)
	c.Centred(r.Inset(buttonInset), s.fonts.button, s.Label(t), inkText)
}

func (s *Sheet) drawLink(c drawing.Canvas, r image.Rectangle, text string) {
	c.Centred(r.Inset(buttonInset), s.fonts.small, text, lookBlue)
	width := drawing.Width(s.fonts.small, drawing.Elide(s.fonts.small, text, r.Dx()-2*buttonInset))
	y := (r.Min.Y+r.Max.Y)/2 + s.fonts.small.Metrics().Ascent.Ceil()/2
	left := r.Min.X + (r.Dx()-width)/2
	c.Fill(image.Rect(left, y, left+width, y+s.px(1)), lookBlue)
}

func (s *Sheet) drawChoice(c drawing.Canvas, r image.Rectangle, t Target) {
	choice, chosen, _ := s.Choice(t)
	row := image.Rect(r.Min.X, r.Min.Y+s.px(2), r.Max.X, r.Max.Y-s.px(2))
	if chosen {
		c.Fill(row, chosenBlue)
		c.Frame(row, s.px(2), lookBlue)
	} else {
		c.Frame(row, s.px(1), frameGrey)
	}
	left := row.Min.X + s.px(10)
	if icon := iconOf(choice.Icon); icon != nil {
		side := s.px(iconSide)
		scaled(c.RGBA, image.Rect(left, row.Min.Y+(row.Dy()-side)/2, left+side, row.Min.Y+(row.Dy()+side)/2), icon)
	}
	left += s.px(iconSide + 10)
	width := row.Max.X - left - s.px(10)
	second, col := choice.Note, inkMuted
	if choice.Warning != "" {
		second, col = choice.Warning, inkWarning
	}
	name := drawing.Elide(s.fonts.button, choice.Name, width)
	c.Print(image.Pt(left, row.Min.Y+s.px(20)), s.fonts.button, name, inkText)
	second = drawing.Elide(s.fonts.small, second, width)
	c.Print(image.Pt(left, row.Min.Y+s.px(40)), s.fonts.small, second, col)
}

// iconOf decodes a PNG of at most the allowed size; otherwise it returns nil.
func iconOf(b []byte) image.Image {
	if len(b) == 0 {
		return nil
	}
	c, err := png.DecodeConfig(bytes.NewReader(b))
	if err != nil || c.Width > screen.IconSide || c.Height > screen.IconSide {
		return nil
	}
	icon, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	return icon
}

// scaled draws src into r with integer scaling.
func scaled(dst *image.RGBA, r image.Rectangle, src image.Image) {
	size := src.Bounds().Size()
	if size.X == 0 || size.Y == 0 {
		return
	}
	one := image.NewRGBA(image.Rect(0, 0, r.Dx(), r.Dy()))
	for y := range r.Dy() {
		for x := range r.Dx() {
			one.Set(x, y, src.At(src.Bounds().Min.X+x*size.X/r.Dx(), src.Bounds().Min.Y+y*size.Y/r.Dy()))
		}
	}
	draw.Draw(dst, r, one, image.Point{}, draw.Over)
}
