package agent

import (
	"fmt"
	"strings"
	"time"

	"lotse/consent"
)

// maxRecord bounds the lines that are kept; what comes after is counted only.
const maxRecord = 2000

// record is what happened in the session, for the customer: who, when, what was
// shown, when control was given and taken back. It lies in memory until he
// saves it.
type record struct {
	lines   []string
	dropped int
}

// noteLocked adds a line with the time.
func (s *Session) noteLocked(english string, args ...any) {
	if len(s.record.lines) >= maxRecord {
		s.record.dropped++
		return
	}
	s.record.lines = append(s.record.lines, time.Now().Format("2006-01-02 15:04:05")+"  "+s.lang.text(english, args...))
}

// recordTextLocked is the record as the customer saves it.
func (s *Session) recordTextLocked() string {
	var b strings.Builder
	fmt.Fprintln(&b, s.lang.text("Record of a Lotse session"))
	fmt.Fprintln(&b, s.lang.text("Gateway: %s", hostOf(s.client.Gateway)))
	if s.advisor != nil {
		fmt.Fprintln(&b, s.lang.text("Advisor: %s", advisorName(s.advisor)))
	}
	fmt.Fprintln(&b)
	for _, line := range s.record.lines {
		fmt.Fprintln(&b, line)
	}
	if s.record.dropped > 0 {
		fmt.Fprintln(&b, s.lang.text("(%d further lines were left out)", s.record.dropped))
	}
	return b.String()
}

// recordChangeLocked notes what became of a right.
func (s *Session) recordChangeLocked(c consent.Change, by string) {
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
		s.noteLocked("shown: %s", s.shareWordsLocked())
	}
	if strings.Contains(how, "%[2]s") {
		s.noteLocked(how, s.lang.text(what), s.lang.text(who[by]))
	} else {
		s.noteLocked(how, s.lang.text(what))
	}
}

var who = map[string]string{byCustomer: "the customer", byAdvisor: "the advisor", byKey: "the key", byAuto: "the program"}
