//go:build linux

package x11

import (
	"encoding/binary"
	"image"
	"image/color"
	"strings"
	"testing"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
	"lotse/screen/program"
	"lotse/screen/screentest"
	"lotse/screen/x11/x11test"
)

// netIcon returns a property with images of one colour each.
func netIcon(argb uint32, sides ...int) (b []byte) {
	for _, side := range sides {
		b = binary.LittleEndian.AppendUint32(b, uint32(side))
		b = binary.LittleEndian.AppendUint32(b, uint32(side))
		for range side * side {
			b = binary.LittleEndian.AppendUint32(b, argb)
		}
	}
	return b
}

// property reads b as a server does; asked counts the bytes.
func property(b []byte, asked *int) func(offset, n uint32) []byte {
	return func(offset, n uint32) []byte {
		from := min(uint64(offset)*4, uint64(len(b)))
		part := b[from:min(from+uint64(n)*4, uint64(len(b)))]
		*asked += len(part)
		return part
	}
}

func TestReadNetIcon(t *testing.T) {
	numbers := func(n ...uint32) (b []byte) {
		for _, v := range n {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
		return b
	}
	const red = 0xffc80000
	for name, test := range map[string]struct {
		property []byte
		side     int // of the image that is read; 0: none
	}{
		"nothing":                   {nil, 0},
		"half a head":               {numbers(16), 0},
		"a head alone":              {numbers(16, 16), 0},
		"one row is missing":        {netIcon(red, 16)[:8+15*16*4], 0},
		"one":                       {netIcon(red, 32), 32},
		"the nearest":               {netIcon(red, 16, 32, 48, 64, 128), 32},
		"the nearest comes last":    {netIcon(red, 128, 64, 48, 16), 48},
		"none so large":             {netIcon(red, 16, 24, 22), 24},
		"a giant before":            {netIcon(red, 512, 48), 48},
		"a giant alone":             {netIcon(red, 512), 0},
		"no width":                  {append(numbers(0, 16), netIcon(red, 32)...), 0},
		"a size that cannot be":     {numbers(1<<31, 1<<31, 1, 2, 3), 0},
		"a size that overflows":     {numbers(1<<16, 1<<16, 1, 2, 3), 0},
		"good before what is not":   {append(netIcon(red, 32), numbers(1<<31, 1)...), 32},
		"the last one is cut short": {append(netIcon(red, 16), numbers(48, 48, red)...), 0},
		"sizes without end":         {netIcon(red, make([]int, 100)...), 0},
		"very many":                 {netIcon(red, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19), 16},
	} {
		asked := 0
		c := readNetIcon(property(test.property, &asked))
		switch {
		case c == nil && test.side != 0:
			t.Errorf("%s: none", name)
		case c != nil && c.Size != image.Pt(test.side, test.side):
			t.Errorf("%s: %v, want %d", name, c.Size, test.side)
		case c != nil && (c.Pix[0] != 0 || c.Pix[2] != 0xc8 || c.Pix[3] != 0xff):
			t.Errorf("%s: % x", name, c.Pix[:4])
		}
		if most := maxIconSizes*8 + maxIconSide*maxIconSide*4; asked > most {
			t.Errorf("%s: %d bytes were read, want at most %d", name, asked, most)
		}
	}
}

// FuzzNetIcon passes arbitrary bytes to the parser of icons.
func FuzzNetIcon(f *testing.F) {
	f.Add(netIcon(0x80ff0000, 1, 2, 3))
	f.Add(netIcon(0xffffffff, 4, 1))
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		asked := 0
		c := readNetIcon(property(b, &asked))
		if most := maxIconSizes*8 + maxIconSide*maxIconSide*4; asked > most {
			t.Errorf("%d bytes were read", asked)
		}
		if c != nil && (len(c.Pix) != c.Size.X*c.Size.Y*4 || max(c.Size.X, c.Size.Y) > maxIconSide || c.Size.X < 1 || c.Size.Y < 1) {
			t.Errorf("%v with %d bytes", c.Size, len(c.Pix))
		}
	})
}

