package question

import (
	"image"
	"testing"
	"time"

	"lotse/screen"
)

// TestRemind checks that a reminder changes the frame for some time and nothing else: neither a
// text, nor a button, nor what counts.
func TestRemind(t *testing.T) {
	q := screen.Question{Who: "Anna", Wish: "wants to see your screen", Allow: "Show", Refuse: "No", Silence: "%d s", Timeout: time.Minute}
	reminded, plain := newTestSheet(t, q), newTestSheet(t, q)
	reminded.Remind(at(0))
	inside := image.Rectangle{Max: reminded.Size()}.Inset(10)
	changes := 0
	for now := time.Duration(0); now < 2*remindFor; now += 100 * ms {
		a, b := reminded.Draw(at(now)), plain.Draw(at(now))
		differs := false
		for y := range a.Size.Y {
			for x := range a.Size.X {
				pa, pb := a.Row(y, x, x+1), b.Row(y, x, x+1)
				if pa[0] == pb[0] && pa[1] == pb[1] && pa[2] == pb[2] {
					continue
				}
				differs = true
				if image.Pt(x, y).In(inside) {
					t.Fatalf("after %v the point %d,%d differs", now, x, y)
				}
			}
		}
		if differs {
			changes++
		}
		if differs && now >= remindFor {
			t.Errorf("after %v it still draws attention", now)
		}
	}
	if changes == 0 {
		t.Error("nothing can be seen")
	}
	for name, r := range plain.Buttons() {
		if !r.In(inside) {
			t.Errorf("the frame covers %s", name)
		}
	}
	if reminded.Gate.Armed(at(remindFor)) != plain.Gate.Armed(at(remindFor)) {
		t.Error("a reminder arms the question")
	}
}

func newTestSheet(t *testing.T, q screen.Question) *Sheet {
	t.Helper()
	s, err := NewSheet(q, 1)
	if err != nil {
		t.Fatal(err)
	}
	s.Until(at(time.Minute))
	return s
}
