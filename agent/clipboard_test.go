package agent

import (
	"bytes"
	"context"
	"errors"
	"image"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lotse/agent/choices"
	"lotse/consent"
	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
)

// board is a clipboard that records what happens to it.
type board struct {
	mu      sync.Mutex
	sets    []screen.Clip
	from    func(screen.ClipboardOwner) bool // nil: nobody watches
	changed func(screen.Clip, screen.ClipboardOwner)
}

func (b *board) Set(c screen.Clip) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sets = append(b.sets, c)
	return nil
}

func (b *board) Watch(ctx context.Context, from func(screen.ClipboardOwner) bool, changed func(screen.Clip, screen.ClipboardOwner)) error {
	b.mu.Lock()
	b.from, b.changed = from, changed
	b.mu.Unlock()
	<-ctx.Done()
	b.mu.Lock()
	b.from, b.changed = nil, nil
	b.mu.Unlock()
	return ctx.Err()
}

// copy is what happens when a program copies something.
func (b *board) copy(owner screen.ClipboardOwner, c screen.Clip) (read bool) {
	synctest.Wait()
	b.mu.Lock()
	from, changed := b.from, b.changed
	b.mu.Unlock()
	if from == nil || !from(owner) {
		return false
	}
	changed(c, owner)
	return true
}

func (b *board) take() []screen.Clip {
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	sets := b.sets
	b.sets = nil
	return sets
}

// clipViewer is an advisor's viewer that takes pictures.
type clipViewer struct {
	*rfbtest.Viewer
	mu       sync.Mutex
	messages []rfbtest.ClipboardMessage
	gone     error
}

// flags returns the flags of the messages received since, and the last forms.
func (v *clipViewer) flags() (flags []uint32, forms map[uint32]string) {
	synctest.Wait()
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, m := range v.messages {
		flags = append(flags, m.Flags)
		if m.Forms != nil {
			forms = m.Forms
		}
	}
	v.messages = nil
	return flags, forms
}

// clipDesk is a session that shares the program 1, with a viewer.
func clipDesk(t *testing.T) (*desk, *board, *clipViewer) {
	t.Helper()
	b := &board{}
	d := newDesk(t, Config{Display: screen.Parts{Clipboard: b}})
	d.ask(consent.View)
	d.allow(t, "app:1")
	ours, theirs := net.Pipe()
	served := make(chan struct{})
	go func() {
		defer close(served)
		d.serveViewer(context.Background(), ours, &viewer{door: "page", line: LineSealed, party: leadOf(d.Session)})
	}()
	viewer, err := rfbtest.New(theirs, rfbtest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	v := &clipViewer{Viewer: viewer}
	go func() {
		for {
			m, err := v.Next()
			v.mu.Lock()
			if err != nil {
				v.gone = err
				v.mu.Unlock()
				return
			}
			if c, ok := m.(rfbtest.ClipboardMessage); ok {
				v.messages = append(v.messages, c)
			}
			v.mu.Unlock()
		}
	}()
	if err := v.SetEncodings(rfbtest.ExtendedClipboard); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close(); <-served })
	synctest.Wait()
	return d, b, v
}

const allForms = rfbtest.ClipboardText | rfbtest.ClipboardHTML | rfbtest.ClipboardDIB | rfbtest.ClipboardPNG

func (v *clipViewer) caps() {
	_ = v.SendClipboard(rfbtest.ClipboardCaps|allForms, make([]byte, 16)...)
	synctest.Wait()
}

// sends gives the customer a picture, as a viewer that keeps to the protocol does.
func (v *clipViewer) sends(p *screen.Picture) {
	_ = v.SendClipboard(rfbtest.ClipboardNotify | rfbtest.ClipboardPNG)
	_ = v.SendClipboardForms(map[uint32]string{rfbtest.ClipboardPNG: string(p.PNG())})
	synctest.Wait()
}

func testPicture(t *testing.T) *screen.Picture {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 20, 10))
	for i := range m.Pix {
		m.Pix[i] = byte(7*i) | 1
	}
	p, err := screen.NewPicture(m)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestClipboardPictures checks both directions, and that the clipboard is watched only while
