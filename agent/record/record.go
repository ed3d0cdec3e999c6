// Package record writes down for the customer what happened in a session.
package record

import (
	"fmt"
	"strings"
	"time"

	"lotse/agent/choices"
	"lotse/agent/files"
	"lotse/consent"
	"lotse/i18n"
)

// maxLines is the maximum number of lines that are kept. Further lines are only counted.
const maxLines = 2000

// Record lists for the customer what happened in the session: who connected and when, what was
// shown, when control was given and taken back. It is kept in memory until he saves it. Methods
// must not be called concurrently.
type Record struct {
	Lang    i18n.Language
	lines   []string
	dropped int
}

// note adds a line with the time.
func (r *Record) note(line string) {
	if len(r.lines) >= maxLines {
		r.dropped++
		return
	}
	r.lines = append(r.lines, time.Now().Format("2006-01-02 15:04:05")+"  "+line)
}

// Written returns the record as the customer saves it.
func (r *Record) Written(gateway, advisor string) string {
	l := r.Lang
	var b strings.Builder
	fmt.Fprintln(&b, l.Text("agent.record.title"))
	fmt.Fprintln(&b, l.Text("agent.gateway", gateway))
	if advisor != "" {
		fmt.Fprintln(&b, l.Text("agent.record.advisor", advisor))
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

// Joined notes that the session has begun, and the comparison code.
func (r *Record) Joined(code string) { r.note(r.Lang.Text("agent.record.joined", code)) }

// Shown notes what the advisor sees from now on.
func (r *Record) Shown(what choices.Selection) {
	r.note(r.Lang.Text("agent.record.shown", what.Words(r.Lang)))
}

// Over notes the end of the session, with its reason in words.
func (r *Record) Over(reason string) {
	r.note(r.Lang.Text("agent.record.over", reason))
}

// File notes what became of a file that the customer was asked for.
func (r *Record) File(f files.OfferedFile) {
	l := r.Lang
	size := l.Size(f.Size)
	switch {
	case f.Given && f.State == files.Accepted:
		r.note(l.Text("agent.record.fileGiven", f.Name, size))
	case f.Given && f.State == files.Done:
		r.note(l.Text("agent.record.fileTaken", f.Name, size, f.SHA256))
	case f.Given:
		r.note(l.Text("agent.record.fileNotTaken", f.Name, size))
	}
	if f.Given {
		return
	}
	switch f.State {
	case files.Accepted:
		r.note(l.Text("agent.record.fileAccepted", f.Name, size))
	case files.Done:
		r.note(l.Text("agent.record.fileDone", f.Name, size, f.SHA256))
	case files.Ended:
		r.note(l.Text("agent.record.fileEnded", f.Why, f.Name, size))
	}
}

// Change notes a change of a right and who caused it. shown is what a given view shows.
func (r *Record) Change(c consent.Change, by string, shown choices.Selection) {
	l, what := r.Lang, c.Right.String()
	switch c.Outcome {
	case consent.Opened:
		r.note(l.Text("agent.record.asked", what))
	case consent.Given:
		if c.Right == consent.View || c.Right == consent.Share {
			r.Shown(shown)
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
