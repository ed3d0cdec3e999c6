// package x11test has programs with windows for tests of what a share shows: one that is chosen,
// and one that is never chosen and does everything a window can do.
//
// A test package calls RunPuppet in an init function. StartPuppet then starts the test's own binary
// again as such a program.
package x11test

import (
	"errors"
	"fmt"
	"image"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// The colours of the windows, 0xRRGGBB. Sentinel represents what must not leave the machine.
const (
	Sentinel = 0xff00ff
	Own      = 0x0000c8
	Menu     = 0x00c800
)

// The programs.
const (
	Secret = "secret" // five windows in Sentinel that move, grow, appear and disappear
	Chosen = "chosen" // windows of every kind that can show what is below them
)

// Class is the window class of Chosen.
const Class = "LotsePuppet"

const puppetVariable = "LOTSE_TEST_PUPPET"

// RunPuppet runs the program if this process was started as one; then it does not return.
func RunPuppet() {
	role := os.Getenv(puppetVariable)
	if role == "" {
		return
	}
	orders := make(chan order)
	go func() { // the end of the caller's pipe ends the program
		for b := make([]byte, len(order{})); ; orders <- order(b) {
			if _, err := io.ReadFull(os.Stdin, b); err != nil {
				os.Exit(0)
			}
		}
	}()
	fmt.Fprintln(os.Stderr, role, puppet(role, orders))
	os.Exit(1)
}

// Puppet is a running program.
type Puppet struct {
	PID int
	in  io.Writer
}

// order is a command to a program through its standard input: one of the letters, and a number if
// the letter needs one.
type order [2]byte

const rest, move, step = 'r', 'm', 's'

func (p *Puppet) tell(o order) { _, _ = p.in.Write(o[:]) }

// Rest stops the program's windows, except for one of Chosen's that is dragged once a second.
// Chosen's windows move to the top. While windows keep moving, a share may hide some of what it
// could show. Move ends Rest.
func (p *Puppet) Rest() { p.tell(order{rest}) }

// Move ends Rest and the limit of Step: the windows move as long as the program runs.
func (p *Puppet) Move() { p.tell(order{move}) }

// Step lets the program make a number of moves, as fast as it can; then all windows stop until the
// next call of Step or Move. So a test's own steps cover the same amount of movement on a slow
// machine as on a fast one, and use no more of the processor.
func (p *Puppet) Step(moves uint8) { p.tell(order{step, moves}) }

// StartPuppet starts a program on a display; it ends with the test.
func StartPuppet(t testing.TB, display, role string) *Puppet {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), puppetVariable+"="+role, "DISPLAY="+display)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = c.Wait() })
	return &Puppet{PID: c.Process.Pid, in: in}
}

type puppeteer struct {
	c      *xgb.Conn
	screen *xproto.ScreenInfo
	r      *rand.Rand
	gc     xproto.Gcontext
	expose chan xproto.Window
	size   image.Point

	orders <-chan order
	pace   pace
}

// pace determines how a program's windows move.
type pace struct {
	still   bool // Rest
	bounded bool // Step
	moves   int  // moves left, if bounded
}

func (p *pace) obey(o order) {
	switch o[0] {
	case rest:
		*p = pace{still: true}
	case move:
		*p = pace{}
	case step:
		*p = pace{bounded: true, moves: int(o[1])}
	}
}

// take consumes one move; false: none may be made now.
func (p *pace) take() bool {
	if p.still || p.bounded && p.moves == 0 {
		return false
	}
	p.moves--
	return true
}

// puppet runs the program and returns why it could not continue.
func puppet(role string, orders <-chan order) error {
	c, err := xgb.NewConn()
	if err != nil {
		return err
	}
	p := &puppeteer{c: c, screen: xproto.Setup(c).DefaultScreen(c), r: rand.New(rand.NewPCG(uint64(len(role)), 7)), expose: make(chan xproto.Window, 4096), orders: orders}
	p.size = image.Pt(int(p.screen.WidthInPixels), int(p.screen.HeightInPixels))
	go func() {
		for {
			ev, xerr := c.WaitForEvent()
			if ev == nil && xerr == nil {
				os.Exit(0) // the display is gone
			}
			if e, ok := ev.(xproto.ExposeEvent); ok {
				select {
				case p.expose <- e.Window:
				default:
				}
			}
		}
	}()
	if p.gc, err = xproto.NewGcontextId(c); err != nil {
		return err
	}
	xproto.CreateGC(c, p.gc, xproto.Drawable(p.screen.Root), 0, nil)
	switch role {
	case Secret:
		return p.secret()
	case Chosen:
		return p.chosen()
	}
	return errors.New("unknown puppet")
}

