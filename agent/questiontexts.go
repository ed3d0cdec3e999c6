package agent

import (
	"fmt"
	"strconv"
	"strings"

	"lotse/agent/choices"
	"lotse/agent/files"
	"lotse/agent/parties"
	"lotse/agent/powerful"
	"lotse/consent"
	"lotse/filename"
	"lotse/i18n"
	"lotse/logs"
	"lotse/plaintext"
	"lotse/screen"
)

// Prefixes of Choice.ID in the question window.
const (
	monitorChoice = "monitor:"
	appChoice     = "app:"
)

// wording formulates questions for the question window.
type wording struct {
	cfg      *Config
	advisor  string
	gateway  string
	line     string // how it is encrypted, in words
	shown    screen.Share
	proposal *screen.Share      // proposed by the customer; nil: none
	choices  *choices.Choices   // for names
	file     *files.OfferedFile // the one that is asked for; nil: none
	hotkey   bool               // presses of the hot key are noticed
	// colleague is the one who is asked for; nil: none.
	colleague *parties.Party
}

// wording returns what the texts of a question for a right depend on now.
func (st *state) wording(right consent.Right) *wording {
	w := &wording{
		cfg: &st.session.cfg, advisor: AdvisorName(st.controls.parties.asking(st, right)), colleague: st.controls.parties.Asked, gateway: hostOf(st.client.Gateway),
		line: lineWords(st.session.lang, st.viewers.line(st.consent.Phase)), shown: st.sharing.shown,
		proposal: st.questions.proposal, choices: st.sharing.choices, hotkey: st.devices.hotkeyWorks,
	}
	if o := st.controls.offers.asked; o != nil {
		w.file = &o.OfferedFile
	}
	return w
}

// question returns the texts of the question window. They have at most forty words, so that
// nobody has to read for long: TestQuestionWords.
func (w *wording) question(a asked) screen.Question {
	l, who := w.cfg.Language, w.advisor
	q := screen.Question{
		Who: who, Refuse: l.Text("agent.question.no"), Silence: l.Text("agent.question.silence", "%d"),
		Timeout: w.cfg.timeout(a.right), Line: w.gateway + " – " + w.line,
	}
	if a.resume {
		q.Who, q.Wish = l.Text("agent.question.resume"), l.Text("agent.question.resumeHint", who)
		q.Allow = l.Text("agent.question.resumeYes")
		return q
	}
	q.Never = l.Text("agent.question.never")
	switch a.right {
	case consent.View:
		q.Wish, q.Hint = l.Text("agent.question.view"), l.Text("agent.question.viewHint")
		q.Allow = l.Text("agent.question.viewYes")
		w.offerChoices(&q)
	case consent.Share:
		w.forShare(&q)
	case consent.Control:
		q.Tone, q.Wish = screen.ToneControl, l.Text("agent.question.control")
		q.Hint, q.Allow = w.controlHint(), l.Text("agent.question.yes")
	case consent.Clipboard:
		q.Tone, q.Wish = screen.ToneControl, l.Text("agent.question.clipboard")
		q.Hint, q.Allow = l.Text("agent.question.clipboardHint"), l.Text("agent.question.yes")
	case consent.Record:
		q.Tone, q.Wish = screen.ToneControl, l.Text("agent.question.record")
		q.Hint, q.Allow = l.Text("agent.question.recordHint"), l.Text("agent.question.yes")
	case consent.Files:
		w.forFile(&q)
	case consent.Colleague:
		w.forColleague(&q)
	case consent.Show:
		q.Wish, q.Hint = l.Text("agent.question.show"), l.Text("agent.question.showHint")
		q.Allow = l.Text("agent.question.showYes")
	}
	return q
}

// forShare sets the texts of a question about another share: the customer's proposal or the
// advisor's request.
func (w *wording) forShare(q *screen.Question) {
	l := w.cfg.Language
	if w.proposal == nil {
		q.Wish, q.Allow = l.Text("agent.question.share"), l.Text("agent.question.viewYes")
		w.offerChoices(q)
		return
	}
	proposed := w.choices.Describe(*w.proposal)
	q.Who, q.Never = l.Text("agent.question.propose"), ""
	q.Wish = l.Text("agent.question.proposeHint",
		w.advisor, proposed.Kind, strings.Join(proposed.Names, ", "))
	q.Allow = l.Text("agent.question.proposeYes")
}

// maxQuestionName is how many characters of a file's name the question shows.
const maxQuestionName = 40

