// Package badge lays out and draws the badge: a narrow bar on the customer's screen that says
// what the advisor sees or does, with buttons that stop it.
package badge

import (
	"image"
	"image/color"
	"slices"

	"golang.org/x/image/font"

	"lotse/i18n"
	"lotse/screen"
	"lotse/screen/drawing"
)

// State is what the badge shows.
type State struct {
	Name, Line string // the advisor's name, and the sentence behind it
	Look       Look
	Control    bool // there is control to take back
	View       bool // there is a view to pause or to resume
	Paused     bool
	Recording  bool // the advisor may keep a recording
	Held       bool // the customer holds it
	NoPanel    bool // no page of the panel is open
}

// Look is the badge's background colour.
type Look uint8

// The values of Look.
const (
	Nothing    Look = iota // nothing is seen
	Seen                   // the screen or a part of it
	Controlled             // the computer is controlled
)

var grounds = [...]color.RGBA{
	Nothing:    {R: 0x4a, G: 0x4f, B: 0x55, A: 0xff},
	Seen:       {R: 0x1b, G: 0x4a, B: 0x7a, A: 0xff},
	Controlled: {R: 0xa4, G: 0x1e, B: 0x1e, A: 0xff},
}

var (
	white = color.RGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff}
	paper = color.RGBA{R: 0xf2, G: 0xf5, B: 0xf8, A: 0xff}
	red   = color.RGBA{R: 0xe5, G: 0x2b, B: 0x2b, A: 0xff}
	ink   = color.RGBA{R: 0x1b, G: 0x2a, B: 0x3a, A: 0xff}
)

// Action is what a button does.
type Action uint8

// The actions. The zero value is none.
const (
	OpenPanel Action = iota + 1
	TakeControl
	Pause
	Resume
	Hold
	Continue
	StopRecording
	End
)

// Button is a button of the badge.
type Button struct {
	Action Action
	Text   string
	Rect   image.Rectangle // in the badge
}

// Lengths in pixels at 96 dots per inch.
const (
	height   = 36
	gap      = 4  // between the edge and the buttons, and between two buttons
	padding  = 10 // on both sides of a text
	letters  = 14
	mostName = 220
	mostLine = 320
	dotSize  = 14
)

// buttons returns the buttons of a state from left to right, without their places. The end is
// the rightmost one in every state. The badge's right edge stays where it is, so the end does
// too.
func (s State) buttons(l i18n.Language) []Button {
	var all []Button
	if s.NoPanel {
		all = append(all, Button{Action: OpenPanel, Text: l.Text("agent.badge.panel")})
	}
	if s.Control {
		all = append(all, Button{Action: TakeControl, Text: l.Text("agent.badge.take")})
	}
	switch {
	case s.Held:
		all = append(all, Button{Action: Continue, Text: l.Text("agent.badge.continue")})
	case s.Recording:
		all = append(all, Button{Action: Hold, Text: l.Text("agent.badge.hold")})
	}
	if s.Recording {
		all = append(all, Button{Action: StopRecording, Text: l.Text("agent.badge.stop")})
	}
	switch {
	case s.Paused:
		all = append(all, Button{Action: Resume, Text: l.Text("agent.badge.resume")})
	case s.View:
		all = append(all, Button{Action: Pause, Text: l.Text("agent.badge.pause")})
	}
	return append(all, Button{Action: End, Text: l.Text("agent.badge.end")})
}

// Layout is a badge with the places of everything on it.
type Layout struct {
	Size    image.Point
	Buttons []Button

	state      State
	bold, text font.Face
	name, line image.Rectangle
	dot        image.Rectangle // the mark of a recording; empty: there is none
}

