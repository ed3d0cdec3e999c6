package agent

import (
	"fmt"
	"strings"
	"time"

	"lotse/agent/choices"
	"lotse/agent/files"
	"lotse/consent"
	"lotse/i18n"
	"lotse/tunnel"
)

// maxRecord is the maximum number of lines that are kept. Further lines are only counted.
const maxRecord = 2000

// record lists for the customer what happened in the session: who connected and when, what was
// shown, when control was given and taken back. It is kept in memory until he saves it. The
// loop owns it.
type record struct {
	lang    i18n.Language
	lines   []string
	dropped int
}

// note adds a line with the time.
func (r *record) note(line string) {
	if len(r.lines) >= maxRecord {
		r.dropped++
		return
	}
	r.lines = append(r.lines, time.Now().Format("2006-01-02 15:04:05")+"  "+line)
}

// text returns the record as the customer saves it.
func (r *record) text(gateway string, advisor *tunnel.Person) string {
	l := r.lang
	var b strings.Builder
	fmt.Fprintln(&b, l.Text("agent.record.title"))
	fmt.Fprintln(&b, l.Text("agent.gateway", gateway))
	if advisor != nil {
		fmt.Fprintln(&b, l.Text("agent.record.advisor", AdvisorName(advisor)))
	}
	fmt.Fprintln(&b)
	for _, line := range r.lines {
		fmt.Fprintln(&b, line)
	}
	if r.dropped > 0 {
		fmt.Fprintln(&b, l.Text("agent.record.more", r.dropped))
	}
	return b.String()
}

// joined notes that the session has begun, and the comparison code.
func (r *record) joined(code string) { r.note(r.lang.Text("agent.record.joined", code)) }

// shown notes what the advisor sees from now on.
func (r *record) shown(what choices.Selection) {
	r.note(r.lang.Text("agent.record.shown", what.Words(r.lang)))
}

// over notes the end of the session, with one of tunnel's reasons.
func (r *record) over(reason string) {
	r.note(r.lang.Text("agent.record.over", ReasonText(r.lang, reason)))
}

// file notes what became of a file that the customer was asked for.
func (r *record) file(f files.OfferedFile) {
	l := r.lang
	size := l.Size(f.Size)
	switch f.State {
	case files.Accepted:
		r.note(l.Text("agent.record.fileAccepted", f.Name, size))
	case files.Done:
		r.note(l.Text("agent.record.fileDone", f.Name, size, f.SHA256))
	case files.Ended:
		r.note(l.Text("agent.record.fileEnded", f.Why, f.Name, size))
	}
}

// change notes a change of a right and who caused it. shown is what a given view shows.
func (r *record) change(c consent.Change, by string, shown choices.Selection) {
	l, what := r.lang, c.Right.String()
	switch c.Outcome {
	case consent.Opened:
		r.note(l.Text("agent.record.asked", what))
	case consent.Given:
		if c.Right == consent.View || c.Right == consent.Share {
			r.shown(shown)
		}
		r.note(l.Text("agent.record.allowed", by, what))
	case consent.Refused:
		r.note(l.Text("agent.record.refused", by, what))
	case consent.TimedOut:
		r.note(l.Text("agent.record.silence", what))
	case consent.Taken:
		r.note(l.Text("agent.record.taken", by, what))
	case consent.Returned:
		r.note(l.Text("agent.record.returned", by, what))
	}
}
