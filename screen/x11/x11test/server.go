//go:build unix

package x11test

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"

	"lotse/screen/screentest"
)

// packageOf maps each tool that the tests need to its Debian package.
var packageOf = map[string]string{
	"Xvfb": "xvfb", "Xtigervnc": "tigervnc-standalone-server", "Xephyr": "xserver-xephyr", "xdotool": "xdotool", "xterm": "xterm",
	"xsetroot": "x11-xserver-utils", "xmodmap": "x11-xserver-utils", "xrandr": "x11-xserver-utils",
	"setxkbmap": "x11-xkb-utils", "import": "imagemagick", "xclip": "xclip", "ipcs": "util-linux", "xev": "x11-utils", "xprop": "x11-utils", "openbox": "openbox", "picom": "picom",
}

// Tool returns a command; if the tool is not installed, the test fails.
func Tool(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing: apt-get install %s", name, packageOf[name])
	}
	c := exec.Command(path, args...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return c
}

// Server is an X server for a test.
type Server struct {
	Display string // ":12"
	RFBPort int    // of Xtigervnc, whose viewers' keys and buttons count as physical
	Kill    func()
	Process *os.Process
}

// Signal stops the server, or lets it continue.
func (x *Server) Signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if err := x.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// Start starts an X server on a free display; it ends with the test.
func Start(t testing.TB, name string, args ...string) *Server {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	x := &Server{}
	// GLX is not needed and takes two thirds of the start time.
	args = append([]string{"-displayfd", "3", "-noreset", "-extension", "GLX"}, args...)
	if name == "Xtigervnc" {
		x.RFBPort = FreePort(t, FirstPort, Ports)
		args = append(args, "-SecurityTypes", "None", "-localhost", "-rfbport", strconv.Itoa(x.RFBPort), "-AlwaysShared")
	}
	c := Tool(t, name, args...)
	c.ExtraFiles = []*os.File{w}
	var log bytes.Buffer
	c.Stderr = &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	x.Process = c.Process
	var once sync.Once
	x.Kill = func() {
		once.Do(func() {
			_ = c.Process.Kill()
			_ = c.Wait()
			if ws, ok := c.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signal() != syscall.SIGKILL {
				t.Logf("%s ended by itself: %v\n%s", name, c.ProcessState, log.String())
			}
		})
	}
	t.Cleanup(x.Kill)
	_ = r.SetReadDeadline(time.Now().Add(screentest.Patience))
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		x.Kill()
		t.Fatalf("%s does not start: %v\n%s", name, err, log.String())
	}
	x.Display = ":" + strings.TrimSpace(number)
	return x
}

// Xvfb starts Xvfb with a screen of this mode, such as 800x600x24.
func Xvfb(t testing.TB, mode string) *Server {
	return Start(t, "Xvfb", "-screen", "0", mode, "-nolisten", "tcp")
}

// Run runs a tool on the display and returns its output.
func (x *Server) Run(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	c := Tool(t, name, args...)
	c.Env = append(os.Environ(), "DISPLAY="+x.Display)
	var out, log bytes.Buffer
	c.Stdout, c.Stderr = &out, &log
	if err := c.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, log.String())
	}
	return out.Bytes()
}

// Start starts a program on the display; it ends with the test.
func (x *Server) Start(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	c := Tool(t, name, args...)
	c.Env = append(os.Environ(), "DISPLAY="+x.Display, "LC_ALL=C.UTF-8")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	return c
}

// StartOpenbox starts a window manager and waits until it manages windows.
func (x *Server) StartOpenbox(t testing.TB) {
	t.Helper()
	x.Start(t, "openbox")
	AwaitManager(t, x.Display)
}

// Picture returns what the display shows now: three bytes for each pixel, red, green and blue. It
// uses ImageMagick if the server has an unusual pixel format; that takes up to a second of
// processor time.
func (x *Server) Picture(t testing.TB) []byte {
	t.Helper()
	c, err := xgb.NewConnDisplay(x.Display)
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
		return x.MagickPicture(t)
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

// MagickPicture is Picture with ImageMagick.
func (x *Server) MagickPicture(t testing.TB) []byte {
	t.Helper()
	return x.Run(t, "import", "-silent", "-window", "root", "-depth", "8", "rgb:-")
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
