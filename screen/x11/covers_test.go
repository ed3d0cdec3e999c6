//go:build linux

package x11

import (
	"context"
	"errors"
	"fmt"
	"image"
	"sync/atomic"
	"testing"

	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/screen/x11/x11test"
)

// lookBlue is the colour of the frame of a question window that asks for View.
const lookBlue = 0x1b4a7a

// TestOwnWindowsAreHidden: however this program's own windows appear, disappear and move, no
// capture of the screen or of a monitor shows a pixel of them.
func TestOwnWindowsAreHidden(t *testing.T) {
	for name, o := range map[string]struct {
		screen.Options
		compositor bool
	}{"damage": {}, "polled": {Options: screen.Options{NoDamage: true, NoShm: true}}, "compositor": {compositor: true}} {
		t.Run(name, func(t *testing.T) {
			x := x11test.Start(t, "Xtigervnc", "-geometry", "800x600")
			x.StartOpenbox(t)
			if o.compositor {
				x.Start(t, "picom", "--backend", "xrender", "--config", "/dev/null", "--fading", "--fade-in-step", "0.05", "--fade-out-step", "0.05")
				l, err := dialX(screen.Options{Display: x.Display}.WithDefaults(), func([]byte) {})
				if err != nil {
					t.Fatal(err)
				}
				defer l.close()
				screentest.Eventually(t, "the compositor", func() bool { return hasCompositor(l) })
			}
			x.Run(t, "xsetroot", "-solid", "#00c800")
			d := openOn(t, x, o.Options)
			scope, err := d.Windows.Open(screen.Share{}, grey)
			if err != nil {
				t.Fatal(err)
			}
			leaks, frames := watchForOwnWindows(t, scope)
			v := startViewer(t, x.RFBPort)
			hostileOwnWindows(t, x, d, v)
			before := frames.Load()
			screentest.Eventually(t, "further frames", func() bool { scope.Refresh(); return frames.Load() > before+2 })
			if n := leaks.Load(); n > 0 {
				t.Errorf("%d pixels of our own windows in %d frames", n, frames.Load())
			}
			fmt.Fprintln(t.Output(), frames.Load(), "frames")
		})
	}
}

// watchForOwnWindows counts pixels of our own windows in all frames of a share.
func watchForOwnWindows(t *testing.T, s screen.Screen) (leaks, frames *atomic.Int64) {
	leaks, frames = new(atomic.Int64), new(atomic.Int64)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			u, err := s.Next(ctx)
			if err != nil {
				return
			}
			frames.Add(1)
			leaks.Add(int64(countPixels(u.Frame, sentinelPixel, lookBlue)))
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return leaks, frames
}

func countPixels(f *screen.Frame, colours ...uint32) (n int) {
	for y := range f.Size.Y {
		for row := f.Row(y, 0, f.Size.X); len(row) >= 4; row = row[4:] {
			pixel := uint32(row[0]) | uint32(row[1])<<8 | uint32(row[2])<<16
			for _, c := range colours {
				if pixel == c {
					n++
				}
			}
		}
	}
	return n
}

// hostileOwnWindows shows, hides and moves the badge, and asks and withdraws questions.
func hostileOwnWindows(t *testing.T, x *x11test.Server, d *screen.Desktop, v *viewer) {
	t.Helper()
	badge := d.Badge
	background(t, func(ctx context.Context) error { return badge.Watch(ctx, func(image.Point, bool) {}) })
	picture := screen.NewFrame(image.Pt(200, 80))
	picture.Fill(picture.Bounds(), sentinelPixel>>16, sentinelPixel>>8&0xff, sentinelPixel&0xff)
	for round := range 3 {
		if err := badge.Show(picture); err != nil {
			t.Fatal(err)
		}
		a := screentest.Ask(t, d.Asker, screentest.AnyQuestion())
		at := badge.Rect().Min.Add(image.Pt(20, 20))
		v.point(at, 0)
		v.point(at, 1)
		for range 20 {
			at = at.Add(image.Pt(-15, 10))
			v.point(at, 1)
		}
		v.point(at, 0)
		for range 10 {
			if err := errors.Join(badge.Show(nil), badge.Show(picture)); err != nil {
				t.Fatal(err)
			}
		}
		if round == 1 {
			a.AwaitArmed()
			click(a, v, "more")
			a.Middle("choice:one")
		}
		a.Stop()
		a.Wait()
		if err := badge.Show(nil); err != nil {
			t.Fatal(err)
		}
	}
}
