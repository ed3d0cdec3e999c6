package agent

import (
	"fmt"
	"strings"
	"time"

	"lotse/consent"
	"lotse/tunnel"
)

// maxRecord bounds the lines that are kept; what comes after is counted only.
const maxRecord = 2000

// record is what happened in the session, for the customer: who, when, what was
// shown, when control was given and taken back. It is kept in memory until he
// saves it. The loop owns it.
type record struct {
	lang    Language
	lines   []string
	dropped int
}

// note adds a line with the time.
func (r *record) note(english string, args ...any) {
	if len(r.lines) >= maxRecord {
		r.dropped++
		return
	}
	r.lines = append(r.lines, time.Now().Format("2006-01-02 15:04:05")+"  "+r.lang.text(english, args...))
}

// text is the record as the customer saves it.
func (r *record) text(gateway string, advisor *tunnel.Person) string {
	var b strings.Builder
	fmt.Fprintln(&b, r.lang.text("Record of a Lotse session"))
	fmt.Fprintln(&b, r.lang.text("Gateway: %s", gateway))
	if advisor != nil {
		fmt.Fprintln(&b, r.lang.text("Advisor: %s", advisorName(advisor)))
	}
	fmt.Fprintln(&b)
	for _, line := range r.lines {
		fmt.Fprintln(&b, line)
	}
	if r.dropped > 0 {
		fmt.Fprintln(&b, r.lang.text("(%d further lines were left out)", r.dropped))
	}
	return b.String()
}

// change notes what became of a right. shown is what is shown, in words.
func (r *record) change(c consent.Change, by, shown string) {
	what := map[consent.Right]string{
		consent.View: "see the screen", consent.Control: "control the computer", consent.Clipboard: "use the clipboard",
		consent.Show: "show the advisor's screen", consent.Share: "see something else",
	}[c.Right]
	how := map[consent.Outcome]string{
		consent.Opened: "asked: %s", consent.Given: "ALLOWED by %[2]s: %[1]s", consent.Refused: "refused by %[2]s: %[1]s",
		consent.TimedOut: "refused by silence: %s", consent.Taken: "ended by %[2]s: %[1]s", consent.Returned: "given back by %[2]s: %[1]s",
	}[c.Outcome]
	if what == "" || how == "" {
		return
	}
	if c.Right == consent.View && c.Outcome == consent.Given || c.Right == consent.Share && c.Outcome == consent.Given {
		r.note("shown: %s", shown)
	}
	if strings.Contains(how, "%[2]s") {
		r.note(how, r.lang.text(what), r.lang.text(who[by]))
	} else {
		r.note(how, r.lang.text(what))
	}
}

var who = map[string]string{byCustomer: "the customer", byAdvisor: "the advisor", byKey: "the key", byAuto: "the program"}
