package agent

import (
	"context"
	"image"
	"sync"
	"time"

	"lotse/agent/badge"
	"lotse/consent"
	"lotse/i18n"
	"lotse/plaintext"
	"lotse/tunnel"
)

// resumeHolds is how long the badge's Resume does nothing after it has taken the place of Pause.
// The second press of a double click must not show the screen again.
const resumeHolds = time.Second

// maxBadgeName is the maximum number of characters of the advisor's name on the badge.
const maxBadgeName = 40

// badgeAt returns what the badge shows at a moment. ok is false if the badge is hidden: it is
// shown as long as somebody watches, or while no page of the panel is open.
func badgeAt(l i18n.Language, m *moment) (b badge.State, ok bool) {
	snap, effective := &m.snapshot, m.consent.Effective()
	recorded := snap.Rights.Record
	watched := snap.Rights.View && (len(snap.Viewers) > 0 || recorded)
	if m.consent.Phase != consent.Joined || !watched && !m.told.PanelClosed {
		return b, false
	}
	b = badge.State{
		Name:    badgeName(snap, effective.Has(consent.Control)),
		NoPanel: m.told.PanelClosed, View: watched, Paused: watched && snap.Paused, Control: effective.Has(consent.Control),
		Recording: recorded, Held: recorded && m.consent.Held,
	}
	switch {
	case !watched:
		b.Line = l.Text("agent.badge.nothing")
	case b.Paused:
		b.Line = l.Text("agent.badge.paused")
	case b.Control:
		b.Look, b.Line = badge.Controlled, l.Text("agent.badge.control")
	case snap.Share.Kind == "apps":
		b.Look, b.Line = badge.Seen, l.Text("agent.badge.apps")
	case snap.Share.Kind == "monitor":
		b.Look, b.Line = badge.Seen, l.Text("agent.badge.monitor")
	default:
		b.Look, b.Line = badge.Seen, l.Text("agent.badge.screen")
	}
	switch {
	case !recorded || b.Held || b.Paused: // the mark in front of the sentence says it
	case b.Control:
		b.Line = l.Text("agent.badge.controlRecords")
	default:
		b.Line = l.Text("agent.badge.records")
	}
	return b, true
}

// badgeName returns whose deeds the badge tells: of all who see, or of the one who controls.
func badgeName(snap *Snapshot, controlled bool) string {
	name := AdvisorName(snap.Advisor)
	if controlled {
		name = AdvisorName(snap.Controller())
	} else {
		for _, c := range snap.Colleagues {
			if c.Here {
				name = plaintext.Line(personName(snap.Advisor), maxBadgeName/2) + " + " + personName(&c.Person)
			}
		}
	}
	return plaintext.Line(name, maxBadgeName)
}

// personName returns an advisor's name without the company.
func personName(p *tunnel.Person) string {
	if p == nil {
		return "?"
	}
	if p.Display == "" {
		return short(p.Name)
	}
	return short(p.Display)
}

// pressed returns what a button sends to the loop. A view is resumed, and a recording continued,
// only if a device clicked the button, and not a program.
func pressed(a badge.Action, physical bool) event {
	switch a {
	case badge.OpenPanel:
		return panelWanted{}
	case badge.TakeControl:
		return &commanded{command: Take{consent.Control}}
	case badge.Pause:
		return &commanded{command: Pause{}}
	case badge.Resume:
		if physical {
			return resumedByHand{}
		}
	case badge.Hold:
		return &commanded{command: Hold{On: true}}
	case badge.Continue:
		if physical {
			return continuedByHand{}
		}
	case badge.StopRecording:
		return &commanded{command: Take{consent.Record}}
	case badge.End:
		return &commanded{command: End{}}
	}
	return nil
}

// resumedByHand resumes a paused view. The customer clicked the button with a device, on a
// window that remote input cannot reach.
type resumedByHand struct{}

func (resumedByHand) in(st *state) {
	st.questions.resume = resumeWish{}
	st.apply(consent.Event{Kind: consent.Resume}, byCustomer)
}

// badgeShow shows the current state in the badge and handles its clicks. Remote input cannot
// reach the badge, because the display's Input ignores its area.
type badgeShow struct {
	session *Session

	mu sync.Mutex
	// shown is the badge on the screen; nil: none. Guarded by mu.
	shown *badge.Layout
	// paused is since when the badge has offered to resume. Guarded by mu.
	paused time.Time
}

func (b *badgeShow) run(ctx context.Context) {
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
	var shown badge.State
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
		shown, visible = badgeAt(s.lang, m)
		if err := b.show(shown, visible); err != nil {
			s.log.capture.Warn("the badge cannot be shown", "reason", err)
			return
		}
	}
}

// show shows a state, or hides the badge. A click on a button that is about to move has no
// effect.
func (b *badgeShow) show(state badge.State, visible bool) error {
	window := b.session.cfg.Display.Badge
	b.set(nil)
	b.notePause(visible && state.Paused)
	if !visible {
		return window.Show(nil)
	}
	room, scale, err := window.Room()
	if err != nil {
		return err
	}
	layout, err := badge.New(state, b.session.lang, room, scale)
	if err != nil {
		return err
	}
	if err := window.Show(layout.Draw()); err != nil {
		return err
	}
	b.set(layout)
	return nil
}

func (b *badgeShow) notePause(paused bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case !paused:
		b.paused = time.Time{}
	case b.paused.IsZero():
		b.paused = time.Now()
	}
}

func (b *badgeShow) set(l *badge.Layout) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shown = l
}

// clicked presses the button at p of the badge that is shown. physical means that a device
// made the click.
func (b *badgeShow) clicked(p image.Point, physical bool) {
	b.mu.Lock()
	shown, paused := b.shown, b.paused
	b.mu.Unlock()
	if shown == nil {
		return
	}
	action := shown.At(p)
	if action == badge.Resume && time.Since(paused) < resumeHolds {
		return
	}
	if e := pressed(action, physical); e != nil {
		b.session.send(e)
	}
}
