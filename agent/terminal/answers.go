package terminal

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"lotse/agent"
	"lotse/agent/choices"
	"lotse/consent"
	"lotse/i18n"
)

// obey carries out a typed line.
func (p *Panel) obey(s model, snap agent.Snapshot, line typedLine) {
	asked := p.prompts
	p.prompts = ""
	text := strings.TrimSpace(line.text)
	if snap.Phase == agent.PhaseNumber {
		if asksTerms(snap) && saysYes(strings.ToLower(text)) {
			_ = s.Do(agent.AcceptTerms{Version: snap.Error.Terms.Version})
			return
		}
		if snap.Confirm && saysYes(strings.ToLower(text)) {
			text = snap.Offer
		}
		_ = s.Do(agent.Enter{Typed: text}) // the next snapshot shows what was wrong
		return
	}
	if said, ok := writes(text); ok {
		p.write(s, snap.Lang, said)
		return
	}
	if path, ok := gives(text); ok {
		p.give(s, snap.Lang, path)
		return
	}
	switch command := strings.ToLower(text); command {
	case "t":
		_ = s.Do(agent.Take{Right: consent.Control})
	case "v":
		_ = s.Do(agent.Take{Right: consent.View})
	case "p":
		if snap.Paused {
			_ = s.Do(agent.Resume{})
		} else {
			_ = s.Do(agent.Pause{})
		}
	case "r":
		_ = s.Do(agent.Take{Right: consent.Record})
	case "h":
		if r := snap.Recording; r != nil && r.Running {
			_ = s.Do(agent.Hold{On: !r.Held})
		}
	case "c":
		p.saveRecording(s, snap)
	case "k":
		sendColleaguesAway(s, snap)
	case "a":
		_ = s.Do(agent.Silence{Right: consent.Point, On: snap.Rights.Point})
	case "e":
		_ = s.Do(agent.End{})
	default:
		if q := snap.Question; q != nil && asked == q.ID {
			p.answer(s, snap, command, line.at)
		}
	}
}

// answer treats a line as the answer to the question that was shown here; at is when the line
// was read. If the line is neither yes nor no, the customer is told so and the question is
// shown again.
func (p *Panel) answer(s model, snap agent.Snapshot, line string, at time.Time) {
	q := snap.Question
	refuses := saysNo(line)
	if q.Window { // only the window takes a yes
		if refuses {
			_ = s.Do(agent.Refuse{ID: q.ID})
		}
		return
	}
	if !at.After(p.asked) {
		return // typed before the question could be read
	}
	if refuses || line == "" || q.Right == consent.Show.String() { // a terminal cannot show pictures
		_ = s.Do(agent.Refuse{ID: q.ID})
		return
	}
	rest, ok := strings.CutPrefix(line, p.word)
	share, chosen := chosenShare(rest, snap.Choices)
	if !ok || !chosen || s.Do(agent.Allow{ID: q.ID, Share: share}) != nil {
		p.say(snap.Lang.Text("agent.terminal.noAnswer"))
	}
}

// yesWords returns the words that a person may type for yes, the usual one first.
func yesWords(l i18n.Language) []string { return strings.Fields(l.Text("agent.terminal.yes")) }

// noWords returns the words that a person may type for no, the usual one first.
func noWords(l i18n.Language) []string { return strings.Fields(l.Text("agent.terminal.no")) }

// saysYes reports whether line, in lower case, is a yes in any language.
func saysYes(line string) bool { return inAny(yesWords, line) }

// saysNo reports whether line, in lower case, is a no in any language.
func saysNo(line string) bool { return inAny(noWords, line) }

func inAny(words func(i18n.Language) []string, line string) bool {
	return slices.ContainsFunc(i18n.Languages, func(l i18n.Language) bool {
		return slices.Contains(words(l), line)
	})
}

// chosenShare parses what follows the word: "" for the whole screen, or a choice like "m1" or
// "a1,3" as questionText offers them. ok is false for anything else.
func chosenShare(answer string, c *choices.Choices) (share *choices.Selection, ok bool) {
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
		return &choices.Selection{Kind: "monitor", Monitor: c.Monitors[i-1].ID}, true
	case 'a':
		share = &choices.Selection{Kind: "apps"}
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
