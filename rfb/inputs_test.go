package rfb_test

import (
	"image"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
)

// These tests cover keys with scan codes, nine mouse buttons, and the clipboard in its old and new
// form, in both directions, with and without the right.

type event struct {
	key     screen.Key
	at      image.Point
	buttons screen.Buttons
}

// display records the injected events.
type display struct {
	mu     sync.Mutex
	events []event
}

func (d *display) add(e event) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, e)
	return nil
}

func (d *display) Key(k screen.Key) error { return d.add(event{key: k}) }
func (d *display) Pointer(p image.Point, b screen.Buttons) error {
	return d.add(event{at: p, buttons: b})
}
func (d *display) ReleaseAll() error { return nil }
func (d *display) Suspend(bool)      {}

func (d *display) take() []event {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.events
	d.events = nil
	return list
}

func TestKeysAndButtons(t *testing.T) {
	d := &display{}
	inBubble(t, rfb.Config{Rights: rfb.RightView | rfb.RightControl, Input: d}, nil, func(t *testing.T, s *session) {
		if !s.v.QEMUKeys() || !s.v.MouseButtons() {
			t.Fatal("the extensions were not announced")
		}
		s.must(s.v.SendQEMUKey('a', 0x1e, true))
		s.must(s.v.SendQEMUKey(0, 0xcd, true))
		s.must(s.v.SendQEMUKey('a', 0x1e, false))
		s.must(s.v.SendQEMUKey(0, 0xcd, false))
		s.must(s.v.SendPointer(image.Pt(3, 4), 1))
		s.must(s.v.SendPointer(image.Pt(5, 6), 0x1ff))
		s.must(s.v.SendPointer(image.Pt(5, 6), 0x080))
		s.must(s.v.SendPointer(image.Pt(7, 8), 0))
		want := []event{
			{key: screen.Key{Sym: 'a', Code: 0x1e, Down: true}}, {key: screen.Key{Code: 0xcd, Down: true}},
			{key: screen.Key{Sym: 'a', Code: 0x1e}}, {key: screen.Key{Code: 0xcd}},
			{at: image.Pt(3, 4), buttons: screen.ButtonLeft}, {at: image.Pt(5, 6), buttons: 0x1ff},
			{at: image.Pt(5, 6), buttons: screen.ButtonBack}, {at: image.Pt(7, 8)},
		}
		if got := d.take(); !slices.Equal(got, want) {
			t.Errorf("%+v", got)
		}
		// The right is taken: what is held is released, and no event follows.
		s.must(s.v.SendQEMUKey('b', 0x30, true))
		s.must(s.v.SendPointer(image.Pt(9, 9), 0x100))
		d.take()
		s.conn.SetRights(rfb.RightView)
		s.must(s.v.SendQEMUKey('c', 0x2e, true))
		s.must(s.v.SendPointer(image.Pt(1, 1), 1))
		want = []event{{key: screen.Key{Sym: 'b', Code: 0x30}}, {at: image.Pt(9, 9)}}
		if got := d.take(); !slices.Equal(got, want) {
			t.Errorf("%+v", got)
		}
	}, rfbtest.QEMUExtendedKey, rfbtest.ExtendedMouseButtons)
}

// TestPointing checks who gets a viewer's pointer events: Input with control, Point without control
// but with the right to point, and otherwise nobody. Keys never go to Point.
func TestPointing(t *testing.T) {
	d, points := &display{}, &display{}
	point := func(at image.Point, b screen.Buttons) { _ = points.Pointer(at, b) }
	inBubble(t, rfb.Config{Rights: rfb.RightView | rfb.RightPoint, Input: d, Point: point}, nil, func(t *testing.T, s *session) {
		for _, test := range []struct {
			rights           rfb.Rights
			inputs, pointing bool
		}{
			{rfb.RightView | rfb.RightPoint, false, true},
			{rfb.RightView | rfb.RightPoint | rfb.RightControl, true, false},
			{rfb.RightView | rfb.RightControl, true, false},
			{rfb.RightView | rfb.RightPoint | rfb.RightClipboard, false, true},
			{rfb.RightView, false, false},
			{rfb.RightPoint, false, false}, // nobody points at what he cannot see
			{0, false, false},
		} {
			s.conn.SetRights(test.rights)
			d.take()
			s.must(s.v.SendKey('x', true))
			s.must(s.v.SendPointer(image.Pt(3, 4), 1))
			s.must(s.v.SendPointer(image.Pt(5, 6), 0))
			s.must(s.v.SendKey('x', false))
			moves := []event{{at: image.Pt(3, 4), buttons: screen.ButtonLeft}, {at: image.Pt(5, 6)}}
			inputs := slices.DeleteFunc(d.take(), func(e event) bool { return e.key != screen.Key{} })
			for _, got := range []struct {
				who    string
				events []event
				want   bool
			}{{"Input", inputs, test.inputs}, {"Point", points.take(), test.pointing}} {
				if !slices.Equal(got.events, moves) && got.want || len(got.events) > 0 && !got.want {
					t.Errorf("rights %b: %s got %+v", test.rights, got.who, got.events)
				}
			}
		}
	})
}

