package record

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lotse/agent/choices"
	"lotse/agent/files"
	"lotse/consent"
	"lotse/i18n"
)

// TestRecordLanguages checks that a session's record can be written in each language, and that
// no two of its lines say the same.
func TestRecordLanguages(t *testing.T) {
	for _, l := range i18n.Languages {
		synctest.Test(t, func(t *testing.T) {
			r := Record{Lang: l}
			r.Joined("1234")
			for _, right := range consent.All {
				for outcome := consent.Opened; outcome <= consent.Returned; outcome++ {
					r.Change(consent.Change{Right: right, Outcome: outcome}, "customer", choices.Selection{Kind: "screen"})
				}
			}
			for _, by := range []string{"advisor", "key", "auto"} {
				r.Change(consent.Change{Right: consent.Control, Outcome: consent.Taken}, by, choices.Selection{})
			}
			r.Over("its reason")
			file := files.OfferedFile{Name: "a.txt", Size: 1, SHA256: "hash"}
			for _, given := range []bool{false, true} {
				for _, state := range []string{files.Accepted, files.Done} {
					file.Given, file.State = given, state
					r.File(file)
				}
			}
			file.State, file.Given = files.Ended, false
			for _, why := range []string{"refused", "silence", "cancelled", "withdrawn", "damaged", "lost", "over"} {
				file.Why = why
				r.File(file)
			}
			file.Given = true
			r.File(file)
			seen := map[string]int{}
			for _, line := range r.lines {
				seen[line]++
			}
			shown := time.Now().Format("2006-01-02 15:04:05") + "  " +
				l.Text("agent.record.shown", l.Text("agent.share.screen"))
			for line, n := range seen {
				if n != 1 && (line != shown || n != 2) { // once for the view, once for another share
					t.Errorf("%s: %d times %q", l, n, line)
				}
			}
			text := r.Written("support.example.com", "Anna")
			if strings.Contains(text, "agent.") || strings.Contains(text, "{") {
				t.Errorf("%s:\n%s", l, text)
			}
			r.dropped = 1
			one := r.Written("", "")
			r.dropped = 2
			if two := r.Written("", ""); one == two || fmt.Sprint(one) == text {
				t.Errorf("%s: the lines that were left out are not counted", l)
			}
		})
	}
}

func TestRecordIsBounded(t *testing.T) {
	r := Record{Lang: "en"}
	for range maxLines + 10 {
		r.note("x")
	}
	if n := len(r.lines); n != maxLines || !strings.Contains(r.Written("", ""), "(10 further lines were left out)") {
		t.Errorf("%d lines", n)
	}
}
