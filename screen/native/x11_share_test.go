//go:build linux

package native

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
)

// The sentinel stands for what must not leave the machine, own for what may.
const (
	sentinelPixel = 0xff00ff
	ownPixel      = 0x0000c8
	menuPixel     = 0x00c800
	backPixel     = 0x808080
)

// puppetVariable makes the test binary a program with windows.
const puppetVariable = "LOTSE_TEST_PUPPET"

func init() {
	role := os.Getenv(puppetVariable)
	if role == "" {
		return
	}
	// The caller's end of the pipe ends it.
	go func() { _, _ = os.Stdin.Read(make([]byte, 1)); os.Exit(0) }()
	if err := puppet(role); err != nil {
		fmt.Fprintln(os.Stderr, role, err)
		os.Exit(1)
	}
}

// puppet is a program that does with its windows what programs do.
func puppet(role string) error {
	role, arg, _ := strings.Cut(role, ":")
	seed, _ := strconv.Atoi(arg)
	r := rand.New(rand.NewPCG(uint64(seed), 7))
	expose := make(chan xproto.Window, 4096)
	l, err := dialX(Options{}.withDefaults(), func(ev []byte) {
		if ev[0] == xproto.Expose {
			e, _ := xproto.ExposeEventNew(ev).(xproto.ExposeEvent)
			select {
			case expose <- e.Window:
			default:
			}
		}
	})
	if err != nil {
		return err
	}
	p := &puppeteer{l: l, r: r, expose: expose, size: image.Pt(int(l.scr.WidthInPixels), int(l.scr.HeightInPixels))}
	if p.gc, err = xproto.NewGcontextId(l.Conn); err != nil {
		return err
	}
	xproto.CreateGC(l.Conn, p.gc, xproto.Drawable(l.root), 0, nil)
	switch role {
	case "secret":
		return p.secret()
	case "chosen":
		return p.chosen()
	}
	return errors.New("unknown puppet")
}

type puppeteer struct {
	l      *link
	r      *rand.Rand
	gc     xproto.Gcontext
	expose chan xproto.Window
	size   image.Point
}

// window makes a window; background -1 is none.
func (p *puppeteer) window(r image.Rectangle, background int64, override bool) xproto.Window {
	id, _ := xproto.NewWindowId(p.l.Conn)
	mask, values := uint32(xproto.CwOverrideRedirect|xproto.CwEventMask), []uint32{0, xproto.EventMaskExposure}
	if override {
		values[0] = 1
	}
	if background >= 0 {
		mask, values = mask|xproto.CwBackPixel, append([]uint32{uint32(background)}, values...)
	}
	xproto.CreateWindow(p.l.Conn, p.l.scr.RootDepth, id, p.l.root, int16(r.Min.X), int16(r.Min.Y), uint16(r.Dx()), uint16(r.Dy()), 0,
		xproto.WindowClassInputOutput, p.l.scr.RootVisual, mask, values)
	return id
}

func (p *puppeteer) somewhere(least, most int) image.Rectangle {
	w, h := least+p.r.IntN(most-least), least+p.r.IntN(most-least)
	at := image.Pt(p.r.IntN(p.size.X)-w/3, p.r.IntN(p.size.Y)-h/3)
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(w, h))}
}

func (p *puppeteer) fill(w xproto.Window, pixel uint32) {
	xproto.ChangeGC(p.l.Conn, p.gc, xproto.GcForeground, []uint32{pixel})
	xproto.PolyFillRectangle(p.l.Conn, xproto.Drawable(w), p.gc, []xproto.Rectangle{{Width: 4000, Height: 4000}})
}

func (p *puppeteer) configure(w xproto.Window, r image.Rectangle, raise bool) {
	mask := uint32(xproto.ConfigWindowX | xproto.ConfigWindowY | xproto.ConfigWindowWidth | xproto.ConfigWindowHeight)
	values := []uint32{uint32(int32(r.Min.X)), uint32(int32(r.Min.Y)), uint32(r.Dx()), uint32(r.Dy())}
	if raise {
		mask, values = mask|xproto.ConfigWindowStackMode, append(values, xproto.StackModeAbove)
	}
	xproto.ConfigureWindow(p.l.Conn, w, uint16(mask), values)
}

// secret has five windows that are never chosen, and does everything with them.
func (p *puppeteer) secret() error {
	var windows [5]xproto.Window
	for i := range windows {
		windows[i] = p.window(p.somewhere(80, 400), sentinelPixel, i%2 == 0)
		xproto.MapWindow(p.l.Conn, windows[i])
	}
	for {
		i := p.r.IntN(len(windows))
		switch p.r.IntN(8) {
		case 0:
			xproto.DestroyWindow(p.l.Conn, windows[i])
			windows[i] = p.window(p.somewhere(80, 400), sentinelPixel, p.r.IntN(2) == 0)
			xproto.MapWindow(p.l.Conn, windows[i])
		case 1:
			xproto.UnmapWindow(p.l.Conn, windows[i])
			xproto.MapWindow(p.l.Conn, windows[i])
		default:
			p.configure(windows[i], p.somewhere(80, 400), p.r.IntN(2) == 0)
		}
		if err := p.l.sync(); err != nil {
			return err
		}
		time.Sleep(time.Duration(p.r.IntN(3)) * time.Millisecond)
	}
}

