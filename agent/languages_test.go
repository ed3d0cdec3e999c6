package agent

import (
	"fmt"
	"image"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/image/font/inconsolata"

	"lotse/consent"
	"lotse/i18n"
	"lotse/tunnel"
)

// bitmapFits checks that a text is not empty, is not longer than most characters, and that the
// bitmap font has all its characters.
func bitmapFits(t *testing.T, l i18n.Language, text string, most int) {
	t.Helper()
	if n := len([]rune(text)); n == 0 || n > most {
		t.Errorf("%s: %q has %d characters, not 1 to %d", l, text, n, most)
	}
	for _, r := range text {
		if _, ok := inconsolata.Bold8x16.GlyphAdvance(r); !ok {
			t.Errorf("%s: %q: the font has no %q", l, text, r)
		}
	}
}

// TestWaitingWords checks that the waiting page of a small screen has room for its words, and
// that each state has different words.
func TestWaitingWords(t *testing.T) {
	for _, l := range i18n.Languages {
		seen := map[words]bool{}
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
			bitmapFits(t, l, w.title, 76)
			bitmapFits(t, l, w.line, 76)
			if f := drawWaiting(image.Pt(640, 480), w); f.Size != image.Pt(640, 480) {
				t.Errorf("size %v", f.Size)
			}
		}
		bitmapFits(t, l, l.Text("agent.backdrop"), 76)
	}
}

// TestBadgeWords checks that each state has different words on the badge.
func TestBadgeWords(t *testing.T) {
	for _, l := range i18n.Languages {
		seen := map[string]bool{}
		for _, kind := range append(shareKinds[:], "paused", "control") {
			m := &moment{}
			m.consent = consent.State{Phase: consent.Joined, Given: consent.Rights(consent.View)}
			m.snapshot.Rights.View, m.snapshot.Viewers = true, make([]tunnel.Viewer, 1)
			m.snapshot.Share, m.snapshot.Paused = &Selection{Kind: kind}, kind == "paused"
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
					r.change(consent.Change{Right: right, Outcome: outcome}, byCustomer, Selection{Kind: "screen"})
				}
			}
			for _, by := range []string{byAdvisor, byKey, byAuto} {
				r.change(consent.Change{Right: consent.Control, Outcome: consent.Taken}, by, Selection{})
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