// New lays a badge out in at most room pixels. scale is the number of pixels per pixel at 96
// dots per inch. If there is not enough room, first the name and then the sentence are
// shortened; the colour says the same. The buttons always have their full width; where there is too
// little room for all, those that hold a recording are left out.
func New(s State, l i18n.Language, room int, scale float64) (*Layout, error) {
	px := func(n int) int { return int(float64(n)*scale + 0.5) }
	b := &Layout{state: s, Buttons: s.buttons(l)}
	var err error
	if b.bold, err = drawing.Bold(letters * scale); err != nil {
		return nil, err
	}
	if b.text, err = drawing.Regular(letters * scale); err != nil {
		return nil, err
	}
	buttons := b.place(px)
	if buttons > room {
		// The panel has these, too.
		b.Buttons = slices.DeleteFunc(b.Buttons, func(b Button) bool { return b.Action == Hold || b.Action == Continue })
		buttons = b.place(px)
	}
	space := drawing.Width(b.text, " ")
	dot := 0
	if s.Recording {
		dot = px(dotSize) + px(gap)
	}
	left := max(0, room-buttons-2*px(padding)-space-dot)
	line := min(drawing.Width(b.text, s.Line), px(mostLine), left)
	name := min(drawing.Width(b.bold, s.Name), px(mostName), left-line)
	if name < px(height) { // too narrow for a few letters
		name = 0
	}
	x := px(padding)
	if s.Recording {
		b.dot = image.Rect(x, px((height-dotSize)/2), x+px(dotSize), px((height+dotSize)/2))
		x += dot
	}
	b.name = image.Rect(x, 0, x+name, px(height))
	if name > 0 {
		x += name + space
	}
	b.line = image.Rect(x, 0, x+line, px(height))
	x += line + px(padding) - px(gap)
	for i := range b.Buttons {
		b.Buttons[i].Rect = b.Buttons[i].Rect.Add(image.Pt(x, 0))
	}
	b.Size = image.Pt(x+buttons, px(height))
	return b, nil
}

// place places the buttons in a row from the left, and returns its width.
func (b *Layout) place(px func(int) int) (width int) {
	width = px(gap)
	for i := range b.Buttons {
		w := drawing.Width(b.bold, b.Buttons[i].Text) + 2*px(padding)
		b.Buttons[i].Rect = image.Rect(width, px(gap), width+w, px(height-gap))
		width += w + px(gap)
	}
	return width
}

// At returns what the button at p does; 0: there is none.
func (b *Layout) At(p image.Point) Action {
	for _, button := range b.Buttons {
		if p.In(button.Rect) {
			return button.Action
		}
	}
	return 0
}

// Draw draws the badge.
func (b *Layout) Draw() *screen.Frame {
	c := drawing.NewCanvas(b.Size)
	c.Fill(c.Rect, paper)
	c.Fill(c.Rect.Inset(1), grounds[b.state.Look])
	if !b.dot.Empty() {
		b.drawDot(c)
	}
	if !b.name.Empty() {
		c.Left(b.name, b.bold, b.state.Name, white)
	}
	if !b.line.Empty() {
		c.Left(b.line, b.text, b.state.Line, white)
	}
	for _, button := range b.Buttons {
		c.Fill(button.Rect, paper)
		c.Centred(button.Rect, b.bold, button.Text, ink)
	}
	return c.Finish()
}

// drawDot draws the mark of a recording: a red disc in a white one, or a white ring while the
// customer holds the recording.
func (b *Layout) drawDot(c drawing.Canvas) {
	inner := red
	if b.state.Held {
		inner = grounds[b.state.Look]
	}
	radius := b.dot.Dx() / 2
	fillDisc(c, b.dot, radius, white)
	fillDisc(c, b.dot, radius-max(1, radius/4), inner)
}

// fillDisc fills a disc around the centre of r.
func fillDisc(c drawing.Canvas, r image.Rectangle, radius int, colour color.RGBA) {
	centre := r.Min.Add(r.Size().Div(2))
	for y := -radius; y <= radius; y++ {
		half := 0
		for (half+1)*(half+1)+y*y <= radius*radius {
			half++
		}
		c.Fill(image.Rect(centre.X-half, centre.Y+y, centre.X+half+1, centre.Y+y+1), colour)
	}
}
