//go:build linux

package x11

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/screen/x11/x11test"
)

// The colours of x11test's programs, and of the test's backdrop.
const (
	sentinelPixel = x11test.Sentinel
	ownPixel      = x11test.Own
	menuPixel     = x11test.Menu
	backPixel     = 0x808080
)

func init() { x11test.RunPuppet() }

// startPuppets starts the program that is never shared and the one that is, and returns both, and
// the ID with which to share the second.
func startPuppets(t testing.TB, x *x11test.Server) (both puppets, id string) {
	t.Helper()
	both = puppets{x11test.StartPuppet(t, x.Display, x11test.Secret), x11test.StartPuppet(t, x.Display, x11test.Chosen)}
	return both, appOf(t, both[1].PID)
}

// appOf returns the ID with which a process is shared.
func appOf(t testing.TB, pid int) string {
	t.Helper()
	p, ok := processOf(pid)
	if !ok {
		t.Fatal("no process")
	}
	return p.ID()
}

type puppets [2]*x11test.Puppet

func grey(size image.Point) *screen.Frame {
	f := screen.NewFrame(size)
	f.Fill(f.Bounds(), 0x80, 0x80, 0x80)
	return f
}

// census counts the pixels of a frame that have one of the test's colours.
func census(f *screen.Frame) map[uint32]int {
	colours := [...]uint32{sentinelPixel, ownPixel, menuPixel, backPixel}
	var n [len(colours)]int
	for y := range f.Size.Y {
		for row := f.Row(y, 0, f.Size.X); len(row) >= 4; row = row[4:] {
			pixel := binary.LittleEndian.Uint32(row) & 0xffffff
			for i, c := range colours {
				if pixel == c {
					n[i]++
				}
			}
		}
	}
	out := map[uint32]int{}
	for i, c := range colours {
		if n[i] > 0 {
			out[c] = n[i]
		}
	}
	return out
}

// TestShareLeaksNothing captures while shared and other windows move, grow, appear and disappear at
// full speed: no pixel of another window may be read.
//
// With the race detector a hundredth of the captures is made, here and below; `make test` also runs
// both without it.
func TestShareLeaksNothing(t *testing.T) {
	for _, test := range []struct {
		name     string
		programs [][]string
		noShm    bool
		frames   int
	}{
		{"bare", nil, false, 1000},
		{"compositor", [][]string{{"picom", "--backend", "xrender", "--config", "/dev/null"}}, false, 500},
		{"window manager", [][]string{{"openbox"}}, false, 30},
		{"without shared memory", nil, true, 150},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := x11test.Start(t, "Xvfb", "-screen", "0", "800x600x24", "-nolisten", "tcp")
			for _, p := range test.programs {
				x.Start(t, p[0], p[1:]...)
			}
			both, id := startPuppets(t, x)
			d := openOn(t, x, screen.Options{NoShm: test.noShm})
			scope, err := d.Windows.Open(screen.Share{Kind: screen.ShareApps, Apps: []string{id}}, grey)
			if err != nil {
				t.Fatal(err)
			}
			defer scope.Close()
			frames := test.frames
			if raceDetector {
				frames = max(3, frames/100)
			}
			own := both.watchForLeaks(t, scope, frames)
			own += both.atRest(t, scope)
			t.Logf("%d pixels of the chosen program", own)
		})
	}
}

// movesAFrame is how often each program may move a window while a frame is captured: more often
// than it can on a quiet machine, except with a window manager.
const movesAFrame = 10

// watchForLeaks takes frames while windows move, and fails at the first foreign pixel. It returns
// how many pixels of the shared program were seen in all.
func (both puppets) watchForLeaks(t *testing.T, s screen.Screen, frames int) (own int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 4*screentest.Patience)
	defer cancel()
	for i := range frames {
		both.stepping(func() { own += ownSeen(t, ctx, s, i) })
	}
	return own
}

// stepping makes windows move while f waits for a frame. One step may not be enough, because
// nothing shown may have changed after it, and then there is no frame.
func (both puppets) stepping(f func()) {
	both.step()
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		again := time.NewTicker(50 * time.Millisecond)
		defer again.Stop()
		for {
			select {
			case <-again.C:
				both.step()
			case <-over:
				return
			}
		}
	}()
	defer func() { close(over); <-done }()
	f()
}

func (both puppets) step() {
	for _, p := range both {
		p.Step(movesAFrame)
	}
}

