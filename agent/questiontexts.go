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

// questionLocked says what the question window shows. It has at most forty words, so
// that nobody has to read for long: TestQuestionWords.
func (s *Session) questionLocked(a asked) screen.Question {
	l, who := s.lang, advisorName(s.advisor)
	q := screen.Question{
		Who: who, Refuse: l.text("No"), Silence: l.phrase("No answer means No (%d s)."), Timeout: s.timeout(a.right),
		Line: hostOf(s.client.Gateway) + " – " + s.lineWordsLocked(),
	}
	if a.right != resumeRight {
		q.Never = l.text("No, never ask again")
	}
	switch a.right {
	case consent.View:
		q.Wish, q.Hint = l.text("would like to see your screen."), l.text("They only watch. You can always stop.")
		q.Allow = l.text("Show my screen")
		s.offerChoicesLocked(&q)
	case consent.Share:
		s.shareQuestionLocked(&q)
	case consent.Control:
		q.Tone, q.Wish = screen.ToneControl, l.text("would like to CONTROL your computer.")
		q.Hint, q.Allow = s.controlHintLocked(), l.text("Yes, allow")
	case consent.Clipboard:
		q.Tone, q.Wish = screen.ToneControl, l.text("would like to use your clipboard.")
		q.Hint, q.Allow = l.text("They can then read what you copy, and paste."), l.text("Yes, allow")
	case consent.Show:
		q.Wish, q.Hint = l.text("would like to show you their screen."), l.text("Nothing of yours is shown meanwhile.")
		q.Allow = l.text("Yes, look at it")
	case resumeRight:
		q.Who, q.Wish, q.Allow = l.text("Go on showing?"), l.text("%s would see your screen again.", who), l.text("Show again")
	}
	return q
}

// shareQuestionLocked is the question for another share: the customer's own proposal,
// or the advisor's wish.
func (s *Session) shareQuestionLocked(q *screen.Question) {
	if s.proposal == nil {
		q.Wish, q.Allow = s.lang.text("would like to see something else of your screen."), s.lang.text("Show my screen")
		s.offerChoicesLocked(q)
		return
	}
	q.Who, q.Never = s.lang.text("Show something else?"), ""
	q.Wish = s.lang.text("%s would then see %s.", advisorName(s.advisor), s.wordsOfLocked(*s.proposal))
	q.Allow = s.lang.text("Show it")
}

// controlHintLocked says how control ends, and what it comes to when it is limited
// to programs that can do everything.
func (s *Session) controlHintLocked() string {
	chosen := s.share.chosen()
	for _, name := range s.describeShareLocked(chosen).Names {
		if chosen.Kind == screen.ShareApps && canDoEverything(name) {
			return s.lang.text("With %s they can do everything on this computer.", name)
		}
	}
	if s.hotkeyWorks {
		return s.lang.text("The key %s stops it at any time.", s.cfg.Hotkey)
	}
	return s.lang.text("You can stop it at any time.")
}

// offerChoicesLocked adds the way to single programs and monitors, where the display
// can share them.
func (s *Session) offerChoicesLocked(q *screen.Question) {
	if s.cfg.Display.Windows == nil {
		return
	}
	q.More, q.ChooseHint, q.AllowChosen = s.lang.text("Only one program …"), s.lang.text("What would you like to show?"), s.lang.text("Show this")
	q.Back, q.Earlier, q.Later = s.lang.text("Back"), s.lang.text("‹ Back"), s.lang.text("More ›")
	q.Choices = s.windowChoices
}

// windowChoices lists what can be shown instead of the whole screen.
func (s *Session) windowChoices() []screen.Choice {
	got, err := s.cfg.Display.Windows.Choices()
	if err != nil {
		s.log.Info("the programs could not be listed", "reason", err)
	}
	var out []screen.Choice
	for _, a := range got.Apps[:min(len(got.Apps), maxApps)] {
		c := screen.Choice{ID: appChoice + a.ID, Name: short(a.Name), Note: short(strings.Join(a.Titles, ", ")), Icon: a.Icon}
		if canDoEverything(a.Name) {
			c.Warning = s.lang.text("Can do everything on this computer")
		}
		out = append(out, c)
	}
	if len(got.Monitors) > 1 {
		for _, m := range got.Monitors {
			out = append(out, screen.Choice{
				ID: monitorChoice + strconv.FormatUint(uint64(m.ID), 10), Name: s.lang.text("Monitor %s", short(m.Name)),
				Note: s.lang.text("%d × %d", m.Rect.Dx(), m.Rect.Dy()), Alone: true,
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

// lineWordsLocked says how the line is encrypted.
func (s *Session) lineWordsLocked() string {
	if s.lineLocked() == lineGateway {
		return s.lang.text("encrypted to the gateway")
	}
	return s.lang.text("encrypted end to end")
}
