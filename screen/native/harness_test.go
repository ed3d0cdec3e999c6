//go:build linux

package native

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/native/nativetest"
)

// patience bounds every wait for another process.
const patience = 3 * time.Minute

// packageOf names the Debian package of each tool the tests need.
var packageOf = map[string]string{
	"Xvfb": "xvfb", "Xtigervnc": "tigervnc-standalone-server", "Xephyr": "xserver-xephyr", "xdotool": "xdotool", "xterm": "xterm",
	"xsetroot": "x11-xserver-utils", "xmodmap": "x11-xserver-utils", "xrandr": "x11-xserver-utils",
	"setxkbmap": "x11-xkb-utils", "import": "imagemagick", "xclip": "xclip", "ipcs": "util-linux", "xev": "x11-utils", "xprop": "x11-utils", "openbox": "openbox", "picom": "picom",
}

// TestMain fails when a goroutine remains. Fuzzing has goroutines of its own.
func TestMain(m *testing.M) {
	code := m.Run()
	if f := flag.Lookup("test.fuzz"); f != nil && f.Value.String() != "" {
		os.Exit(code)
	}
	deadline := time.Now().Add(5 * time.Second)
	for runtime.NumGoroutine() > 1 && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > 1 && code == 0 {
		buf := make([]byte, 1<<20)
		fmt.Fprintf(os.Stderr, "%d goroutines remain:\n%s\n", n-1, buf[:runtime.Stack(buf, true)])
		code = 1
	}
	os.Exit(code)
}

// tool makes a command; a tool that is not installed fails the test.
func tool(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing: apt-get install %s", name, packageOf[name])
	}
	c := exec.Command(path, args...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return c
}

// xserver is an X server of a test.
type xserver struct {
	display string
	rfbPort int // Xtigervnc
	kill    func()
	process *os.Process
}

// signal stops the server, or lets it go on.
func (x *xserver) signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if err := x.process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// startX starts an X server on a free display and ends it with the test.
func startX(t testing.TB, name string, args ...string) *xserver {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	x := &xserver{}
	// GLX, which nothing here needs, takes two thirds of the start.
	args = append([]string{"-displayfd", "3", "-noreset", "-extension", "GLX"}, args...)
	if name == "Xtigervnc" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		x.rfbPort = l.Addr().(*net.TCPAddr).Port
		l.Close()
		args = append(args, "-SecurityTypes", "None", "-localhost", "-rfbport", strconv.Itoa(x.rfbPort), "-AlwaysShared")
	}
	c := tool(t, name, args...)
	c.ExtraFiles = []*os.File{w}
	var log bytes.Buffer
	c.Stderr = &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	x.process = c.Process
	var once sync.Once
	x.kill = func() {
		once.Do(func() {
			_ = c.Process.Kill()
			_ = c.Wait()
			if ws, ok := c.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signal() != syscall.SIGKILL {
				t.Logf("%s ended by itself: %v\n%s", name, c.ProcessState, log.String())
			}
		})
	}
	t.Cleanup(x.kill)
	_ = r.SetReadDeadline(time.Now().Add(patience))
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		x.kill()
		t.Fatalf("%s does not start: %v\n%s", name, err, log.String())
	}
	x.display = ":" + strings.TrimSpace(number)
	return x
}

func startXvfb(t testing.TB, mode string) *xserver {
	return startX(t, "Xvfb", "-screen", "0", mode, "-nolisten", "tcp")
}

// run runs a tool on the display and returns its output.
func (x *xserver) run(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	c := tool(t, name, args...)
	c.Env = append(os.Environ(), "DISPLAY="+x.display)
	var out, log bytes.Buffer
	c.Stdout, c.Stderr = &out, &log
	if err := c.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, log.String())
	}
	return out.Bytes()
}

// start starts a program on the display and ends it with the test.
func (x *xserver) start(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	c := tool(t, name, args...)
	c.Env = append(os.Environ(), "DISPLAY="+x.display, "LC_ALL=C.UTF-8")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	return c
}

// startOpenbox starts a window manager and waits until it takes windows.
func (x *xserver) startOpenbox(t testing.TB) {
	t.Helper()
	x.start(t, "openbox")
	nativetest.AwaitManager(t, x.display)
}

func openOn(t testing.TB, x *xserver, o Options) *Desktop {
	t.Helper()
	o.Display, o.Logger = x.display, testLog(t)
	d, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return d
}

// seen is a framebuffer that a goroutine keeps up to date from Next, using
// nothing but the damage.
type seen struct {
	*screen.Framebuffer
	mu      sync.Mutex
	updates int
	err     error
}

func watch(t testing.TB, s screen.Screen) *seen {
	f := &seen{Framebuffer: screen.NewFramebuffer(image.Pt(1, 1))}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			u, err := s.Next(ctx)
			f.mu.Lock()
			f.updates++
			f.err = err
			f.mu.Unlock()
			if err != nil {
				return
			}
			f.Apply(u)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return f
}

func (f *seen) lastErr() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *seen) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.updates
}

