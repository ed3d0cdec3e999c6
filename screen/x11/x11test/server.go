//go:build unix

package x11test

import (
	"bufio"
	"bytes"
	"fmt"
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

	"lotse/proctest"
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
	program *proctest.Program
}

// Signal stops the server, or lets it continue.
func (x *Server) Signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if err := x.program.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// Launch starts an X server on a free display, which it returns, such as ":12". The caller must
// close the server. All error output of the server is among its lines.
func Launch(path string, args ...string) (server *proctest.Program, display string, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, "", err
	}
	defer r.Close()
	// GLX is not needed and takes two thirds of the start time.
	args = append([]string{"-displayfd", "3", "-noreset", "-extension", "GLX"}, args...)
	server, err = proctest.Launch(proctest.Command{Path: path, Args: args, Files: []*os.File{w}})
	w.Close()
	if err != nil {
		return nil, "", err
	}
	_ = r.SetReadDeadline(time.Now().Add(screentest.Patience))
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		server.Close()
		return nil, "", fmt.Errorf("%s does not start: %w\n%s", path, err, strings.Join(server.Output(), "\n"))
	}
	return server, ":" + strings.TrimSpace(number), nil
}

// Start starts an X server on a free display; it ends with the test.
func Start(t testing.TB, name string, args ...string) *Server {
	t.Helper()
	x := &Server{}
	if name == "Xtigervnc" {
		x.RFBPort = FreePort(t, FirstPort, Ports)
		args = append(args, "-SecurityTypes", "None", "-localhost", "-rfbport", strconv.Itoa(x.RFBPort), "-AlwaysShared")
	}
	server, display, err := Launch(Tool(t, name).Path, args...)
	if err != nil {
		t.Fatal(err)
	}
	x.Display, x.program = display, server
	var once sync.Once
	x.Kill = func() {
		once.Do(func() {
			select {
			case <-server.Ended():
				t.Logf("%s ended by itself:\n%s", name, strings.Join(server.Output(), "\n"))
			default:
			}
			server.Kill()
			server.Close()
		})
	}
	t.Cleanup(x.Kill)
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
