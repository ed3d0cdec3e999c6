package screentest

import (
	"context"
	"errors"
	"image"
	"testing"
	"time"

	"lotse/screen"
)

// ClickBadgeWhileAsked clicks by hand on places of the badge, which is 300 pixels wide, while a
// question appears at the worst moment: just before the press, while the button is held, and
// within a double click. Each click must reach the badge where it was aimed at, and none may answer
// the question. point moves a device's pointer and presses or releases its button. refuse refuses
// the question by hand; it fails the test if the question was answered before.
func ClickBadgeWhileAsked(t *testing.T, d *screen.Desktop, buttons []int,
	point func(at image.Point, down bool), refuse func(*AskedQuestion)) {
	clicks := make(chan image.Point, 10)
	ctx, stop := context.WithCancel(t.Context())
	watched := make(chan error, 1)
	go func() {
		watched <- d.Badge.Watch(ctx, func(p image.Point, physical bool) {
			if !physical {
				t.Errorf("the click at %v is not taken for a device's", p)
			}
			clicks <- p
		})
	}()
	defer func() {
		stop()
		if err := <-watched; !errors.Is(err, context.Canceled) {
			t.Errorf("Watch: %v", err)
		}
	}()
	bar := screen.NewFrame(image.Pt(300, 36))
	bar.Fill(bar.Bounds(), 0, 0xb4, 0xb4)
	if err := d.Badge.Show(bar); err != nil {
		t.Fatal(err)
	}
	Eventually(t, "the badge has a place", func() bool { return !d.Badge.Rect().Empty() })
	for _, button := range buttons {
		for _, moment := range []string{"before the press", "while it is held", "in a double click"} {
			b := badgeClicks{t: t, d: d, point: point, moment: moment}
			want := b.click(image.Pt(button, 18))
			for range want {
				select {
				case p := <-clicks:
					if p != image.Pt(button, 18) {
						t.Errorf("%s: a click at %d is one at %v", moment, button, p)
					}
				case <-time.After(Patience):
					t.Fatalf("%s: a click at %d has no effect", moment, button)
				}
			}
			refuse(b.asked)
		}
	}
}

// badgeClicks is a click, or a double click, with a question that comes at one of its moments.
type badgeClicks struct {
	t      *testing.T
	d      *screen.Desktop
	point  func(at image.Point, down bool)
	moment string
	asked  *AskedQuestion
}

// click clicks on a place of the badge. It returns how often.
func (b *badgeClicks) click(place image.Point) (n int) {
	at := b.d.Badge.Rect().Min.Add(place)
	b.point(at, false)
	b.now("before the press")
	b.point(at, true)
	b.now("while it is held")
	b.point(at, false)
	if b.moment != "in a double click" {
		return 1
	}
	b.now("in a double click")
	b.point(at, true)
	b.point(at, false)
	return 2
}

// now asks the question if it is the moment for it.
func (b *badgeClicks) now(moment string) {
	if moment == b.moment {
		b.asked = Ask(b.t, b.d.Asker, AnyQuestion())
	}
}
