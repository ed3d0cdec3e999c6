//go:build linux

package x11

import (
	"bytes"
	"encoding/binary"
	"image"
	"io"
	"net"
	"slices"
	"testing"
	"testing/iotest"

	"lotse/screen"
	"lotse/screen/lifecycle"
	"lotse/screen/x11/x11test"
)

// stream is a net.Conn that only reads.
type stream struct {
	net.Conn
	io.Reader
}

func (s stream) Read(p []byte) (int, error) { return s.Reader.Read(p) }

func packet(kind byte, words int) []byte {
	b := make([]byte, xHead+4*words)
	b[0] = kind
	binary.LittleEndian.PutUint32(b[4:], uint32(words))
	for i := 8; i < len(b); i++ {
		b[i] = byte(i)
	}
	return b
}

// TestWire checks that replies and errors pass and events are removed, with data split at any
// point.
func TestWire(t *testing.T) {
	greeting := append([]byte{1, 0, 11, 0, 0, 0, 2, 0}, "12345678"...)
	reply, generic := packet(xReply, 3), packet(xGenericEvent, 5)
	event, long := packet(22, 0), packet(xReply, 40000)
	extError := packet(xError, 0)
	extError[1] = 150
	in := slices.Concat(greeting, event, reply, generic, long, extError, event, generic, reply)
	fixed := bytes.Clone(extError)
	fixed[1] = xBadImplementation
	want := slices.Concat(greeting, reply, long, fixed, reply)
	for name, chunk := range map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r }, "one byte": iotest.OneByteReader, "half": iotest.HalfReader,
	} {
		var events []byte
		w := newWire(stream{Reader: chunk(bytes.NewReader(in))}, func(ev []byte) { events = append(events, ev...) })
		got, err := io.ReadAll(iotest.OneByteReader(w))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, want %d (%v)", name, len(got), len(want), err)
		}
		if !bytes.Equal(events, slices.Concat(event, generic, event, generic)) {
			t.Errorf("%s: wrong events", name)
		}
	}
	for _, kind := range []byte{xReply, xGenericEvent} {
		huge := packet(kind, 0)
		binary.LittleEndian.PutUint32(huge[4:], 0xffffffff)
		w := newWire(stream{Reader: bytes.NewReader(slices.Concat(greeting, huge))}, func([]byte) {})
		if _, err := io.ReadAll(w); err == nil {
			t.Errorf("kind %d: a giant was believed", kind)
		}
	}
}

// FuzzWire passes a server's bytes to everything that reads them before xgb.
func FuzzWire(f *testing.F) {
	greeting := []byte{1, 0, 11, 0, 0, 0, 0, 0}
	raw := packet(xGenericEvent, 2)
	raw[1], raw[8], raw[9] = 131, xiRawKeyPress, 0
	f.Add(slices.Concat(greeting, raw, packet(xReply, 2), packet(34, 0)))
	f.Add(greeting)
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &rootScreen{Lifecycle: lifecycle.New(), ext: rootExtensions{
			damage: 1, hasCursor: true, hasRandr: true,
			damageEvent: 91, randrEvent: 89, fixesEvent: 87, xiMajor: 131,
		}}
		k := &clipLink{fixesEvent: 87}
		w := newWire(stream{Reader: bytes.NewReader(b)}, func(ev []byte) {
			s.event(ev)
			isMapEvent(ev, 85)
			if e, ok := parseXIEvent(ev, 131); ok && e.kind > xiRawMotion && e.source != 0 {
				t.Error("source of an event that has none")
			}
			if kind := ev[0] &^ xSentFlag; kind != 87 && kind < 28 {
				_ = k.handle(ev[:xHead])
			}
		})
		_, _ = io.Copy(io.Discard, w)
	})
}

// FuzzReplies passes a server's bytes to the parsers of replies.
func FuzzReplies(f *testing.F) {
	devices := packet(xReply, 8)
	clear(devices[8:])
	devices[8] = 1
	copy(devices[xHead:], []byte{5, 0, 3, 0, 3, 0, 1, 0, 5, 0, 1, 0, 'h', 'e', 'l', 'l', 'o', 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add(devices)
	m := make([]byte, 120)
	m[10], m[11], m[15], m[17], m[20], m[33] = 8, 255, 1, 8, 2, 1
	f.Add(m)
	f.Fuzz(func(t *testing.T, b []byte) {
		if l, err := parseXIDevices(b); err == nil && len(l) > maxXIDevices {
			t.Error("too many devices")
		}
		parseXauthority(b)
		chooseCookie(parseXauthority(b), "0", "host", nil)
		km, err := parseKeyMap(b)
		if err != nil {
			return
		}
		km.freeKeys()
		for sym := range km.on {
			for group := range 4 {
				km.find(sym&0xffffff, xkbState{mods: 2, group: group}, 1)
			}
			km.modsOf(km.on[sym][0])
		}
	})
}

func TestParseXIDevices(t *testing.T) {
	x := x11test.Xvfb(t, "640x480x24")
	l, err := dialX(screen.Options{Display: x.Display}.WithDefaults(), func([]byte) {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	xi, err := openXI(l)
	if err != nil {
		t.Fatal(err)
	}
	got, err := xi.injectors()
	if err != nil {
		t.Fatal(err)
	}
	injected := 0
	for _, is := range got {
		if is {
			injected++
		}
	}
	if len(got) < 6 || injected != 2 {
		t.Errorf("devices: %v", got)
	}
}

// TestConvert checks pixel formats that no server in these tests has.
func TestConvert(t *testing.T) {
	ch := func(mask uint32) channel { c, _ := channelOf(mask); return c }
	for _, c := range []struct {
		name string
		f    pixelFormat
		in   []byte
		want []byte
	}{
		{"565", pixelFormat{bytes: 2, pad: 4, red: ch(0xf800), green: ch(0x07e0), blue: ch(0x1f)}, []byte{0x00, 0xf8, 0xff, 0x07}, []byte{0, 0, 255, 0, 255, 255, 0, 0}},
		{"565 big-endian", pixelFormat{bytes: 2, pad: 4, msbFirst: true, red: ch(0xf800), green: ch(0x07e0), blue: ch(0x1f)}, []byte{0xf8, 0x00, 0x07, 0xff}, []byte{0, 0, 255, 0, 255, 255, 0, 0}},
		{"888 big-endian", pixelFormat{bytes: 4, pad: 4, msbFirst: true, red: ch(0xff0000), green: ch(0xff00), blue: ch(0xff)}, []byte{0, 1, 2, 3, 0, 4, 5, 6}, []byte{3, 2, 1, 0, 6, 5, 4, 0}},
		{"packed 24", pixelFormat{bytes: 3, pad: 4, red: ch(0xff0000), green: ch(0xff00), blue: ch(0xff)}, []byte{3, 2, 1, 6, 5, 4, 0, 0}, []byte{3, 2, 1, 0, 6, 5, 4, 0}},
		{"30 bits", pixelFormat{bytes: 4, pad: 4, red: ch(0x3ff00000), green: ch(0xffc00), blue: ch(0x3ff)}, []byte{0xff, 0x03, 0, 0, 0, 0, 0xf0, 0x3f}, []byte{255, 0, 0, 0, 0, 0, 255, 0}},
	} {
		f := screen.NewFrame(image.Pt(2, 1))
		c.f.convert(f, f.Bounds(), c.in)
		if !bytes.Equal(f.Pix, c.want) {
			t.Errorf("%s: %v, want %v", c.name, f.Pix, c.want)
		}
	}
	if _, ok := channelOf(0x505); ok {
		t.Error("a mask with gaps was taken")
	}
}