// Without the extension, bit 7 is the eighth button in a message of six bytes.
func TestEighthButtonWithoutTheExtension(t *testing.T) {
	d := &display{}
	inBubble(t, rfb.Config{Rights: rfb.RightView | rfb.RightControl, Input: d}, nil, func(t *testing.T, s *session) {
		s.must(s.v.SendPointer(image.Pt(5, 6), 0x80))
		s.must(s.v.SendKey('x', true))
		want := []event{{at: image.Pt(5, 6), buttons: screen.ButtonBack}, {key: screen.Key{Sym: 'x', Down: true}}}
		if got := d.take(); !slices.Equal(got, want) {
			t.Errorf("%+v", got)
		}
	})
}

// If an extension is announced while the reader is waiting for a message, that message has the new
// form.
func TestExtensionToldWhileTheReaderWaits(t *testing.T) {
	d := &display{}
	var texts texts
	inBubble(t, rfb.Config{Rights: rfb.RightView | rfb.RightControl, Input: d, Copied: texts.copied}, nil, func(t *testing.T, s *session) {
		// Because a request is open, the announcement is sent at once.
		s.asking.Store(false)
		s.must(s.v.SetEncodings(rfbtest.ExtendedMouseButtons, rfbtest.ExtendedClipboard))
		synctest.Wait()
		s.must(s.v.SendPointer(image.Pt(1, 2), 0x100))
		if got := d.take(); !slices.Equal(got, []event{{at: image.Pt(1, 2), buttons: screen.ButtonForward}}) {
			t.Errorf("%+v", got)
		}
		// The same applies to the clipboard, whose right is given later.
		s.conn.SetRights(rfb.RightView | rfb.RightClipboard)
		synctest.Wait()
		s.must(s.v.SendClipboard(rfbtest.ClipboardCaps|rfbtest.ClipboardText|rfbtest.ClipboardProvide, 0, 0, 0, 0))
		s.must(s.v.SendClipboardText("later"))
		if got := texts.take(); !slices.Equal(got, []string{"later"}) {
			t.Errorf("%q", got)
		}
	})
}

type texts struct {
	mu   sync.Mutex
	list []string
}

func (l *texts) add(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, s)
}

func (l *texts) copied(c rfb.Copied) { l.add(c.Text) }

func (l *texts) take() []string {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.list
	l.list = nil
	return list
}

func TestClipboardLatin1(t *testing.T) {
	var got texts
	inBubble(t, rfb.Config{Rights: rfb.RightView | rfb.RightClipboard, Copied: got.copied}, nil, func(t *testing.T, s *session) {
		s.must(s.v.SendCutText("Grüße,\nÄÖÜ ß"))
		if list := got.take(); !slices.Equal(list, []string{"Grüße,\nÄÖÜ ß"}) {
			t.Errorf("%q", list)
		}
		s.conn.SetClipboard(screen.Clip{Text: "Maß\nfünf € und ☃"})
		if _, m := s.take(); len(m) != 1 || m[0] != (rfbtest.CutText{Text: "Maß\nfünf ? und ?"}) {
			t.Errorf("%+v", m)
		}
		s.conn.SetRights(rfb.RightView)
		s.must(s.v.SendCutText("secret"))
		s.conn.SetClipboard(screen.Clip{Text: "secret"})
		if _, m := s.take(); len(got.take())+len(m) != 0 {
			t.Errorf("without the right: %q", m)
		}
	})
}