// chosen has windows of every kind that can show what is below them: without a
// background and painted late, growing, moved, menus that come and go.
func (p *puppeteer) chosen() error {
	plain := p.window(image.Rect(40, 40, 340, 240), ownPixel, false)
	lazy := p.window(image.Rect(300, 200, 600, 420), -1, false)
	menu := p.window(image.Rect(500, 60, 600, 160), -1, true)
	for _, w := range []xproto.Window{plain, lazy} {
		xproto.ChangeProperty(p.l.Conn, xproto.PropModeReplace, w, xproto.AtomWmClass, xproto.AtomString, 8, 14, []byte("puppet\x00Puppet\x00"))
		xproto.MapWindow(p.l.Conn, w)
	}
	paint := map[xproto.Window]uint32{lazy: ownPixel}
	late := time.NewTicker(7 * time.Millisecond)
	for {
		select {
		case w := <-p.expose:
			if pixel, ok := paint[w]; ok {
				time.Sleep(time.Duration(p.r.IntN(4)) * time.Millisecond) // what is below can be seen meanwhile
				p.fill(w, pixel)
			}
		case <-late.C:
			switch p.r.IntN(6) {
			case 0, 1:
				p.configure(lazy, p.somewhere(100, 300), p.r.IntN(2) == 0)
			case 2:
				p.configure(plain, p.somewhere(100, 300), p.r.IntN(2) == 0)
			case 3:
				xproto.DestroyWindow(p.l.Conn, menu)
				delete(paint, menu)
				menu = p.window(p.somewhere(60, 160), -1, true)
				paint[menu] = menuPixel
				xproto.MapWindow(p.l.Conn, menu)
				if p.r.IntN(2) == 0 { // some programs paint at once, nobody has looked yet
					p.fill(menu, menuPixel)
				}
			case 4:
				xproto.UnmapWindow(p.l.Conn, lazy)
				xproto.MapWindow(p.l.Conn, lazy)
			}
		}
		if err := p.l.sync(); err != nil {
			return err
		}
	}
}

// startPuppet starts a program and returns its share's ID.
func startPuppet(t testing.TB, x *xserver, role string) (id string) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), puppetVariable+"="+role, "DISPLAY="+x.display)
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = c.Wait() })
	p, ok := processOf(c.Process.Pid)
	if !ok {
		t.Fatal("no process")
	}
	return p.id()
}

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

// TestShareLeaksNothing captures while chosen and other windows move, grow, come
// and go at full speed: no pixel of another window may ever be read.
func TestShareLeaksNothing(t *testing.T) {
	for _, test := range []struct {
		name     string
		programs [][]string
		noShm    bool
		frames   int
	}{
		{"bare", nil, false, 3000},
		{"compositor", [][]string{{"picom", "--backend", "xrender", "--config", "/dev/null"}}, false, 3000},
		{"window manager", [][]string{{"openbox"}}, false, 300}, // it is the slow one
		{"without shared memory", nil, true, 300},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := startX(t, "Xvfb", "-screen", "0", "800x600x24", "-nolisten", "tcp")
			for _, p := range test.programs {
				x.start(t, p[0], p[1:]...)
			}
			startPuppet(t, x, "secret:1")
			id := startPuppet(t, x, "chosen:2")
			d := openOn(t, x, Options{NoShm: test.noShm})
			scope, err := d.Windows().Open(screen.Share{Kind: screen.ShareApps, Apps: []string{id}}, grey)
			if err != nil {
				t.Fatal(err)
			}
			defer scope.Close()
			if own := watchForLeaks(t, scope, test.frames); own == 0 {
				t.Error("nothing of the chosen program was ever seen")
			}
		})
	}
}

// watchForLeaks takes frames and fails at the first foreign pixel. It returns
// how many pixels of the chosen program were seen in all.
func watchForLeaks(t *testing.T, s screen.Screen, frames int) (own int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 120*time.Second)
	defer cancel()
	for i := range frames {
		u, err := s.Next(ctx)
		if err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		for pixel, n := range census(u.Frame) {
			switch pixel {
			case ownPixel, menuPixel:
				own += n
			case sentinelPixel:
				t.Fatalf("frame %d shows %d pixels of a window that was not chosen", i, n)
			}
		}
	}
	return own
}

// TestShareLeakIsNoticed is the test's own test: a mask applied to pictures of
// the screen, late as such masks are, leaks and must be noticed.
func TestShareLeakIsNoticed(t *testing.T) {
	x := startX(t, "Xvfb", "-screen", "0", "800x600x24", "-nolisten", "tcp")
	startPuppet(t, x, "secret:1")
	id := startPuppet(t, x, "chosen:2")
	d := openOn(t, x, Options{})
	scope, err := d.Windows().Open(screen.Share{Kind: screen.ShareApps, Apps: []string{id}}, grey)
	if err != nil {
		t.Fatal(err)
	}
	defer scope.Close()
	a := scope.(*appScope).appScreen
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	for range 2000 {
		if _, err := scope.Next(ctx); err != nil {
			t.Fatal(err)
		}
		whole, err := d.Screen().Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		masked := grey(whole.Frame.Size)
		for _, r := range a.shown {
			masked.CopyRect(whole.Frame, r)
		}
		if census(masked)[sentinelPixel] > 0 {
			return
		}
	}
	t.Error("a late mask leaked nothing: the windows are too calm for this test")
}

