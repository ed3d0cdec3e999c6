package agent

import (
	"fmt"
	"image"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"

	"lotse/agent/badge"
	"lotse/agent/choices"
	"lotse/agent/files"
	"lotse/agent/refusals"
	"lotse/consent"
	"lotse/filename"
	"lotse/i18n"
	"lotse/screen"
	"lotse/screen/question"
	"lotse/screen/screentest"
	"lotse/tunnel"
)

// TestQuestionWords checks that every question can be read quickly in every language. It has at
// most forty words, including its buttons, and its texts fit into the window.
func TestQuestionWords(t *testing.T) {
	const most = 40
	for _, lang := range i18n.Languages {
		synctest.Test(t, func(t *testing.T) {
			d := newDesk(t, Config{Language: lang})
			d.windows.Program("3", "xterm", image.Rect(0, 0, 5, 5))
			synctest.Wait()
			for _, e := range everyWording() {
				d.send(e)
				q := e.question
				text := strings.Join([]string{
					q.Who, q.Wish, q.Hint, q.Line, q.Allow, q.Refuse, q.Never, q.More,
					fmt.Sprintf(q.Silence, 90),
				}, " ")
				if n := countWords(text); n > most {
					t.Errorf("%s, %s: %d words: %s", lang, e.asked.name(), n, text)
				}
				if strings.Contains(text, "agent.") || strings.Contains(text, "%!") {
					t.Errorf("%s, %s: %s", lang, e.asked.name(), text)
				}
				if q.Allow == "" || q.Wish == "" || q.Timeout <= 0 {
					t.Errorf("%s: %+v", e.asked.name(), q)
				}
				checkRoom(t, lang, q)
			}
		})
	}
}

// countWords counts the words of a text. Dashes and marks that stand alone do not count.
func countWords(text string) (n int) {
	for _, word := range strings.Fields(text) {
		if strings.ContainsFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			n++
		}
	}
	return n
}

// The fonts of the question window, in its sizes at 96 dots per inch.
var (
	buttonFont = fontOf(gobold.TTF, 16)
	smallFont  = fontOf(goregular.TTF, 14)
)

func fontOf(ttf []byte, size float64) font.Face {
	parsed, err := opentype.Parse(ttf)
	if err != nil {
		panic(err)
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{
		Size: size, DPI: 72, Hinting: font.HintingFull,
	})
	if err != nil {
		panic(err)
	}
	return face
}

// checkRoom checks that no text in the question window is cut off. It considers our window and
// that of Windows, whose buttons are a little narrower.
func checkRoom(t *testing.T, lang i18n.Language, q screen.Question) {
	t.Helper()
	fits := func(face font.Face, width int, texts ...string) {
		t.Helper()
		for _, text := range texts {
			if got := font.MeasureString(face, text).Ceil(); got > width {
				t.Errorf("%s: %q takes %d pixels of %d", lang, text, got, width)
			}
			for _, r := range text {
				if _, ok := face.GlyphAdvance(r); !ok {
					t.Errorf("%s: %q: the font has no %q", lang, text, r)
				}
			}
		}
	}
	sheet, err := question.NewSheet(q, 1)
	if err != nil {
		t.Fatal(err)
	}
	const inButton, narrower, margin = 8, 6, 24
	buttons, width := sheet.Buttons(), sheet.Size().X-2*margin
	fits(buttonFont, buttons["allow"].Dx()-inButton-narrower, q.Allow, q.Refuse)
	fits(buttonFont, width/3-2*inButton, q.AllowChosen, q.Refuse, q.Back)
	fits(smallFont, width/2-2*inButton, q.Never, q.More, q.Earlier, q.Later)
	fits(smallFont, width-inButton, fmt.Sprintf(q.Silence, 600))
	fits(smallFont, 3*width*3/4, q.Hint, q.Line) // three lines that are not full
	fits(buttonFont, 3*width*3/4, q.Wish, q.ChooseHint)
}

