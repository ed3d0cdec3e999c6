//go:build linux

package x11

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/screentest"
	"lotse/screen/x11/x11test"
)

func TestOpenErrors(t *testing.T) {
	t.Setenv("DISPLAY", "")
	for _, c := range []struct{ display, want string }{
		{"", "$DISPLAY is empty"},
		{"nonsense", "not of the form"},
		{":x", "not of the form"},
		{":0.-1", "not of the form"},
		{":49999", "no X server answers"},
	} {
		d, err := Open(screen.Options{Display: c.display})
		if err == nil {
			d.Close()
			t.Errorf("display %q opened", c.display)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("display %q: %v", c.display, err)
		}
	}
	x := x11test.Xvfb(t, "640x480x8")
	if _, err := Open(screen.Options{Display: x.Display}); err == nil || !strings.Contains(err.Error(), "colour map") {
		t.Errorf("colour-mapped display: %v", err)
	}
	x = x11test.Xvfb(t, "640x480x24")
	if _, err := Open(screen.Options{Display: x.Display + ".7"}); err == nil || !strings.Contains(err.Error(), "no screen 7") {
		t.Errorf("screen 7: %v", err)
	}
}

func TestCookie(t *testing.T) {
	auth := t.TempDir() + "/xauth"
	host, _ := os.Hostname()
	var b []byte
	field := func(s string) { b = append(b, byte(len(s)>>8), byte(len(s))); b = append(b, s...) }
	b = append(b, 1, 0) // local
	for _, f := range []string{host, "", xauthCookie, "0123456789abcdef"} {
		field(f)
	}
	if err := os.WriteFile(auth, b, 0o600); err != nil {
		t.Fatal(err)
	}
	x := x11test.Start(t, "Xvfb", "-screen", "0", "640x480x24", "-auth", auth)
	t.Setenv("XAUTHORITY", auth)
	openOn(t, x, screen.Options{})
	t.Setenv("XAUTHORITY", "/nonexistent")
	if _, err := Open(screen.Options{Display: x.Display}); err == nil || !strings.Contains(err.Error(), "XAUTHORITY") {
		t.Errorf("without cookie: %v", err)
	}
}

