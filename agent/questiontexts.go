package agent

import (
	"strconv"
	"strings"

	"lotse/consent"
	"lotse/screen"
)

// Prefixes of choices in the question window.
const (
	monitorChoice = "monitor:"
	appChoice     = "app:"
)

// wording puts a question into words for the question window.
type wording struct {
	cfg      *Config
	advisor  string
	gateway  string
	line     string // how it is encrypted, in words
	shown    screen.Share
	proposal *screen.Share // the customer's own; nil: none
	choices  *Choices      // for names
	hotkey   bool          // it is noticed
}

// wording is what questions are about now.
func (st *state) wording() *wording {
	return &wording{
		cfg: &st.session.cfg, advisor: advisorName(st.advisor), gateway: hostOf(st.client.Gateway),
		line: st.session.lang.lineWords(st.viewers.line(st.consent.Phase)), shown: st.sharing.shown,
		proposal: st.questions.proposal, choices: st.sharing.choices, hotkey: st.devices.hotkeyWorks,
	}
}

// question is what the question window shows. It has at most forty words, so that nobody
// has to read for long: TestQuestionWords.
func (w *wording) question(a asked) screen.Question {
	l, who := w.cfg.Language, w.advisor
	q := screen.Question{
		Who: who, Refuse: l.text("No"), Silence: l.phrase("No answer means No (%d s)."), Timeout: w.cfg.timeout(a.right),
		Line: w.gateway + " – " + w.line,
	}
	if a.resume {
		q.Who, q.Wish, q.Allow = l.text("Go on showing?"), l.text("%s would see your screen again.", who), l.text("Show again")
		return q
	}
	q.Never = l.text("No, never ask again")
	switch a.right {
	case consent.View:
		q.Wish, q.Hint = l.text("would like to see your screen."), l.text("They only watch. You can always stop.")
		q.Allow = l.text("Show my screen")
		w.offerChoices(&q)
	case consent.Share:
		w.forShare(&q)
	case consent.Control:
		q.Tone, q.Wish = screen.ToneControl, l.text("would like to CONTROL your computer.")
		q.Hint, q.Allow = w.controlHint(), l.text("Yes, allow")
	case consent.Clipboard:
		q.Tone, q.Wish = screen.ToneControl, l.text("would like to use your clipboard.")
		q.Hint, q.Allow = l.text("They can then read what you copy, and paste."), l.text("Yes, allow")
	case consent.Show:
		q.Wish, q.Hint = l.text("would like to show you their screen."), l.text("Nothing of yours is shown meanwhile.")
		q.Allow = l.text("Yes, look at it")
	}
	return q
}

// forShare is the question for another share: the customer's own proposal,
// or the advisor's wish.
func (w *wording) forShare(q *screen.Question) {
	l := w.cfg.Language
	if w.proposal == nil {
		q.Wish, q.Allow = l.text("would like to see something else of your screen."), l.text("Show my screen")
		w.offerChoices(q)
		return
	}
	q.Who, q.Never = l.text("Show something else?"), ""
	q.Wish = l.text("%s would then see %s.", w.advisor, l.shareWords(w.choices.describe(*w.proposal)))
	q.Allow = l.text("Show it")
}

// controlHint says how control ends, and what it comes to when it is limited
// to programs that can do everything.
func (w *wording) controlHint() string {
	l := w.cfg.Language
	for _, name := range w.choices.describe(w.shown).Names {
		if w.shown.Kind == screen.ShareApps && canDoEverything(name) {
			return l.text("With %s they can do everything on this computer.", name)
		}
	}
	if w.hotkey {
		return l.text("The key %s stops it at any time.", w.cfg.Hotkey)
	}
	return l.text("You can stop it at any time.")
}

// offerChoices adds the way to single programs and monitors, where the display
// can share them.
func (w *wording) offerChoices(q *screen.Question) {
	l := w.cfg.Language
	if w.cfg.Display.Windows == nil {
		return
	}
	q.More, q.ChooseHint, q.AllowChosen = l.text("Only one program …"), l.text("What would you like to show?"), l.text("Show this")
	q.Back, q.Earlier, q.Later = l.text("Back"), l.text("‹ Back"), l.text("More ›")
	q.Choices = w.windowChoices
}

// windowChoices lists what can be shown instead of the whole screen.
func (w *wording) windowChoices() []screen.Choice {
	got, err := w.cfg.Display.Windows.Choices()
	if err != nil {
		w.cfg.Logger.Info("the programs could not be listed", "reason", err)
	}
	var out []screen.Choice
	for _, a := range got.Apps[:min(len(got.Apps), maxApps)] {
		c := screen.Choice{ID: appChoice + a.ID, Name: short(a.Name), Note: short(strings.Join(a.Titles, ", ")), Icon: a.Icon}
		if canDoEverything(a.Name) {
			c.Warning = w.cfg.Language.text("Can do everything on this computer")
		}
		out = append(out, c)
	}
	if len(got.Monitors) > 1 {
		for _, m := range got.Monitors {
			out = append(out, screen.Choice{
				ID: monitorChoice + strconv.FormatUint(uint64(m.ID), 10), Name: w.cfg.Language.text("Monitor %s", short(m.Name)),
				Note: w.cfg.Language.text("%d × %d", m.Rect.Dx(), m.Rect.Dy()), Alone: true,
			})
		}
	}
	return out
}

// chosenIn reads the choices that were made; nil: none.
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

// lineWords says how a line is encrypted.
func (l Language) lineWords(line string) string {
	if line == lineGateway {
		return l.text("encrypted to the gateway")
	}
	return l.text("encrypted end to end")
}
