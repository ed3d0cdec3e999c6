package e2e

import (
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"

	"lotse/proctest"
	"lotse/screen/x11/x11test"
)

// display is an X server that only this test uses.
type display struct {
	t    testing.TB
	name string // such as ":12"
	// vncPort is the X server's own VNC port. Keys that arrive there count as physical. It is 0
	// for Xvfb, which has no VNC port.
	vncPort int
	server  *process
}

func (d *display) env() []string { return []string{"DISPLAY=" + d.name, "XAUTHORITY=/dev/null"} }

// customerDisplay starts the customer's desktop. It is an Xtigervnc because no other X server
// here distinguishes physical keys, which come from the server's own viewer, from injected
// ones.
func customerDisplay(t testing.TB, size string) *display {
	t.Helper()
	port := freePort(t)
	return xserver(t, port, need(t, "Xtigervnc", "tigervnc-standalone-server"), "-geometry", size, "-depth", "24",
		"-rfbport", strconv.Itoa(port), "-localhost=1", "-SecurityTypes", "None", "-AcceptSetDesktopSize=0", "-UseBlacklist=0")
}

// viewerDisplay starts the display on which a viewer's window opens.
func viewerDisplay(t testing.TB, size string) *display {
	t.Helper()
	d := xserver(t, 0, need(t, "Xvfb", "xvfb"), "-screen", "0", size+"x24", "-nolisten", "tcp")
	run(t, d.env(), need(t, "setxkbmap", "x11-xkb-utils"), "de")
	d.manage()
	return d
}

// manage starts a window manager and waits until it is ready.
func (d *display) manage() {
	t := d.t
	t.Helper()
	start(t, d.env(), need(t, "openbox", "openbox"))
	x11test.AwaitManager(t, d.name)
}

func xserver(t testing.TB, vncPort int, path string, args ...string) *display {
	t.Helper()
	server, name, err := x11test.Launch(path, args...)
	if err != nil {
		t.Fatal(err)
	}
	return &display{t: t, name: name, vncPort: vncPort, server: &process{proctest.Attach(t, server), t, filepath.Base(path)}}
}

// freePort returns a free port that is reserved for the test until it ends.
func freePort(t testing.TB) int { return x11test.FreePort(t, x11test.FirstPort, x11test.Ports) }

// vncPort returns a free port that old viewers can name: a display number below 100.
func vncPort(t testing.TB) int { return x11test.FreePort(t, 5940, 60) }

// picture returns what the display shows.
func (d *display) picture() image.Image {
	d.t.Helper()
	return d.pictureOf(image.Rectangle{})
}

// pictureOf returns what a part of the display shows. The empty rectangle means the whole
// display.
func (d *display) pictureOf(r image.Rectangle) image.Image {
	d.t.Helper()
	xgb.Logger.SetOutput(io.Discard)
	c, err := xgb.NewConnDisplay(d.name)
	if err != nil {
		d.t.Fatal(err)
	}
	defer c.Close()
	screen := xproto.Setup(c).DefaultScreen(c)
	if screen.RootDepth != 24 {
		d.t.Fatalf("display %s has depth %d", d.name, screen.RootDepth)
	}
	if r.Empty() {
		g, err := xproto.GetGeometry(c, xproto.Drawable(screen.Root)).Reply() // the screen may have been resized
		if err != nil {
			d.t.Fatal(err)
		}
		r = image.Rect(0, 0, int(g.Width), int(g.Height))
	}
	const allPlanes = 1<<32 - 1
	got, err := xproto.GetImage(c, xproto.ImageFormatZPixmap, xproto.Drawable(screen.Root), int16(r.Min.X), int16(r.Min.Y), uint16(r.Dx()), uint16(r.Dy()), allPlanes).Reply()
	if err != nil || len(got.Data) < 4*r.Dx()*r.Dy() {
		d.t.Fatalf("display %s, %v: %v", d.name, r, err)
	}
	img := image.NewRGBA(r)
	for i := 0; i < len(img.Pix); i += 4 {
		img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = got.Data[i+2], got.Data[i+1], got.Data[i], 0xff
	}
	return img
}

// paint paints a desktop with flat areas, hard edges, fine lines, and a gradient with noise
// like a photograph's.
func (d *display) paint() {
	d.t.Helper()
	d.paintWith(desktopColour)
}