// sync returns when the server has handled all requests.
func (p *puppeteer) sync() error {
	_, err := xproto.GetInputFocus(p.c).Reply()
	return err
}

// window creates a window; background -1 is none.
func (p *puppeteer) window(r image.Rectangle, background int64, override bool) xproto.Window {
	id, _ := xproto.NewWindowId(p.c)
	mask, values := uint32(xproto.CwOverrideRedirect|xproto.CwEventMask), []uint32{0, xproto.EventMaskExposure}
	if override {
		values[0] = 1
	}
	if background >= 0 {
		mask, values = mask|xproto.CwBackPixel, append([]uint32{uint32(background)}, values...)
	}
	xproto.CreateWindow(p.c, p.screen.RootDepth, id, p.screen.Root, int16(r.Min.X), int16(r.Min.Y), uint16(r.Dx()), uint16(r.Dy()), 0,
		xproto.WindowClassInputOutput, p.screen.RootVisual, mask, values)
	return id
}

func (p *puppeteer) somewhere(least, most int) image.Rectangle {
	w, h := least+p.r.IntN(most-least), least+p.r.IntN(most-least)
	at := image.Pt(p.r.IntN(p.size.X)-w/3, p.r.IntN(p.size.Y)-h/3)
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(w, h))}
}

func (p *puppeteer) fill(w xproto.Window, pixel uint32) {
	xproto.ChangeGC(p.c, p.gc, xproto.GcForeground, []uint32{pixel})
	xproto.PolyFillRectangle(p.c, xproto.Drawable(w), p.gc, []xproto.Rectangle{{Width: 4000, Height: 4000}})
}

func (p *puppeteer) configure(w xproto.Window, r image.Rectangle, raise bool) {
	mask := uint32(xproto.ConfigWindowX | xproto.ConfigWindowY | xproto.ConfigWindowWidth | xproto.ConfigWindowHeight)
	values := []uint32{uint32(int32(r.Min.X)), uint32(int32(r.Min.Y)), uint32(r.Dx()), uint32(r.Dy())}
	if raise {
		mask, values = mask|xproto.ConfigWindowStackMode, append(values, xproto.StackModeAbove)
	}
	xproto.ConfigureWindow(p.c, w, uint16(mask), values)
}

// secret does everything that windows can do.
func (p *puppeteer) secret() error {
	var windows [5]xproto.Window
	for i := range windows {
		windows[i] = p.window(p.somewhere(80, 400), Sentinel, i%2 == 0)
		xproto.MapWindow(p.c, windows[i])
	}
	for {
		select {
		case o := <-p.orders:
			p.pace.obey(o)
		default:
		}
		for !p.pace.take() {
			p.pace.obey(<-p.orders)
		}
		i := p.r.IntN(len(windows))
		switch p.r.IntN(8) {
		case 0:
			xproto.DestroyWindow(p.c, windows[i])
			windows[i] = p.window(p.somewhere(80, 400), Sentinel, p.r.IntN(2) == 0)
			xproto.MapWindow(p.c, windows[i])
		case 1:
			xproto.UnmapWindow(p.c, windows[i])
			xproto.MapWindow(p.c, windows[i])
		default:
			p.configure(windows[i], p.somewhere(80, 400), p.r.IntN(2) == 0)
		}
		if err := p.sync(); err != nil {
			return err
		}
		time.Sleep(time.Duration(p.r.IntN(3)) * time.Millisecond)
	}
}

