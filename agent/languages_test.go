package agent

import (
	"fmt"
	"image"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/image/font"

	"lotse/agent/choices"
	"lotse/agent/pictures"
	"lotse/consent"
	"lotse/i18n"
	"lotse/screen/drawing"
	"lotse/tunnel"
)

// smallScreen is the width in pixels of the smallest screen whose waiting page is whole.
const smallScreen = 640

// fits checks that a text is not empty and fits a small screen in letters that can be read.
func fits(t *testing.T, l i18n.Language, text string, open func(float64) (font.Face, error)) {
	t.Helper()
	f, err := open(14)
	if err != nil {
		t.Fatal(err)
	}
	if w := drawing.Width(f, text); w == 0 || w > smallScreen-32 {
		t.Errorf("%s: %q is %d pixels wide", l, text, w)
	}
}

// TestWaitingWords checks that the waiting page of a small screen has room for its words, and
// that each state has different words.
func TestWaitingWords(t *testing.T) {
	for _, l := range i18n.Languages {
		seen := map[pictures.Words]bool{}
		for _, state := range []consent.State{
			{Phase: consent.Away}, {Phase: consent.Joined, Paused: true}, {Phase: consent.Joined},
			{Phase: consent.Joined, Asked: consent.Rights(consent.View)},
			{Phase: consent.Joined, Asked: consent.Rights(consent.Show)},
			{Phase: consent.Joined, Given: consent.Rights(consent.Show)},
		} {
			w := waitingWords(l, state)
			if seen[w] {
				t.Errorf("%s: two states say %q", l, w)
			}
			seen[w] = true
			fits(t, l, w.Title, drawing.Bold)
			fits(t, l, w.Line, drawing.Regular)
			for _, size := range []image.Point{{X: smallScreen, Y: 480}, {X: 1, Y: 1}} {
				if f := pictures.Waiting(size, w); f.Size != size {
					t.Errorf("size %v", f.Size)
				}
			}
		}
		fits(t, l, l.Text("agent.backdrop"), drawing.Regular)
	}
}

// TestBadgeWords checks that each state has different words on the badge.
func TestBadgeWords(t *testing.T) {
	for _, l := range i18n.Languages {
		seen := map[string]bool{}
		for _, kind := range []string{choices.ShareScreen, choices.ShareMonitor, choices.ShareApps, "paused", "control"} {
			m := &moment{}
			m.consent = consent.State{Phase: consent.Joined, Given: consent.Rights(consent.View)}
			m.snapshot.Rights.View, m.snapshot.Viewers = true, make([]tunnel.Viewer, 1)
			m.snapshot.Share, m.snapshot.Paused = &choices.Selection{Kind: kind}, kind == "paused"
			if kind == "control" {
				m.consent.Given |= consent.Rights(consent.Control)
			}
			b, ok := badgeAt(l, m)
			if !ok || b.Line == "" || seen[b.Line] {
				t.Errorf("%s, %s: shown %v, %q", l, kind, ok, b.Line)
			}
			seen[b.Line] = true
		}
	}
}

// TestRecordLanguages checks that a session's record can be written in each language, and that
// no two of its lines say the same.
func TestRecordLanguages(t *testing.T) {
	for _, l := range i18n.Languages {
		synctest.Test(t, func(t *testing.T) {
			r := record{lang: l}
			r.joined("1234")
			for _, right := range consent.All {
				for outcome := consent.Opened; outcome <= consent.Returned; outcome++ {
					r.change(consent.Change{Right: right, Outcome: outcome}, byCustomer, choices.Selection{Kind: "screen"})
				}
			}
			for _, by := range []string{byAdvisor, byKey, byAuto} {
				r.change(consent.Change{Right: consent.Control, Outcome: consent.Taken}, by, choices.Selection{})
			}
			for _, reason := range []string{
				tunnel.ReasonAdvisor, tunnel.ReasonCustomer, tunnel.ReasonExpired, tunnel.ReasonBurnt,
				tunnel.ReasonLost, tunnel.ReasonShutdown, "error",
			} {
				r.over(reason)
			}
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
			text := r.text("support.example.com", &tunnel.Person{Name: "anna"})
			if strings.Contains(text, "agent.") || strings.Contains(text, "{") {
				t.Errorf("%s:\n%s", l, text)
			}
			r.dropped = 1
			one := r.text("", nil)
			r.dropped = 2
			if two := r.text("", nil); one == two || fmt.Sprint(one) == text {
				t.Errorf("%s: the lines that were left out are not counted", l)
			}
		})
	}
}
