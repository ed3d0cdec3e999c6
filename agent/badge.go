package agent

import (
	"context"
	"image"
	"image/color"

	"golang.org/x/image/font"
	"golang.org/x/image/font/inconsolata"
	"golang.org/x/image/math/fixed"

	"lotse/consent"
	"lotse/plaintext"
	"lotse/screen"
)

// The badge says all the time on the customer's screen that he is watched, by
// whom, and whether he is controlled; its buttons pause and end. Remote input
// does not reach it: the display's Input leaves it out.

// badgeState is what the badge says; it is drawn anew when it changes.
type badgeState struct {
	title, line string
	control     bool
	paused      bool
}

// badgeButton is a place to click.
type badgeButton struct {
	rect image.Rectangle
	text string
	do   func(*Session)
	// physical: only a device may press it.
	physical bool
}

const (
	badgeWidth, badgeHeight = 344, 92
	badgeMost               = 40 // characters of a line
)

var (
	badgeView    = color.RGBA{R: 0x1b, G: 0x4a, B: 0x7a, A: 0xff}
	badgeControl = color.RGBA{R: 0xa4, G: 0x1e, B: 0x1e, A: 0xff}
	badgePaused  = color.RGBA{R: 0x4a, G: 0x4f, B: 0x55, A: 0xff}
	badgeButtons = color.RGBA{R: 0xf2, G: 0xf5, B: 0xf8, A: 0xff}
	badgeInk     = color.RGBA{R: 0x1b, G: 0x2a, B: 0x3a, A: 0xff}
)

// badgeLocked is what the badge has to say now; ok is false when it is hidden.
func (s *Session) badgeLocked() (b badgeState, ok bool) {
	if s.state.Phase != consent.Joined || !s.state.Given.Has(consent.View) || len(s.viewers) == 0 {
		return b, false
	}
	b.title = plaintext.Line(advisorName(s.advisor), badgeMost)
	b.paused = s.state.Paused
	b.control = s.state.Effective().Has(consent.Control)
	what := s.share.chosen().Kind
	switch {
	case b.paused:
		b.line = s.lang.text("sees nothing: paused")
	case b.control:
		b.line = s.lang.text("CONTROLS this computer")
	case what == screen.ShareApps:
		b.line = s.lang.text("sees the chosen programs")
	case what == screen.ShareMonitor:
		b.line = s.lang.text("sees one monitor")
	default:
		b.line = s.lang.text("sees this screen")
	}
	return b, true
}

// badgeButtons lists the buttons for a state.
func (l Language) badgeButtons(b badgeState) []badgeButton {
	const top, height, gap = 54, 28, 8
	width := (badgeWidth - 3*gap) / 2
	place := func(i int) image.Rectangle {
		left := gap + i*(width+gap)
		return image.Rect(left, top, left+width, top+height)
	}
	first := badgeButton{rect: place(0), text: l.text("Pause"), do: (*Session).Pause}
	if b.paused {
		first = badgeButton{rect: place(0), text: l.text("Resume"), do: (*Session).resumeByHand, physical: true}
	}
	return []badgeButton{first, {rect: place(1), text: l.text("End"), do: (*Session).End}}
}

// resumeByHand goes on after a pause: the press was a device's, on a window that no
// remote input reaches.
func (s *Session) resumeByHand() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resume = resumeWish{}
	s.applyLocked(consent.Event{Kind: consent.Resume}, byCustomer)
}

// watchBadge keeps the badge true until ctx ends, and obeys its buttons.
func (s *Session) watchBadge(ctx context.Context) {
	badge := s.cfg.Display.Badge
	watched := make(chan error, 1)
	watch, stop := context.WithCancel(ctx)
	go func() {
		watched <- badge.Watch(watch, func(p image.Point, physical bool) {
			s.mu.Lock()
			b, ok := s.badgeLocked()
			s.mu.Unlock()
			for _, button := range s.lang.badgeButtons(b) {
				if ok && p.In(button.rect) && (physical || !button.physical) {
					button.do(s)
				}
			}
		})
	}()
	defer func() {
		stop()
		<-watched
		if err := badge.Show(nil); err != nil {
			s.log.Info("badge not hidden", "reason", err)
		}
	}()
	var shown badgeState
	visible := false
	for {
		s.mu.Lock()
		b, ok := s.badgeLocked()
		changed := s.changed
		s.mu.Unlock()
		if ok != visible || ok && b != shown {
			visible, shown = ok, b
			var f *screen.Frame
			if ok {
				f = drawBadge(b, s.lang.badgeButtons(b))
			}
			if err := badge.Show(f); err != nil {
				s.log.Warn("the badge cannot be shown", "reason", err)
				return
			}
		}
		select {
		case <-changed:
		case err := <-watched:
			watched <- err
			s.log.Warn("the badge cannot be shown", "reason", err)
			return
		case <-ctx.Done():
			return
		}
	}
}

func drawBadge(b badgeState, buttons []badgeButton) *screen.Frame {
	f := screen.NewFrame(image.Pt(badgeWidth, badgeHeight))
	ground := badgeView
	switch {
	case b.paused:
		ground = badgePaused
	case b.control:
		ground = badgeControl
	}
	fill := func(r image.Rectangle, c color.RGBA) { f.Fill(r, c.R, c.G, c.B) }
	fill(f.Bounds(), badgeButtons)
	fill(f.Bounds().Inset(2), ground)
	text := func(face font.Face, line string, at image.Point, c color.RGBA) {
		d := font.Drawer{Face: face}
		mask := image.NewAlpha(image.Rect(0, 0, max(1, d.MeasureString(line).Ceil()), 20))
		d.Dst, d.Src, d.Dot = mask, image.Opaque, fixed.P(0, 14)
		d.DrawString(line)
		for y := range 20 {
			for x := range mask.Rect.Dx() {
				if mask.AlphaAt(x, y).A >= 0x80 {
					fill(image.Rect(at.X+x, at.Y+y, at.X+x+1, at.Y+y+1), c)
				}
			}
		}
	}
	text(inconsolata.Bold8x16, b.title, image.Pt(12, 8), waitingTitle)
	text(inconsolata.Bold8x16, b.line, image.Pt(12, 28), waitingTitle)
	for _, button := range buttons {
		fill(button.rect, badgeButtons)
		width := len([]rune(button.text)) * 8
		text(inconsolata.Bold8x16, button.text, image.Pt(button.rect.Min.X+(button.rect.Dx()-width)/2, button.rect.Min.Y+5), badgeInk)
	}
	return f
}
