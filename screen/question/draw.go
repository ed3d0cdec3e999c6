package question

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"sync"
	"time"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"lotse/screen"
)

// fonts are the fonts at one scale.
type fonts struct{ title, text, button, small font.Face }

var parsedFonts = sync.OnceValues(func() (all [2]*opentype.Font, err error) {
	if all[0], err = opentype.Parse(goregular.TTF); err != nil {
		return all, err
	}
	all[1], err = opentype.Parse(gobold.TTF)
	return all, err
})

func newFonts(scale float64) (*fonts, error) {
	parsed, err := parsedFonts()
	if err != nil {
		return nil, err
	}
	f := &fonts{}
	for _, want := range []struct {
		face *font.Face
		bold int
		size float64 // pixels at 96 dots per inch
	}{{&f.title, 1, 18}, {&f.text, 0, 17}, {&f.button, 1, 16}, {&f.small, 0, 14}} {
		face, err := opentype.NewFace(parsed[want.bold], &opentype.FaceOptions{Size: want.size * scale, DPI: 72, Hinting: font.HintingFull})
		if err != nil {
			return nil, err
		}
		*want.face = face
	}
	return f, nil
}

type ink color.RGBA

var (
	inkText    = ink{0x17, 0x21, 0x2b, 0xff}
	inkMuted   = ink{0x4a, 0x57, 0x63, 0xff}
	inkWarning = ink{0xa4, 0x1e, 0x1e, 0xff}
	inkWhite   = ink{0xff, 0xff, 0xff, 0xff}

	paper      = color.RGBA{0xff, 0xff, 0xff, 0xff}
	buttonGrey = color.RGBA{0xe6, 0xea, 0xee, 0xff}
	hoverGrey  = color.RGBA{0xd5, 0xdc, 0xe3, 0xff}
	frameGrey  = color.RGBA{0x8a, 0x97, 0xa4, 0xff}
	chosenBlue = color.RGBA{0xdd, 0xea, 0xf6, 0xff}
	lookBlue   = color.RGBA{0x1b, 0x4a, 0x7a, 0xff}
	controlRed = color.RGBA{0xa4, 0x1e, 0x1e, 0xff}
)

// canvas is the image that a sheet is drawn on.
type canvas struct{ *image.RGBA }

func (c canvas) fill(r image.Rectangle, col color.RGBA) {
	draw.Draw(c, r, &image.Uniform{col}, image.Point{}, draw.Src)
}

func (c canvas) frame(r image.Rectangle, width int, col color.RGBA) {
	c.fill(image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+width), col)
	c.fill(image.Rect(r.Min.X, r.Max.Y-width, r.Max.X, r.Max.Y), col)
	c.fill(image.Rect(r.Min.X, r.Min.Y, r.Min.X+width, r.Max.Y), col)
	c.fill(image.Rect(r.Max.X-width, r.Min.Y, r.Max.X, r.Max.Y), col)
}

func (c canvas) text(l line) {
	d := font.Drawer{Dst: c, Src: image.NewUniform(color.RGBA(l.ink)), Face: l.face, Dot: fixed.P(l.at.X, l.at.Y)}
	d.DrawString(l.text)
}

// centred draws a text in the middle of r.
func (c canvas) centred(r image.Rectangle, text string, face font.Face, col ink) {
	text = elide(text, face, r.Dx()-8)
	width := font.MeasureString(face, text).Ceil()
	m := face.Metrics()
	y := r.Min.Y + (r.Dy()-m.Ascent.Ceil()-m.Descent.Ceil())/2 + m.Ascent.Ceil()
	c.text(line{text, face, col, image.Pt(r.Min.X+(r.Dx()-width)/2, y)})
}

// Draw draws the window as it looks at that moment.
func (s *Sheet) Draw(now time.Time) *screen.Frame {
	c := canvas{image.NewRGBA(image.Rectangle{Max: s.layout.size})}
	c.fill(c.Rect, paper)
	c.frame(c.Rect, s.px(4), s.tone())
	for _, l := range s.layout.lines {
		c.text(l)
	}
	countdown := s.layout.countdown
	countdown.text = s.Silence(now)
	c.text(countdown)
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
			c.frame(r.Inset(-s.px(3)), s.px(2), color.RGBA(inkText))
		}
	}
	return frameOf(c.RGBA)
}

func (s *Sheet) tone() color.RGBA {
	if s.q.Tone == screen.ToneControl {
		return controlRed
	}
	return lookBlue
}

// drawAllow fills the button from the left while the gate is being armed, to show when a press will
// count.
func (s *Sheet) drawAllow(c canvas, r image.Rectangle, now time.Time) {
	c.fill(r, buttonGrey)
	ready := 0.0
	if at := s.Gate.ArmedAt(); !at.IsZero() {
		ready = min(1, 1-float64(at.Sub(now))/float64(s.Gate.wait()))
	}
	col := inkMuted
	if ready >= 1 {
		c.fill(r, s.tone())
		col = inkWhite
	} else {
		done := image.Rect(r.Min.X, r.Max.Y-s.px(5), r.Min.X+int(float64(r.Dx())*max(0, ready)), r.Max.Y)
		c.fill(done, s.tone())
	}
	c.frame(r, s.px(1), s.tone())
	c.centred(r, s.Label(Allow), s.fonts.button, col)
}

func (s *Sheet) drawButton(c canvas, r image.Rectangle, t Target) {
	col := buttonGrey
	if s.Gate.hover == t {
		col = hoverGrey
	}
	c.fill(r, col)
	c.frame(r, s.px(1), frameGrey)
	c.centred(r, s.Label(t), s.fonts.button, inkText)
}

func (s *Sheet) drawLink(c canvas, r image.Rectangle, text string) {
	c.centred(r, text, s.fonts.small, ink(lookBlue))
	width := font.MeasureString(s.fonts.small, elide(text, s.fonts.small, r.Dx()-8)).Ceil()
	y := (r.Min.Y+r.Max.Y)/2 + s.fonts.small.Metrics().Ascent.Ceil()/2
	left := r.Min.X + (r.Dx()-width)/2
	c.fill(image.Rect(left, y, left+width, y+s.px(1)), lookBlue)
}

func (s *Sheet) drawChoice(c canvas, r image.Rectangle, t Target) {
	choice, chosen, _ := s.Choice(t)
	row := image.Rect(r.Min.X, r.Min.Y+s.px(2), r.Max.X, r.Max.Y-s.px(2))
	if chosen {
		c.fill(row, chosenBlue)
		c.frame(row, s.px(2), lookBlue)
	} else {
		c.frame(row, s.px(1), frameGrey)
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
	name := elide(choice.Name, s.fonts.button, width)
	c.text(line{name, s.fonts.button, inkText, image.Pt(left, row.Min.Y+s.px(20))})
	c.text(line{elide(second, s.fonts.small, width), s.fonts.small, col, image.Pt(left, row.Min.Y+s.px(40))})
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

// frameOf copies an image into a frame, whose pixels are blue, green, red.
func frameOf(m *image.RGBA) *screen.Frame {
	f := screen.NewFrame(m.Rect.Size())
	for y := range f.Size.Y {
		out, in := f.Row(y, 0, f.Size.X), m.Pix[y*m.Stride:]
		for i := 0; i < len(out); i += screen.BytesPerPixel {
			out[i], out[i+1], out[i+2] = in[i+2], in[i+1], in[i]
		}
	}
	return f
}
