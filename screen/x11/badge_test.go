//go:build linux

package x11

import (
	"context"
	"fmt"
	"image"
	"strconv"
	"sync"
	"testing"

	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/screen/x11/x11test"
)

const badgePixel = 0x00b4b4

// TestBadge: visible above everything, moved and clicked by the customer, out of reach for remote
// input, gone afterwards.
func TestBadge(t *testing.T) {
	x := x11test.Start(t, "Xtigervnc", "-geometry", "800x600")
	x.StartOpenbox(t)
	d := openOn(t, x, screen.Options{})
	badge := d.Badge
	var mu sync.Mutex
	var clicks []image.Point
	var byHand []bool
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(clicks) }
	background(t, func(ctx context.Context) error {
		return badge.Watch(ctx, func(p image.Point, physical bool) {
			mu.Lock()
			defer mu.Unlock()
			clicks = append(clicks, p)
			byHand = append(byHand, physical)
		})
	})
	picture := screen.NewFrame(image.Pt(120, 40))
	picture.Fill(picture.Bounds(), 0, 0xb4, 0xb4)
	if err := badge.Show(picture); err != nil {
		t.Fatal(err)
	}
	seenAt := func(r image.Rectangle) bool {
		out, n := x.Picture(t), 0
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				if p := out[3*(800*y+x):]; p[1] == badgePixel>>8 && p[2] == badgePixel&0xff {
					n++
				}
			}
		}
		return n > r.Dx()*r.Dy()*9/10
	}
	screentest.Eventually(t, "the badge is seen", func() bool { return seenAt(badge.Rect()) })
	x.Start(t, "xterm", "-geometry", "200x80+0+0", "-e", "sleep", "1000")
	screentest.Eventually(t, "a large window is there", func() bool {
		c, err := d.Windows.Choices()
		return err == nil && len(c.Apps) == 1
	})
	screentest.Eventually(t, "the badge stays on top", func() bool { return seenAt(badge.Rect()) })

	// Physically: xdotool injects too, so a viewer of the X server acts as the customer.
	v := startViewer(t, x.RFBPort)
	at := badge.Rect().Min.Add(image.Pt(20, 20))
	v.point(at, 0)
	v.point(at, 1)
	v.point(at, 0)
	screentest.Eventually(t, "a click is told", func() bool { return count() == 1 })
	mu.Lock()
	if clicks[0] != image.Pt(20, 20) || !byHand[0] {
		t.Errorf("clicked at %v, by hand %v", clicks[0], byHand[0])
	}
	mu.Unlock()
	// The badge becomes wider between press and release: the click is where its right edge says.
	v.point(at, 1)
	wider := screen.NewFrame(image.Pt(200, 40))
	wider.Fill(wider.Bounds(), 0, 0xb4, 0xb4)
	if err := badge.Show(wider); err != nil {
		t.Fatal(err)
	}
	v.point(at, 0)
	screentest.Eventually(t, "a click on the wider badge", func() bool { return count() == 2 })
	mu.Lock()
	if clicks[1] != image.Pt(100, 20) {
		t.Errorf("clicked at %v of the wider badge", clicks[1])
	}
	clicks, byHand = clicks[:1], byHand[:1]
	mu.Unlock()
	if err := badge.Show(picture); err != nil {
		t.Fatal(err)
	}
	before := badge.Rect()
	v.point(at, 1)
	for i := range 10 {
		v.point(at.Add(image.Pt(-10*i, -5*i)), 1)
	}
	v.point(at.Add(image.Pt(-90, -45)), 0)
	screentest.Eventually(t, "the badge is moved", func() bool { return badge.Rect() == before.Add(image.Pt(-90, -45)) })
	if count() != 1 {
		t.Error("moving is a click")
	}
	screentest.Eventually(t, "the badge is seen where it was moved", func() bool { return seenAt(badge.Rect()) })

	// Remote input does not reach it.
	at = badge.Rect().Min.Add(image.Pt(20, 20))
	for _, b := range []screen.Buttons{0, screen.ButtonLeft, 0} {
		if err := d.Input.Pointer(at, b); err != nil {
			t.Fatal(err)
		}
	}

	// Another program's input does, and is recognized as such; it comes after the other input.
	x.Run(t, "xdotool", "mousemove", strconv.Itoa(at.X+1), strconv.Itoa(at.Y+2), "click", "1")
	screentest.Eventually(t, "a program's click is told", func() bool { return count() >= 2 })
	mu.Lock()
	if count := len(clicks); count != 2 || clicks[1] != image.Pt(21, 22) {
		t.Errorf("%d clicks, the second at %v: injected ones reach the badge", count, clicks[1])
	}
	if byHand[1] {
		t.Error("a program's click is called one by hand")
	}
	mu.Unlock()

	if err := badge.Show(nil); err != nil {
		t.Fatal(err)
	}
	screentest.Eventually(t, "the badge is gone", func() bool {
		return !seenAt(image.Rectangle{Min: at.Sub(image.Pt(20, 20)), Max: at.Add(image.Pt(100, 20))})
	})
	if !badge.Rect().Empty() {
		t.Error("a hidden badge has a place")
	}
}