// picture is what the display shows at this moment: three bytes for each pixel, red,
// green and blue. ImageMagick takes it where the server has another pixel format than
// most; it needs up to a second of the processor for one.
func (x *xserver) picture(t testing.TB) []byte {
	t.Helper()
	c, err := xgb.NewConnDisplay(x.display)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	screen := xproto.Setup(c).DefaultScreen(c)
	size, err := xproto.GetGeometry(c, xproto.Drawable(screen.Root)).Reply()
	if err != nil {
		t.Fatal(err)
	}
	if size.Depth != 24 || redMask(screen) != 0xff0000 {
		return x.magickPicture(t)
	}
	got, err := xproto.GetImage(c, xproto.ImageFormatZPixmap, xproto.Drawable(screen.Root), 0, 0, size.Width, size.Height, 1<<32-1).Reply()
	if err != nil {
		t.Fatal(err)
	}
	out := make([]byte, 0, len(got.Data)/4*3)
	for p := got.Data; len(p) >= 4; p = p[4:] {
		out = append(out, p[2], p[1], p[0])
	}
	return out
}

// magickPicture is picture by ImageMagick.
func (x *xserver) magickPicture(t testing.TB) []byte {
	t.Helper()
	return x.run(t, "import", "-silent", "-window", "root", "-depth", "8", "rgb:-")
}

func redMask(s *xproto.ScreenInfo) uint32 {
	for _, d := range s.AllowedDepths {
		for _, v := range d.Visuals {
			if v.VisualId == s.RootVisual {
				return v.RedMask
			}
		}
	}
	return 0
}

// differs compares with a picture of the display; the result is empty when they are equal
// within tolerance per channel.
func (f *seen) differs(want []byte, tolerance int) string {
	var msg string
	f.Read(func(v screen.View) {
		size := v.Frame.Size
		if len(want) != size.X*size.Y*3 {
			msg = fmt.Sprintf("%v pixels, want %d bytes", size, len(want))
			return
		}
		bad := 0
		for y := range size.Y {
			row := v.Frame.Row(y, 0, size.X)
			for i := range size.X {
				for c := range 3 {
					d := int(row[4*i+2-c]) - int(want[3*(y*size.X+i)+c])
					if d < -tolerance || d > tolerance {
						if bad++; bad == 1 {
							msg = fmt.Sprintf("at %d,%d channel %d: off by %d", i, y, c, d)
						}
					}
				}
			}
		}
		if bad > 0 {
			msg += fmt.Sprintf(" (%d bad)", bad)
		}
	})
	return msg
}

func (f *seen) wantSame(t testing.TB, x *xserver, tolerance int) {
	t.Helper()
	var msg string
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if msg = f.differs(x.picture(t), tolerance); msg == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("picture differs: %s", msg)
		}
	}
}

// painter draws on the root window from its own connection.
type painter struct {
	l  *link
	gc xproto.Gcontext
}

func newPainter(t testing.TB, x *xserver) *painter {
	t.Helper()
	l, err := dialX(Options{Display: x.display}.withDefaults(), func([]byte) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	gc, err := xproto.NewGcontextId(l.Conn)
	if err != nil {
		t.Fatal(err)
	}
	err = xproto.CreateGCChecked(l.Conn, gc, xproto.Drawable(l.root), xproto.GcSubwindowMode, []uint32{1}).Check()
	if err != nil {
		t.Fatal(err)
	}
	return &painter{l, gc}
}

func (p *painter) fill(r image.Rectangle, pixel uint32) { p.fillIn(p.l.root, r, pixel) }

// fillIn draws on a window, in its own coordinates.
func (p *painter) fillIn(w xproto.Window, r image.Rectangle, pixel uint32) {
	xproto.ChangeGC(p.l.Conn, p.gc, xproto.GcForeground, []uint32{pixel})
	xproto.PolyFillRectangle(p.l.Conn, xproto.Drawable(w), p.gc, []xproto.Rectangle{{
		X: int16(r.Min.X), Y: int16(r.Min.Y), Width: uint16(r.Dx()), Height: uint16(r.Dy()),
	}})
}

// typist is an xterm whose shell writes what is typed into a file.
type typist struct {
	file string
	app  string // as Windows names the program
}

func startTypist(t testing.TB, x *xserver) *typist {
	t.Helper()
	dir := t.TempDir()
	ty := &typist{file: filepath.Join(dir, "typed")}
	ready := filepath.Join(dir, "ready")
	c := x.start(t, "xterm", "-u8", "-geometry", "80x24+0+0", "-e", "sh", "-c", "touch "+ready+"; exec cat >"+ty.file)
	p, ok := processOf(c.Process.Pid)
	if !ok {
		t.Fatal("xterm is gone")
	}
	ty.app = p.id()
	eventually(t, "xterm runs", func() bool { _, err := os.Stat(ready); return err == nil })
	id := strings.TrimSpace(string(x.run(t, "xdotool", "search", "--sync", "--onlyvisible", "--class", "xterm")))
	id, _, _ = strings.Cut(id, "\n")
	// Without a window manager the pointer must be in the window, or the focus.
	x.run(t, "xdotool", "windowfocus", "--sync", id)
	return ty
}

func (ty *typist) content() string {
	b, _ := os.ReadFile(ty.file)
	return string(b)
}

// typeText types text like a viewer: characters as keysyms.
func typeText(t testing.TB, in screen.Input, text string) {
	t.Helper()
	for _, r := range text {
		sym := uint32(r)
		switch {
		case r == '\n':
			sym = 0xff0d
		case r == '€':
			sym = 0x20ac
		case r > 0xff:
			sym = keysym.Unicode + uint32(r)
		}
		key(t, in, sym, true)
		key(t, in, sym, false)
	}
}

func key(t testing.TB, in screen.Input, sym uint32, down bool) {
	t.Helper()
	if err := in.Key(screen.Key{Sym: sym, Down: down}); err != nil {
		t.Fatalf("key %#x: %v", sym, err)
	}
}
