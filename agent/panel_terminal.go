package agent

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"lotse/consent"
	"lotse/i18n"
	"lotse/plaintext"
	"lotse/screen"
	"lotse/tunnel"
)

// TerminalPanel tells and asks in a terminal. It works without colours and
// cursor movements, so that it reads well aloud and in a log.
type TerminalPanel struct {
	In  io.Reader // the customer's keyboard; nil: nobody answers here
	Out io.Writer
	// Discard throws away what was typed and not read yet; nil: In keeps nothing.
	Discard func()

	// Owned by Run.
	last    Snapshot
	prompts string
	word    string    // allows the open question; drawn anew for each
	asked   time.Time // when the question was put
}

// typedLine is a line and when the last of it was read.
type typedLine struct {
	text string
	at   time.Time
}

// maxTerminalLine bounds a typed line.
const maxTerminalLine = 512

// Run implements Panel.
func (p *TerminalPanel) Run(ctx context.Context, s *Session) error {
	lines := make(chan typedLine)
	if p.In != nil {
		// A blocked read of a terminal cannot be woken: this goroutine may
		// outlive the session by one line, until the program ends.
		go readLines(ctx, p.In, lines)
	}
	if first, _ := s.Snapshot(); first.Answer != AnswerAsk {
		l := first.Lang
		p.say(l.Text("agent.terminal.auto", first.Answer))
		if first.Answer != AnswerDeny {
			share := strings.ToUpper(shareWords(l, first.Preset))
			p.say(l.Text("agent.terminal.autoShare", share))
		}
	}
	for {
		snap, changed := s.Snapshot()
		p.show(snap.Lang, snap)
		if snap.Phase == PhaseEnded {
			return nil
		}
		select {
		case <-changed:
		case line := <-lines:
			p.obey(s, snap, line)
		case <-ctx.Done():
			return nil
		}
	}
}

// timedReader notes when it last read something.
type timedReader struct {
	in io.Reader
	at time.Time
}

func (r *timedReader) Read(b []byte) (int, error) {
	n, err := r.in.Read(b)
	r.at = time.Now()
	return n, err
}

func readLines(ctx context.Context, in io.Reader, lines chan<- typedLine) {
	timed := &timedReader{in: in}
	reader := bufio.NewReaderSize(timed, maxTerminalLine)
	for {
		line, more, err := reader.ReadLine()
		if err != nil {
			return
		}
		text := string(line)
		for more && err == nil { // too long to mean anything
			text = ""
			_, more, err = reader.ReadLine()
		}
		select {
		case lines <- typedLine{text, timed.at}:
		case <-ctx.Done():
			return
		}
	}
}

func (p *TerminalPanel) say(line string) { fmt.Fprintln(p.Out, line) }

// prompt writes a question once.
func (p *TerminalPanel) prompt(id, text string) {
	if p.prompts != id {
		p.prompts = id
		fmt.Fprint(p.Out, text)
		if p.In == nil {
			fmt.Fprintln(p.Out)
		}
	}
}

// show says what is new since the last snapshot.
func (p *TerminalPanel) show(l i18n.Language, s Snapshot) {
	old := p.last
	p.last = s
	if s.Error != nil && (old.Error == nil || *old.Error != *s.Error) {
		p.say(failureText(l, *s.Error))
		p.prompts = ""
	}
	if s.Phase != old.Phase {
		switch s.Phase {
		case PhaseConnecting:
			p.say(l.Text("agent.terminal.connecting", s.Gateway))
		case PhaseJoined:
			p.say(l.Text("agent.terminal.connected", advisorName(s.Advisor)))
			p.say(l.Text("agent.terminal.keys"))
		case PhaseAway:
			p.say(l.Text("agent.terminal.away"))
		case PhaseEnded:
			p.say(l.Text("agent.terminal.over", reasonText(l, s.Reason)))
			p.say(l.Text("agent.terminal.overCalm"))
			return
		}
	}
	if s.Compare != "" && s.Compare != old.Compare && s.Line == lineSealed {
		p.say(l.Text("agent.terminal.compare", s.Compare))
	}
	if s.Line == linePartly && old.Line != linePartly {
		p.say(l.Text("agent.terminal.partly"))
	}
	changed := old.Phase != PhaseJoined || s.Direction != old.Direction ||
		s.Rights != old.Rights || s.Paused != old.Paused
	if s.Phase == PhaseJoined && changed {
		p.say(rightsText(l, s))
	}
	if s.Notice != old.Notice && s.Phase == PhaseJoined {
		p.sayNotice(l, s)
	}
	p.putPrompt(l, s)
}