// TestStopClicksWhileQuestionsCome: a click on the badge reaches the badge, where it was aimed at,
// and answers nothing, at whatever moment of it a question appears.
func TestStopClicksWhileQuestionsCome(t *testing.T) {
	_, d, v := questionDesktop(t)
	screentest.ClickBadgeWhileAsked(t, d, []int{20, 150, 280}, func(at image.Point, down bool) {
		buttons := byte(0)
		if down {
			buttons = 1
		}
		v.point(at, buttons)
	}, func(a *screentest.AskedQuestion) { none(a, v) })
}

// TestHandsTellInjectedFromPhysical: input by XTEST is reported as not physical.
func TestHandsTellInjectedFromPhysical(t *testing.T) {
	x := x11test.Start(t, "Xtigervnc", "-geometry", "400x300")
	d := openOn(t, x, screen.Options{})
	var mu sync.Mutex
	acts := map[screen.Act]int{}
	background(t, func(ctx context.Context) error {
		return d.InputWatcher.Watch(ctx, func(a screen.Act) { mu.Lock(); acts[a]++; mu.Unlock() })
	})
	has := func(a screen.Act) func() bool {
		return func() bool { mu.Lock(); defer mu.Unlock(); return acts[a] > 0 }
	}
	screentest.Eventually(t, "an injected click is told", func() bool {
		x.Run(t, "xdotool", "click", "1")
		return has(screen.Act{Press: true})()
	})
	if has(screen.Act{Physical: true, Press: true})() {
		t.Fatal("an injected click is called physical")
	}
	v := startViewer(t, x.RFBPort)
	for i := range 5 {
		v.point(image.Pt(10+i, 10), 0)
	}
	screentest.Eventually(t, "a hand moves the pointer", has(screen.Act{Physical: true}))
	v.point(image.Pt(10, 10), 1)
	v.point(image.Pt(10, 10), 0)
	screentest.Eventually(t, "a hand clicks", has(screen.Act{Physical: true, Press: true}))
}

// TestChoicesOfMonitors: a share of one monitor is exactly that rectangle.
func TestChoicesOfMonitors(t *testing.T) {
	x := x11test.Start(t, "Xvfb", "-screen", "0", "800x600x24", "-nolisten", "tcp")
	x.Run(t, "xrandr", "--setmonitor", "lower", "800/200x200/50+0+400", "none")
	x.Run(t, "xrandr", "--setmonitor", "upper", "800/200x400/100+0+0", "none")
	d := openOn(t, x, screen.Options{})
	c, err := d.Windows.Choices()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for i, m := range c.Monitors {
		if m.Name == "lower" {
			n = i + 1
		}
	}
	share, err := screen.ParseShare("monitor:"+strconv.Itoa(n), func() ([]screen.Monitor, error) { return c.Monitors, nil })
	if err != nil {
		t.Fatal(err, c.Monitors)
	}
	scope, err := d.Windows.Open(share, grey)
	if err != nil {
		t.Fatal(err)
	}
	defer scope.Close()
	s := x11test.Watch(t, scope)
	p := x11test.NewPainter(t, x)
	p.Fill(image.Rect(0, 0, 800, 400), sentinelPixel)
	p.Fill(image.Rect(0, 400, 800, 600), ownPixel)
	screentest.Eventually(t, "the monitor is seen", func() bool {
		ok := false
		s.Read(func(v screen.View) {
			got := census(v.Frame)
			if got[sentinelPixel] > 0 {
				t.Error("another monitor is seen")
			}
			ok = v.Frame.Size == image.Pt(800, 200) && got[ownPixel] == 800*200
		})
		return ok
	})
	if err := scope.Pointer(image.Pt(5, 7), 0); err != nil {
		t.Fatal(err)
	}
	screentest.Eventually(t, "the pointer is in the monitor", func() bool {
		return string(x.Run(t, "xdotool", "getmouselocation"))[:len("x:5 y:407")] == "x:5 y:407"
	})
	if _, err := d.Windows.Open(screen.Share{Kind: screen.ShareMonitor, Monitor: 4711}, grey); err != screen.ErrNothingShared {
		t.Errorf("a monitor that is not there: %v", err)
	}
	fmt.Fprintln(t.Output(), "monitors:", c.Monitors)
}

// TestBadgePlace checks that the badge is above what the window manager reserves, and that its
// right edge stays where it is when its size changes.
func TestBadgePlace(t *testing.T) {
	x := x11test.Start(t, "Xtigervnc", "-geometry", "800x600")
	x.Run(t, "xprop", "-root", "-f", "_NET_WORKAREA", "32c", "-set", "_NET_WORKAREA", "0, 20, 800, 540")
	d := openOn(t, x, screen.Options{})
	room, scale, err := d.Badge.Room()
	if err != nil || room != 800-2*badgeMargin || scale != 1 {
		t.Errorf("room %d, scale %v, %v", room, scale, err)
	}
	var before image.Rectangle
	for _, size := range []image.Point{{120, 40}, {300, 36}, {60, 36}} {
		if err := d.Badge.Show(screen.NewFrame(size)); err != nil {
			t.Fatal(err)
		}
		r := d.Badge.Rect()
		if r.Size() != size || r.Max != image.Pt(800-badgeMargin, 560-badgeMargin) {
			t.Errorf("a badge of %v is at %v; before it was at %v", size, r, before)
		}
		before = r
	}
}
