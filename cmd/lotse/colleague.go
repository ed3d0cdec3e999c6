package main

import (
	"context"
	"strings"

	"lotse/cmd/lotse/say"
	"lotse/tunnel"
)

// colleagueCommand carries out a command about a colleague. It reports whether line is one.
func colleagueCommand(ctx context.Context, o *ownSession, line string) bool {
	words := strings.Fields(line)
	switch {
	case len(words) == 3 && words[0] == "colleague" && words[2] == "leave":
		o.pass(tunnel.DropColleague{Name: words[1]})
		o.wg.Go(func() { _ = o.advisor.Expel(ctx, o.number.Place(), words[1]) })
	case len(words) == 3 && words[0] == "colleague" && mayOf(words[2]):
		o.wg.Go(func() { askColleague(ctx, o, words[1], words[2]) })
	case len(words) == 2 && words[0] == "pass" && words[1] == "control":
		o.pass(tunnel.PassControl{})
	case len(words) == 3 && words[0] == "pass" && words[1] == "control":
		o.pass(tunnel.PassControl{Name: words[2]})
	case len(words) == 3 && words[0] == "pass" && words[1] == "session":
		o.pass(tunnel.PassSession{Name: words[2]})
	default:
		return false
	}
	return true
}

func mayOf(word string) bool {
	switch word {
	case tunnel.ColleagueSees, tunnel.ColleaguePoints, tunnel.ColleagueControls:
		return true
	}
	return false
}

// askColleague asks the gateway, and then the customer, whether another advisor may join.
func askColleague(ctx context.Context, o *ownSession, name, may string) {
	o.mu.Lock()
	hello := o.hello
	o.mu.Unlock()
	if hello.Program != "" && !hello.Colleagues {
		why := say.Text("cli.colleague.unable")
		o.console.failure(why, why)
		return
	}
	who, err := o.advisor.Admit(ctx, o.number.Place(), name)
	if err != nil {
		o.console.failure(say.Text("cli.colleague.notAdmitted", short(name), err), err)
		return
	}
	o.pass(tunnel.AskColleague{Who: *who, For: may})
}

// sayColleague prints what became of a colleague. When he is gone, the gateway must not let him in
// again without another request.
func sayColleague(ctx context.Context, o *ownSession, m tunnel.ColleagueState) {
	l, name := o.console.language, short(m.Name)
	fields := map[string]any{"name": m.Name, "state": m.State}
	text := ""
	switch n, err := tunnel.ParseNumber(m.Number); m.State {
	case tunnel.ColleagueExpected:
		if err != nil || n.Place() != o.number.Place() {
			return
		}
		fields["number"] = n.Digits()
		text = l.Text("cli.colleague.expected", name, n.Grouped(), n.Digits())
	case tunnel.ColleagueHere:
		text = l.Text("cli.colleague.here", name)
	case tunnel.ColleagueAsked:
		text = l.Text("cli.colleague.asked", name)
	default:
		fields["why"] = m.Why
		text = l.Text("cli.colleague.gone", name, short(m.Why))
		o.wg.Go(func() { _ = o.advisor.Expel(ctx, o.number.Place(), m.Name) })
	}
	o.console.event("colleague", fields, text)
}
