package agent

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lotse/agent/badge"
	"lotse/agent/choices"
	"lotse/agent/refusals"
	"lotse/consent"
	"lotse/record"
	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/tunnel"
)

// desk is a joined session with programs from which the customer can choose.
type desk struct {
	*Session
	display *screentest.Display
	windows *screentest.Desk
	hands   *screentest.InputWatcher
	badge   *screentest.Badge
	key     *screentest.Key
	notices *screentest.Notices
	asker   *screentest.Asker
	ended   context.Context
}

// newDesk returns a desk with a display of 100 by 100 pixels, the programs "left" and "right",
// and one monitor. It must run inside synctest.
func newDesk(t *testing.T, cfg Config) *desk {
	t.Helper()
	d := &desk{display: screentest.NewDisplay(image.Pt(100, 100)), hands: screentest.NewInputWatcher(), badge: screentest.NewBadge(), key: screentest.NewKey(), notices: screentest.NewNotices(), asker: screentest.NewAsker()}
	d.display.Fill(image.Rect(0, 0, 100, 100), 0xff, 0, 0) // not shared
	d.display.Fill(image.Rect(10, 10, 30, 30), 0, 0xff, 0)
	d.display.Fill(image.Rect(60, 60, 90, 90), 0, 0, 0xff)
	d.windows = screentest.NewDesk(d.display)
	d.windows.Program("1", "left", image.Rect(10, 10, 30, 30))
	d.windows.Program("2", "right", image.Rect(60, 60, 90, 90))
	d.windows.Monitor(screen.Monitor{ID: 1, Name: "only", Rect: image.Rect(0, 0, 100, 100)})
	cfg.Display = screen.Parts{Screen: d.display, Input: d.display, Windows: d.windows, InputWatcher: d.hands, Badge: d.badge, Hotkey: d.key, Notices: d.notices, Asker: d.asker, Marker: cfg.Display.Marker, Clipboard: cfg.Display.Clipboard}
	cfg.Client = &tunnel.Client{Gateway: "https://support.example.com"}
	d.Session, d.ended = startSession(t, cfg)
	d.send(joined{advisor: &tunnel.Person{Name: "anna", Display: "Anna Berg", Company: "Example"}})
	d.addViewer(true)
	return d
}

// allow allows the open question in its window, with the given choices.
func (d *desk) allow(t *testing.T, chosen ...string) {
	t.Helper()
	d.answer(t, screen.Answer{Allow: true, Chosen: chosen})
}

// answer answers the open question in its window.
func (d *desk) answer(t *testing.T, a screen.Answer) screen.Question {
	t.Helper()
	synctest.Wait()
	q, ok := d.asker.Question()
	if !ok {
		t.Fatal("nothing is asked")
	}
	d.asker.Answer(a)
	synctest.Wait()
	return q
}

// colours returns which of red, green and blue the viewers' frame contains.
func (d *desk) colours() string {
	var has [3]bool
	d.share.desktop.Read(func(v screen.View) {
		for y := range v.Frame.Size.Y {
			for x := range v.Frame.Size.X {
				p := v.Frame.Row(y, x, x+1)
				for i, c := range [3][3]byte{{0, 0, 0xff}, {0, 0xff, 0}, {0xff, 0, 0}} {
					has[i] = has[i] || [3]byte(p) == c
				}
			}
		}
	})
	names := ""
	for i, name := range "rgb" {
		if has[i] {
			names += string(name)
		}
	}
	return names
}

func (d *desk) ask(r consent.Right) { d.send(wished{r, leadEnd(d.Session)}); synctest.Wait() }

