package terminal

import (
	"slices"

	"lotse/agent"
	"lotse/i18n"
	"lotse/tunnel"
)

// sayColleagues writes who has joined or left since the last snapshot, and who leads the session.
func sayColleagues(p *Panel, l i18n.Language, old, s agent.Snapshot) {
	if a, b := old.Advisor, s.Advisor; a != nil && b != nil && *a != *b {
		p.say(l.Text("agent.terminal.passed", agent.AdvisorName(b)))
	}
	for _, c := range s.Colleagues {
		if c.Here && !isHere(old, c.Name) {
			p.say(l.Text("agent.terminal.colleagueCame", agent.AdvisorName(&c.Person)))
		}
	}
	for _, c := range old.Colleagues {
		if c.Here && !isHere(s, c.Name) && (s.Advisor == nil || s.Advisor.Name != c.Name) {
			p.say(l.Text("agent.terminal.colleagueGone", agent.AdvisorName(&c.Person)))
		}
	}
}

func isHere(s agent.Snapshot, name string) bool {
	return slices.ContainsFunc(s.Colleagues, func(c tunnel.Colleague) bool { return c.Name == name && c.Here })
}

// sendColleaguesAway ends the part of all colleagues in the session.
func sendColleaguesAway(s model, snap agent.Snapshot) {
	for _, c := range snap.Colleagues {
		_ = s.Do(agent.RemoveColleague{Name: c.Name})
	}
}