// iconWindow creates a window of this connection with b as its _NET_WM_ICON.
func iconWindow(t *testing.T, l *link, kind xproto.Atom, format byte, b []byte) xproto.Window {
	t.Helper()
	w, err := xproto.NewWindowId(l.Conn)
	if err != nil {
		t.Fatal(err)
	}
	netIcon, err := l.atom("_NET_WM_ICON")
	if err != nil {
		t.Fatal(err)
	}
	if err := xproto.CreateWindowChecked(l.Conn, 0, w, l.root, 0, 0, 10, 10, 0, xproto.WindowClassInputOutput, 0, 0, nil).Check(); err != nil {
		t.Fatal(err)
	}
	for len(b) > 0 { // a request has at most 256 kB
		part := b[:min(len(b), 128<<10)]
		b = b[len(part):]
		n := uint32(len(part) / (int(format) / 8))
		if err := xproto.ChangePropertyChecked(l.Conn, xproto.PropModeAppend, w, netIcon, kind, format, n, part).Check(); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// TestIcon reads icons from a real server.
func TestIcon(t *testing.T) {
	x := x11test.Xvfb(t, "640x480x24")
	l, err := dialX(screen.Options{Display: x.Display}.WithDefaults(), func([]byte) {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	a, err := openApps(l)
	if err != nil {
		t.Fatal(err)
	}
	const red, blue = 0xffc80000, 0xff0000c8
	none := iconWindow(t, l, 0, 32, nil)
	good := iconWindow(t, l, xproto.AtomCardinal, 32, append(netIcon(blue, 512, 16), netIcon(red, 48)...))
	for name, test := range map[string]struct {
		windows []xproto.Window
		has     bool
	}{
		"no window":           {nil, false},
		"no icon":             {[]xproto.Window{none}, false},
		"a window that left":  {[]xproto.Window{good + 1000}, false},
		"of the second":       {[]xproto.Window{none, good}, true},
		"a text":              {[]xproto.Window{iconWindow(t, l, xproto.AtomString, 8, netIcon(red, 16))}, false},
		"numbers of one byte": {[]xproto.Window{iconWindow(t, l, xproto.AtomCardinal, 8, netIcon(red, 16))}, false},
	} {
		c, ok := screentest.IconColor(t, a.icon(test.windows))
		if ok != test.has || ok && c != (color.NRGBA{R: 0xc8, A: 0xff}) {
			t.Errorf("%s: %v, %v", name, c, ok)
		}
	}
}

// TestIconsOfPrograms: the list has the icon of a real program's window, which another program,
// xprop, has written.
func TestIconsOfPrograms(t *testing.T) {
	x := x11test.Xvfb(t, "640x480x24")
	x.StartOpenbox(t)
	d := openOn(t, x, screen.Options{})
	for _, title := range []string{"with", "without"} {
		x.Start(t, "xterm", "-T", title, "-e", "sleep", "1000")
	}
	screentest.Eventually(t, "both programs", func() bool {
		l, err := dialX(screen.Options{Display: x.Display}.WithDefaults(), func([]byte) {})
		if err != nil {
			t.Fatal(err)
		}
		defer l.close()
		a, err := openApps(l)
		if err != nil {
			t.Fatal(err)
		}
		all, err := a.list(new(program.Icons)) // the desktop's list would remember that there is none
		return err == nil && len(all) == 2
	})
	pixels := "4, 4" + strings.Repeat(", 4291297280", 16) // 0xffc80000; xprop takes no more than 64 numbers
	x.Run(t, "xprop", "-name", "with", "-f", "_NET_WM_ICON", "32c", "-set", "_NET_WM_ICON", pixels)
	c, err := d.Windows.Choices()
	if err != nil {
		t.Fatal(err)
	}
	apps := map[string]screen.App{}
	for _, a := range c.Apps {
		apps[a.Titles[0]] = a
	}
	if c, ok := screentest.IconColor(t, apps["with"].Icon); !ok || c != (color.NRGBA{R: 0xc8, A: 0xff}) {
		t.Errorf("the icon: %v, %v", c, ok)
	}
	if a := apps["without"]; a.ID == "" || a.Icon != nil {
		t.Errorf("a program without icon: %+v", a)
	}
}
