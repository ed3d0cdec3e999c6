//go:build linux

package x11

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/png"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/screen/x11/x11test"
)

// noise returns a picture that compresses badly, with and without alpha.
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

func encoded(t testing.TB, m image.Image) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func samePixels(p *screen.Picture, m *image.NRGBA) bool {
	if p == nil {
		return false
	}
	got, err := p.Decode()
	return err == nil && got.Rect == m.Rect && bytes.Equal(got.Pix, m.Pix)
}

// Pictures and HTML pass in both directions to and from xclip, long ones in pieces.
func TestClipboardPicturesWithXclip(t *testing.T) {
	x := x11test.Xvfb(t, "640x480x24")
	d := openOn(t, x, screen.Options{})
	h := &heard{}
	background(t, func(ctx context.Context) error { return d.Clipboard.Watch(ctx, anybody, h.add) })
	last := func() screen.Clip { h.mu.Lock(); defer h.mu.Unlock(); return h.clip }
	small, large := noise(9, 7, true), noise(1200, 700, false)
	screentest.Eventually(t, "the first picture", func() bool {
		copyText(x, t, encoded(t, small), "-target", "image/png")
		return samePixels(last().Picture, small)
	})
	if c := last(); c.Text != "" || c.HTML != "" {
		t.Errorf("with the picture: %q %q", c.Text, c.HTML)
	}
	if size := len(encoded(t, large)); size < 2<<20 {
		t.Fatalf("the large picture has only %d bytes", size)
	}
	copyText(x, t, encoded(t, large), "-target", "image/png")
	screentest.Eventually(t, "the large picture", func() bool { return samePixels(last().Picture, large) })
	copyText(x, t, "<b>fett: ü</b>", "-target", "text/html")
	screentest.Eventually(t, "the HTML", func() bool { return last().HTML == "<b>fett: ü</b>" })
	if last().Picture != nil {
		t.Error("the picture of before is still there")
	}

	for _, m := range []*image.NRGBA{small, large} {
		p, err := screen.NewPicture(m)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Clipboard.Set(screen.Clip{Text: "a text", HTML: "<i>ä</i>", Picture: p}); err != nil {
			t.Fatal(err)
		}
		if got, err := paste(x, t, "-target", "image/png"); err != nil || got != string(p.PNG()) {
			t.Errorf("pasted %d bytes of a picture of %d, %v", len(got), len(p.PNG()), err)
		}
	}
	if got, err := paste(x, t, "-target", "text/html"); err != nil || got != htmlCharset+"<i>ä</i>" {
		t.Errorf("pasted %q, %v", got, err)
	}
	if got, err := paste(x, t); err != nil || got != "a text" {
		t.Errorf("pasted %q, %v", got, err)
	}
	if err := d.Clipboard.Set(screen.Clip{Picture: last().Picture, HTML: "x"}); err != nil {
		t.Fatal(err)
	}
	if got, err := paste(x, t, "-target", "UTF8_STRING"); err == nil {
		t.Errorf("pasted the text of before: %q", got)
	}
}

// clipProgram is another program that owns the clipboard. It answers requests until the test ends.
type clipProgram struct {
	l     *link
	t     *testing.T
	w     xproto.Window
	mu    sync.Mutex
	forms map[string]string
	stuck map[string]bool // targets that are never answered
	asked []string
	parts map[xproto.Atom]string // what is left to send in pieces, by property
	in    xproto.Window          // the window of these properties
}

func newClipProgram(x *x11test.Server, t *testing.T) *clipProgram {
	t.Helper()
	p := &clipProgram{t: t, parts: map[xproto.Atom]string{}}
	events := make(chan []byte, 256)
	var err error
	p.l, err = dialX(screen.Options{Display: x.Display}.WithDefaults(), func(b []byte) { events <- slices.Clone(b) })
	if err != nil {
		t.Fatal(err)
	}
	if p.w, err = xproto.NewWindowId(p.l.Conn); err != nil {
		t.Fatal(err)
	}
	xproto.CreateWindow(p.l.Conn, 0, p.w, p.l.root, 0, 0, 1, 1, 0, xproto.WindowClassInputOnly, 0, 0, nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case b := <-events:
				p.handle(b)
			case <-p.l.gone:
				return
			}
		}
	}()
	t.Cleanup(func() { p.l.close(); <-done })
	return p
}

func (p *clipProgram) atom(name string) xproto.Atom {
	a, err := p.l.atom(name)
	if err != nil && !p.l.isGone() {
		p.t.Error(err)
	}
	return a
}