// TestResize changes the size while windows are drawn.
func TestResize(t *testing.T) {
	for _, o := range []screen.Options{{}, {NoShm: true}, {NoDamage: true}} {
		t.Run(fmt.Sprintf("noshm=%v,nodamage=%v", o.NoShm, o.NoDamage), func(t *testing.T) {
			x := x11test.Start(t, "Xtigervnc", "-geometry", "1000x700")
			d := openOn(t, x, o)
			f := x11test.Watch(t, d.Screen)
			p := x11test.NewPainter(t, x)
			for i, size := range []image.Point{{800, 600}, {1280, 1024}, {640, 480}, {1920, 1080}} {
				x.Run(t, "xrandr", "--output", "VNC-0", "--mode", fmt.Sprintf("%dx%d", size.X, size.Y))
				p.Fill(image.Rect(i*10, i*10, 2000, 300), uint32(0x123456*(i+1)))
				screentest.Eventually(t, fmt.Sprint("size ", size), func() bool {
					ok := false
					f.Read(func(v screen.View) {
						ok = v.Frame.Size == size && len(v.Monitors) > 0 && v.Monitors[0].Rect == v.Frame.Bounds() && v.Monitors[0].ID != 0
					})
					return ok
				})
				f.WantSame(t, x, 0)
			}
			if err := f.Err(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestResizeStorm makes captures meet a display that has become smaller.
func TestResizeStorm(t *testing.T) {
	x := x11test.Start(t, "Xtigervnc", "-geometry", "1000x700")
	d := openOn(t, x, screen.Options{})
	f := x11test.Watch(t, d.Screen)
	p := x11test.NewPainter(t, x)
	for i := range 12 {
		x.Run(t, "xrandr", "--output", "VNC-0", "--mode", []string{"1280x1024", "640x480"}[i%2])
		for j := range 20 {
			p.Fill(image.Rect(0, j, 2000, 900), uint32(i*j*12345))
		}
	}
	screentest.Eventually(t, "last size", func() bool {
		ok := false
		f.Read(func(v screen.View) { ok = v.Frame.Size == image.Pt(640, 480) })
		return ok
	})
	f.WantSame(t, x, 0)
	if err := f.Err(); err != nil {
		t.Error(err)
	}
}

func TestMonitors(t *testing.T) {
	x := x11test.Start(t, "Xtigervnc", "-geometry", "1000x700")
	d := openOn(t, x, screen.Options{})
	f := x11test.Watch(t, d.Screen)
	x.Run(t, "xrandr", "--setmonitor", "left", "400/100x700/100+0+0", "none")
	x.Run(t, "xrandr", "--setmonitor", "right", "600/100x700/100+400+0", "none")
	screentest.Eventually(t, "two monitors", func() bool {
		// The server does not report monitors that were set manually; a new size makes it report
		// them.
		x.Run(t, "xrandr", "--fb", "1000x702")
		x.Run(t, "xrandr", "--fb", "1000x700")
		var got []screen.Monitor
		f.Read(func(v screen.View) { got = slices.Clone(v.Monitors) })
		names := map[string]image.Rectangle{}
		for _, m := range got {
			names[m.Name] = m.Rect
		}
		return names["left"] == image.Rect(0, 0, 400, 700) && names["right"] == image.Rect(400, 0, 1000, 700)
	})
}

func TestCursor(t *testing.T) {
	x := x11test.Xvfb(t, "640x480x24")
	d := openOn(t, x, screen.Options{})
	p := x11test.NewPainter(t, x)
	cursor(p, t, 68) // left_ptr
	f := x11test.Watch(t, d.Screen)
	var first *screen.Cursor
	get := func() (c *screen.Cursor) { f.Read(func(v screen.View) { c = v.Cursor }); return }
	screentest.Eventually(t, "a cursor", func() bool { first = get(); return first != nil })
	if len(first.Pix) != first.Size.X*first.Size.Y*4 || !first.Hot.In(image.Rectangle{Max: first.Size}) {
		t.Fatalf("cursor of %v with hot spot %v and %d bytes", first.Size, first.Hot, len(first.Pix))
	}
	has := func(c *screen.Cursor, b, g, r, a byte) bool {
		for i := 0; i < len(c.Pix); i += 4 {
			if [4]byte(c.Pix[i:]) == [4]byte{b, g, r, a} {
				return true
			}
		}
		return false
	}
	if !has(first, 0, 0, 0xff, 0xff) || !has(first, 0xff, 0, 0, 0xff) || !has(first, 0, 0, 0, 0) {
		t.Error("the cursor lacks red, blue, or transparent pixels")
	}
	cursor(p, t, 150) // watch
	screentest.Eventually(t, "another cursor", func() bool {
		c := get()
		return c != nil && c != first && string(c.Pix) != string(first.Pix)
	})
	// The same shape remains the same pointer while the screen changes.
	c := get()
	n := f.Count()
	p.Fill(image.Rect(0, 0, 50, 50), 0x00ff00)
	screentest.Eventually(t, "an update", func() bool { return f.Count() > n })
	if get() != c {
		t.Error("the cursor was published again without a change")
	}
}

func TestArrow(t *testing.T) {
	if len(screen.Arrow.Pix) != screen.Arrow.Size.X*screen.Arrow.Size.Y*4 || screen.Arrow.Hot != (image.Point{}) {
		t.Fatalf("%v, %d bytes", screen.Arrow.Size, len(screen.Arrow.Pix))
	}
	// The tip, under the hot spot, is black; to its right it is transparent.
	if tip, beside := [4]byte(screen.Arrow.Pix), [4]byte(screen.Arrow.Pix[4*4:]); tip != [4]byte{3: 0xff} || beside != [4]byte{} {
		t.Errorf("tip %v, next to it %v", tip, beside)
	}
}

// next calls Next with a deadline.
func next(t testing.TB, s screen.Screen) screen.Update {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), screentest.Patience)
	defer cancel()
	u, err := s.Next(ctx)
	if err != nil {
		t.Fatalf("Next: %v", err)
	}
	return u
}

// quiet takes updates until one shows what was painted last.
func quiet(t testing.TB, x *x11test.Server, s screen.Screen) {
	t.Helper()
	p := x11test.NewPainter(t, x)
	const mark = 0x123456
	p.Fill(image.Rect(0, 0, 4, 4), mark)
	p.Sync()
	for shown := false; !shown; {
		u := next(t, s)
		shown = binary.LittleEndian.Uint32(u.Frame.Row(0, 0, 1))&0xffffff == mark
	}
}

// TestSmallDamage checks that a small change is reported as small.
func TestSmallDamage(t *testing.T) {
	x := x11test.Xvfb(t, "1920x1080x24")
	d := openOn(t, x, screen.Options{})
	s := d.Screen
	if u := next(t, s); u.Damage.Area() != 1920*1080 {
		t.Errorf("first damage covers %d pixels", u.Damage.Area())
	}
	quiet(t, x, s)
	p := x11test.NewPainter(t, x)
	for i := range 50 {
		r := image.Rect(100+i, 200, 140+i, 230)
		p.Fill(r, uint32(0x010203*i))
		u := next(t, s)
		missed := screen.RegionOf(r)
		missed.SubtractRegion(u.Damage)
		if !missed.Empty() || u.Damage.Area() > 4*r.Dx()*r.Dy() {
			t.Fatalf("damage %v for %v", u.Damage.Rects(), r)
		}
		if px := u.Frame.Row(215, r.Min.X, r.Min.X+1); px[0] != byte(3*i) || px[1] != byte(2*i) || px[2] != byte(i) {
			t.Fatalf("pixel %v after update %d", px, i)
		}
	}
}

// TestIdle checks that an idle screen takes hardly any work: less than half of what a capture takes
// that must compare frames, measured on the same machine.
func TestIdle(t *testing.T) {
	x := x11test.Xvfb(t, "1920x1080x24")
	idle := func(o screen.Options) time.Duration {
		d := openOn(t, x, o)
		quiet(t, x, d.Screen)
		before := processorTime(t)
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if _, err := d.Screen.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("an idle display: %v", err)
		}
		return processorTime(t) - before
	}
	told, compared := idle(screen.Options{}), idle(screen.Options{NoDamage: true, NoShm: true})
	if t.Logf("%v of processor in 2 s, %v for comparing", told, compared); 2*told > compared {
		t.Errorf("%v of processor in 2 s; comparing pictures takes %v", told, compared)
	}
}

// processorTime returns the processor time used by this process.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestServerDies kills the X server while everything waits for it.
func TestServerDies(t *testing.T) {
	for _, o := range []screen.Options{{}, {NoShm: true, NoDamage: true}} {
		x := x11test.Xvfb(t, "1000x700x24")
		d := openOn(t, x, o)
		f := x11test.Watch(t, d.Screen)
		background(t, func(ctx context.Context) error {
			return d.Clipboard.Watch(ctx, anybody, func(screen.Clip, screen.ClipboardOwner) {})
		})
		stopHotkey := background(t, func(ctx context.Context) error { return d.Hotkey.Watch(ctx, symF12, func() {}) })
		p := x11test.NewPainter(t, x)
		screentest.Eventually(t, "updates", func() bool { p.Fill(image.Rect(0, 0, 1000, 700), uint32(f.Count())); return f.Count() > 20 })
		x11test.Key(t, d.Input, keysym.ShiftL, true)
		x.Kill()
		screentest.Eventually(t, "Next fails", func() bool { return f.Err() != nil })
		if err := f.Err(); !errors.Is(err, errGone) || !strings.Contains(err.Error(), x.Display) {
			t.Errorf("Next: %v", err)
		}
		screentest.Eventually(t, "Key fails", func() bool {
			return errors.Is(d.Input.Key(screen.Key{Sym: 'a', Down: true}), errGone)
		})
		if err := d.Input.Pointer(image.Pt(1, 1), 0); !errors.Is(err, errGone) {
			t.Errorf("Pointer: %v", err)
		}
		if err := d.Clipboard.Set(screen.Clip{Text: "x"}); err == nil {
			t.Error("SetText: no error")
		}
		if err := stopHotkey(); !errors.Is(err, errGone) && !errors.Is(err, context.Canceled) {
			t.Errorf("Hotkey: %v", err)
		}
	}
}

func TestCloseWakesNext(t *testing.T) {
	x := x11test.Xvfb(t, "640x480x24")
	d := openOn(t, x, screen.Options{})
	s := d.Screen
	quiet(t, x, s)
	got := make(chan error, 1)
	go func() {
		for {
			if _, err := s.Next(context.Background()); err != nil {
				got <- err
				return
			}
		}
	}()
	screentest.BlockedIn(t, ".Next")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-got; !errors.Is(err, screen.ErrClosed) {
		t.Errorf("Next: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if _, err := s.Next(context.Background()); !errors.Is(err, screen.ErrClosed) {
		t.Errorf("Next after Close: %v", err)
	}
}

// shmSegments counts the shared memory segments that this process is attached to or has created.
func shmSegments(t testing.TB) int {
	t.Helper()
	n := 0
	pid := fmt.Sprint(os.Getpid())
	out, err := x11test.Tool(t, "ipcs", "-m", "-p").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) == 4 && f[2] == pid {
			n++
		}
	}
	return n
}

// TestSharedMemoryEnds checks that no segment outlives its use, and that a frame is readable as
// long as it is referenced.
func TestSharedMemoryEnds(t *testing.T) {
	runtime.GC()
	screentest.Eventually(t, "segments of earlier tests are gone", func() bool { runtime.GC(); return shmSegments(t) == 0 })
	x := x11test.Start(t, "Xtigervnc", "-geometry", "640x480")
	d := openOn(t, x, screen.Options{})
	quiet(t, x, d.Screen)
	if n := shmSegments(t); n != 1 {
		t.Errorf("%d segments while capturing", n)
	}
	out, err := x11test.Tool(t, "ipcs", "-m").Output()
	if err != nil || !strings.Contains(string(out), "dest") {
		t.Errorf("the segment is not marked for removal (%v):\n%s", err, out)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	// The server releases it when it notices that the connection has ended.
	screentest.Eventually(t, "the segment goes with Close", func() bool { return shmSegments(t) == 0 })

	d = openOn(t, x, screen.Options{})
	u := next(t, d.Screen)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		runtime.GC()
	}
	sum := 0
	for _, b := range u.Frame.Pix { // would crash if it were unmapped
		sum += int(b)
	}
	runtime.KeepAlive(u)
	u = screen.Update{}
	screentest.Eventually(t, "the frame's memory goes", func() bool { runtime.GC(); return shmSegments(t) == 0 })
	_ = sum
}

func BenchmarkNext(b *testing.B) {
	for _, c := range []struct {
		name    string
		options screen.Options
		rect    image.Rectangle
	}{
		{"full", screen.Options{}, image.Rect(0, 0, 1920, 1080)},
		{"wide-1600x400", screen.Options{}, image.Rect(10, 100, 1610, 500)},
		{"small-256x256", screen.Options{}, image.Rect(500, 300, 756, 556)},
		{"full-noshm", screen.Options{NoShm: true}, image.Rect(0, 0, 1920, 1080)},
		{"small-256x256-noshm", screen.Options{NoShm: true}, image.Rect(500, 300, 756, 556)},
	} {
		b.Run(c.name, func(b *testing.B) {
			x := x11test.Xvfb(b, "1920x1080x24")
			d := openOn(b, x, c.options)
			quiet(b, x, d.Screen)
			p := x11test.NewPainter(b, x)
			b.ReportAllocs()
			var only time.Duration
			for i := range b.N {
				p.Fill(c.rect, uint32(i))
				p.Sync()
				start := time.Now()
				next(b, d.Screen)
				only += time.Since(start)
			}
			b.ReportMetric(float64(only.Microseconds())/float64(b.N), "us/Next")
		})
	}
}

func BenchmarkPointer(b *testing.B) {
	x := x11test.Xvfb(b, "1920x1080x24")
	d := openOn(b, x, screen.Options{})
	b.ResetTimer()
	for i := range b.N {
		if err := d.Input.Pointer(image.Pt(i%1900, i%1000), 0); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkKey(b *testing.B) {
	x := x11test.Xvfb(b, "1920x1080x24")
	d := openOn(b, x, screen.Options{})
	b.ResetTimer()
	for range b.N {
		x11test.Key(b, d.Input, 'a', true)
		x11test.Key(b, d.Input, 'a', false)
	}
}

// TestServerStops stops the X server: callers that wait for it get an error after Options.Patience,
// and Close does not wait for it at all.
func TestServerStops(t *testing.T) {
	x := x11test.Xvfb(t, "320x240x24")
	d := openOn(t, x, screen.Options{Patience: time.Second})
	f := x11test.Watch(t, d.Screen)
	screentest.Eventually(t, "a picture", func() bool { return f.Count() > 0 })
	x.Signal(t, syscall.SIGSTOP)
	waits := make(chan error, 2)
	go func() { waits <- d.Input.Key(screen.Key{Sym: 'a', Down: true}) }()
	go func() { _, err := d.Windows.Choices(); waits <- err }()
	d.Screen.Refresh()
	for range 2 {
		if err := <-waits; err == nil {
			t.Error("a stopped server gave an answer")
		}
	}
	screentest.Eventually(t, "Next fails", func() bool { return f.Err() != nil })
	x.Signal(t, syscall.SIGCONT)
}

// TestSuspend: a call that waits for the server presses nothing after the input was suspended, even
// for a moment. A call while it is suspended presses nothing either.
func TestSuspend(t *testing.T) {
	x := x11test.Xvfb(t, "320x240x24")
	d := openOn(t, x, screen.Options{})
	li := startListener(t, x)
	in := d.Input
	x11test.Key(t, in, 'a', true)
	x11test.Key(t, in, 'a', false)
	li.take(t, 2)
	x.Signal(t, syscall.SIGSTOP)
	waits := make(chan error, 1)
	go func() { waits <- in.Key(screen.Key{Sym: 'q', Down: true}) }()
	screentest.Eventually(t, "the call is under way", func() bool {
		free := in.(*input).mu.TryLock()
		if free {
			in.(*input).mu.Unlock()
		}
		return !free
	})
	in.Suspend(true) // returns although the server is stopped
	in.Suspend(false)
	x.Signal(t, syscall.SIGCONT)
	if err := <-waits; err != nil {
		t.Fatal(err)
	}
	in.Suspend(true)
	if err := in.Pointer(image.Pt(7, 7), screen.ButtonLeft); err != nil {
		t.Fatal(err)
	}
	in.Suspend(false)
	x11test.Key(t, in, 'w', true)
	x11test.Key(t, in, 'w', false)
	if got := li.take(t, 2); got != "+25 -25" {
		t.Errorf("got %s", got)
	}
}