// sayNotice says what the system keeps to itself.
func (p *TerminalPanel) sayNotice(l i18n.Language, s Snapshot) {
	switch s.Notice {
	case noticeNames[screen.NoticeHidden]:
		p.say(l.Text("agent.terminal.hidden"))
	case noticeNames[screen.NoticeShielded]:
		if s.Key == "" {
			p.say(l.Text("agent.terminal.shielded"))
		} else {
			p.say(l.Text("agent.terminal.shieldedKey", s.Key))
		}
	}
}

// putPrompt puts what the customer may answer now.
func (p *TerminalPanel) putPrompt(l i18n.Language, s Snapshot) {
	switch {
	case s.Phase == PhaseNumber && s.Confirm:
		p.prompt("number", confirmText(l, s))
	case s.Phase == PhaseNumber && s.Gateway == "":
		p.prompt("number", l.Text("agent.terminal.enterGateway"))
	case s.Phase == PhaseNumber:
		gateway := l.Text("agent.gateway", s.Gateway)
		p.prompt("number", gateway+"\n"+l.Text("agent.terminal.enter"))
	case s.Question != nil && s.Question.Window:
		no, _, _ := strings.Cut(l.Text("agent.terminal.no"), " ")
		p.prompt(s.Question.ID, l.Text("agent.terminal.inWindow", no)+"\n")
	case s.Question != nil && s.Question.Armed:
		p.ask(l, s)
	}
}

// ask puts a question that is answered here. What was typed before is thrown away,
// and a yes is a word that is shown only now.
func (p *TerminalPanel) ask(l i18n.Language, s Snapshot) {
	if p.prompts == s.Question.ID {
		return
	}
	if p.Discard != nil {
		p.Discard()
	}
	p.word, p.asked = strconv.Itoa(10+rand.IntN(90)), time.Now()
	p.prompt(s.Question.ID, questionText(l, s, p.word))
}

// confirmText asks whether to connect to what a link or a file name says.
func confirmText(l i18n.Language, s Snapshot) string {
	q := l.Text("agent.terminal.confirm", s.Gateway) + "\n"
	if _, err := tunnel.ParseNumber(s.Offer); err == nil {
		yes, _, _ := strings.Cut(l.Text("agent.terminal.yes"), " ")
		return q + l.Text("agent.terminal.confirmNumber", yes, s.Offer)
	}
	if s.Offer != "" {
		return q + l.Text("agent.terminal.confirmPlace", s.Offer)
	}
	return q + l.Text("agent.terminal.enter")
}

func rightsText(l i18n.Language, s Snapshot) string {
	who := advisorName(s.Advisor)
	switch {
	case s.Paused:
		return l.Text("agent.terminal.paused")
	case s.Rights.Control && s.Key != "":
		return l.Text("agent.terminal.controlledKey", who, s.Key)
	case s.Rights.Control:
		return l.Text("agent.terminal.controlled", who)
	case s.Rights.View && s.Direction == "customer":
		if s.Share != nil && s.Share.Kind != "screen" {
			return l.Text("agent.terminal.seesOnly", who, strings.Join(s.Share.Names, ", "))
		}
		return l.Text("agent.terminal.seesAll", who)
	}
	return l.Text("agent.terminal.nothing")
}

// questionText puts a question; word is what allows it.
func questionText(l i18n.Language, s Snapshot, word string) string {
	who := advisorName(s.Advisor)
	switch s.Question.Right {
	case consent.Control.String():
		return l.Text("agent.terminal.askControl", who) + "\n" + l.Text("agent.terminal.typeWord", word)
	case consent.Clipboard.String():
		return l.Text("agent.terminal.askClipboard", who) + "\n" + l.Text("agent.terminal.typeWord", word)
	case consent.Show.String():
		return l.Text("agent.terminal.askShow", who)
	}
	q := l.Text("agent.terminal.askView", who)
	if s.Question.Right == consent.Share.String() {
		q = l.Text("agent.terminal.askShare", who)
	}
	q += "\n  " + l.Text("agent.terminal.chooseScreen", word)
	if c := s.Choices; c != nil {
		for i, m := range c.Monitors {
			size := fmt.Sprintf("%d×%d", m.Width, m.Height)
			q += "\n  " + l.Text("agent.terminal.chooseMonitor", fmt.Sprintf("%sm%d", word, i+1), m.Name, size)
		}
		for i, a := range c.Apps {
			titles := strings.Join(a.Titles, ", ")
			q += "\n  " + l.Text("agent.terminal.chooseApp", fmt.Sprintf("%sa%d", word, i+1), a.Name, titles)
			if a.Powerful {
				q += " – " + l.Text("agent.question.powerfulMark")
			}
		}
	}
	return q + "\n" + l.Text("agent.terminal.typeOne")
}

