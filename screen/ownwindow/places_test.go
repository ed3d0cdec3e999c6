package ownwindow

import (
	"fmt"
	"image"
	"testing"
	"time"
)

// TestPlaces: a place is covered from before a window appears there until a capture that began
// after it had gone.
func TestPlaces(t *testing.T) {
	now := time.Unix(1000, 0)
	c := Places{Now: func() time.Time { return now }}
	a, b := image.Rect(0, 0, 10, 10), image.Rect(20, 0, 30, 10)
	covered := func(began time.Time, want ...image.Rectangle) {
		t.Helper()
		got, _ := c.During(began)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("covered: %v, want %v", got, want)
		}
	}
	before := now
	c.Add("w", a, true)
	covered(before, a) // a capture that began before the window appeared
	now = now.Add(time.Second)
	c.Add("w", b, true) // the window is about to move
	covered(now, a, b)
	moving := now
	now = now.Add(time.Second)
	c.Gone("w", b)
	covered(moving, a, b)
	now = now.Add(time.Second)
	covered(now, b)
	if !c.Contains(image.Pt(25, 5)) || c.Contains(image.Pt(5, 5)) {
		t.Error("input reaches the wrong place")
	}
	c.Linger = 5 * time.Second
	covered(now, a, b)
	if got := c.Recent("other", now.Add(-2*time.Second)); len(got) != 2 {
		t.Errorf("recent places: %v", got)
	}
	now = now.Add(20 * time.Second)
	c.Gone("w", image.Rectangle{})
	now = now.Add(20 * time.Second)
	covered(now)
	if got := c.Recent("other", now.Add(-time.Minute)); len(got) != 0 {
		t.Errorf("places are remembered for ever: %v", got)
	}
}
