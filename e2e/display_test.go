package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// display is an X server of the test's own.
type display struct {
	t    *testing.T
	name string // ":12"
	// vncPort is the server's own VNC port, whose keys count as physical; 0
	// for Xvfb, which has none.
	vncPort int
	server  *process
}

func (d *display) env() []string { return []string{"DISPLAY=" + d.name, "XAUTHORITY=/dev/null"} }

// customerDisplay is the customer's desktop: Xtigervnc, as it alone tells
// physical keys (those of its own viewer) from injected ones here.
func customerDisplay(t *testing.T, size string) *display {
	t.Helper()
	port := freePort(t)
	return xserver(t, port, need(t, "Xtigervnc", "tigervnc-standalone-server"), "-geometry", size, "-depth", "24",
		"-rfbport", strconv.Itoa(port), "-localhost=1", "-SecurityTypes", "None", "-AcceptSetDesktopSize=0", "-UseBlacklist=0")
}

// viewerDisplay is where a viewer's window opens.
func viewerDisplay(t *testing.T, size string) *display {
	t.Helper()
	d := xserver(t, 0, need(t, "Xvfb", "xvfb"), "-screen", "0", size+"x24", "-nolisten", "tcp")
	run(t, d.env(), need(t, "setxkbmap", "x11-xkb-utils"), "de")
	start(t, d.env(), need(t, "openbox", "openbox"))
	return d
}

func xserver(t *testing.T, vncPort int, path string, args ...string) *display {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	d := &display{t: t, vncPort: vncPort}
	d.server = startWithFile(t, w, path, append(args, "-displayfd", "3")...)
	w.Close()
	number := make([]byte, 16)
	if err := r.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	n, err := r.Read(number)
	if err != nil {
		t.Fatalf("%s gave no display number: %v", path, err)
	}
	d.name = ":" + strings.TrimSpace(string(number[:n]))
	return d
}

func startWithFile(t *testing.T, f *os.File, path string, args ...string) *process {
	t.Helper()
	// The shell hands the file on as number 3 whatever Go had open.
	return start(t, nil, "/bin/sh", append([]string{"-c", fmt.Sprintf(`exec "$0" "$@" 3>/proc/%d/fd/%d`, os.Getpid(), f.Fd()), path}, args...)...)
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// picture is what the display shows.
func (d *display) picture() image.Image {
	d.t.Helper()
	cmd := exec.Command(need(d.t, "import", "imagemagick"), "-window", "root", "png:-")
	cmd.Env = append(os.Environ(), d.env()...)
	out, err := cmd.Output()
	if err != nil {
		d.t.Fatalf("import: %v", err)
	}
	img, err := png.Decode(bytes.NewReader(out))
	if err != nil {
		d.t.Fatal(err)
	}
	return img
}

// paint puts something to look at on the desktop: text, areas, a gradient.
func (d *display) paint() {
	d.t.Helper()
	file := filepath.Join(d.t.TempDir(), "desktop.png")
	size := d.picture().Bounds().Size()
	run(d.t, nil, need(d.t, "convert", "imagemagick"), "-size", fmt.Sprintf("%dx%d", size.X, size.Y),
		"gradient:#2b5876-#e9e4f0", "-fill", "#ffffff", "-draw", "rectangle 40,40 360,200", "-fill", "#c0392b", "-draw", "circle 520,160 520,220",
		"-fill", "#102030", "-pointsize", "20", "-annotate", "+60+90", "Rechnung 4711", "-annotate", "+60+130", "Summe 1.234,50 EUR", file)
	run(d.t, d.env(), need(d.t, "display", "imagemagick"), "-window", "root", file)
}

// typewriter opens an xterm whose typed lines end up in a file.
func (d *display) typewriter() (file string) {
	d.t.Helper()
	file = filepath.Join(d.t.TempDir(), "typed")
	start(d.t, append(d.env(), "LC_ALL=C.UTF-8"), need(d.t, "xterm", "xterm"), "-fa", "Monospace", "-fs", "11", "-geometry", "50x8+60+300",
		"-e", "sh", "-c", "cat > "+file)
	eventually(d.t, "xterm", func() error {
		if _, err := os.Stat(file); err != nil {
			return err
		}
		return nil
	})
	// Without a window manager the keyboard follows the pointer.
	d.xdotool("search", "--sync", "--class", "xterm")
	return file
}

func (d *display) xdotool(args ...string) string {
	d.t.Helper()
	return run(d.t, d.env(), need(d.t, "xdotool", "xdotool"), args...)
}

func typed(file string) string {
	b, _ := os.ReadFile(file)
	return string(b)
}

// differences compares where b shows a (its top left corner at offset) and
// returns how many pixels differ by more than tolerance in a channel.
func differences(a, b image.Image, area image.Rectangle, offset image.Point, tolerance int) int {
	n := 0
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			if colourDistance(a, b, x, y, offset) > tolerance {
				n++
			}
		}
	}
	return n
}