// TestShareSettles compares what is shared with the screen, when all stands still.
func TestShareSettles(t *testing.T) {
	x := startX(t, "Xvfb", "-screen", "0", "800x600x24", "-nolisten", "tcp")
	x.start(t, "openbox")
	x.start(t, "xterm", "-geometry", "40x10+100+100", "-bg", "#203040", "-e", "sleep", "1000")
	d := openOn(t, x, Options{})
	eventually(t, "the program is offered", func() bool {
		c, err := d.Windows().Choices()
		return err == nil && len(c.Apps) == 1 && c.Apps[0].Name == "xterm" && len(c.Monitors) == 1
	})
	scope, err := d.Windows().Open(screen.Share{Kind: screen.ShareApps, Apps: []string{screen.AppNamed("XTerm")}}, grey)
	if err != nil {
		t.Fatal(err)
	}
	defer scope.Close()
	s := watch(t, scope)
	inside := func() bool { // the frame, as the screen shows it, and grey around it
		var equal, outside int
		want := x.run(t, "import", "-silent", "-window", "root", "-depth", "8", "rgb:-")
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
	eventually(t, "the window is seen as it is", inside)

	var covered atomic.Bool
	p := newPainter(t, x)
	before := s.count()
	p.fill(image.Rect(0, 0, 90, 90), sentinelPixel) // on the root window: not shared
	never(t, "the desktop is seen", func() bool { covered.Store(s.count() > before+2); return covered.Load() })

	id := strings.Fields(string(x.run(t, "xdotool", "search", "--class", "xterm")))[0]
	for _, do := range [][]string{{"windowmove", "--sync", id, "300", "300"}, {"windowsize", "--sync", id, "400", "200"}} {
		x.run(t, "xdotool", do...)
		eventually(t, fmt.Sprint("seen as it is after ", do), inside)
	}
	x.run(t, "xdotool", "windowminimize", "--sync", id)
	eventually(t, "nothing is left", func() bool {
		left := 0
		s.Read(func(v screen.View) { left = 800*600 - census(v.Frame)[backPixel] })
		return left == 0
	})
}

// TestShareInput: events reach shared windows and nothing else.
func TestShareInput(t *testing.T) {
	x := startX(t, "Xtigervnc", "-geometry", "800x600")
	d := openOn(t, x, Options{})
	ty := startTypist(t, x) // at the top left, with the focus
	other := startPuppetWindow(t, x, image.Rect(600, 400, 700, 500))
	share := func(id string) screen.Scope {
		t.Helper()
		s, err := d.Windows().Open(screen.Share{Kind: screen.ShareApps, Apps: []string{id}}, grey)
		if err != nil {
			t.Fatal(err)
		}
		watch(t, s)
		return s
	}
	mine := share(screen.AppNamed("xterm"))
	eventually(t, "the share is known", func() bool {
		typeText(t, mine, "a")
		return strings.Contains(ty.content(), "a") || func() bool { typeText(t, mine, "\n"); return strings.Contains(ty.content(), "a") }()
	})
	where := func() string { return strings.Fields(string(x.run(t, "xdotool", "getmouselocation")))[0] }
	if err := mine.Pointer(image.Pt(20, 20), 0); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the pointer moves inside", func() bool { return where() == "x:20" })
	if err := errors.Join(mine.Pointer(image.Pt(650, 450), 0), mine.Pointer(image.Pt(400, 590), screen.ButtonLeft)); err != nil {
		t.Fatal(err)
	}
	never(t, "the pointer leaves the share", func() bool { return where() != "x:20" })
	if err := mine.Close(); err != nil {
		t.Fatal(err)
	}

	// The focus stays in the xterm; the share is of the other program now.
	theirs := share(other)
	before := ty.content()
	typeText(t, theirs, "secret\n")
	never(t, "a key reaches a window that is not shared", func() bool { return ty.content() != before })
	eventually(t, "the pointer moves in the other", func() bool {
		if err := theirs.Pointer(image.Pt(650, 450), 0); err != nil {
			t.Fatal(err)
		}
		return where() == "x:650"
	})
	// A drag out of the share ends where it left.
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

// startPuppetWindow starts a program with one still window and returns its ID.
func startPuppetWindow(t testing.TB, x *xserver, r image.Rectangle) string {
	t.Helper()
	c := x.start(t, "xterm", "-geometry", fmt.Sprintf("10x4+%d+%d", r.Min.X, r.Min.Y), "-e", "sleep", "1000")
	p, ok := processOf(c.Process.Pid)
	if !ok {
		t.Fatal("no process")
	}
	return p.id()
}
