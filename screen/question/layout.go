package question

import (
	"image"
	"image/color"

	"golang.org/x/image/font"

	"lotse/screen/drawing"
)

// Lengths at 96 dots per inch.
const (
	sheetWidth   = 480
	margin       = 24
	gap          = 12
	buttonHeight = 46
	linkHeight   = 28
	rowHeight    = 52
	iconSide     = 32
)

// line is one line of text with its place.
type line struct {
	text string
	face font.Face
	ink  color.RGBA
	at   image.Point // left end of the base line
}

// layout is the position of everything, in pixels.
type layout struct {
	size  image.Point
	lines []line
	rects map[Target]image.Rectangle
	// countdown is the sentence about silence.
	countdown line
}

// px converts a length to pixels.
func (s *Sheet) px(n int) int { return int(float64(n)*s.scale + 0.5) }

// arrange lays out the current page.
func (s *Sheet) arrange() {
	s.layout = layout{rects: map[Target]image.Rectangle{}}
	y := s.px(margin)
	if !s.Choosing() {
		y = s.paragraph(y, s.q.Who, s.fonts.title, inkText)
		y = s.paragraph(y, s.q.Wish, s.fonts.text, inkText)
		y = s.paragraph(y, s.q.Hint, s.fonts.small, inkMuted)
		y = s.buttonRow(y+s.px(gap/2), Refuse, Allow)
		y = s.linkRow(y)
	} else {
		y = s.paragraph(y, s.q.ChooseHint, s.fonts.title, inkText)
		y = s.choiceRows(y)
		targets := []Target{Refuse, Back}
		if len(s.chosen) > 0 {
			targets = append(targets, Allow)
		}
		y = s.buttonRow(y+s.px(gap/2), targets...)
	}
	y += s.px(gap / 2)
	s.layout.countdown = line{face: s.fonts.small, ink: inkMuted, at: image.Pt(s.px(margin), y+s.fonts.small.Metrics().Ascent.Ceil())}
	y += s.fonts.small.Metrics().Height.Ceil()
	y = s.paragraph(y, s.q.Line, s.fonts.small, inkMuted)
	s.layout.size = image.Pt(s.px(sheetWidth), y+s.px(margin-gap))
}

// paragraph breaks a text into lines and returns where the next paragraph starts.
func (s *Sheet) paragraph(y int, text string, face font.Face, c color.RGBA) int {
	if text == "" {
		return y
	}
	m := face.Metrics()
	for _, words := range drawing.Wrap(face, text, s.px(sheetWidth-2*margin), maxLines) {
		s.layout.lines = append(s.layout.lines, line{words, face, c, image.Pt(s.px(margin), y+m.Ascent.Ceil())})
		y += m.Height.Ceil()
	}
	return y + s.px(gap/2)
}

// maxLines is the maximum number of lines of a paragraph, so that a long name does not push the
// buttons away.
const maxLines = 3

// buttonRow places buttons in a row, the one that allows on the right.
func (s *Sheet) buttonRow(y int, targets ...Target) int {
	width := (s.px(sheetWidth-2*margin) - (len(targets)-1)*s.px(gap)) / len(targets)
	for i, t := range targets {
		left := s.px(margin) + i*(width+s.px(gap))
		s.layout.rects[t] = image.Rect(left, y, left+width, y+s.px(buttonHeight))
	}
	return y + s.px(buttonHeight+gap/2)
}

// linkRow places the links for less frequent actions below the buttons.
func (s *Sheet) linkRow(y int) int {
	placed := false
	for t, text := range map[Target]string{More: s.q.More, Never: s.q.Never} {
		if text == "" {
			continue
		}
		placed = true
		width := drawing.Width(s.fonts.small, text) + s.px(gap)
		left := s.px(margin) - s.px(gap)/2
		if t == More { // below the button that allows
			left = s.px(sheetWidth-margin) - width + s.px(gap)/2
		}
		s.layout.rects[t] = image.Rect(left, y, left+width, y+s.px(linkHeight))
	}
	if !placed {
		return y
	}
	return y + s.px(linkHeight)
}

// choiceRows places the choices of this page, and the links to the other pages.
func (s *Sheet) choiceRows(y int) int {
	left, right, half := s.px(margin), s.px(sheetWidth-margin), s.px(sheetWidth/2)
	links := false
	for _, t := range s.Targets() {
		switch t {
		case Earlier:
			s.layout.rects[t], links = image.Rect(left, y, half, y+s.px(linkHeight)), true
		case Later:
			s.layout.rects[t], links = image.Rect(half, y, right, y+s.px(linkHeight)), true
		}
		if t >= FirstChoice {
			s.layout.rects[t] = image.Rect(left, y, right, y+s.px(rowHeight))
			y += s.px(rowHeight)
		}
	}
	if links {
		y += s.px(linkHeight)
	}
	return y + s.px(gap/2)
}
