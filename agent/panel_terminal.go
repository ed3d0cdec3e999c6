package agent

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"lotse/consent"
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
		p.say(l.text("This program answers every question by itself: %s.", strings.ToUpper(string(first.Answer))))
		p.say(l.text("It shows, without asking: %s.", strings.ToUpper(l.shareWords(first.Preset))))
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
func (p *TerminalPanel) show(l Language, s Snapshot) {
	old := p.last
	p.last = s
	if s.Error != nil && (old.Error == nil || *old.Error != *s.Error) {
		p.say(failureText(l, *s.Error))
		p.prompts = ""
	}
	if s.Phase != old.Phase {
		switch s.Phase {
		case PhaseConnecting:
			p.say(l.text("Connecting to %s …", s.Gateway))
		case PhaseJoined:
			p.say(l.text("Connected with %s.", advisorName(s.Advisor)))
			p.say(l.text("Keys: t + Enter takes control back, v + Enter hides the screen, p + Enter pauses or resumes, e + Enter ends."))
		case PhaseAway:
			p.say(l.text("The line is interrupted; trying to come back …"))
		case PhaseEnded:
			p.say(l.text("The session is over: %s", reasonText(l, s.Reason)))
			p.say(l.text("The session is over. Nothing of this program is left running."))
			return
		}
	}
	if s.Compare != "" && s.Compare != old.Compare && s.Line == lineSealed {
		p.say(l.text("Encrypted end to end. Comparison code: %s", s.Compare))
	}
	if s.Line == linePartly && old.Line != linePartly {
		p.say(l.text("From your advisor's computer on, the picture is passed to another computer without encryption."))
	}
	if s.Phase == PhaseJoined && (old.Phase != PhaseJoined || s.Direction != old.Direction || s.Rights != old.Rights || s.Paused != old.Paused) {
		p.say(rightsText(l, s))
	}
	if s.Notice != old.Notice && s.Phase == PhaseJoined {
		switch s.Notice {
		case noticeNames[screen.NoticeHidden]:
			p.say(l.text("Windows hides this question from your advisor. Please answer it yourself."))
		case noticeNames[screen.NoticeShielded]:
			p.say(l.text("A program with more rights is in front: your advisor can do nothing meanwhile, and the key %s is not noticed.", s.Key))
		}
	}
	switch {
	case s.Phase == PhaseNumber && s.Confirm:
		p.prompt("number", confirmText(l, s))
	case s.Phase == PhaseNumber && s.Gateway == "":
		p.prompt("number", l.text("Please type the session number that your advisor tells you, an @ and the gateway (482 193 057@support.example.com): "))
	case s.Phase == PhaseNumber:
		p.prompt("number", l.text("Gateway: %s", s.Gateway)+"\n"+l.text("Please type the session number that your advisor tells you: "))
	case s.Question != nil && s.Question.Window:
		p.prompt(s.Question.ID, l.text("Please answer in the window that has opened on your screen. No + Enter refuses here.")+"\n")
	case s.Question != nil && s.Question.Armed:
		p.ask(l, s)
	}
}