// the right is in effect, and read only if a shared program has copied.
func TestClipboardPictures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, b, v := clipDesk(t)
		clip := screen.Clip{Text: "text", HTML: "<b>", Picture: testPicture(t)}
		if b.copy(1, clip) {
			t.Error("read before the right was given")
		}
		d.ask(consent.Clipboard)
		d.allow(t)
		v.caps()
		v.flags()
		if b.copy(2, clip) || b.copy(0, clip) {
			t.Error("what a program has copied that is not shared was read")
		}
		if flags, _ := v.flags(); len(flags) != 0 {
			t.Errorf("the viewer was sent %#x", flags)
		}
		const told = allForms &^ rfbtest.ClipboardDIB
		if !b.copy(1, clip) {
			t.Error("what the shared program has copied was not read")
		}
		if flags, _ := v.flags(); !slices.Equal(flags, []uint32{rfbtest.ClipboardNotify | told}) {
			t.Errorf("the viewer was sent %#x", flags)
		}
		_ = v.SendClipboard(rfbtest.ClipboardRequest | told)
		if _, forms := v.flags(); forms[rfbtest.ClipboardPNG] != string(clip.Picture.PNG()) || len(forms) != 3 {
			t.Errorf("the viewer was provided %d forms", len(forms))
		}
		v.sends(clip.Picture)
		if got := b.take(); len(got) != 1 || !bytes.Equal(got[0].Picture.PNG(), clip.Picture.PNG()) {
			t.Errorf("put on the clipboard: %+v", got)
		}
		// A program is not shared any more when its content has been read.
		_ = d.Do(Propose{choices.Selection{Kind: "apps", Apps: []string{"1", "2"}}})
		d.allow(t)
		b.mu.Lock()
		from, changed := b.from, b.changed
		b.mu.Unlock()
		if !from(2) {
			t.Fatal("the program is not shared")
		}
		_ = d.Do(Propose{choices.Selection{Kind: "apps", Apps: []string{"1"}}})
		synctest.Wait()
		if from(2) {
			t.Fatal("the program is still shared")
		}
		v.flags()
		changed(clip, 2)
		if flags, _ := v.flags(); len(flags) != 0 {
			t.Errorf("the viewer was sent %#x of a program that is not shared any more", flags)
		}
		_ = d.Do(Take{consent.Clipboard})
		if b.copy(1, clip) {
			t.Error("read after the right was taken")
		}
	})
}

// TestClipboardHostileAdvisor checks that a picture reaches the customer's clipboard only while
// the right is in effect, and not too many.
func TestClipboardHostileAdvisor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, b, v := clipDesk(t)
		p := testPicture(t)
		nothing := func(when string) {
			t.Helper()
			if got := b.take(); len(got) != 0 {
				t.Errorf("%s: %d contents reached the clipboard", when, len(got))
			}
		}
		d.ask(consent.Clipboard)
		d.allow(t)
		v.caps()
		v.sends(p)
		if got := b.take(); len(got) != 1 {
			t.Fatalf("with the right: %d contents", len(got))
		}
		b.copy(1, screen.Clip{Picture: p})
		v.flags()
		all := func(when string) {
			t.Helper()
			v.sends(p)
			_ = v.SendClipboardForms(map[uint32]string{rfbtest.ClipboardText: "x\x00", rfbtest.ClipboardPNG: string(p.PNG())})
			_ = v.SendCutText("x")
			_ = v.SendClipboard(rfbtest.ClipboardRequest | allForms)
			_ = v.SendClipboard(rfbtest.ClipboardPeek)
			nothing(when)
			if flags, _ := v.flags(); len(flags) != 0 {
				t.Errorf("%s: the viewer was sent %#x", when, flags)
			}
		}
		_ = d.Do(Pause{})
		all("paused")
		_ = d.Do(Resume{})
		d.allow(t)
		_ = d.Do(Take{consent.Clipboard})
		all("taken")
		// The right may end while a picture is being decoded.
		d.clipboard.Put(rfb.Copied{Text: "late"})
		nothing("late")

		time.Sleep(time.Hour)
		d.ask(consent.Clipboard)
		d.allow(t)
		for range 1000 {
			v.sends(p)
		}
		got := b.take()
		if len(got) == 0 || v.gone != nil {
			t.Errorf("a flood: %d contents, %v", len(got), v.gone)
		}
		large, err := screen.NewPicture(image.NewNRGBA(image.Rect(0, 0, 4000, 4000)))
		if err != nil {
			t.Fatal(err)
		}
		for range 50 {
			v.sends(large)
		}
		if got := b.take(); len(got) > 2 {
			t.Errorf("%d pictures of 16 megapixels were decoded at once", len(got))
		}
		v.sends(p)
		nothing("too many")
	})
}

// TestClipboardBeforeTheRight checks that a viewer that uses what it was not offered is closed.
func TestClipboardBeforeTheRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, b, v := clipDesk(t)
		v.caps()
		v.sends(testPicture(t))
		if got := b.take(); len(got) != 0 {
			t.Errorf("%d contents reached the clipboard", len(got))
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		if !errors.Is(v.gone, io.EOF) && !errors.Is(v.gone, io.ErrUnexpectedEOF) && !errors.Is(v.gone, io.ErrClosedPipe) {
			t.Errorf("the viewer was served on: %v", v.gone)
		}
	})
}
