//go:build windows

package windows

import (
	"unsafe"

	"context"
	"errors"
	"fmt"
	"image"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/screentest"
)

// startColour starts a program with one window of one colour.
func startColour(t testing.TB, colour uint32, r image.Rectangle) *puppet {
	return startPuppet(t, "colour", fmt.Sprintf("%x %d %d %d %d", colour, r.Min.X, r.Min.Y, r.Dx(), r.Dy()))
}

// TestCapture: a window of known colour is captured at its place, to the pixel, and where it moves;
// so is the pointer.
func TestCapture(t *testing.T) {
	r := image.Rect(150, 120, 450, 320)
	p := startColour(t, 0x12c456, r)
	d := openTest(t, screen.Options{})
	f := watch(t, d.Screen)
	screentest.Eventually(t, "the window is seen", func() bool { return f.solid(r, 0x12c456) })
	for _, off := range []image.Rectangle{
		image.Rect(r.Min.X-1, r.Min.Y, r.Min.X, r.Max.Y), image.Rect(r.Max.X, r.Min.Y, r.Max.X+1, r.Max.Y),
		image.Rect(r.Min.X, r.Min.Y-1, r.Max.X, r.Min.Y), image.Rect(r.Min.X, r.Max.Y, r.Max.X, r.Max.Y+1),
	} {
		if f.solid(off, 0x12c456) {
			t.Errorf("the window's colour is outside of it, in %v", off)
		}
	}
	p.ask("move 333 77")
	moved := image.Rect(333, 77, 633, 277)
	screentest.Eventually(t, "the window is seen where it moved", func() bool { return f.solid(moved, 0x12c456) })
	for _, at := range []image.Point{{10, 20}, {500, 300}, {0, 0}, {799, 599}} {
		if err := d.Input.Pointer(at, 0); err != nil {
			t.Fatal(err)
		}
		screentest.Eventually(t, fmt.Sprint("pointer at ", at), func() (ok bool) {
			f.Read(func(v screen.View) { ok = v.Pointer == at && len(v.Monitors) == 1 })
			return ok
		})
	}
}

// TestReadShape reads shapes that every Windows has.
func TestReadShape(t *testing.T) {
	for _, id := range []uintptr{32512, 32513, 32649} { // screen.Arrow, text, hand
		c := readShape(call(procLoadCursor, 0, id))
		if c == nil {
			t.Errorf("shape %d cannot be read", id)
			continue
		}
		seen := 0
		for i := 3; i < len(c.Pix); i += 4 {
			if c.Pix[i] != 0 {
				seen++
			}
		}
		if seen < 10 || seen == len(c.Pix)/4 || !c.Hot.In(image.Rectangle{Max: c.Size}) {
			t.Errorf("shape %d: %d of %v pixels are seen, hot spot %v", id, seen, c.Size, c.Hot)
		}
	}
	if readShape(12345) != nil {
		t.Error("a shape that is not there")
	}
}

// TestIdleCosts: a screen on which nothing happens is captured less and less often, until it is
// hardly captured at all.
func TestIdleCosts(t *testing.T) {
	d := openTest(t, screen.Options{NoDamage: true}) // by GDI, even if duplication is available
	s := d.Screen.(*wholeScreen)
	start, before := time.Now(), processTime()
	n := 0
	for s.polling.every != pollSlow {
		if time.Since(start) > screentest.Patience {
			t.Fatalf("still looks every %v", s.polling.every)
		}
		ctx, cancel := context.WithTimeout(t.Context(), pollSlow)
		if _, err := s.Next(ctx); err == nil {
			n++
		}
		cancel()
	}
	t.Logf("%d updates, %v of processor time in %v", n, processTime()-before, time.Since(start))
	if n > 8 {
		t.Errorf("%d updates of an idle screen", n)
	}
}