// write gives a window a background that looks like text, which can be recognized anywhere.
func (p *puppeteer) write(w xproto.Window, size image.Point) {
	id, _ := xproto.NewPixmapId(p.c)
	xproto.CreatePixmap(p.c, p.screen.RootDepth, id, xproto.Drawable(w), uint16(size.X), uint16(size.Y))
	xproto.ChangeGC(p.c, p.gc, xproto.GcForeground, []uint32{Own})
	xproto.PolyFillRectangle(p.c, xproto.Drawable(id), p.gc, []xproto.Rectangle{{Width: uint16(size.X), Height: uint16(size.Y)}})
	var letters []xproto.Rectangle
	for y := 4; y < size.Y-10; y += 12 {
		for x := 4; x < size.X-8; x += 2 + p.r.IntN(6) {
			letters = append(letters, xproto.Rectangle{X: int16(x), Y: int16(y + p.r.IntN(4)), Width: 1 + uint16(p.r.IntN(2)), Height: 3 + uint16(p.r.IntN(5))})
		}
	}
	xproto.ChangeGC(p.c, p.gc, xproto.GcForeground, []uint32{Menu})
	xproto.PolyFillRectangle(p.c, xproto.Drawable(id), p.gc, letters)
	xproto.ChangeWindowAttributes(p.c, w, xproto.CwBackPixmap, []uint32{uint32(id)})
}

// chosen has windows without a background that are painted late, that grow and move, and menus that
// appear and disappear; one contains text and is dragged.
func (p *puppeteer) chosen() error {
	plain := p.window(image.Rect(40, 40, 340, 240), Own, false)
	lazy := p.window(image.Rect(300, 200, 600, 420), -1, false)
	menu := p.window(image.Rect(500, 60, 600, 160), -1, true)
	at := image.Rect(200, 300, 460, 500)
	text := p.window(at, -1, false)
	p.write(text, at.Size())
	class := []byte("puppet\x00" + Class + "\x00")
	for _, w := range []xproto.Window{plain, lazy, text} {
		xproto.ChangeProperty(p.c, xproto.PropModeReplace, w, xproto.AtomWmClass, xproto.AtomString, 8, uint32(len(class)), class)
		xproto.MapWindow(p.c, w)
	}
	paint := map[xproto.Window]uint32{lazy: Own}
	late := time.NewTicker(7 * time.Millisecond)
	for {
		select {
		case o := <-p.orders:
			was := p.pace.still
			if p.pace.obey(o); p.pace.still != was {
				late.Reset(7 * time.Millisecond)
				if p.pace.still {
					late.Reset(time.Second)
				}
			}
		case w := <-p.expose:
			if pixel, ok := paint[w]; ok {
				time.Sleep(time.Duration(p.r.IntN(4)) * time.Millisecond) // meanwhile what is below shows through
				p.fill(w, pixel)
			}
		case <-late.C:
			still := p.pace.still
			if !still && !p.pace.take() {
				break
			}
			if still {
				// A window of Secret's may have stopped above it.
				p.configure(plain, image.Rect(40, 40, 340, 240), true)
			}
			// Dragged, with small irregularities.
			if d := image.Pt(p.r.IntN(21)-10, p.r.IntN(15)-7); at.Add(d).In(image.Rectangle{Max: p.size}) {
				at = at.Add(d)
			}
			if p.configure(text, at, still || p.r.IntN(4) == 0); still {
				break
			}
			switch p.r.IntN(6) {
			case 0, 1:
				p.configure(lazy, p.somewhere(100, 300), p.r.IntN(2) == 0)
			case 2:
				p.configure(plain, p.somewhere(100, 300), p.r.IntN(2) == 0)
			case 3:
				xproto.DestroyWindow(p.c, menu)
				delete(paint, menu)
				menu = p.window(p.somewhere(60, 160), -1, true)
				paint[menu] = Menu
				xproto.MapWindow(p.c, menu)
				if p.r.IntN(2) == 0 { // some programs paint at once, before the share has noticed the window
					p.fill(menu, Menu)
				}
			case 4:
				xproto.UnmapWindow(p.c, lazy)
				xproto.MapWindow(p.c, lazy)
			}
		}
		if err := p.sync(); err != nil {
			return err
		}
	}
}