// paintWith paints the desktop; colour returns the colour of the pixel at x, y.
func (d *display) paintWith(colour func(x, y, w, h int) (r, g, b byte)) {
	d.t.Helper()
	xgb.Logger.SetOutput(io.Discard)
	c, err := xgb.NewConnDisplay(d.name)
	if err != nil {
		d.t.Fatal(err)
	}
	defer c.Close()
	root := xproto.Setup(c).DefaultScreen(c)
	w, h := int(root.WidthInPixels), int(root.HeightInPixels)
	pixmap, err := xproto.NewPixmapId(c)
	if err != nil {
		d.t.Fatal(err)
	}
	gc, err := xproto.NewGcontextId(c)
	if err != nil {
		d.t.Fatal(err)
	}
	xproto.CreatePixmap(c, root.RootDepth, pixmap, xproto.Drawable(root.Root), uint16(w), uint16(h))
	xproto.CreateGC(c, gc, xproto.Drawable(pixmap), 0, nil)
	const strip = 16
	for y := 0; y < h; y += strip {
		rows := min(strip, h-y)
		data := make([]byte, 0, w*rows*4)
		for dy := range rows {
			for x := range w {
				r, g, b := colour(x, y+dy, w, h)
				data = append(data, b, g, r, 0)
			}
		}
		xproto.PutImage(c, xproto.ImageFormatZPixmap, xproto.Drawable(pixmap), gc, uint16(w), uint16(rows), 0, int16(y), 0, root.RootDepth, data)
	}
	xproto.ChangeWindowAttributes(c, root.Root, xproto.CwBackPixmap, []uint32{uint32(pixmap)})
	if err := xproto.ClearAreaChecked(c, false, root.Root, 0, 0, 0, 0).Check(); err != nil {
		d.t.Fatal(err)
	}
}

func desktopColour(x, y, w, h int) (r, g, b byte) {
	noise := byte((x*7919 ^ y*104729) >> 3 & 7)
	switch {
	case x < w/3 && y < h/3: // flat with fine lines, like a table
		if x%40 == 0 || y%24 == 0 {
			return 40, 60, 90
		}
		return 250, 250, 245
	case x > w*2/3 && y < h/3: // like a photograph
		return byte(x*240/w) + noise, byte(y*255/h) + noise/2, 120 + noise
	case (x/30+y/30)%2 == 0:
		return 52, 96, 140
	}
	return 43, byte(60 + y*80/h), 118
}

// typewriter opens an xterm and returns the name of the file to which its typed lines go.
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
	// Without a window manager the window under the pointer has the focus.
	d.xdotool("search", "--sync", "--class", "xterm")
	return file
}

func (d *display) xdotool(args ...string) (out string) {
	d.t.Helper()
	program := need(d.t, "xdotool", "xdotool")
	if args[0] != "search" {
		return run(d.t, d.env(), program, args...)
	}
	// xdotool's search fails with an X error when a window disappears during the search.
	eventually(d.t, fmt.Sprintf("xdotool %v", args), func() (err error) {
		if out, err = tryRun(d.env(), program, args...); err != nil && !strings.Contains(out, "BadWindow") {
			d.t.Fatalf("xdotool %v: %v\n%s", args, err, out)
		}
		return err
	})
	return out
}

func typed(file string) string {
	b, _ := os.ReadFile(file)
	return string(b)
}

// differences compares area of a with the same area of b, moved by offset. It returns the
// number of pixels in which some channel differs by more than tolerance.
func differences(a, b image.Image, area image.Rectangle, offset image.Point, tolerance int) int {
	n, p, q := 0, inRGBA(a), inRGBA(b)
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			if distance(p.RGBAAt(x, y), q.RGBAAt(x+offset.X, y+offset.Y)) > tolerance {
				n++
			}
		}
	}
	return n
}

// inRGBA returns img as an *image.RGBA. Reading the pixels of a whole screen through the
// interface takes seconds.
func inRGBA(img image.Image) *image.RGBA {
	if p, ok := img.(*image.RGBA); ok {
		return p
	}
	p := image.NewRGBA(img.Bounds())
	draw.Draw(p, p.Rect, img, p.Rect.Min, draw.Src)
	return p
}