// everyWording returns all questions that can be asked, each in every situation.
func everyWording() (all []*worded) {
	apps := func(ids ...string) *screen.Share { return &screen.Share{Kind: screen.ShareApps, Apps: ids} }
	for _, shown := range []screen.Share{{}, *apps("3")} {
		for _, proposal := range []*screen.Share{nil, {}, apps("1", "2"), {Kind: screen.ShareMonitor, Monitor: 1}} {
			for _, line := range []string{LineSealed, LinePartly, LineGateway} {
				for _, a := range everyQuestion() {
					all = append(all, &worded{asked: a, shown: shown, proposal: proposal, line: line, file: longFile("exe")})
				}
				all = append(all, &worded{asked: asked{right: consent.Files, serial: 7}, line: line, file: longFile("xlsx")})
				given := longFile("xlsx")
				given.Given = true
				all = append(all, &worded{asked: asked{right: consent.Files, serial: 7}, line: line, file: given})
			}
		}
	}
	return all
}

// everyQuestion returns all questions that can be asked.
func everyQuestion() (all []asked) {
	for _, right := range consent.All {
		if right != consent.Point { // never asked
			all = append(all, asked{right: right, serial: 7})
		}
	}
	return append(all, asked{resume: true})
}

// longFile returns a file whose name fills the question.
func longFile(ending string) files.OfferedFile {
	name := strings.Repeat("w", 200) + "." + ending
	return files.OfferedFile{Name: name, Size: 999_000_000, Kind: filename.KindOf(name)}
}

// worded reads the texts of a question, as if it were asked in that situation.
type worded struct {
	asked    asked
	shown    screen.Share
	proposal *screen.Share
	line     string // how it is encrypted
	file     files.OfferedFile
	question screen.Question
}

func (e *worded) in(st *state) {
	w := st.wording(e.asked.right)
	w.file = &e.file
	w.shown, w.proposal, w.line = e.shown, e.proposal, lineWords(w.cfg.Language, e.line)
	e.question = w.question(e.asked)
}

// introduced is what the advisor's side is told about this computer.
type introduced struct {
	tunnel.AgentHello
	desktop string
}

func (e *introduced) in(st *state) {
	e.AgentHello, e.desktop = st.hello(st.controls.parties.Lead), st.identity.desktopName()
}

// TestOnlyTheWindowAllows checks that only the question window takes a yes, and that no panel
// can.
func TestOnlyTheWindowAllows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		for _, right := range []consent.Right{consent.View, consent.Control, consent.Clipboard, consent.Share, consent.Show} {
			d.apply(consent.Event{Kind: consent.Ask, Right: right}, byAdvisor)
			time.Sleep(2 * panelArmAfter)
			synctest.Wait()
			snap, _ := d.Snapshot()
			if snap.Question == nil || !snap.Question.Window {
				t.Fatalf("%v: question %+v", right, snap.Question)
			}
			if d.Do(Allow{snap.Question.ID, nil}) == nil || d.Do(Allow{snap.Question.ID, &choices.Selection{Kind: "screen"}}) == nil {
				t.Errorf("%v: a panel said yes", right)
			}
			time.Sleep(2 * refusalWins)
			if rights := d.rights(); right == consent.View && rights.View || right == consent.Control && rights.Control || right == consent.Clipboard && rights.Clipboard || right == consent.Show && rights.Show {
				t.Errorf("%v was given", right)
			}
			d.allow(t)
		}
	})
}

// TestAskedIsTold checks that the advisor is told when the customer is shown a question and how
// long it is open, and that withdrawing the request closes the question.
func TestAskedIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		ctl := d.listen()
		d.ask(consent.View)
		want := tunnel.Event{Event: tunnel.EventAsked, Right: "view", By: byAuto, Seconds: int(d.cfg.timeout(consent.View) / time.Second)}
		if told := ctl.events(); !slices.Equal(told, []tunnel.Event{want}) {
			t.Fatalf("told %+v, want %+v", told, want)
		}
		d.send(returned{consent.View, leadEnd(d.Session)})
		synctest.Wait()
		if snap, _ := d.Snapshot(); snap.Question != nil {
			t.Errorf("the withdrawn question is open: %+v", snap.Question)
		}
	})
}

