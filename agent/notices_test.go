package agent

import (
	"image"
	"slices"
	"testing"
	"testing/synctest"

	"lotse/consent"
	"lotse/screen"
	"lotse/screen/screentest"
)

// TestNotices checks that both sides are told when the system keeps something to itself.
// Meanwhile remote input is blocked, and what it held down is released.
func TestNotices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		d.ask(consent.View)
		d.allow(t)
		d.ask(consent.Control)
		d.allow(t)
		press := func() (n int) {
			d.display.Events()
			_ = d.guard.Key(screen.Key{Sym: 'a', Down: true})
			_ = d.guard.Pointer(image.Pt(3, 3), 0)
			for _, e := range d.display.Events() {
				if _, released := e.(screentest.Released); !released {
					n++
				}
			}
			return n
		}
		if press() != 2 {
			t.Fatal("no input with control")
		}
		for _, c := range []struct {
			notice screen.Notice
			name   string
		}{{screen.NoticeHidden, "hidden"}, {screen.NoticeShielded, "shielded"}, {screen.NoticeNone, ""}} {
			d.notices.Tell(c.notice)
			synctest.Wait()
			if e := d.display.Events(); c.notice == screen.NoticeHidden && !slices.Contains(e, any(screentest.Released{})) {
				t.Errorf("%q: keys stay down: %v", c.name, e)
			}
			snap, _ := d.Snapshot()
			if got := d.state1().Notice; got != c.name || snap.Notice != c.name {
				t.Errorf("the advisor is told %q, the customer %q, want %q", got, snap.Notice, c.name)
			}
			if n := press(); (n != 0) != (c.name == "") {
				t.Errorf("%q: %d inputs passed", c.name, n)
			}
		}
		if !d.state1().Rights.Control {
			t.Error("control was taken")
		}
		d.notices.Tell(screen.Notice(99))
		synctest.Wait()
		if press() != 2 {
			t.Error("an unknown notice stops input for good")
		}
	})
}