// distance returns the largest difference of a channel between two colours.
func distance(a, b color.RGBA) int {
	return max(apart(a.R, b.R), apart(a.G, b.G), apart(a.B, b.B))
}

func apart(a, b uint8) int { return int(max(a, b) - min(a, b)) }

func colourDistance(a, b image.Image, x, y int, offset image.Point) int {
	rgba := func(c color.Color) color.RGBA { return color.RGBAModel.Convert(c).(color.RGBA) }
	return distance(rgba(a.At(x, y)), rgba(b.At(x+offset.X, y+offset.Y)))
}

// locate finds where shown contains desk. It compares a few hundred points and returns the
// offset at which they differ least. ok is false if they differ much there as well.
func locate(desk, shown image.Image, tolerance int) (best image.Point, ok bool) {
	size, room := desk.Bounds().Size(), shown.Bounds().Size()
	rnd := rand.New(rand.NewPCG(1, 1))
	var hidden image.Rectangle
	for _, ground := range badgeGrounds {
		if r, ok := badgeIn(desk, ground); ok {
			hidden = hidden.Union(r.Inset(-2))
		}
	}
	points := make([]image.Point, 300)
	for i := range points {
		for ok := false; !ok; ok = !points[i].In(hidden) {
			points[i] = image.Pt(8+rnd.IntN(size.X-40), 8+rnd.IntN(size.Y-40))
		}
	}
	least, from, in := len(points)*(tolerance+2), inRGBA(desk), inRGBA(shown)
	for dy := 0; dy <= room.Y-size.Y+40; dy++ {
	next:
		for dx := 0; dx <= room.X-size.X+40; dx++ {
			sum := 0
			for _, p := range points {
				q := p.Add(image.Pt(dx, dy))
				if !q.In(in.Rect) {
					continue next
				}
				if sum += distance(from.RGBAAt(p.X, p.Y), in.RGBAAt(q.X, q.Y)); sum >= least {
					continue next
				}
			}
			least, best, ok = sum, image.Pt(dx, dy), true
		}
	}
	return best, ok
}

// badgeGrounds are the badge's background colours when the customer is watched, controlled, and
// when the session is paused; see agent/badge.
var badgeGrounds = []color.RGBA{{0x1b, 0x4a, 0x7a, 0xff}, {0xa4, 0x1e, 0x1e, 0xff}, {0x4a, 0x4f, 0x55, 0xff}}

// withoutBadge paints the badge black on a picture of the customer's desktop, and the same
// place in a picture of a viewer that shows the desktop at offset. The badge is never part of a
// share.
func withoutBadge(desk, shown image.Image, offset image.Point) (image.Image, image.Image) {
	for _, ground := range badgeGrounds {
		if r, ok := badgeIn(desk, ground); ok {
			r = r.Inset(-2)
			desk, shown = blackened(desk, r), blackened(shown, r.Add(offset))
		}
	}
	return desk, shown
}

func blackened(img image.Image, r image.Rectangle) image.Image {
	out := image.NewRGBA(img.Bounds())
	draw.Draw(out, out.Rect, img, out.Rect.Min, draw.Src)
	draw.Draw(out, r, image.Black, image.Point{}, draw.Src)
	return out
}

// badgeIn finds the badge with this background colour in a picture.
func badgeIn(p image.Image, ground color.RGBA) (at image.Rectangle, ok bool) {
	img, n := inRGBA(p), 0
	for y := img.Rect.Min.Y; y < img.Rect.Max.Y; y++ {
		for x := img.Rect.Min.X; x < img.Rect.Max.X; x++ {
			if img.RGBAAt(x, y) == ground {
				at, n = at.Union(image.Rect(x, y, x+1, y+1)), n+1
			}
		}
	}
	return at, n > 5000
}