func TestShareOfPrograms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		d.ask(consent.View)
		snap, _ := d.Snapshot()
		if snap.Choices == nil || len(snap.Choices.Apps) != 2 || snap.Choices.Apps[0].Name != "left" {
			t.Fatalf("choices %+v", snap.Choices)
		}
		d.allow(t, "app:1", "app:2")
		if got := d.colours(); got != "gb" {
			t.Fatalf("both programs: %q", got)
		}
		if s := d.state1(); s.Share == nil || s.Share.Kind != "apps" || !slices.Equal(s.Share.Names, []string{"left", "right"}) {
			t.Errorf("the advisor is told %+v", s.Share)
		}

		// A smaller share takes effect at once, and the frame contains nothing of the earlier
		// share.
		if err := d.Do(Propose{choices.Selection{Kind: "apps", Apps: []string{"2"}}}); err != nil {
			t.Fatal(err)
		}
		if got := d.colours(); got != "" && got != "b" {
			t.Fatalf("right after narrowing: %q", got)
		}
		synctest.Wait()
		if got := d.colours(); got != "b" || d.questionID() != "" {
			t.Fatalf("narrowed: %q, question %q", got, d.questionID())
		}

		// A larger share needs another yes.
		if err := d.Do(Propose{choices.Selection{Kind: "screen"}}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		snap, _ = d.Snapshot()
		if d.colours() != "b" || snap.Question == nil || snap.Question.Right != "share" || snap.Question.Proposal == nil || snap.Question.Proposal.Kind != "screen" {
			t.Fatalf("widening: %q, %+v", d.colours(), snap.Question)
		}
		d.answer(t, screen.Answer{})
		if d.colours() != "b" {
			t.Fatal("a refused widening widened")
		}
		time.Sleep(refusals.Delays[0])
		_ = d.Do(Propose{choices.Selection{Kind: "screen"}})
		d.allow(t)
		if got := d.colours(); got != "rgb" {
			t.Fatalf("widened: %q", got)
		}
	})
}

// act simulates the use of mouse or keyboard and waits for its effect.
func (d *desk) act(a screen.Act) { d.hands.Act(a); synctest.Wait() }

// state1 returns the state that advisors receive.
func (d *desk) state1() tunnel.State { return d.now().told }

func TestShareThatIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		for _, bad := range []choices.Selection{{Kind: "apps"}, {Kind: "everything"}, {}, {Kind: "apps", Apps: make([]string, choices.MaxApps+1)}} {
			if _, err := bad.Parse(); err == nil {
				t.Errorf("%+v was taken", bad)
			}
		}
		// A monitor that does not exist: the view ends by itself.
		d.ask(consent.View)
		d.allow(t, "monitor:77")
		if d.rights().View {
			t.Error("a monitor that does not exist is shown")
		}
	})
}

func TestThumbnailIsWhatViewersSee(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		if d.Thumbnail() != nil {
			t.Fatal("a thumbnail before the view")
		}
		d.ask(consent.View)
		d.allow(t, "app:1")
		small, err := png.Decode(bytes.NewReader(d.Thumbnail()))
		if err != nil {
			t.Fatal(err)
		}
		for y := range small.Bounds().Dy() {
			for x := range small.Bounds().Dx() {
				if r, _, _, _ := small.At(x, y).RGBA(); r > 0xf000 { // red stands for what is not shared
					t.Fatal("the thumbnail shows what is not shared")
				}
			}
		}
		_ = d.Do(Pause{})
		if d.Thumbnail() != nil {
			t.Error("a thumbnail while paused")
		}
	})
}

func TestHandsPauseRemoteInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		d.ask(consent.View)
		d.allow(t)
		d.ask(consent.Control)
		d.allow(t)
		d.display.Events()
		press := func() int {
			_ = d.guard.Key(screen.Key{Sym: 'a', Down: true})
			_ = d.guard.Pointer(image.Pt(3, 3), 0)
			n := 0
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
		d.act(screen.Act{Physical: true})
		synctest.Wait()
		if e := d.display.Events(); !slices.Contains(e, any(screentest.Released{})) {
			t.Errorf("keys stay down under the customer's hands: %v", e)
		}
		if press() != 0 || !d.state1().LocalInput {
			t.Error("input passes the customer's hands")
		}
		time.Sleep(localPause / 2)
		d.act(screen.Act{Physical: true})
		time.Sleep(localPause * 3 / 4)
		synctest.Wait()
		if press() != 0 {
			t.Error("the pause does not last while the hands move")
		}
		time.Sleep(localPause)
		synctest.Wait()
		if press() != 2 || d.state1().LocalInput {
			t.Error("the pause does not end")
		}
		d.act(screen.Act{Press: true}) // injected input of the advisor
		synctest.Wait()
		if press() != 2 {
			t.Error("injected input pauses itself")
		}
	})
}

func TestKeyTwiceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		d.ask(consent.View)
		d.allow(t)
		d.ask(consent.Control)
		d.allow(t)
		d.key.Press()
		synctest.Wait()
		if d.rights().Control || !d.rights().View {
			t.Fatalf("once: %+v", d.rights())
		}
		time.Sleep(twice + time.Millisecond)
		d.key.Press()
		synctest.Wait()
		if d.ended.Err() != nil {
			t.Fatal("two slow presses ended the session")
		}
		d.key.Press()
		synctest.Wait()
		if d.ended.Err() == nil || d.rights().View {
			t.Fatal("two quick presses did not end the session")
		}
	})
}

func TestEachQuestionHasItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{Timeouts: Timeouts{View: 10 * time.Second, Control: 20 * time.Second, Clipboard: 30 * time.Second}})
		d.ask(consent.View)
		d.allow(t)
		for right, timeout := range map[consent.Right]time.Duration{consent.Control: 20 * time.Second, consent.Clipboard: 30 * time.Second, consent.Share: 10 * time.Second} {
			d.ask(right)
			time.Sleep(timeout - time.Millisecond)
			synctest.Wait()
			if d.questionID() == "" {
				t.Errorf("%v: refused too early", right)
			}
			time.Sleep(2 * time.Millisecond)
			synctest.Wait()
			if d.questionID() != "" {
				t.Errorf("%v: silence does not refuse", right)
			}
		}
	})
}

func TestBadgeSaysWhatIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		synctest.Wait()
		if d.badge.Frame() != nil {
			t.Fatal("a badge while nobody watches")
		}
		d.ask(consent.View)
		d.allow(t)
		watched := d.badge.Frame()
		if watched == nil {
			t.Fatal("no badge while somebody watches")
		}
		d.ask(consent.Control)
		d.allow(t)
		if f := d.badge.Frame(); f == nil || f == watched {
			t.Fatal("the badge does not tell of control")
		}
		d.badge.Click(d.badgeButton(t, badge.TakeControl))
		synctest.Wait()
		if snap, _ := d.Snapshot(); snap.Rights.Control || !snap.Rights.View {
			t.Fatalf("the badge does not take control back: %+v", snap)
		}
		d.ask(consent.Control)
		d.allow(t)
		d.badge.Click(d.badgeButton(t, badge.Pause))
		synctest.Wait()
		if snap, _ := d.Snapshot(); !snap.Paused || snap.Rights.Control {
			t.Fatalf("the badge does not pause: %+v", snap)
		}
		d.badge.Click(image.Pt(1, 1)) // beside the buttons
		d.badge.Click(d.badgeButton(t, badge.End))
		synctest.Wait()
		if d.ended.Err() == nil || d.badge.Frame() != nil {
			t.Fatal("the badge does not end the session, or stays")
		}
	})
}

// badgeButton returns a point of the badge's button with that action.
func (d *desk) badgeButton(t *testing.T, a badge.Action) image.Point {
	t.Helper()
	state, ok := badgeAt(d.lang, d.now())
	room, scale, _ := d.badge.Room()
	layout, err := badge.New(state, d.lang, room, scale)
	if !ok || err != nil {
		t.Fatalf("no badge: %v", err)
	}
	for _, button := range layout.Buttons {
		if button.Action == a {
			return button.Rect.Min.Add(image.Pt(3, 3))
		}
	}
	t.Fatalf("the badge has no button %d", a)
	return image.Point{}
}

