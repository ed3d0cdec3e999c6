package agent

import (
	"context"
	"image"
	"image/color"

	"golang.org/x/image/font"
	"golang.org/x/image/font/inconsolata"
	"golang.org/x/image/math/fixed"

	"lotse/consent"
	"lotse/i18n"
	"lotse/plaintext"
	"lotse/screen"
)

// The badge is a small window on the customer's screen. As long as somebody watches, it says
// who that is and whether he controls the computer. Its buttons pause and end the session.
// Remote input cannot reach it, because the display's Input ignores its area.

// badgeState is what the badge shows. The badge is drawn again when it changes.
type badgeState struct {
	title, line string
	control     bool
	paused      bool
}

// badgeButton is a button of the badge.
type badgeButton struct {
	rect image.Rectangle
	text string
	// press is sent to the loop when the button is clicked.
	press event
	// physical means that the button works only if a device clicked it, and not a program.
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

// badgeAt returns what the badge shows at a moment. ok is false if the badge is hidden.
func badgeAt(l i18n.Language, m *moment) (b badgeState, ok bool) {
	snap, effective := &m.snapshot, m.consent.Effective()
	if m.consent.Phase != consent.Joined || !snap.Rights.View || len(snap.Viewers) == 0 {
		return b, false
	}
	b.title = plaintext.Line(AdvisorName(snap.Advisor), badgeMost)
	b.paused = snap.Paused
	b.control = effective.Has(consent.Control)
	switch {
	case b.paused:
		b.line = l.Text("agent.badge.paused")
	case b.control:
		b.line = l.Text("agent.badge.control")
	case snap.Share.Kind == "apps":
		b.line = l.Text("agent.badge.apps")
	case snap.Share.Kind == "monitor":
		b.line = l.Text("agent.badge.monitor")
	default:
		b.line = l.Text("agent.badge.screen")
	}
	return b, true
}

// buttonsOf returns the badge's buttons for a state.
func buttonsOf(l i18n.Language, b badgeState) []badgeButton {
	const top, height, gap = 54, 28, 8
	width := (badgeWidth - 3*gap) / 2
	place := func(i int) image.Rectangle {
		left := gap + i*(width+gap)
		return image.Rect(left, top, left+width, top+height)
	}
	first := badgeButton{
		rect: place(0), text: l.Text("agent.badge.pause"), press: &commanded{command: Pause{}},
	}
	if b.paused {
		first = badgeButton{
			rect: place(0), text: l.Text("agent.badge.resume"), press: resumedByHand{}, physical: true,
		}
	}
	return []badgeButton{first, {
		rect: place(1), text: l.Text("agent.badge.end"), press: &commanded{command: End{}},
	}}
}

// resumedByHand resumes a paused view. The customer clicked the button with a device, on a
// window that remote input cannot reach.
type resumedByHand struct{}

func (resumedByHand) in(st *state) {
	st.questions.resume = resumeWish{}
	st.apply(consent.Event{Kind: consent.Resume}, byCustomer)
}

// badge shows the current state in the badge and handles its clicks.
type badge struct{ session *Session }

func (b *badge) run(ctx context.Context) {
	s := b.session
	window := s.cfg.Display.Badge
	var watchFailed error
	watched := make(chan struct{})
	watch, stop := context.WithCancel(ctx)
	go func() {
		defer close(watched)
		watchFailed = window.Watch(watch, b.clicked)
	}()
	defer func() {
		stop()
		<-watched
		if err := window.Show(nil); err != nil {
			s.log.capture.Info("badge not hidden", "reason", err)
		}
	}()
	var shown badgeState
	visible := false
	differs := func(m *moment) bool {
		now, ok := badgeAt(s.lang, m)
		return ok != visible || ok && now != shown
	}
	for {
		m, ok := s.await(ctx, watched, differs)
		if ctx.Err() != nil {
			return
		}
		if !ok {
			s.log.capture.Warn("the badge cannot be shown", "reason", watchFailed)
			return
		}
		var f *screen.Frame
		if shown, visible = badgeAt(s.lang, m); visible {
			f = drawBadge(shown, buttonsOf(s.lang, shown))
		}
		if err := window.Show(f); err != nil {
			s.log.capture.Warn("the badge cannot be shown", "reason", err)
			return
		}
	}
}

// clicked presses the button at p if the badge shows one there. physical means that a device
// made the click.
func (b *badge) clicked(p image.Point, physical bool) {
	now, ok := badgeAt(b.session.lang, b.session.now())
	if !ok {
		return
	}
	for _, button := range buttonsOf(b.session.lang, now) {
		if p.In(button.rect) && (physical || !button.physical) {
			b.session.send(button.press)
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