func TestClipboardExtended(t *testing.T) {
	var got texts
	const text = "Grüße €,\n☃ und 𝄞\n"
	inBubble(t, rfb.Config{Rights: rfb.RightView | rfb.RightClipboard, Copied: got.copied}, nil, func(t *testing.T, s *session) {
		_, m := s.take()
		caps, ok := m[0].(rfbtest.ClipboardMessage)
		if !ok || caps.Flags&rfbtest.ClipboardCaps == 0 || !slices.Equal(caps.Sizes, []uint32{0}) {
			t.Fatalf("%+v", m)
		}
		// To the customer: announced, requested, provided.
		s.must(s.v.SendClipboard(rfbtest.ClipboardNotify | rfbtest.ClipboardText))
		if _, m := s.take(); len(m) != 1 || m[0].(rfbtest.ClipboardMessage).Flags != rfbtest.ClipboardRequest|rfbtest.ClipboardText {
			t.Fatalf("%+v", m)
		}
		s.must(s.v.SendClipboardText(text))
		if list := got.take(); !slices.Equal(list, []string{text}) {
			t.Errorf("%q", list)
		}
		// Asking for the formats before there is any text.
		s.must(s.v.SendClipboard(rfbtest.ClipboardPeek))
		if _, m := s.take(); len(m) != 1 || m[0].(rfbtest.ClipboardMessage).Flags != rfbtest.ClipboardNotify {
			t.Errorf("%+v", m)
		}
		// From the customer.
		s.conn.SetClipboard(screen.Clip{Text: text})
		s.must(s.v.SendClipboard(rfbtest.ClipboardPeek))
		_, m = s.take()
		if len(m) != 2 || m[0].(rfbtest.ClipboardMessage).Flags != rfbtest.ClipboardNotify|rfbtest.ClipboardText || m[1].(rfbtest.ClipboardMessage).Flags != m[0].(rfbtest.ClipboardMessage).Flags {
			t.Fatalf("%+v", m)
		}
		s.must(s.v.SendClipboard(rfbtest.ClipboardRequest | rfbtest.ClipboardText))
		if _, m := s.take(); len(m) != 1 || m[0].(rfbtest.ClipboardMessage).Text != text {
			t.Errorf("%+v", m)
		}
		// Malformed data is dropped, but the session continues; the old form still works.
		s.must(s.v.SendClipboard(rfbtest.ClipboardProvide|rfbtest.ClipboardText, 1, 2, 3))
		s.must(s.v.SendClipboard(0x1f))
		s.must(s.v.SendCutText("alt"))
		if list := got.take(); !slices.Equal(list, []string{"alt"}) {
			t.Errorf("%q", list)
		}
		// Without the right nothing is requested, announced or accepted.
		s.conn.SetRights(rfb.RightView)
		s.must(s.v.SendClipboard(rfbtest.ClipboardNotify | rfbtest.ClipboardText))
		s.must(s.v.SendClipboard(rfbtest.ClipboardRequest | rfbtest.ClipboardText))
		s.must(s.v.SendClipboard(rfbtest.ClipboardPeek))
		s.must(s.v.SendClipboardText("secret"))
		s.conn.SetClipboard(screen.Clip{Text: "secret"})
		if _, m := s.take(); len(got.take())+len(m) != 0 {
			t.Errorf("without the right: %+v", m)
		}
		// rfbproto: announced again at each SetEncodings, if the right is given.
		s.conn.SetRights(rfb.RightView | rfb.RightClipboard)
		s.must(s.v.SetEncodings(rfbtest.ExtendedClipboard))
		if _, m := s.take(); len(m) != 1 || m[0].(rfbtest.ClipboardMessage).Flags&rfbtest.ClipboardCaps == 0 {
			t.Errorf("%+v", m)
		}
		// A viewer that stops supporting the extension gets the old form.
		s.must(s.v.SetEncodings())
		s.conn.SetClipboard(screen.Clip{Text: "alt"})
		if _, m := s.take(); len(m) != 1 || m[0] != (rfbtest.CutText{Text: "alt"}) {
			t.Errorf("%+v", m)
		}
		s.conn.SetClipboard(screen.Clip{Text: strings.Repeat("x", 2<<20)}) // too long: not announced
		if _, m := s.take(); len(m) != 0 {
			t.Errorf("%d messages", len(m))
		}
	}, rfbtest.ExtendedClipboard)
}

// Without the right at the start the extension is not announced; giving the right announces it.
func TestClipboardToldWithTheRight(t *testing.T) {
	inBubble(t, rfb.Config{Rights: rfb.RightView}, nil, func(t *testing.T, s *session) {
		if _, m := s.take(); len(m) != 0 {
			t.Fatalf("%+v", m)
		}
		s.conn.SetRights(rfb.RightView | rfb.RightClipboard)
		s.conn.SetRights(rfb.RightView)
		s.conn.SetRights(rfb.RightView | rfb.RightClipboard)
		if _, m := s.take(); len(m) != 1 {
			t.Errorf("%+v", m)
		}
	}, rfbtest.ExtendedClipboard)
}
