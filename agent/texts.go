package agent

import (
	"lotse/i18n"
	"lotse/plaintext"
	"lotse/tunnel"
)

// maxForeign and maxMessage limit the length of others' texts, in characters.
const (
	maxForeign = 80
	maxMessage = 400
)

// short makes a stranger's name or address safe to show.
func short(s string) string { return plaintext.Line(s, maxForeign) }

// AdvisorName returns the advisor's name and company as the customer sees them.
func AdvisorName(a *tunnel.Person) string {
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

// ReasonText says why a session is over, for one of tunnel's reasons.
func ReasonText(l i18n.Language, reason string) string {
	switch reason {
	case tunnel.ReasonAdvisor:
		return l.Text("agent.reason.advisor")
	case tunnel.ReasonCustomer:
		return l.Text("agent.reason.customer")
	case tunnel.ReasonExpired:
		return l.Text("agent.reason.expired")
	case tunnel.ReasonBurnt:
		return l.Text("agent.reason.burnt")
	case tunnel.ReasonLost:
		return l.Text("agent.reason.lost")
	case tunnel.ReasonShutdown:
		return l.Text("agent.reason.shutdown")
	}
	return l.Text("agent.reason.error")
}
