package agent

import (
	"image"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lotse/agent/choices"
	"lotse/consent"
	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/tunnel"
)

// marks is a screen.Marker that remembers what it shows.
type marks struct {
	mu    sync.Mutex
	shown []screen.Mark
}

func (m *marks) Mark(now []screen.Mark) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shown = slices.Clone(now)
	return nil
}

// count returns how many marks are shown after everything has come to rest.
func (m *marks) count() int {
	time.Sleep(time.Second / 10) // more than the time between two changes of the marks
	synctest.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.shown)
}

// TestPointing goes through everything that ends pointing. Between its steps the advisor moves his
// pointer: at every moment the arrow is to be seen if and only if pointing is in effect.
func TestPointing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &marks{}
		d := newDesk(t, Config{Display: screen.Parts{Marker: m}})
		hand := d.board.Hand("Anna Berg")
		defer hand.Leave()
		step := func(what string, want bool, act func()) {
			t.Helper()
			act()
			if got := m.count() > 0; got && !want {
				t.Errorf("%s: the arrow is still there", what)
			}
			for i := range 3 {
				hand.Point(image.Pt(15+i, 15), screen.ButtonLeft)
				hand.Point(image.Pt(15+i, 18), 0)
			}
			if got := m.count() > 0; got != want {
				t.Errorf("%s: an arrow: %t", what, got)
			}
			if snap, _ := d.Snapshot(); snap.Rights.Point && !snap.Rights.View {
				t.Errorf("%s: pointing without a view", what)
			}
			for _, event := range d.display.Events() {
				if event != (screentest.Released{}) {
					t.Errorf("%s: input %v", what, event)
				}
			}
		}
		do := func(c Command) func() {
			return func() {
				if err := d.Do(c); err != nil {
					t.Error(err)
				}
			}
		}
		step("before the view", false, func() {})
		step("while the view is asked for", false, func() { d.ask(consent.View) })
		step("with the view", true, func() { d.allow(t, "app:1", "app:2") })
		step("while control is asked for", false, func() { d.ask(consent.Control) })
		step("after a refusal", true, func() { d.answer(t, screen.Answer{}) })
		step("switched off", false, do(Silence{Right: consent.Point, On: true}))
		step("switched on", true, do(Silence{Right: consent.Point}))
		step("paused", false, do(Pause{}))
		step("while resuming is asked for", false, do(Resume{}))
		step("resumed", true, func() { d.allow(t) })
		step("where nothing is shared any more", false, do(Propose{choices.Selection{Kind: "apps", Apps: []string{"2"}}}))
		step("another share", true, func() {
			if err := d.Do(Propose{choices.Selection{Kind: "screen"}}); err != nil {
				t.Error(err)
			}
			d.allow(t)
		})
		step("away", false, func() { d.send(lost{}); synctest.Wait() })
		step("back", true, func() { d.send(joined{advisor: &tunnel.Person{Name: "anna"}}); synctest.Wait() })
		step("the view is taken", false, do(Take{consent.View}))
		step("the next view, switched off before", false, func() {
			do(Silence{Right: consent.Point, On: true})()
			d.ask(consent.View)
			d.allow(t)
		})
		step("switched on again", true, do(Silence{Right: consent.Point}))
		step("ended", false, do(End{}))
	})
}

// TestPointingAndControl checks that there is no arrow while the advisor has control, that it comes
// back with F12, and that pointing, once switched off, cannot be switched on while he has control:
// he could do that himself.
func TestPointingAndControl(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &marks{}
		d := newDesk(t, Config{Display: screen.Parts{Marker: m}})
		hand := d.board.Hand("Anna Berg")
		defer hand.Leave()
		d.ask(consent.View)
		d.allow(t)
		hand.Point(image.Pt(20, 20), 0)
		if m.count() != 1 {
			t.Fatal("no arrow")
		}
		d.ask(consent.Control)
		d.allow(t)
		hand.Point(image.Pt(21, 20), 0)
		if m.count() != 0 {
			t.Error("an arrow beside control")
		}
		_ = d.Do(Silence{Right: consent.Point, On: true})
		_ = d.Do(Silence{Right: consent.Point})
		if snap, _ := d.Snapshot(); snap.Rights.Point || !snap.Rights.Control {
			t.Errorf("rights %+v", snap.Rights)
		}
		d.key.Press()
		hand.Point(image.Pt(22, 20), 0)
		if m.count() != 0 {
			t.Error("an arrow that was switched off")
		}
		_ = d.Do(Silence{Right: consent.Point})
		hand.Point(image.Pt(23, 20), 0)
		if m.count() != 1 {
			t.Error("no arrow after F12, switched on")
		}
	})
}

// TestNoMarker checks that a display that can show no arrow gives no right to point, and has
// nothing to switch.
func TestNoMarker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		d.ask(consent.View)
		d.allow(t)
		_ = d.Do(Silence{Right: consent.Point})
		snap, _ := d.Snapshot()
		if snap.Rights.Point || !snap.Rights.View || len(snap.Silenced) > 0 {
			t.Errorf("rights %+v, silenced %q", snap.Rights, snap.Silenced)
		}
	})
}