// own takes the clipboard with these forms, by target.
func (p *clipProgram) own(forms map[string]string, stuck ...string) {
	p.t.Helper()
	p.mu.Lock()
	p.forms, p.asked, p.stuck = forms, nil, map[string]bool{}
	for _, s := range stuck {
		p.stuck[s] = true
	}
	p.mu.Unlock()
	if err := xproto.SetSelectionOwnerChecked(p.l.Conn, p.w, p.atom("CLIPBOARD"), xproto.TimeCurrentTime).Check(); err != nil {
		p.t.Fatal(err)
	}
}

func (p *clipProgram) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

func (p *clipProgram) handle(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch b[0] &^ xSentFlag {
	case xproto.PropertyNotify:
		e := xproto.PropertyNotifyEventNew(b).(xproto.PropertyNotifyEvent)
		left, ok := p.parts[e.Atom]
		if !ok || e.State != xproto.PropertyDelete {
			return
		}
		n := min(len(left), 100_000)
		if p.parts[e.Atom] = left[n:]; n == 0 {
			delete(p.parts, e.Atom)
		}
		xproto.ChangeProperty(p.l.Conn, xproto.PropModeReplace, p.in, e.Atom, xproto.AtomString, 8, uint32(n), []byte(left[:n]))
	case xproto.SelectionRequest:
		p.answer(xproto.SelectionRequestEventNew(b).(xproto.SelectionRequestEvent))
	}
}

func (p *clipProgram) answer(e xproto.SelectionRequestEvent) {
	name, err := xproto.GetAtomName(p.l.Conn, e.Target).Reply()
	if err != nil {
		return
	}
	p.asked = append(p.asked, name.Name)
	if p.stuck[name.Name] {
		return
	}
	content, ok := p.forms[name.Name]
	kind, format := e.Target, byte(8)
	if name.Name == "TARGETS" {
		var b []byte
		for form := range p.forms {
			b = binary.LittleEndian.AppendUint32(b, uint32(p.atom(form)))
		}
		content, ok, kind, format = string(b), true, xproto.AtomAtom, 32
	}
	property := e.Property
	switch {
	case !ok:
		property = 0
	case len(content) > 200_000:
		p.in, p.parts[e.Property] = e.Requestor, content
		xproto.ChangeWindowAttributes(p.l.Conn, e.Requestor, xproto.CwEventMask, []uint32{xproto.EventMaskPropertyChange})
		xproto.ChangeProperty(p.l.Conn, xproto.PropModeReplace, e.Requestor, property, p.atom("INCR"), 32, 1, []byte{0, 0, 0, 0})
	default:
		xproto.ChangeProperty(p.l.Conn, xproto.PropModeReplace, e.Requestor, property, kind, format, uint32(len(content)*8/int(format)), []byte(content))
	}
	answer := xproto.SelectionNotifyEvent{Time: e.Time, Requestor: e.Requestor, Selection: e.Selection, Target: e.Target, Property: property}
	xproto.SendEvent(p.l.Conn, false, e.Requestor, 0, string(answer.Bytes()))
}

