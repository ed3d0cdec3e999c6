package badge

import (
	"image"
	"strings"
	"testing"

	"lotse/i18n"
	"lotse/screen/drawing"
)

// TestRoom checks that the buttons never overlap anything, that the end is always at the right
// edge, and that an ordinary display has room for the whole sentence.
func TestRoom(t *testing.T) {
	for _, l := range i18n.Languages {
		for _, s := range []State{
			{Line: l.Text("agent.badge.screen"), Look: Seen, View: true},
			{Line: l.Text("agent.badge.monitor"), Look: Seen, View: true},
			{Line: l.Text("agent.badge.apps"), Look: Seen, View: true},
			{Line: l.Text("agent.badge.control"), Look: Controlled, View: true, Control: true},
			{Line: l.Text("agent.badge.paused"), View: true, Paused: true},
			{Line: l.Text("agent.badge.nothing"), NoPanel: true},
			{Line: l.Text("agent.badge.control"), Look: Controlled, View: true, Control: true, NoPanel: true},
			{Line: l.Text("agent.badge.records"), Look: Seen, View: true, Recording: true},
			{Line: l.Text("agent.badge.screen"), Look: Seen, View: true, Recording: true, Held: true},
			{Line: l.Text("agent.badge.paused"), View: true, Paused: true, Recording: true},
			{Line: l.Text("agent.badge.controlRecords"), Look: Controlled, View: true, Control: true, Recording: true},
		} {
			s.Name = strings.Repeat("Wolfgang ", 5)
			for _, c := range []struct {
				room  int
				scale float64
			}{{1904, 1}, {1264, 1}, {784, 1}, {624, 1}, {1568, 2}, {3824, 2}, {2368, 1.5}, {100, 1}} {
				b, err := New(s, l, c.room, c.scale)
				if err != nil {
					t.Fatal(err)
				}
				wide := 784
				if s.Recording {
					wide = 1024
				}
				if b.line.Dx() < drawing.Width(b.text, s.Line) && c.room >= int(float64(wide)*c.scale) {
					t.Errorf("%s: %d pixels are too few for %q", l, c.room, s.Line)
				}
				if b.Size.X > c.room && c.room >= int(624*c.scale) {
					t.Errorf("%s: %v does not fit in %d pixels: %q", l, b.Size, c.room, s.Line)
				}
				b.check(t)
			}
		}
	}
}

func (b *Layout) check(t *testing.T) {
	t.Helper()
	before := b.line.Union(b.name)
	for _, button := range b.Buttons {
		if drawing.Width(b.bold, button.Text) > button.Rect.Dx() || button.Rect.Overlaps(before) || b.At(button.Rect.Min) != button.Action {
			t.Errorf("%q at %v, after %v", button.Text, button.Rect, before)
		}
		before = button.Rect
	}
	last := b.Buttons[len(b.Buttons)-1]
	if edge := b.Size.Sub(last.Rect.Max); last.Action != End || edge.X != edge.Y || !last.Rect.In(image.Rectangle{Max: b.Size}) {
		t.Errorf("action %d is at %v in %v", last.Action, last.Rect, b.Size)
	}
	if b.At(image.Pt(0, 0)) != 0 {
		t.Error("the edge is a button")
	}
	if f := b.Draw(); f.Size != b.Size {
		t.Errorf("%v, drawn %v", b.Size, f.Size)
	}
}
