package agent

import (
	"image"
	"testing"

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