// chosenShare reads what stands behind the word: nothing for the whole screen, "m1"
// or "a1,3" as questionText offers them; ok is false for anything else.
func chosenShare(answer string, c *Choices) (share *Share, ok bool) {
	if answer == "" {
		return nil, true
	}
	if c == nil || len(answer) < 2 {
		return nil, false
	}
	switch numbers := strings.Split(answer[1:], ","); answer[0] {
	case 'm':
		i, err := strconv.Atoi(answer[1:])
		if err != nil || i < 1 || i > len(c.Monitors) {
			return nil, false
		}
		return &Share{Kind: "monitor", Monitor: c.Monitors[i-1].ID}, true
	case 'a':
		share = &Share{Kind: "apps"}
		for _, n := range numbers {
			i, err := strconv.Atoi(strings.TrimSpace(n))
			if err != nil || i < 1 || i > len(c.Apps) {
				return nil, false
			}
			share.Apps = append(share.Apps, c.Apps[i-1].ID)
		}
		return share, true
	}
	return nil, false
}

func failureText(l i18n.Language, f Failure) string {
	message := plaintext.Line(f.Message, maxMessage)
	switch f.Code {
	case "format":
		return l.Text("agent.failure.format", message)
	case "where":
		return l.Text("agent.failure.where", message)
	case tunnel.RefusedNumber:
		return l.Text("agent.failure.number")
	case tunnel.RefusedBusy:
		return l.Text("agent.failure.busy")
	case tunnel.RefusedRate:
		return l.Text("agent.failure.rate", f.RetryAfter)
	}
	return message
}

// saysYes reports whether a line, in lower case, is a yes in any language.
func saysYes(line string) bool {
	return slices.ContainsFunc(i18n.Languages, func(l i18n.Language) bool {
		return slices.Contains(strings.Fields(l.Text("agent.terminal.yes")), line)
	})
}

// saysNo is the same for a no.
func saysNo(line string) bool {
	return slices.ContainsFunc(i18n.Languages, func(l i18n.Language) bool {
		return slices.Contains(strings.Fields(l.Text("agent.terminal.no")), line)
	})
}

// obey acts on a typed line.
func (p *TerminalPanel) obey(s *Session, snap Snapshot, line typedLine) {
	asked := p.prompts
	p.prompts = ""
	text := strings.TrimSpace(line.text)
	if snap.Phase == PhaseNumber {
		if snap.Confirm && saysYes(strings.ToLower(text)) {
			text = snap.Offer
		}
		_ = s.Do(Enter{text}) // the next snapshot says what was wrong
		return
	}
	switch command := strings.ToLower(text); command {
	case "t":
		_ = s.Do(Take{consent.Control})
	case "v":
		_ = s.Do(Take{consent.View})
	case "p":
		if snap.Paused {
			_ = s.Do(Resume{})
		} else {
			_ = s.Do(Pause{})
		}
	case "e":
		_ = s.Do(End{})
	default:
		if q := snap.Question; q != nil && asked == q.ID {
			p.answer(s, snap, command, line.at)
		}
	}
}

// answer takes a line that was read at a time as the answer to the question that was
// put here. What is neither yes nor no puts it once more.
func (p *TerminalPanel) answer(s *Session, snap Snapshot, line string, at time.Time) {
	q := snap.Question
	refuses := saysNo(line)
	if q.Window { // a yes is given in the window and nowhere else
		if refuses {
			_ = s.Do(Refuse{q.ID})
		}
		return
	}
	if !at.After(p.asked) {
		return // typed before the question could be read
	}
	if refuses || line == "" || q.Right == consent.Show.String() { // a terminal shows no pictures
		_ = s.Do(Refuse{q.ID})
		return
	}
	rest, ok := strings.CutPrefix(line, p.word)
	share, chosen := chosenShare(rest, snap.Choices)
	if !ok || !chosen || s.Do(Allow{q.ID, share}) != nil {
		p.say(snap.Lang.Text("agent.terminal.noAnswer"))
	}
}
