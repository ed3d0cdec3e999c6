//go:build windows

package windows

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/png"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lotse/screen"
	"lotse/screen/clipformat"
	"lotse/screen/screentest"
)

// anybody wants what every program copies.
func anybody(screen.ClipboardOwner) bool { return true }

// readOpen calls read with the clipboard open. It must be called on the clipboard's thread.
func readOpen[T any](c *clipboard, read func() (T, error)) (value T, err error) {
	if err := openClipboard(c.window); err != nil {
		return value, err
	}
	defer call(procCloseClipboard)
	return read()
}

// otherClip is the clipboard of another program, in this process.
type otherClip struct {
	*clipboard
	t *testing.T
}

func newOtherClip(t *testing.T) otherClip {
	t.Helper()
	c := newClipboard(screen.Options{}.WithDefaults())
	if _, err := c.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.close() })
	return otherClip{c, t}
}

// put sets the clipboard to these forms.
func (o otherClip) put(forms ...form) {
	o.t.Helper()
	var err error
	if e := o.thread.do(func() { err = o.write(forms) }); e != nil || err != nil {
		o.t.Fatal(e, err)
	}
}

// get reads one format.
func (o otherClip) get(format uintptr) []byte {
	o.t.Helper()
	var b []byte
	var err error
	e := o.thread.do(func() {
		b, err = readOpen(o.clipboard, func() ([]byte, error) { return readForm(format, 1<<27) })
	})
	if e != nil || err != nil {
		o.t.Fatal(e, err)
	}
	return b
}

func utf16Form(t *testing.T, text string) form {
	t.Helper()
	forms, err := formsOf(screen.Clip{Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return forms[0]
}

func noise(width, height int, alpha bool) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		if m.Pix[i] = byte(random.Uint32()); i%4 == 3 && !alpha {
			m.Pix[i] = 0xff
		}
	}
	return m
}

func samePixels(p *screen.Picture, m *image.NRGBA) bool {
	if p == nil {
		return false
	}
	got, err := p.Decode()
	return err == nil && got.Rect == m.Rect && bytes.Equal(got.Pix, m.Pix)
}

// rigClip returns a desktop whose clipboard is watched, and what is reported.
func rigClip(t *testing.T, from func(screen.ClipboardOwner) bool) (*screen.Desktop, chan screen.Clip) {
	t.Helper()
	d := openTest(t, screen.Options{})
	c := d.Clipboard.(*clipboard)
	clips := make(chan screen.Clip, 16)
	background(t, func(ctx context.Context) error {
		return c.Watch(ctx, from, func(clip screen.Clip, _ screen.ClipboardOwner) { clips <- clip })
	})
	screentest.Eventually(t, "the watch", func() bool { c.mu.Lock(); defer c.mu.Unlock(); return len(c.watchers) > 0 })
	return d, clips
}

func reported(t *testing.T, clips chan screen.Clip) screen.Clip {
	t.Helper()
	select {
	case c := <-clips:
		return c
	case <-time.After(screentest.Patience):
		t.Fatal("nothing was reported")
		panic("unreachable")
	}
}

// TestClipboard: both directions, other line ends, and no report of one's own text.
func TestClipboard(t *testing.T) {
	p := startColour(t, 0x336699, image.Rect(100, 100, 300, 200))
	d := openTest(t, screen.Options{})
	var mu sync.Mutex
	var texts []string
	var owners []screen.ClipboardOwner
	background(t, func(ctx context.Context) error {
		return d.Clipboard.Watch(ctx, anybody, func(c screen.Clip, owner screen.ClipboardOwner) {
			mu.Lock()
			defer mu.Unlock()
			texts, owners = append(texts, c.Text), append(owners, owner)
		})
	})
	if err := d.Clipboard.Set(screen.Clip{Text: "mine €\nsecond"}); err != nil {
		t.Fatal(err)
	}
	other := newOtherClip(t)
	var got string
	if err := other.thread.do(func() { got, _ = readOpen(other.clipboard, readText) }); err != nil || got != "mine €\nsecond" {
		t.Errorf("another program reads %q, %v", got, err)
	}
	if got := p.ask("clip theirs ä€"); got != "ok" {
		t.Fatal(got)
	}
	screentest.Eventually(t, "their text", func() bool { mu.Lock(); defer mu.Unlock(); return len(texts) > 0 })
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(texts, []string{"theirs ä€\nline"}) {
		t.Errorf("reported %q", texts)
	}
	if owners[0] != 0 && owners[0] != screen.ClipboardOwner(p.pid) {
		t.Errorf("owner %d, want %d", owners[0], p.pid)
	}
	if err := d.Clipboard.Set(screen.Clip{Text: string(make([]byte, screen.MaxClipText+1))}); err == nil {
		t.Error("a text of any length is taken")
	}
}