// shows waits until the viewer shows the customer's desktop, and returns the desktop's offset
// in the viewer's display. tolerance is the permitted difference per channel, 0 for lossless
// encodings. One pixel in a thousand may differ, because viewers draw over their picture.
func shows(t testing.TB, viewer, customer *display, tolerance int) image.Point {
	t.Helper()
	var at image.Point
	defer keepPictures(t, viewer, customer)
	eventually(t, "the viewer's picture", func() error {
		desk, shown := customer.picture(), viewer.picture()
		var ok bool
		if at, ok = locate(desk, shown, tolerance); !ok {
			return fmt.Errorf("the desktop is not in the viewer's picture")
		}
		desk, shown = withoutBadge(desk, shown, at)
		area := desk.Bounds().Inset(2)
		// The viewer's window may be a little smaller than the desktop.
		area = area.Intersect(shown.Bounds().Sub(at)).Intersect(image.Rect(0, 0, area.Max.X-24, area.Max.Y-24))
		if n := differences(desk, shown, area, at, tolerance); n > area.Dx()*area.Dy()/1000 {
			return fmt.Errorf("%d of %d pixels differ", n, area.Dx()*area.Dy())
		}
		return nil
	})
	return at
}

// keepPictures saves what the displays show if the test has failed.
func keepPictures(t testing.TB, displays ...*display) {
	if !t.Failed() {
		return
	}
	for i, d := range displays {
		f, err := os.CreateTemp("", "lotse-e2e-*.png")
		if err != nil {
			t.Log(err)
			return
		}
		_ = png.Encode(f, d.picture())
		f.Close()
		t.Logf("picture %d of the failure: %s", i, f.Name())
	}
}

// hands is the customer's own keyboard and mouse. Input that comes through the X server's own
// VNC port counts as physical.
type hands struct {
	t testing.TB
	c net.Conn
}

func (d *display) hands() *hands {
	d.t.Helper()
	c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(d.vncPort)))
	if err != nil {
		d.t.Fatal(err)
	}
	h := &hands{d.t, c}
	h.deadline()
	h.read(12)
	io.WriteString(c, "RFB 003.008\n")
	h.read(int(h.read(1)[0]))
	c.Write([]byte{1})
	h.read(4)
	c.Write([]byte{1})
	name := h.read(24)
	h.read(int(binary.BigEndian.Uint32(name[20:])))
	d.t.Cleanup(func() { c.Close() })
	return h
}

func (h *hands) deadline() { _ = h.c.SetDeadline(time.Now().Add(patience)) }

func (h *hands) read(n int) []byte {
	h.t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(h.c, b); err != nil {
		h.t.Fatal(err)
	}
	return b
}

// key presses and releases a key. It returns when the server has handled both.
func (h *hands) key(keysym uint32) {
	h.t.Helper()
	h.deadline()
	for _, down := range []byte{1, 0} {
		h.c.Write(binary.BigEndian.AppendUint32([]byte{4, down, 0, 0}, keysym))
	}
	h.taken()
}

// taken requests one pixel and waits for it. The server has then handled everything that was
// sent before.
func (h *hands) taken() {
	h.t.Helper()
	h.c.Write([]byte{3, 0, 0, 0, 0, 0, 0, 1, 0, 1})
	// The answer is a FramebufferUpdate of Raw rectangles: RFC 6143, section 7.6.1.
	for range int(binary.BigEndian.Uint16(h.read(4)[2:])) {
		r := h.read(12)
		h.read(4 * int(binary.BigEndian.Uint16(r[4:])) * int(binary.BigEndian.Uint16(r[6:])))
	}
}

// move moves the pointer.
func (h *hands) move(p image.Point) {
	h.t.Helper()
	h.deadline()
	h.c.Write([]byte{5, 0, byte(p.X >> 8), byte(p.X), byte(p.Y >> 8), byte(p.Y)})
	h.taken()
}

// click moves the pointer to p and clicks the left button.
func (h *hands) click(p image.Point) {
	h.t.Helper()
	h.deadline()
	for _, buttons := range []byte{0, 1, 0} {
		h.c.Write([]byte{5, buttons, byte(p.X >> 8), byte(p.X), byte(p.Y >> 8), byte(p.Y)})
		h.taken()
	}
}

// physicalKey presses and releases a key at the customer's own keyboard.
func (d *display) physicalKey(keysym uint32) {
	d.t.Helper()
	h := d.hands()
	h.key(keysym)
	h.c.Close()
}

// physicalClick clicks with the customer's own mouse.
func (d *display) physicalClick(at image.Point) {
	d.t.Helper()
	h := d.hands()
	h.click(at)
	h.c.Close()
}