// TestClosedPanel checks that the badge appears when the last page of the panel is gone for a
// while, that its button asks for the panel, and that the advisor is told.
func TestClosedPanel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		time.Sleep(time.Hour)
		if d.now().told.PanelClosed || d.badge.Frame() != nil {
			t.Fatal("a panel that never had a page counts as closed")
		}
		_, _ = d.Do(PageOpened{}), d.Do(PageOpened{})
		_ = d.Do(PageClosed{})
		time.Sleep(2 * panelGrace)
		_ = d.Do(PageClosed{})
		time.Sleep(panelGrace / 2)
		_ = d.Do(PageOpened{}) // loaded again
		time.Sleep(2 * panelGrace)
		if d.now().told.PanelClosed || d.badge.Frame() != nil {
			t.Fatal("a panel with a page counts as closed")
		}
		_ = d.Do(PageClosed{})
		time.Sleep(2 * panelGrace)
		synctest.Wait()
		if !d.now().told.PanelClosed || d.badge.Frame() == nil {
			t.Fatal("the closed panel is not noticed")
		}
		select {
		case <-d.PanelWanted():
			t.Fatal("the panel is wanted before a click")
		default:
		}
		d.badge.Click(d.badgeButton(t, badge.OpenPanel))
		d.badge.Click(d.badgeButton(t, badge.OpenPanel))
		synctest.Wait()
		<-d.PanelWanted()
		_ = d.Do(PageOpened{})
		synctest.Wait()
		if d.now().told.PanelClosed || d.badge.Frame() != nil {
			t.Error("the panel is open and counts as closed")
		}
		d.ask(consent.View)
		d.allow(t, "app:1")
		if b, _ := badgeAt(d.lang, d.now()); b.NoPanel {
			t.Error("the badge offers a panel that is open")
		}
		_ = d.Do(End{})
		d.send(finished{})
	})
}

// record takes the lines that the end has received.
func (e end) record(t *testing.T, l *record.Log) {
	t.Helper()
	for {
		select {
		case m := <-e.out:
			if m, ok := m.(tunnel.RecordLines); ok {
				if _, err := l.Take(m.First, m.Lines); err != nil {
					t.Fatal(err)
				}
			}
			if _, ok := m.(tunnel.Bye); ok && !l.Complete() {
				t.Error("the end is said before the record is complete")
			}
		default:
			return
		}
	}
}

// TestRecord checks the record of a session, and that the advisor's ends have the same lines,
// whether they were there from the beginning or came later.
func TestRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		first := connects(d.Session)
		d.ask(consent.View)
		d.allow(t, "app:1")
		d.ask(consent.Control)
		d.allow(t)
		d.key.Press()
		synctest.Wait()
		late := connects(d.Session)
		_ = d.Do(Pause{})
		_ = d.Do(End{})
		d.send(finished{})
		snap, _ := d.Snapshot()
		got := snap.Record
		for _, e := range []end{first, late} {
			var theirs record.Log
			e.record(t, &theirs)
			if theirs.JSON() != snap.RecordJSON || theirs.InWords("en", time.Local) != got {
				t.Errorf("an advisor's end has\n%s\nand the customer\n%s", theirs.JSON(), snap.RecordJSON)
			}
		}
		for _, want := range []string{
			"Advisor: Anna Berg, Example", "joined", "shown: these programs: left", "ALLOWED by the customer: see the screen",
			"ALLOWED by the customer: control the computer", "ended by the key: control the computer", "paused by the customer", "the session is over: the customer ended it",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("the record lacks %q:\n%s", want, got)
			}
		}
	})
}

func TestClipboardOfWhatIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		if d.share.owns(1) {
			t.Error("text passes while nothing is shared")
		}
		d.ask(consent.View)
		d.allow(t, "app:1")
		if !d.share.owns(1) || d.share.owns(2) || d.share.owns(0) {
			t.Error("text of other programs passes, or none")
		}
	})
}