// ask puts a question that is answered here. What was typed before is thrown away,
// and a yes is a word that is shown only now.
func (p *TerminalPanel) ask(l Language, s Snapshot) {
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
func confirmText(l Language, s Snapshot) string {
	q := l.text("Connect to %s?", s.Gateway) + "\n"
	if _, err := tunnel.ParseNumber(s.Offer); err == nil {
		return q + l.text("Type yes to connect with the number %s, or another number: ", s.Offer)
	}
	if s.Offer != "" {
		return q + l.text("Your number begins with %s. Please type it whole: ", s.Offer)
	}
	return q + l.text("Please type the session number that your advisor tells you: ")
}

func advisorName(a *tunnel.Person) string {
	switch {
	case a == nil:
		return "?"
	case a.Company != "":
		return short(a.Display + ", " + a.Company)
	case a.Display != "":
		return short(a.Display)
	}
	return short(a.Name)
}

func rightsText(l Language, s Snapshot) string {
	who := advisorName(s.Advisor)
	switch {
	case s.Paused:
		return l.text("Paused: nothing is visible.")
	case s.Rights.Control && s.Key != "":
		return l.text("%s can see and CONTROL your computer. %s takes control back.", who, s.Key)
	case s.Rights.Control:
		return l.text("%s can see and CONTROL your computer.", who)
	case s.Rights.View && s.Direction == "customer":
		if s.Share != nil && s.Share.Kind != "screen" {
			return l.text("%s can see only this: %s.", who, strings.Join(s.Share.Names, ", "))
		}
		return l.text("%s can see your whole screen.", who)
	}
	return l.text("Nothing is shared.")
}

// questionText puts a question; word is what allows it.
func questionText(l Language, s Snapshot, word string) string {
	who := advisorName(s.Advisor)
	switch s.Question.Right {
	case consent.Control.String():
		return l.text("%s would like to CONTROL your computer.", who) + "\n" + l.text("Type %s to allow it; Enter alone: no. ", word)
	case consent.Clipboard.String():
		return l.text("%s would like to use your CLIPBOARD.", who) + "\n" + l.text("Type %s to allow it; Enter alone: no. ", word)
	case consent.Show.String():
		return l.text("%s would like to show you their screen, which a terminal cannot show (start with --panel browser). Enter: no. ", who)
	}
	q := l.text("%s would like to SEE your screen.", who)
	if s.Question.Right == consent.Share.String() {
		q = l.text("%s would like to see something else of your screen.", who)
	}
	q += "\n  " + l.text("%s: the whole screen", word)
	if c := s.Choices; c != nil {
		for i, m := range c.Monitors {
			q += "\n  " + l.text("%sm%d: only monitor %s, %d×%d", word, i+1, m.Name, m.Width, m.Height)
		}
		for i, a := range c.Apps {
			q += "\n  " + l.text("%sa%d: only the program %s (%s)", word, i+1, a.Name, strings.Join(a.Titles, ", "))
			if a.Powerful {
				q += " – " + l.text("Can do everything on this computer")
			}
		}
	}
	return q + "\n" + l.text("Type one of these to allow it; Enter alone: no. ")
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

func failureText(l Language, f Failure) string {
	switch f.Code {
	case "format":
		return l.text("That is not a session number: %s", plaintext.Line(f.Message, maxMessage))
	case "where":
		return l.text("Nothing was connected: %s", plaintext.Line(f.Message, maxMessage))
	case tunnel.RefusedNumber:
		return l.text("This number did not match. Compare it with your advisor. If it is right, ask for a new one.")
	case tunnel.RefusedBusy:
		return l.text("The number is already in use. Please ask your advisor for a new one.")
	case tunnel.RefusedRate:
		return l.text("Too many tries. Please wait %d seconds.", f.RetryAfter)
	}
	return plaintext.Line(f.Message, maxMessage)
}

func reasonText(l Language, reason string) string {
	switch reason {
	case tunnel.ReasonAdvisor:
		return l.text("the advisor ended it")
	case tunnel.ReasonCustomer:
		return l.text("you ended it")
	case tunnel.ReasonExpired:
		return l.text("the number has expired")
	case tunnel.ReasonBurnt:
		return l.text("somebody tried your number with wrong last digits; ask your advisor for a new one")
	case tunnel.ReasonLost:
		return l.text("the line was lost")
	case tunnel.ReasonShutdown:
		return l.text("the gateway was shut down")
	}
	return l.text("an error occurred")
}

// obey acts on a typed line.
func (p *TerminalPanel) obey(s *Session, snap Snapshot, line typedLine) {
	asked := p.prompts
	p.prompts = ""
	text := strings.TrimSpace(line.text)
	if snap.Phase == PhaseNumber {
		if yes := strings.ToLower(text); snap.Confirm && (yes == "yes" || yes == "ja") {
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
	refuses := line == "n" || line == "no" || line == "nein"
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
		p.say(snap.Lang.text("That is none of the answers."))
	}
}