// forFile sets the texts of a question about a file.
func (w *wording) forFile(q *screen.Question) {
	l := w.cfg.Language
	q.Wish, q.Allow = l.Text("agent.question.file"), l.Text("agent.question.fileYes")
	if w.file == nil {
		return // the question is being withdrawn
	}
	name, size := filename.Shortened(w.file.Name, maxQuestionName), l.Size(w.file.Size)
	if w.file.Given {
		q.Tone, q.Never, q.Who = screen.ToneControl, "", l.Text("agent.question.give")
		q.Wish, q.Allow = l.Text("agent.question.giveHint", w.advisor, name, size), l.Text("agent.question.giveYes")
		return
	}
	if w.file.Kind == filename.Program {
		q.Tone, q.Hint = screen.ToneControl, l.Text("agent.question.fileProgram", name, size)
		return
	}
	q.Hint = l.Text("agent.question.fileHint", name, size, l.Text("common.fileKind", w.file.Kind))
}

// maxColleagueName is how many characters of a colleague's name and company the question shows.
const maxColleagueName = 60

// forColleague sets the texts of a question about a colleague.
func (w *wording) forColleague(q *screen.Question) {
	l := w.cfg.Language
	q.Wish, q.Allow = l.Text("agent.question.colleague"), l.Text("agent.question.yes")
	if w.colleague == nil {
		return // the question is being withdrawn
	}
	q.Hint = l.Text("agent.question.colleagueHint", plaintext.Line(AdvisorName(&w.colleague.Who), maxColleagueName), w.colleague.May)
}

// controlHint returns the hint for a question about control. It says how control ends. If the
// share has a program that can do everything, it warns about that instead.
func (w *wording) controlHint() string {
	l := w.cfg.Language
	for _, name := range w.choices.Describe(w.shown).Names {
		if w.shown.Kind == screen.ShareApps && powerful.Program(name) {
			return l.Text("agent.question.powerful", name)
		}
	}
	if w.hotkey {
		return l.Text("agent.question.stopKey", w.cfg.Hotkey)
	}
	return l.Text("agent.question.stop")
}

// offerChoices adds the way to choose single programs and monitors, if the display can share
// them.
func (w *wording) offerChoices(q *screen.Question) {
	l := w.cfg.Language
	if w.cfg.Display.Windows == nil {
		return
	}
	q.More, q.ChooseHint = l.Text("agent.question.choose"), l.Text("agent.question.what")
	q.AllowChosen, q.Back = l.Text("agent.question.chosenYes"), l.Text("agent.question.back")
	q.Earlier, q.Later = l.Text("agent.question.earlier"), l.Text("agent.question.later")
	q.Choices = w.windowChoices
}

// windowChoices lists what can be shown instead of the whole screen.
func (w *wording) windowChoices() []screen.Choice {
	got, err := w.cfg.Display.Windows.Choices()
	if err != nil {
		logs.Area(w.cfg.Logger, logs.Capture).Info("the programs could not be listed", "reason", err)
	}
	var out []screen.Choice
	for _, a := range got.Apps[:min(len(got.Apps), choices.MaxApps)] {
		c := screen.Choice{ID: appChoice + a.ID, Name: short(a.Name), Note: short(strings.Join(a.Titles, ", ")), Icon: a.Icon}
		if powerful.Program(a.Name) {
			c.Warning = w.cfg.Language.Text("agent.question.powerfulMark")
		}
		out = append(out, c)
	}
	if len(got.Monitors) > 1 {
		for _, m := range got.Monitors {
			out = append(out, screen.Choice{
				ID:   monitorChoice + strconv.FormatUint(uint64(m.ID), 10),
				Name: w.cfg.Language.Text("agent.question.monitor", short(m.Name)),
				Note: fmt.Sprintf("%d × %d", m.Rect.Dx(), m.Rect.Dy()), Alone: true,
			})
		}
	}
	return out
}

// chosenIn converts the identifiers of chosen choices to a share; nil: nothing was chosen.
func chosenIn(ids []string) *screen.Share {
	var share screen.Share
	for _, id := range ids {
		if monitor, ok := strings.CutPrefix(id, monitorChoice); ok {
			n, _ := strconv.ParseUint(monitor, 10, 32) // 0 is no monitor
			return &screen.Share{Kind: screen.ShareMonitor, Monitor: uint32(n)}
		}
		if app, ok := strings.CutPrefix(id, appChoice); ok {
			share.Kind, share.Apps = screen.ShareApps, append(share.Apps, app)
		}
	}
	if share.Kind != screen.ShareApps {
		return nil
	}
	return &share
}

// lineWords says in words how a line is encrypted.
func lineWords(l i18n.Language, line string) string {
	switch line {
	case LineGateway:
		return l.Text("common.line.gateway")
	case LinePartly:
		return l.Text("common.line.partly")
	}
	return l.Text("common.line.sealed")
}