func colourDistance(a, b image.Image, x, y int, offset image.Point) int {
	r1, g1, b1, _ := a.At(x, y).RGBA()
	r2, g2, b2, _ := b.At(x+offset.X, y+offset.Y).RGBA()
	d := 0
	for _, c := range [3][2]uint32{{r1, r2}, {g1, g2}, {b1, b2}} {
		d = max(d, int(c[0]>>8)-int(c[1]>>8), int(c[1]>>8)-int(c[0]>>8))
	}
	return d
}

// locate finds where shown contains desk, by a few hundred points.
func locate(desk, shown image.Image, tolerance int) (image.Point, bool) {
	size, room := desk.Bounds().Size(), shown.Bounds().Size()
	rnd := rand.New(rand.NewPCG(1, 1))
	points := make([]image.Point, 300)
	for i := range points {
		points[i] = image.Pt(8+rnd.IntN(size.X-40), 8+rnd.IntN(size.Y-40))
	}
	for dy := 0; dy <= room.Y-size.Y+40; dy++ {
	next:
		for dx := 0; dx <= room.X-size.X+40; dx++ {
			misses := 0
			for _, p := range points {
				if q := p.Add(image.Pt(dx, dy)); !q.In(shown.Bounds()) || colourDistance(desk, shown, p.X, p.Y, image.Pt(dx, dy)) > tolerance {
					if misses++; misses > len(points)/50 {
						continue next
					}
				}
			}
			return image.Pt(dx, dy), true
		}
	}
	return image.Point{}, false
}

// shows waits until viewer shows customer's desktop. tolerance is per channel:
// 0 for lossless encodings. What the viewer lays over its picture is allowed
// for in one per mille of the pixels.
func shows(t *testing.T, viewer, customer *display, tolerance int) image.Point {
	t.Helper()
	var at image.Point
	eventually(t, "the viewer's picture", func() error {
		desk, shown := customer.picture(), viewer.picture()
		var ok bool
		if at, ok = locate(desk, shown, tolerance); !ok {
			return fmt.Errorf("the desktop is not in the viewer's picture")
		}
		area := desk.Bounds().Inset(2)
		// The window may be a little smaller than the desktop.
		area = area.Intersect(shown.Bounds().Sub(at)).Intersect(image.Rect(0, 0, area.Max.X-24, area.Max.Y-24))
		if n := differences(desk, shown, area, at, tolerance); n > area.Dx()*area.Dy()/1000 {
			return fmt.Errorf("%d of %d pixels differ", n, area.Dx()*area.Dy())
		}
		return nil
	})
	return at
}

// physicalKey presses and releases a key at the customer's own keyboard.
func (d *display) physicalKey(keysym uint32) {
	d.t.Helper()
	c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(d.vncPort)))
	if err != nil {
		d.t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	read := func(n int) []byte {
		b := make([]byte, n)
		if _, err := io.ReadFull(c, b); err != nil {
			d.t.Fatal(err)
		}
		return b
	}
	read(12)
	io.WriteString(c, "RFB 003.008\n")
	read(int(read(1)[0]))
	c.Write([]byte{1})
	read(4)
	c.Write([]byte{1})
	name := read(24)
	read(int(binary.BigEndian.Uint32(name[20:])))
	for _, down := range []byte{1, 0} {
		c.Write(binary.BigEndian.AppendUint32([]byte{4, down, 0, 0}, keysym))
	}
	// The answer to a request says that the keys were taken.
	c.Write([]byte{3, 0, 0, 0, 0, 0, 0, 1, 0, 1})
	read(1)
}
