//go:build windows

package windows

import (
	"context"
	"image"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"lotse/screen"
	"lotse/screen/screentest"
)

// TestBadge: the badge is visible, can be moved and clicked physically, and is out of reach for the
// advisor.
func TestBadge(t *testing.T) {
	d := openTest(t, screen.Options{})
	f := watch(t, d.Screen)
	var mu sync.Mutex
	var clicks []image.Point
	background(t, func(ctx context.Context) error {
		return d.Badge.Watch(ctx, func(p image.Point, physical bool) {
			mu.Lock()
			defer mu.Unlock()
			clicks = append(clicks, p)
			if !physical {
				t.Error("a click by hand is called a program's")
			}
		})
	})
	if !d.Badge.Rect().Empty() {
		t.Errorf("hidden, and at %v", d.Badge.Rect())
	}
	picture := screen.NewFrame(image.Pt(120, 40))
	picture.Fill(picture.Bounds(), 0x12, 0xab, 0x34)
	if err := d.Badge.Show(picture); err != nil {
		t.Fatal(err)
	}
	r := d.Badge.Rect()
	if r.Size() != picture.Size {
		t.Fatalf("the badge is at %v", r)
	}
	screentest.Eventually(t, "the badge is seen", func() bool { return screenShows(t, r, 0x12ab34) })
	// A frame of a share after it shows what appears now, but not the badge.
	behind := image.Rect(10, 700, 60, 750)
	if behind.Overlaps(r) {
		t.Fatalf("the badge is at %v: choose another place", r)
	}
	later := startColour(t, 0x654321, behind)
	screentest.Eventually(t, "a later window is seen", func() bool { return f.solid(behind, 0x654321) })
	if f.solid(r, 0x12ab34) {
		t.Error("a share shows the badge")
	}
	later.kill()
	number := func() int { mu.Lock(); defer mu.Unlock(); return len(clicks) }
	at := r.Min.Add(image.Pt(30, 20))
	for range 2 { // remote clicks
		for _, b := range []screen.Buttons{0, screen.ButtonLeft, 0} {
			if err := d.Input.Pointer(at, b); err != nil {
				t.Fatal(err)
			}
		}
	}
	c, err := d.Windows.Choices()
	if err != nil || len(c.Monitors) == 0 || slices.ContainsFunc(c.Apps, func(a screen.App) bool { return a.ID == selfID(t) }) {
		t.Errorf("choices %v, %v", c, err)
	}
	// A physical click elsewhere, after the remote clicks.
	hand(t, "mousemove", itoa(at.X+5), itoa(at.Y+2), "click", "1")
	screentest.Eventually(t, "a click", func() bool { return number() >= 1 })
	mu.Lock()
	if len(clicks) != 1 || clicks[0] != image.Pt(35, 22) {
		t.Errorf("clicked at %v; remote clicks must not count", clicks)
	}
	mu.Unlock()
	hand(t, "mousedown", "1", "mousemove_relative", "--", "-20", "-10", "mousemove_relative", "--", "-180", "-90", "mouseup", "1")
	screentest.Eventually(t, "moved", func() bool { return d.Badge.Rect() == r.Add(image.Pt(-200, -100)) })
	if number() != 1 {
		t.Error("moving is a click")
	}
	if err := d.Badge.Show(nil); err != nil {
		t.Fatal(err)
	}
	screentest.Eventually(t, "the badge is gone", func() bool { return !screenShows(t, r.Add(image.Pt(-200, -100)), 0x12ab34) })
}

// TestBadgeKeepsItsClick checks that a click on the badge counts although the system gave the mouse
// to another window while the button was held, as happens when a question opens at that moment. A
// button that is released elsewhere meanwhile clicks nothing, and moves nothing.
func TestBadgeKeepsItsClick(t *testing.T) {
	d := openTest(t, screen.Options{})
	clicks := make(chan image.Point, 10)
	background(t, func(ctx context.Context) error {
		return d.Badge.Watch(ctx, func(p image.Point, physical bool) {
			if !physical {
				t.Error("a click by hand is called a program's")
			}
			clicks <- p
		})
	})
	if err := d.Badge.Show(screen.NewFrame(image.Pt(120, 40))); err != nil {
		t.Fatal(err)
	}
	b := d.Badge.(*badgeWindow)
	r := d.Badge.Rect()
	at := r.Min.Add(image.Pt(30, 20))
	outside := r.Min.Sub(image.Pt(100, 100))
	move := func(p image.Point) []string { return []string{"mousemove", itoa(p.X), itoa(p.Y)} }
	held := func() (is bool) {
		if err := b.thread.do(func() { is = b.hold.down }); err != nil {
			t.Fatal(err)
		}
		return is
	}
	press := func() {
		t.Helper()
		hand(t, append(move(at), "mousedown", "1")...)
		screentest.Eventually(t, "the press", held)
		if err := b.thread.do(func() { call(procReleaseCapture) }); err != nil {
			t.Fatal(err)
		}
	}
	release := func(p image.Point) { t.Helper(); hand(t, append(move(p), "mouseup", "1")...) }
	clicked := func() {
		t.Helper()
		select {
		case p := <-clicks:
			if p != image.Pt(30, 20) {
				t.Errorf("clicked at %v", p)
			}
		case <-time.After(screentest.Patience):
			t.Fatal("the click was lost")
		}
	}
	press()
	release(at)
	clicked()

	press()
	release(outside)
	hand(t, append(move(at.Add(image.Pt(2, 2))), move(at)...)...) // back, without the button
	screentest.Eventually(t, "the press is over", func() bool { return !held() })
	press()
	release(at)
	clicked()
	select {
	case p := <-clicks:
		t.Errorf("a second click at %v", p)
	default:
	}
	if d.Badge.Rect() != r {
		t.Errorf("the badge has moved to %v", d.Badge.Rect())
	}
}

// screenShows reports whether all of r has one colour, 0xRRGGBB, on the display itself, without a
// mask.
func screenShows(t testing.TB, r image.Rectangle, colour uint32) bool {
	t.Helper()
	g, err := openGDI(virtualScreen())
	if err != nil {
		t.Fatal(err)
	}
	defer g.close()
	if err := g.shoot(); err != nil {
		t.Fatal(err)
	}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for row := g.bits.Row(y, r.Min.X, r.Max.X); len(row) >= 4; row = row[4:] {
			if uint32(row[2])<<16|uint32(row[1])<<8|uint32(row[0]) != colour {
				return false
			}
		}
	}
	return true
}

func itoa(n int) string { return strconv.Itoa(n) }

func selfID(t testing.TB) string {
	p, ok := processOf(uint32(os.Getpid()))
	if !ok {
		t.Fatal("no process")
	}
	return p.ID()
}