// atRest stops the windows until the shared program is seen, because a share that showed nothing
// would leak nothing either. It fails at the first foreign pixel, and returns how many pixels of
// the shared program were seen.
func (both puppets) atRest(t *testing.T, s screen.Screen) (own int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), screentest.Patience)
	defer cancel()
	for _, p := range both {
		p.Rest()
		defer p.Move()
	}
	for i := 0; own == 0; i++ {
		own = ownSeen(t, ctx, s, i)
	}
	return own
}

// ownSeen counts the pixels of the shared program in the next frame, and fails if there is one of
// another window.
func ownSeen(t *testing.T, ctx context.Context, s screen.Screen, frame int) (own int) {
	t.Helper()
	u, err := s.Next(ctx)
	if err != nil {
		t.Fatalf("frame %d: %v", frame, err)
	}
	for pixel, n := range census(u.Frame) {
		switch pixel {
		case ownPixel, menuPixel:
			own += n
		case sentinelPixel:
			t.Fatalf("frame %d shows %d pixels of a window that was not chosen", frame, n)
		}
	}
	return own
}

// TestShareLeakIsNoticed tests the test itself: a mask applied to captures of the screen, late as
// such masks are, leaks, and this must be noticed.
func TestShareLeakIsNoticed(t *testing.T) {
	x := x11test.Start(t, "Xvfb", "-screen", "0", "800x600x24", "-nolisten", "tcp")
	both, id := startPuppets(t, x)
	d := openOn(t, x, screen.Options{})
	scope, err := d.Windows.Open(screen.Share{Kind: screen.ShareApps, Apps: []string{id}}, grey)
	if err != nil {
		t.Fatal(err)
	}
	defer scope.Close()
	a := scope.(*appScope).appScreen
	ctx, cancel := context.WithTimeout(context.Background(), screentest.Patience)
	defer cancel()
	for range 2000 {
		both.stepping(func() {
			if _, err := scope.Next(ctx); err != nil {
				t.Fatal(err)
			}
		})
		whole, err := d.Screen.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		masked := grey(whole.Frame.Size)
		for _, r := range a.canvas.shown {
			masked.CopyRect(whole.Frame, r)
		}
		if census(masked)[sentinelPixel] > 0 {
			return
		}
	}
	t.Error("a late mask leaked nothing: the windows are too calm for this test")
}

// TestShareSettles compares what is shared with the screen when nothing moves.
func TestShareSettles(t *testing.T) {
	x := x11test.Start(t, "Xvfb", "-screen", "0", "800x600x24", "-nolisten", "tcp")
	x.StartOpenbox(t)
	x.Start(t, "xterm", "-geometry", "40x10+100+100", "-bg", "#203040", "-e", "sleep", "1000")
	d := openOn(t, x, screen.Options{})
	screentest.Eventually(t, "the program is offered", func() bool {
		c, err := d.Windows.Choices()
		return err == nil && len(c.Apps) == 1 && c.Apps[0].Name == "xterm" && len(c.Monitors) == 1
	})
	scope, err := d.Windows.Open(screen.Share{Kind: screen.ShareApps, Apps: []string{screen.AppNamed("XTerm")}}, grey)
	if err != nil {
		t.Fatal(err)
	}
	defer scope.Close()
	s := x11test.Watch(t, scope)
	inside := func() bool { // the frame, as the screen shows it, and grey around it
		var equal, outside int
		want := x.Picture(t)
		s.Read(func(v screen.View) {
			if v.Frame.Size != image.Pt(800, 600) {
				return
			}
			for y := range 600 {
				row := v.Frame.Row(y, 0, 800)
				for i := range 800 {
					w := want[3*(y*800+i):]
					switch {
					case row[4*i] == 0x80 && row[4*i+1] == 0x80 && row[4*i+2] == 0x80:
						outside++
					case row[4*i] == w[2] && row[4*i+1] == w[1] && row[4*i+2] == w[0]:
						equal++
					default:
						equal -= 1000
					}
				}
			}
		})
		return equal > 240*130 && outside > 300000
	}
	screentest.Eventually(t, "the window is seen as it is", inside)

	p := x11test.NewPainter(t, x)
	p.Fill(image.Rect(0, 0, 90, 90), sentinelPixel) // on the root window: not shared
	id := strings.Fields(string(x.Run(t, "xdotool", "search", "--class", "xterm")))[0]
	screentest.Eventually(t, "what was painted on the window is seen", func() bool {
		p.KeepIn(windowNamed(t, id), image.Rect(50, 50, 70, 70), ownPixel) // after it, on the xterm
		var got map[uint32]int
		s.Read(func(v screen.View) { got = census(v.Frame) })
		if got[sentinelPixel] > 0 {
			t.Fatal("the desktop is seen")
		}
		return got[ownPixel] == 20*20
	})

	for _, do := range [][]string{{"windowmove", "--sync", id, "300", "300"}, {"windowsize", "--sync", id, "400", "200"}} {
		x.Run(t, "xdotool", do...)
		screentest.Eventually(t, fmt.Sprint("seen as it is after ", do), inside)
	}
	x.Run(t, "xdotool", "windowminimize", "--sync", id)
	screentest.Eventually(t, "nothing is left", func() bool {
		left := 0
		s.Read(func(v screen.View) { left = 800*600 - census(v.Frame)[backPixel] })
		return left == 0
	})
}