// TestRefusalsPutOff checks that after a refusal the next question waits 10 s, then 30 s, then
// two minutes, and that the advisor is told. After a yes the delays start again.
func TestRefusalsPutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		ctl := d.listen()
		for i, wait := range []time.Duration{0, 10 * time.Second, 30 * time.Second, 2 * time.Minute, 2 * time.Minute} {
			d.ask(consent.View)
			if wait > 0 {
				if told := ctl.delayed(); told != int(wait/time.Second) {
					t.Errorf("question %d: the advisor is told %d s", i, told)
				}
				time.Sleep(wait - time.Nanosecond)
				synctest.Wait()
				if _, ok := d.asker.Question(); ok || d.questionID() != "" {
					t.Fatalf("question %d comes before %v", i, wait)
				}
				time.Sleep(time.Nanosecond)
			}
			synctest.Wait()
			if d.questionID() == "" {
				t.Fatalf("question %d does not come after %v", i, wait)
			}
			d.answer(t, screen.Answer{})
		}
		time.Sleep(2 * time.Minute)
		d.ask(consent.View)
		d.allow(t)
		_ = d.Do(Take{consent.View})
		d.ask(consent.View) // the yes reset the refusals
		d.answer(t, screen.Answer{})
		d.ask(consent.View)
		time.Sleep(refusals.Delays[0])
		synctest.Wait()
		if d.questionID() == "" {
			t.Error("the delay did not start again")
		}
	})
}

// TestSilencePutsOff checks that a question without an answer delays the next one like a
// refusal. Each right has its own delay.
func TestSilencePutsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{Timeouts: Timeouts{View: 20 * time.Second}})
		d.ask(consent.View)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		d.ask(consent.View)
		if d.questionID() != "" {
			t.Error("asked again at once")
		}
		d.apply(consent.Event{Kind: consent.Ask, Right: consent.Show}, byAdvisor)
		if d.questionID() == "" {
			t.Error("another right waits as well")
		}
	})
}

// TestDoNotAskAgain checks that a customer who does not want to be asked again is not asked
// again, until he changes that.
func TestDoNotAskAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		d.ask(consent.View)
		d.answer(t, screen.Answer{Never: true})
		if snap, _ := d.Snapshot(); !slices.Equal(snap.Silenced, []string{"view"}) {
			t.Errorf("silenced: %v", snap.Silenced)
		}
		for range 5 {
			d.ask(consent.View)
			time.Sleep(10 * time.Minute)
			synctest.Wait()
			if d.questionID() != "" {
				t.Fatal("asked again")
			}
		}
		_ = d.Do(Silence{consent.View, false})
		d.ask(consent.View)
		synctest.Wait()
		if d.questionID() == "" {
			t.Error("not asked after it was lifted")
		}
	})
}

// TestARefusalWins checks that a refusal in a panel undoes a yes in the window that is at most
// refusalWins old.
func TestARefusalWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		for _, after := range []time.Duration{refusalWins, refusalWins + time.Millisecond} {
			d.ask(consent.View)
			synctest.Wait()
			id := d.questionID()
			d.allow(t)
			time.Sleep(after)
			_ = d.Do(Refuse{id})
			synctest.Wait()
			if got, want := d.rights().View, after > refusalWins; got != want {
				t.Errorf("after %v: view %v", after, got)
			}
		}
		// A refusal of a wider share that was just allowed takes the view, because the earlier
		// share is not known any more.
		d.ask(consent.Share)
		synctest.Wait()
		id := d.questionID()
		d.allow(t)
		_ = d.Do(Refuse{id})
		if d.rights().View {
			t.Error("the wider share is kept")
		}
	})
}

// TestARefusalWinsAmongPanels checks that without a question window, one panel's refusal wins
// over another panel's yes within refusalWins.
func TestARefusalWinsAmongPanels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := joinedSession(t, Config{})
		s.apply(consent.Event{Kind: consent.Ask, Right: consent.View}, byAdvisor)
		time.Sleep(panelArmAfter)
		synctest.Wait()
		id := s.questionID()
		if s.Do(Allow{id, nil}) != nil {
			t.Fatal("the yes did not count")
		}
		time.Sleep(refusalWins - time.Millisecond)
		if s.rights().View {
			t.Fatal("the yes counts before a refusal could come")
		}
		_ = s.Do(Refuse{id})
		time.Sleep(time.Minute)
		if s.rights().View {
			t.Error("the yes won")
		}
	})
}

