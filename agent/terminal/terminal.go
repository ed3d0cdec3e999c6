// Package terminal is the customer's panel in a terminal. It shows what an agent.Session says
// and passes on what the customer types; it decides nothing. It uses no colours and no cursor
// movements, so that screen readers and logs can handle its output.
package terminal

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"lotse/agent"
	"lotse/agent/files"
	"lotse/i18n"
	"lotse/tunnel"
)

// Panel shows the session in a terminal and asks questions there. It implements agent.Panel.
// Each Panel can be used for one Run only.
type Panel struct {
	In  io.Reader // the customer's keyboard; nil: nobody can answer here
	Out io.Writer
	// Discard discards input that was typed and not read yet. It may be nil if In has no
	// buffer.
	Discard func()
	// Folder is where files are saved that the customer has accepted; "": nowhere.
	Folder string

	// Owned by Run.
	last    agent.Snapshot
	prompts string
	word    string            // allows the open question; different for each question
	asked   time.Time         // when the question was shown
	chatted uint32            // ID of the last line of the chat that was shown
	saving  map[string]bool   // IDs of the files that are being saved, or were
	given   map[string]string // states of the files that the customer gives, by their IDs

	ctx     context.Context // of Run
	saves   sync.WaitGroup  // of the files that are being saved or given
	reports chan string     // from them
	over    chan struct{}   // closed when nobody takes reports any more
}

// typedLine is a line, and the time when its end was read.
type typedLine struct {
	text string
	at   time.Time
}

// maxLine is the maximum length of a typed line in bytes. It is more than a line of the chat may
// have, so that a longer one is refused as too long.
const maxLine = len("w ") + (tunnel.MaxChatText+1)*utf8.UTFMax

var _ agent.Panel = (*Panel)(nil)

// model is the part of agent.Session that the panel uses.
type model interface {
	Snapshot() (agent.Snapshot, <-chan struct{})
	Do(agent.Command) error
	SaveFile(ctx context.Context, key string, begin func(files.OfferedFile) io.Writer, cut func()) error
	GiveFile(ctx context.Context, name string, size int64, source io.ReaderAt, accepted func(id string)) error
}

// Run implements agent.Panel. It returns when it has shown the end, or when ctx ends.
func (p *Panel) Run(ctx context.Context, s *agent.Session) error { return p.run(ctx, s) }

func (p *Panel) run(ctx context.Context, s model) error {
	lines := make(chan typedLine)
	p.ctx, p.reports, p.over = ctx, make(chan string), make(chan struct{})
	defer p.saves.Wait()
	defer close(p.over)
	if p.In != nil {
		// A blocked read from a terminal cannot be interrupted. So this goroutine may outlive
		// the session until the next line or the end of the program.
		go readLines(ctx, p.In, lines)
	}
	if first, _ := s.Snapshot(); first.Answer != agent.AnswerAsk {
		l := first.Lang
		p.say(l.Text("agent.terminal.auto", first.Answer))
		if first.Answer != agent.AnswerDeny {
			share := strings.ToUpper(first.Preset.Words(l))
			p.say(l.Text("agent.terminal.autoShare", share))
		}
	}
	for {
		snap, changed := s.Snapshot()
		p.show(snap.Lang, snap)
		p.receive(ctx, s, snap)
		p.sayGiven(snap)
		if snap.Phase == agent.PhaseEnded {
			p.sayLast(ctx)
			return nil
		}
		select {
		case <-changed:
		case text := <-p.reports:
			p.say(text)
			p.prompts = "" // the question, if any, is shown again below the line
		case line := <-lines:
			p.obey(s, snap, line)
		case <-ctx.Done():
			return nil
		}
	}
}

// sayLast writes what becomes of what is still being saved.
func (p *Panel) sayLast(ctx context.Context) {
	saved := make(chan struct{})
	go func() {
		p.saves.Wait() // run waits for them, too
		close(saved)
	}()
	for {
		select {
		case text := <-p.reports:
			p.say(text)
		case <-saved:
			return
		case <-ctx.Done():
			return
		}
	}
}

// timedReader records when it last read something.
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
	reader := bufio.NewReaderSize(timed, maxLine)
	for {
		line, more, err := reader.ReadLine()
		if err != nil {
			return
		}
		text := string(line)
		if _, chat := writes(text); more && !chat { // too long to be an answer
			text = ""
		}
		for more && err == nil {
			_, more, err = reader.ReadLine()
		}
		select {
		case lines <- typedLine{text, timed.at}:
		case <-ctx.Done():
			return
		}
	}
}