// TestShareInput: events reach only shared windows.
func TestShareInput(t *testing.T) {
	x := x11test.Start(t, "Xtigervnc", "-geometry", "800x600")
	d := openOn(t, x, screen.Options{})
	ty := x11test.StartTypist(t, x) // at the top left, with the focus
	other := startPuppetWindow(t, x, image.Rect(600, 400, 700, 500))
	share := func(id string) screen.Scope {
		t.Helper()
		s, err := d.Windows.Open(screen.Share{Kind: screen.ShareApps, Apps: []string{id}}, grey)
		if err != nil {
			t.Fatal(err)
		}
		x11test.Watch(t, s)
		return s
	}
	screentest.Eventually(t, "both programs are there", func() bool {
		return len(strings.Fields(string(x.Run(t, "xdotool", "search", "--onlyvisible", "--class", "xterm")))) == 2
	})
	mine := share(appOf(t, ty.PID))
	screentest.Eventually(t, "the share is known", func() bool {
		x11test.TypeText(t, mine, "a")
		return strings.Contains(ty.Content(), "a") || func() bool { x11test.TypeText(t, mine, "\n"); return strings.Contains(ty.Content(), "a") }()
	})
	where := func() string { return strings.Fields(string(x.Run(t, "xdotool", "getmouselocation")))[0] }
	if err := mine.Pointer(image.Pt(20, 20), 0); err != nil {
		t.Fatal(err)
	}
	screentest.Eventually(t, "the pointer moves inside", func() bool { return where() == "x:20" })
	if err := errors.Join(mine.Pointer(image.Pt(650, 450), 0), mine.Pointer(image.Pt(400, 590), screen.ButtonLeft)); err != nil {
		t.Fatal(err)
	}
	if w := where(); w != "x:20" {
		t.Fatalf("the pointer leaves the share: %s", w)
	}
	if err := mine.Close(); err != nil {
		t.Fatal(err)
	}

	// The focus stays in the xterm; the share is now of the other program.
	theirs := share(other)
	x11test.TypeText(t, d.Input, "#\n")
	screentest.Eventually(t, "all of before is there", func() bool { return strings.HasSuffix(ty.Content(), "#\n") })
	before := ty.Content()
	x11test.TypeText(t, theirs, "secret\n")
	x11test.TypeText(t, d.Input, "!\n") // after it, with the whole display's input
	screentest.Eventually(t, "what was typed behind it", func() bool { return ty.Content() != before })
	if got := ty.Content(); got != before+"!\n" {
		t.Fatalf("a key reaches a window that is not shared: %q", strings.TrimPrefix(got, before))
	}
	screentest.Eventually(t, "the pointer moves in the other", func() bool {
		if err := theirs.Pointer(image.Pt(650, 450), 0); err != nil {
			t.Fatal(err)
		}
		return where() == "x:650"
	})
	// A drag out of the share ends where it left the share.
	for _, m := range []struct {
		at image.Point
		b  screen.Buttons
	}{{image.Pt(655, 445), screen.ButtonLeft}, {image.Pt(100, 100), screen.ButtonLeft}, {image.Pt(100, 100), 0}} {
		if err := theirs.Pointer(m.at, m.b); err != nil {
			t.Fatal(err)
		}
	}
	if got := where(); got != "x:655" {
		t.Errorf("after the drag the pointer is at %s", got)
	}
	if err := theirs.Close(); err != nil {
		t.Fatal(err)
	}
}

// startPuppetWindow starts a program with one window that does not move and returns its ID.
func startPuppetWindow(t testing.TB, x *x11test.Server, r image.Rectangle) string {
	t.Helper()
	c := x.Start(t, "xterm", "-geometry", fmt.Sprintf("10x4+%d+%d", r.Min.X, r.Min.Y), "-e", "sleep", "1000")
	return appOf(t, c.Process.Pid)
}