// TestClipboardSetsForms: other programs find each form in the formats that they know.
func TestClipboardSetsForms(t *testing.T) {
	d := openTest(t, screen.Options{})
	other := newOtherClip(t)
	for _, m := range []*image.NRGBA{noise(31, 17, true), noise(1300, 700, false)} {
		p, err := screen.NewPicture(m)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Clipboard.Set(screen.Clip{Text: "Text", HTML: "<b>ä</b>", Picture: p}); err != nil {
			t.Fatal(err)
		}
		if got, err := png.Decode(bytes.NewReader(other.get(pngFormat()))); err != nil || got.Bounds() != m.Rect {
			t.Errorf("PNG: %v", err)
		}
		for _, format := range []uintptr{cfDIBV5, cfDIB} { // the system converts the one to the other
			got, err := clipformat.DecodeDIB(bytes.NewReader(other.get(format)), screen.MaxPicturePixels)
			if err != nil || got.Rect != m.Rect || format == cfDIBV5 && !bytes.Equal(got.Pix, m.Pix) {
				t.Errorf("format %d: %v", format, err)
			}
		}
		html, err := clipformat.ParseHTML(cutAtNUL(other.get(htmlFormat())))
		if err != nil || !strings.Contains(html, "<!--StartFragment--><b>ä</b><!--EndFragment-->") {
			t.Errorf("HTML: %q, %v", html, err)
		}
		if got := other.get(cfUnicodeText); !bytes.HasPrefix(got, []byte("T\x00e\x00x\x00t\x00\x00\x00")) {
			t.Errorf("text: %q", got)
		}
	}
	if err := d.Clipboard.Set(screen.Clip{Text: "only text"}); err != nil {
		t.Fatal(err)
	}
	for _, format := range []uintptr{pngFormat(), htmlFormat(), cfDIB, cfDIBV5} {
		if b := other.get(format); b != nil {
			t.Errorf("format %d of before is still there: %d bytes", format, len(b))
		}
	}
}

// TestClipboardReadsForms: all forms that a program offers are reported together.
func TestClipboardReadsForms(t *testing.T) {
	_, clips := rigClip(t, anybody)
	other := newOtherClip(t)
	m, clear := noise(33, 9, false), noise(20, 20, true)
	var encoded, dib bytes.Buffer
	if err := png.Encode(&encoded, clear); err != nil {
		t.Fatal(err)
	}
	if err := clipformat.WriteDIB(&dib, clear); err != nil {
		t.Fatal(err)
	}
	html := clipformat.AppendHTML(nil, "<i>ü</i>")
	broken := append(slices.Clone(encoded.Bytes()[:60]), make([]byte, 50)...)
	for _, c := range []struct {
		name    string
		forms   []form
		text    string
		html    string
		picture *image.NRGBA
	}{
		{"text, HTML and PNG", []form{utf16Form(t, "a"), {htmlFormat(), html}, {pngFormat(), encoded.Bytes()}}, "a", "<i>ü</i>", clear},
		{"a DIB with 24 bits", []form{{cfDIB, dib24(m)}}, "", "", m},
		{"a DIB with alpha", []form{{cfDIBV5, dib.Bytes()}}, "", "", clear},
		{"a broken PNG", []form{utf16Form(t, "b"), {pngFormat(), broken}}, "b", "", nil},
		{"a broken DIB", []form{utf16Form(t, "c"), {cfDIB, dib24(m)[:50]}}, "c", "", nil},
		{"broken HTML", []form{utf16Form(t, "d"), {htmlFormat(), []byte("<p>")}}, "d", "", nil},
		{"HTML too long", []form{utf16Form(t, "e"), {htmlFormat(), bytes.Repeat([]byte("x"), maxCFHTML+1)}}, "e", "", nil},
		{"a PNG too large", []form{utf16Form(t, "f"), {pngFormat(), make([]byte, screen.MaxPictureBytes+1)}}, "f", "", nil},
	} {
		other.put(c.forms...)
		got := reported(t, clips)
		if got.Text != c.text || !strings.Contains(got.HTML, c.html) || (c.html == "") != (got.HTML == "") ||
			(c.picture == nil) != (got.Picture == nil) || c.picture != nil && !samePixels(got.Picture, c.picture) {
			t.Errorf("%s: reported %q, %q, %v", c.name, got.Text, got.HTML, got.Picture)
		}
	}
}