// TestResumeIsAsked checks that a paused view resumes only after a yes in the question window.
func TestResumeIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		d.ask(consent.View)
		d.allow(t)
		_ = d.Do(Pause{})
		_ = d.Do(Resume{})
		synctest.Wait()
		snap, _ := d.Snapshot()
		if !snap.Paused || snap.Question == nil || snap.Question.Right != "resume" {
			t.Fatalf("paused %v, question %+v", snap.Paused, snap.Question)
		}
		d.answer(t, screen.Answer{})
		_ = d.Do(Resume{}) // delayed like any other question
		synctest.Wait()
		if d.questionID() != "" {
			t.Error("asked again at once")
		}
		if snap, _ := d.Snapshot(); !snap.Paused {
			t.Fatal("a refused resume resumes")
		}
		time.Sleep(refusals.Delays[0])
		d.allow(t)
		if snap, _ := d.Snapshot(); snap.Paused || !snap.Rights.View {
			t.Errorf("after the yes: paused %v, %+v", snap.Paused, snap.Rights)
		}
		// The badge's button resumes without a question if a device clicked it.
		_ = d.Do(Pause{})
		synctest.Wait()
		resume := d.badgeButton(t, badge.Resume)
		d.badge.Inject(resume)
		synctest.Wait()
		if snap, _ := d.Snapshot(); !snap.Paused {
			t.Error("a program resumed")
		}
		d.badge.Click(resume) // the second press of a double click
		synctest.Wait()
		if snap, _ := d.Snapshot(); !snap.Paused {
			t.Error("a double click on Pause resumes")
		}
		time.Sleep(resumeHolds)
		d.badge.Click(resume)
		synctest.Wait()
		if snap, _ := d.Snapshot(); snap.Paused {
			t.Error("the badge does not resume")
		}
	})
}

// TestProposalDoesNotChangeUnderAQuestion checks that the meaning of a question in the window
// cannot change while it is open.
func TestProposalDoesNotChangeUnderAQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		d.ask(consent.View)
		d.allow(t, "app:1")
		_ = d.Do(Propose{choices.Selection{Kind: "apps", Apps: []string{"1", "2"}}})
		synctest.Wait()
		_ = d.Do(Propose{choices.Selection{Kind: "screen"}}) // another panel proposes more
		q := d.answer(t, screen.Answer{Allow: true})
		if !strings.Contains(q.Wish, "left, right") || d.colours() != "gb" {
			t.Errorf("asked for %q, shown %q", q.Wish, d.colours())
		}
	})
}

// TestStuckDisplay checks that a display that does not react delays neither the key nor the
// end.
func TestStuckDisplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		d.ask(consent.View)
		d.allow(t)
		d.ask(consent.Control)
		d.allow(t)
		resume := d.display.Hang()
		began := time.Now()
		pressed := make(chan error, 1)
		go func() { pressed <- d.guard.Key(screen.Key{Sym: 'a', Down: true}) }() // in progress
		synctest.Wait()
		d.key.Press()
		// From here on, synctest.Wait cannot be used: a goroutine waits for the display, on a
		// mutex.
		for snap, changed := d.Snapshot(); snap.Rights.Control; snap, changed = d.Snapshot() {
			<-changed
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("F12 took %v", took)
		}
		// Giving control again does not wait for the display, either. The event that waits is
		// not permitted again.
		d.Session.allow(t, consent.Control)
		if took := time.Since(began); took > 0 || !d.rights().Control {
			t.Errorf("control took %v, %v", took, d.rights().Control)
		}
		_ = d.Do(End{}) // the capture that ends now waits for the display; nothing else does
		<-d.ended.Done()
		if took := time.Since(began); took > 0 {
			t.Errorf("the end took %v", took)
		}
		resume()
		<-pressed
		synctest.Wait()
		// The event that waited is too late to be pressed, and everything is released.
		for _, e := range d.display.Events() {
			if k, ok := e.(screen.Key); ok && k.Down {
				t.Errorf("pressed after control was taken: %+v", k)
			}
		}
	})
}

// TestNamesAfterTheFirstYes checks that names are sent after the first yes, and never if that
// is switched off.
func TestNamesAfterTheFirstYes(t *testing.T) {
	for _, nameless := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			d := newDesk(t, Config{Nameless: nameless})
			ctl := d.listen()
			before, viewer := introduced{}, ""
			d.send(&before)
			viewer = before.desktop
			if before.Customer.User != "" || before.Customer.Host != "" || viewer != "Lotse" {
				t.Errorf("before the yes: %+v, viewer's name %q", before.Customer, viewer)
			}
			d.ask(consent.View)
			d.answer(t, screen.Answer{})
			if c := ctl.hello(); c != nil {
				t.Errorf("told after a no: %+v", c)
			}
			time.Sleep(refusals.Delays[0])
			d.ask(consent.View)
			d.allow(t)
			told := ctl.hello()
			if nameless {
				if told != nil {
					t.Errorf("told though it is switched off: %+v", told)
				}
				return
			}
			if told == nil || told.Customer.Host == "" {
				t.Fatalf("not told after the yes: %+v", told)
			}
		})
	}
}