// TestSharePointer: the pointer and its shape are reported only over shared windows.
func TestSharePointer(t *testing.T) {
	x := x11test.Start(t, "Xvfb", "-screen", "0", "800x600x24", "-nolisten", "tcp")
	d := openOn(t, x, screen.Options{})
	id := startPuppetWindow(t, x, image.Rect(400, 300, 500, 400))
	x.Start(t, "xterm", "-geometry", "10x4+50+50", "-e", "sleep", "1000")
	scope, err := d.Windows.Open(screen.Share{Kind: screen.ShareApps, Apps: []string{id}}, grey)
	if err != nil {
		t.Fatal(err)
	}
	defer scope.Close()
	var record pointers
	s := x11test.Watch(t, recorded{scope, &record})
	pointer := func() (shown bool, at image.Point) {
		s.Read(func(v screen.View) { shown, at = v.Cursor != nil, v.Pointer })
		return shown, at
	}
	screentest.Eventually(t, "the pointer is seen over the shared window", func() bool {
		x.Run(t, "xdotool", "mousemove", "420", "320")
		x.Run(t, "xdotool", "mousemove", "421", "321")
		shown, at := pointer()
		return shown && at == image.Pt(421, 321)
	})
	x.Run(t, "xdotool", "mousemove", "70", "70") // over the other one
	screentest.Eventually(t, "the shape is hidden over another window", func() bool { shown, _ := pointer(); return !shown })
	record.forget()
	x.Run(t, "xdotool", "mousemove", "10", "590") // over the desktop
	p := x11test.NewPainter(t, x)
	both := strings.Fields(string(x.Run(t, "xdotool", "search", "--class", "xterm"))) // one is shared
	screentest.Eventually(t, "a frame that comes behind it", func() (ok bool) {
		for _, w := range both {
			p.KeepIn(windowNamed(t, w), image.Rect(10, 10, 14, 14), ownPixel)
		}
		s.Read(func(v screen.View) { ok = census(v.Frame)[ownPixel] == 4*4 })
		return ok
	})
	x.Run(t, "xdotool", "mousemove", "425", "325")
	screentest.Eventually(t, "the pointer is back", func() bool { shown, at := pointer(); return shown && at == image.Pt(425, 325) })
	for _, u := range record.all() {
		if inside := u.Pointer == image.Pt(425, 325); !inside && (u.Pointer != image.Pt(421, 321) || u.Cursor != nil) {
			t.Errorf("over an area that is not shared, the pointer is reported: %v, its shape %v", u.Pointer, u.Cursor != nil)
		}
	}
}

// windowNamed returns the window whose ID xdotool has printed.
func windowNamed(t testing.TB, number string) xproto.Window {
	t.Helper()
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return xproto.Window(n)
}

// recorded records the pointers in a screen's updates.
type recorded struct {
	screen.Screen
	record *pointers
}

func (r recorded) Next(ctx context.Context) (screen.Update, error) {
	u, err := r.Screen.Next(ctx)
	r.record.mu.Lock()
	defer r.record.mu.Unlock()
	r.record.updates = append(r.record.updates, screen.Update{Pointer: u.Pointer, Cursor: u.Cursor})
	return u, err
}

type pointers struct {
	mu      sync.Mutex
	updates []screen.Update
}

func (p *pointers) forget() { p.mu.Lock(); defer p.mu.Unlock(); p.updates = nil }

func (p *pointers) all() []screen.Update { p.mu.Lock(); defer p.mu.Unlock(); return p.updates }

// TestShareStartsClean opens shares while windows are appearing, growing and being drawn: existing
// windows may not be drawn yet either.
func TestShareStartsClean(t *testing.T) {
	for manager, opened := range map[bool]int{false: 30, true: 3} {
		if raceDetector {
			opened = max(1, opened/15)
		}
		t.Run(fmt.Sprintf("manager=%v", manager), func(t *testing.T) {
			x := x11test.Start(t, "Xvfb", "-screen", "0", "800x600x24", "-nolisten", "tcp")
			if manager {
				x.StartOpenbox(t)
			}
			both, id := startPuppets(t, x)
			d := openOn(t, x, screen.Options{})
			for i := range opened {
				scope, err := d.Windows.Open(screen.Share{Kind: screen.ShareApps, Apps: []string{id}}, grey)
				if err != nil {
					t.Fatal(err)
				}
				both.watchForLeaks(t, scope, 6)
				if i == opened-1 {
					both.atRest(t, scope)
				}
				if err := scope.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