// dib24 returns m as the oldest kind of DIB that programs still write.
func dib24(m *image.NRGBA) []byte {
	b := make([]byte, 40)
	binary.LittleEndian.PutUint32(b, 40)
	binary.LittleEndian.PutUint32(b[4:], uint32(m.Rect.Dx()))
	binary.LittleEndian.PutUint32(b[8:], uint32(m.Rect.Dy()))
	b[12], b[14] = 1, 24
	for y := m.Rect.Dy() - 1; y >= 0; y-- {
		start := len(b)
		for x := range m.Rect.Dx() {
			c := m.NRGBAAt(x, y)
			b = append(b, c.B, c.G, c.R)
		}
		for (len(b)-start)%4 != 0 {
			b = append(b, 0)
		}
	}
	return b
}

// TestClipboardLeavesSecrets: nothing of what password managers mark is reported.
func TestClipboardLeavesSecrets(t *testing.T) {
	_, clips := rigClip(t, anybody)
	other := newOtherClip(t)
	for _, c := range []struct {
		name  string
		mark  form
		taken bool
	}{
		{"excluded from monitors", form{excludeFormat(), []byte{0}}, false},
		{"ignored by viewers", form{ignoreFormat(), []byte{1, 0, 0, 0}}, false},
		{"not for the history", form{historyFormat(), []byte{0, 0, 0, 0}}, false},
		{"not for other computers", form{uploadFormat(), []byte{0, 0, 0, 0}}, false},
		{"a mark too short", form{historyFormat(), []byte{1}}, false},
		{"for the history", form{historyFormat(), []byte{1, 0, 0, 0}}, true},
		{"for other computers", form{uploadFormat(), []byte{1, 0, 0, 0}}, true},
	} {
		other.put(utf16Form(t, c.name), form{pngFormat(), []byte("hunter2")}, c.mark)
		if !c.taken {
			other.put(utf16Form(t, "behind "+c.name))
		}
		// A content may be reported twice if another follows at once.
		want := map[bool]string{true: c.name, false: "behind " + c.name}[c.taken]
		for got := (screen.Clip{}); got.Text != want; {
			if got = reported(t, clips); got.Picture != nil || !c.taken && got.Text == c.name {
				t.Errorf("%s: reported %q", c.name, got.Text)
			}
		}
	}
}

// TestClipboardUnwanted: nothing is read of programs whose contents nobody wants.
func TestClipboardUnwanted(t *testing.T) {
	asked := make(chan screen.ClipboardOwner, 16)
	wanted := make(chan bool, 1)
	wanted <- false
	_, clips := rigClip(t, func(owner screen.ClipboardOwner) bool {
		yes := <-wanted
		wanted <- yes
		asked <- owner
		return yes
	})
	other := newOtherClip(t)
	other.put(utf16Form(t, "private"))
	if owner := <-asked; owner == 0 {
		t.Error("the owner is not known")
	}
	<-wanted
	wanted <- true
	other.put(utf16Form(t, "shared"))
	if got := reported(t, clips); got.Text != "shared" {
		t.Errorf("reported %q", got.Text)
	}
}

// TestClipboardHungOwner: a program that does not answer does not hold up the clipboard.
func TestClipboardHungOwner(t *testing.T) {
	d, clips := rigClip(t, anybody)
	hung := make(chan struct{})
	owns := make(chan error)
	var ended sync.WaitGroup
	ended.Go(func() {
		runtime.LockOSThread() // never unlocked: its window goes with the thread
		window, err := makeWindow(hwndMessage, 0, 0, nil)
		if err == nil {
			err = openClipboard(window)
		}
		if err == nil {
			call(procEmptyClipboard)
			call(procSetClipboardData, cfUnicodeText, 0) // to be delivered on request
			call(procCloseClipboard)
		}
		owns <- err
		<-hung
	})
	defer ended.Wait()
	defer close(hung)
	if err := <-owns; err != nil {
		t.Fatal(err)
	}
	if err := d.Clipboard.Set(screen.Clip{Text: "mine"}); err != nil {
		t.Error(err)
	}
	newOtherClip(t).put(utf16Form(t, "theirs"))
	if got := reported(t, clips); got.Text != "theirs" {
		t.Errorf("reported %q", got.Text)
	}
}