// listener is an advisor's end that keeps the messages that it receives.
type listener struct{ *control }

func (d *desk) listen() *listener {
	l := &listener{&control{party: leadOf(d.Session), out: make(chan tunnel.ControlMessage, maxControlQueue), quit: make(chan struct{}), cut: make(chan struct{}), written: make(chan struct{})}}
	close(l.written)
	d.send(&controlCame{control: l.control})
	l.hello() // discards the one for its connection
	return l
}

// each calls f for each message so far and removes it.
func (l *listener) each(f func(tunnel.ControlMessage)) {
	for {
		select {
		case m := <-l.out:
			f(m)
		default:
			return
		}
	}
}

// events returns the events so far and removes them.
func (l *listener) events() (all []tunnel.Event) {
	l.each(func(m tunnel.ControlMessage) {
		if e, ok := m.(tunnel.Event); ok {
			all = append(all, e)
		}
	})
	return all
}

// delayed returns the seconds in the last event about a delayed question.
func (l *listener) delayed() (seconds int) {
	l.each(func(m tunnel.ControlMessage) {
		if e, ok := m.(tunnel.Event); ok && e.Event == tunnel.EventDelayed {
			seconds = e.Seconds
		}
	})
	return seconds
}

// hello returns the last AgentHello; nil: there was none.
func (l *listener) hello() (hello *tunnel.AgentHello) {
	l.each(func(m tunnel.ControlMessage) {
		if h, ok := m.(tunnel.AgentHello); ok {
			hello = &h
		}
	})
	return hello
}

var _ screen.Asker = (*screentest.Asker)(nil)

// TestRemind checks that the advisor can remind the customer of the open question, not too often,
// and only of one that is in the question window.
func TestRemind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		d.send(reminded{leadEnd(d.Session)}) // nothing is asked
		d.ask(consent.View)
		synctest.Wait()
		q, ok := d.asker.Question()
		if !ok {
			t.Fatal("nothing is asked")
		}
		reminders := func() int {
			synctest.Wait()
			n := len(q.Remind)
			for range n {
				<-q.Remind
			}
			return n
		}
		if n := reminders(); n != 0 {
			t.Errorf("%d reminders before the first", n)
		}
		for range 5 {
			d.send(reminded{leadEnd(d.Session)})
		}
		if n := reminders(); n != 1 {
			t.Errorf("%d reminders, want 1", n)
		}
		time.Sleep(remindEvery)
		d.send(reminded{leadEnd(d.Session)})
		if n := reminders(); n != 1 {
			t.Errorf("%d reminders later, want 1", n)
		}
		d.asker.Answer(screen.Answer{})
		time.Sleep(remindEvery)
		d.send(reminded{leadEnd(d.Session)})
		if n := reminders(); n != 0 {
			t.Errorf("%d reminders after the answer", n)
		}
	})
}

// TestQuestionsAreRare lets an advisor ask and withdraw again and again, one right after the other.
// The customer is not shown one window after the other, and the record is not filled. What the
// customer has silenced leaves no further line.
func TestQuestionsAreRare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Config{})
		from := leadEnd(d.Session)
		lines := func() int {
			e := &recordRead{}
			d.send(e)
			return len(e.lines)
		}
		for range 500 {
			d.send(wished{consent.View, from})
			d.send(returned{consent.View, from})
			time.Sleep(time.Second / 5)
			everything(end{from})
		}
		most := 20 + 100/5
		if n := d.now().consent.Serial; n > uint64(most)+1 {
			t.Errorf("%d questions in 100 seconds", n)
		}
		if n := lines(); n > 2*most+10 {
			t.Errorf("the record has %d lines", n)
		}
		// An honest request is asked soon afterwards.
		d.send(wished{consent.View, from})
		time.Sleep(10 * time.Second)
		d.allow(t)
		if !d.now().consent.Given.Has(consent.View) {
			t.Fatal("not asked any more")
		}
		_ = d.Do(Silence{Right: consent.Control, On: true})
		before := lines()
		for range 100 {
			d.send(wished{consent.Control, from})
		}
		if n := lines() - before; n > 1 {
			t.Errorf("%d lines about a right that is silenced", n)
		}
	})
}