func (p *Panel) say(line string) { fmt.Fprintln(p.Out, line) }

// prompt writes a question once.
func (p *Panel) prompt(id, text string) {
	if p.prompts != id {
		p.prompts = id
		fmt.Fprint(p.Out, text)
		if p.In == nil {
			fmt.Fprintln(p.Out)
		}
	}
}

// show writes what has changed since the last snapshot.
func (p *Panel) show(l i18n.Language, s agent.Snapshot) {
	old := p.last
	p.last = s
	if s.Error != nil && (old.Error == nil || *old.Error != *s.Error) {
		p.say(failureText(l, *s.Error))
		p.prompts = ""
	}
	if s.Phase != old.Phase {
		switch s.Phase {
		case agent.PhaseConnecting:
			p.say(l.Text("agent.terminal.connecting", s.Gateway))
		case agent.PhaseJoined:
			p.say(l.Text("agent.terminal.connected", agent.AdvisorName(s.Advisor)))
			p.say(l.Text("agent.terminal.keys"))
		case agent.PhaseAway:
			p.say(l.Text("agent.terminal.away"))
		case agent.PhaseEnded:
			p.say(l.Text("agent.terminal.over", agent.ReasonText(l, s.Reason)))
			p.say(l.Text("agent.terminal.overCalm"))
			if q := s.Survey; q != nil {
				p.say(l.Text("agent.terminal.survey", s.Gateway, q.Question, q.Address))
			}
			return
		}
	}
	if s.Compare != "" && s.Compare != old.Compare && s.Line == agent.LineSealed {
		p.say(l.Text("agent.terminal.compare", s.Compare))
	}
	if s.Line == agent.LinePartly && old.Line != agent.LinePartly {
		p.say(l.Text("agent.terminal.partly"))
	}
	changed := old.Phase != agent.PhaseJoined || s.Direction != old.Direction ||
		s.Rights != old.Rights || s.Paused != old.Paused
	if s.Phase == agent.PhaseJoined && changed {
		p.say(rightsText(l, s))
	}
	sayColleagues(p, l, old, s)
	p.sayRecording(l, old.Recording, s.Recording)
	if s.Notice != old.Notice && s.Phase == agent.PhaseJoined {
		p.sayNotice(l, s)
	}
	p.sayChat(l, s)
	p.putPrompt(l, s)
}

// sayNotice writes what the system keeps to itself.
func (p *Panel) sayNotice(l i18n.Language, s agent.Snapshot) {
	switch s.Notice {
	case agent.NoticeHidden:
		p.say(l.Text("agent.terminal.hidden"))
	case agent.NoticeShielded:
		if s.Key == "" {
			p.say(l.Text("agent.terminal.shielded"))
		} else {
			p.say(l.Text("agent.terminal.shieldedKey", s.Key))
		}
	}
}

// putPrompt shows what the customer can answer now.
func (p *Panel) putPrompt(l i18n.Language, s agent.Snapshot) {
	switch {
	case s.Phase == agent.PhaseNumber && asksTerms(s):
		terms := s.Error.Terms
		p.prompt("number", l.Text("agent.terminal.terms", s.Gateway, terms.Version, terms.Address, yesWords(l)[0])+"\n"+l.Text("agent.terminal.enter"))
	case s.Phase == agent.PhaseNumber && s.Confirm:
		p.prompt("number", confirmText(l, s))
	case s.Phase == agent.PhaseNumber && s.Gateway == "":
		p.prompt("number", l.Text("agent.terminal.enterGateway"))
	case s.Phase == agent.PhaseNumber:
		gateway := l.Text("agent.gateway", s.Gateway)
		p.prompt("number", gateway+"\n"+l.Text("agent.terminal.enter"))
	case s.Question != nil && s.Question.Window:
		p.prompt(s.Question.ID, l.Text("agent.terminal.inWindow", noWords(l)[0])+"\n")
	case s.Question != nil && s.Question.Armed:
		p.ask(l, s)
	}
}

// asksTerms reports whether the customer is asked to accept terms before he joins.
func asksTerms(s agent.Snapshot) bool { return s.Error != nil && s.Error.Terms != nil }

// ask shows a question that is answered here. It discards everything typed before. The word
// that allows the question appears only now.
func (p *Panel) ask(l i18n.Language, s agent.Snapshot) {
	if p.prompts == s.Question.ID {
		return
	}
	if p.Discard != nil {
		p.Discard()
	}
	p.word, p.asked = strconv.Itoa(10+rand.IntN(90)), time.Now()
	p.prompt(s.Question.ID, questionText(l, s, p.word))
}