// rigClip returns a watched clipboard, another program, and the reported contents.
func rigClip(t *testing.T, patience time.Duration, from func(screen.ClipboardOwner) bool) (*clipProgram, chan screen.Clip) {
	t.Helper()
	x := x11test.Xvfb(t, "640x480x24")
	d := openOn(t, x, screen.Options{})
	c := d.Clipboard.(*clipboard)
	c.patience = patience
	clips := make(chan screen.Clip, 16)
	background(t, func(ctx context.Context) error {
		return c.Watch(ctx, from, func(clip screen.Clip, _ screen.ClipboardOwner) { clips <- clip })
	})
	screentest.Eventually(t, "the watch", func() bool { c.mu.Lock(); defer c.mu.Unlock(); return len(c.watchers) > 0 })
	return newClipProgram(x, t), clips
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

// All forms of one content are reported together, each within its limit.
func TestClipboardForms(t *testing.T) {
	p, clips := rigClip(t, clipTimeout, anybody)
	m := noise(800, 600, false) // in pieces
	p.own(map[string]string{"UTF8_STRING": "Text", "text/html": "<p>Text</p>", "image/png": encoded(t, m)})
	if c := reported(t, clips); c.Text != "Text" || c.HTML != "<p>Text</p>" || !samePixels(c.Picture, m) {
		t.Errorf("reported %q, %q, %v", c.Text, c.HTML, c.Picture)
	}
	utf16 := "\xff\xfe<\x00b\x00>\x00\xe4\x00"
	for _, c := range []struct {
		name  string
		forms map[string]string
		want  screen.Clip
	}{
		{"a broken picture", map[string]string{"UTF8_STRING": "a", "image/png": encoded(t, m)[:2000]}, screen.Clip{Text: "a"}},
		{"a picture too large", map[string]string{"UTF8_STRING": "b", "image/png": strings.Repeat("x", screen.MaxPictureBytes+1)}, screen.Clip{Text: "b"}},
		{"a text too long", map[string]string{"UTF8_STRING": strings.Repeat("x", screen.MaxClipText+1), "text/html": "<br>"}, screen.Clip{HTML: "<br>"}},
		{"no text", map[string]string{"text/html": "<hr>"}, screen.Clip{HTML: "<hr>"}},
		{"UTF-16", map[string]string{"text/html": utf16}, screen.Clip{HTML: "<b>ä"}},
		{"another name of text", map[string]string{"text/plain;charset=utf-8": "ü"}, screen.Clip{Text: "ü"}},
	} {
		p.own(c.forms)
		if got := reported(t, clips); got != c.want {
			t.Errorf("%s: reported %.40q, %.40q, %v", c.name, got.Text, got.HTML, got.Picture)
		}
	}
}

// What a password manager has marked is not requested in any form.
func TestClipboardLeavesSecretsInAllForms(t *testing.T) {
	p, clips := rigClip(t, clipTimeout, anybody)
	p.own(map[string]string{"UTF8_STRING": "hunter2", "text/html": "hunter2", "image/png": "hunter2", "x-kde-passwordManagerHint": "secret"})
	screentest.Eventually(t, "the hint is read", func() bool { return slices.Contains(p.requests(), "x-kde-passwordManagerHint") })
	requests := p.requests()
	p.own(map[string]string{"UTF8_STRING": "behind"}) // requested after everything else
	if c := reported(t, clips); c.Text != "behind" {
		t.Errorf("reported %+v", c)
	}
	if !slices.Equal(requests, []string{"TARGETS", "x-kde-passwordManagerHint"}) {
		t.Errorf("requested %q", requests)
	}
}

// An owner that never answers holds up nothing; what it has delivered is reported.
func TestClipboardStuckOwner(t *testing.T) {
	p, clips := rigClip(t, 500*time.Millisecond, anybody)
	for _, stuck := range []string{"image/png", "text/html"} {
		screentest.Eventually(t, "the text beside "+stuck, func() bool {
			p.own(map[string]string{"UTF8_STRING": stuck, "text/html": "<p>", "image/png": "x"}, stuck)
			select {
			case c := <-clips:
				return c.Text == stuck && c.Picture == nil
			case <-time.After(5 * time.Second): // it took this program too long to answer
				return false
			}
		})
	}
	for _, stuck := range []string{"TARGETS", "x-kde-passwordManagerHint", "UTF8_STRING"} {
		p.own(map[string]string{"UTF8_STRING": "never", "x-kde-passwordManagerHint": "secret"}, stuck)
		screentest.Eventually(t, "it is asked", func() bool { return len(p.requests()) > 0 })
		p.own(map[string]string{"UTF8_STRING": "after " + stuck})
		if c := reported(t, clips); c.Text != "after "+stuck {
			t.Errorf("%s: reported %+v", stuck, c)
		}
	}
}

// Nothing is requested from a program whose contents nobody wants, not even what it offers.
func TestClipboardOfUnwantedPrograms(t *testing.T) {
	var mu sync.Mutex
	var refused []screen.ClipboardOwner
	wanted := false
	p, clips := rigClip(t, clipTimeout, func(owner screen.ClipboardOwner) bool {
		mu.Lock()
		defer mu.Unlock()
		if !wanted {
			refused = append(refused, owner)
		}
		return wanted
	})
	p.own(map[string]string{"UTF8_STRING": "private"})
	screentest.Eventually(t, "the owner is looked at", func() bool { mu.Lock(); defer mu.Unlock(); return len(refused) > 0 })
	mu.Lock()
	if wanted = true; refused[0] != screen.ClipboardOwner(p.w) {
		t.Errorf("asked about %#x", refused)
	}
	mu.Unlock()
	if r := p.requests(); len(r) != 0 {
		t.Errorf("requested %q", r)
	}
	p.own(map[string]string{"UTF8_STRING": "shared"})
	if c := reported(t, clips); c.Text != "shared" {
		t.Errorf("reported %+v", c)
	}
}