func processTime() time.Duration {
	var created, exited, kernel, user windows.Filetime
	_ = windows.GetProcessTimes(windows.CurrentProcess(), &created, &exited, &kernel, &user)
	ticks := func(f windows.Filetime) int64 { return int64(f.HighDateTime)<<32 | int64(f.LowDateTime) }
	return time.Duration(ticks(kernel)+ticks(user)) * 100
}

func TestScreenCloses(t *testing.T) {
	d := openTest(t, screen.Options{})
	if _, err := d.Screen.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := d.Screen.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
	d.Screen.Refresh()
	u, err := d.Screen.Next(t.Context())
	if err != nil || u.Damage.Area() != u.Frame.Size.X*u.Frame.Size.Y {
		t.Errorf("after Refresh: %v, %d pixels", err, u.Damage.Area())
	}
	failed := make(chan error)
	go func() {
		for {
			if _, err := d.Screen.Next(context.Background()); err != nil {
				failed <- err
				return
			}
		}
	}()
	screentest.BlockedIn(t, ".Next")
	if err := errors.Join(d.Screen.Close(), d.Screen.Close()); err != nil {
		t.Error(err)
	}
	if err := <-failed; !errors.Is(err, screen.ErrClosed) {
		t.Errorf("a blocked Next: %v", err)
	}
}

var (
	procGetGuiResources       = user32.NewProc("GetGuiResources")
	procGetProcessHandleCount = kernel32.NewProc("GetProcessHandleCount")
)

// handles returns how many handles of the system this process holds.
func handles() (all, gdi, user int) {
	var n uint32
	call(procGetProcessHandleCount, uintptr(windows.CurrentProcess()), uintptr(unsafe.Pointer(&n)))
	return int(n), int(call(procGetGuiResources, uintptr(windows.CurrentProcess()), 0)), int(call(procGetGuiResources, uintptr(windows.CurrentProcess()), 1))
}

// TestNothingRemains opens and uses everything repeatedly.
func TestNothingRemains(t *testing.T) {
	once := func() {
		d, err := Open(screen.Options{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		done := make(chan error, 4)
		go func() { done <- d.Hotkey.Watch(ctx, keysym.F12, func() {}) }()
		go func() { done <- d.InputWatcher.Watch(ctx, func(screen.Act) {}) }()
		go func() { done <- d.Badge.Watch(ctx, func(image.Point, bool) {}) }()
		go func() { done <- d.Clipboard.Watch(ctx, anybody, func(screen.Clip, screen.ClipboardOwner) {}) }()
		if err := d.Badge.Show(grey(image.Pt(50, 20))); err != nil {
			t.Error(err)
		}
		if err := d.Clipboard.Set(screen.Clip{Text: "x"}); err != nil {
			t.Error(err)
		}
		scope, err := d.Windows.Open(screen.Share{Kind: screen.ShareApps, Apps: []string{screen.AppNamed("none")}}, grey)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []screen.Screen{d.Screen, scope} {
			if _, err := s.Next(t.Context()); err != nil {
				t.Error(err)
			}
		}
		for range 4 {
			<-done
		}
		if err := errors.Join(scope.Close(), d.Close(), d.Close()); err != nil {
			t.Error(err)
		}
	}
	once()
	runtime.GC()
	all, gdi, user := handles()
	for range 10 {
		once()
	}
	runtime.GC()
	// Threads that are ending, and wine's counts, may lag a little.
	screentest.Eventually(t, "handles are given back", func() bool {
		a, g, u := handles()
		return a <= all+5 && g <= gdi+2 && u <= user+2
	})
}

// TestNotices: normally there is no notice.
func TestNotices(t *testing.T) {
	d := openTest(t, screen.Options{})
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	err := d.Notices.Watch(ctx, func(n screen.Notice) { t.Errorf("notice %v", n) })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if level, err := integrity(windows.CurrentProcess()); err != nil || level == 0 {
		t.Errorf("integrity level %#x, %v", level, err)
	}
}

func grey(size image.Point) *screen.Frame {
	f := screen.NewFrame(size)
	f.Fill(f.Bounds(), 0x80, 0x80, 0x80)
	return f
}
