package rfb_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/png"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
	"lotse/screen/clipformat"
)

const (
	formText = rfbtest.ClipboardText
	formHTML = rfbtest.ClipboardHTML
	formDIB  = rfbtest.ClipboardDIB
	formPNG  = rfbtest.ClipboardPNG
	formRTF  = 1 << 1
)

// clips collects what a viewer's user has copied.
type clips struct {
	t    *testing.T
	mu   sync.Mutex
	list []rfb.Copied
}

func (l *clips) add(c rfb.Copied) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, c)
}

func (l *clips) take() (taken []screen.Clip, errs int) {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.list {
		clip, err := c.Clip()
		if err != nil {
			errs++
		}
		taken = append(taken, clip)
	}
	l.list = nil
	return taken, errs
}

func clipPicture(t testing.TB, width, height int) (*screen.Picture, *image.NRGBA) {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	random := rand.New(rand.NewPCG(5, 6))
	for i := range m.Pix {
		m.Pix[i] = byte(random.Uint32()) | 0x10
	}
	p, err := screen.NewPicture(m)
	if err != nil {
		t.Fatal(err)
	}
	return p, m
}

func pixelsOf(t testing.TB, p *screen.Picture) []byte {
	t.Helper()
	if p == nil {
		return nil
	}
	m, err := p.Decode()
	if err != nil {
		t.Fatal(err)
	}
	return m.Pix
}

func dibOf(t testing.TB, m *image.NRGBA) string {
	t.Helper()
	var b bytes.Buffer
	if err := clipformat.WriteDIB(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// clipRights are the rights of these tests' viewers.
const clipRights = rfb.RightView | rfb.RightClipboard

// caps makes the viewer say which formats it takes.
func (s *session) caps(formats uint32) {
	s.t.Helper()
	var sizes []byte
	for f := formats; f != 0; f &= f - 1 {
		sizes = append(sizes, 0, 0x10, 0, 0)
	}
	const actions = rfbtest.ClipboardCaps | rfbtest.ClipboardRequest | rfbtest.ClipboardNotify | rfbtest.ClipboardProvide
	s.must(s.v.SendClipboard(actions|formats, sizes...))
}

// flags returns the flags of the clipboard messages read since.
func (s *session) flags() (flags []uint32) {
	_, messages := s.take()
	for _, m := range messages {
		if c, ok := m.(rfbtest.ClipboardMessage); ok {
			flags = append(flags, c.Flags)
		}
	}
	return flags
}

// provided requests formats and returns the forms of the answer.
func (s *session) provided(formats uint32) map[uint32]string {
	s.t.Helper()
	s.must(s.v.SendClipboard(rfbtest.ClipboardRequest | formats))
	_, messages := s.take()
	if len(messages) != 1 {
		s.t.Fatalf("%d messages as an answer", len(messages))
	}
	return messages[0].(rfbtest.ClipboardMessage).Forms
}

// A viewer that takes only texts gets exactly what concerns texts.
func TestClipboardOfTextViewers(t *testing.T) {
	p, _ := clipPicture(t, 5, 5)
	var got clips
	inBubble(t, rfb.Config{Rights: clipRights, Copied: got.add}, nil, func(t *testing.T, s *session) {
		_, m := s.take()
		const actions = rfbtest.ClipboardCaps | rfbtest.ClipboardRequest | rfbtest.ClipboardPeek | rfbtest.ClipboardNotify | rfbtest.ClipboardProvide
		if caps := m[0].(rfbtest.ClipboardMessage); len(m) != 1 || caps.Flags != actions|formText || !slices.Equal(caps.Sizes, []uint32{0}) {
			t.Fatalf("%+v", m)
		}
		for _, formats := range []uint32{0, formText, formText | formRTF, formText | 0x7ff0} {
			if formats != 0 {
				s.caps(formats)
			}
			if flags := s.flags(); len(flags) != 0 {
				t.Errorf("caps %#x: answered %#x", formats, flags)
			}
			s.conn.SetClipboard(screen.Clip{Text: "text", HTML: "<b>text</b>", Picture: p})
			if flags := s.flags(); !slices.Equal(flags, []uint32{rfbtest.ClipboardNotify | formText}) {
				t.Errorf("caps %#x: notified by %#x", formats, flags)
			}
			if forms := s.provided(0xffff); len(forms) != 1 || forms[formText] != "text\x00" {
				t.Errorf("caps %#x: provided %v", formats, forms)
			}
			s.conn.SetClipboard(screen.Clip{HTML: "<b>", Picture: p})
			if flags := s.flags(); len(flags) != 0 {
				t.Errorf("caps %#x: notified of a picture by %#x", formats, flags)
			}
			s.must(s.v.SendClipboard(rfbtest.ClipboardPeek))
			s.must(s.v.SendClipboard(rfbtest.ClipboardRequest | formDIB | formHTML | formPNG))
			s.must(s.v.SendClipboard(rfbtest.ClipboardNotify | formDIB | formHTML | formPNG))
			if flags := s.flags(); !slices.Equal(flags, []uint32{rfbtest.ClipboardNotify}) {
				t.Errorf("caps %#x: answered %#x", formats, flags)
			}
		}
	}, rfbtest.ExtendedClipboard)
	// Without the extension there is nothing but texts either.
	inBubble(t, rfb.Config{Rights: clipRights}, nil, func(t *testing.T, s *session) {
		s.conn.SetClipboard(screen.Clip{Picture: p, HTML: "<b>"})
		s.conn.SetClipboard(screen.Clip{Text: "text", Picture: p})
		if _, m := s.take(); len(m) != 1 || m[0] != (rfbtest.CutText{Text: "text"}) {
			t.Errorf("%+v", m)
		}
	})
}

// Pictures and HTML pass in both directions, always announced first.
func TestClipboardForms(t *testing.T) {
	p, pixels := clipPicture(t, 300, 200)
	for _, c := range []struct{ caps, told uint32 }{
		{formText | formRTF | formHTML | formDIB, formText | formHTML | formDIB}, // UltraVNC
		{formText | formHTML | formDIB | formPNG, formText | formHTML | formPNG}, // this project's page
		{formDIB, formText | formDIB},
	} {
		got := clips{t: t}
		inBubble(t, rfb.Config{Rights: clipRights, Copied: got.add}, nil, func(t *testing.T, s *session) {
			s.flags()
			s.caps(c.caps)
			_, m := s.take()
			if len(m) != 1 || m[0].(rfbtest.ClipboardMessage).Flags&(rfbtest.ClipboardCaps|0xffff) != rfbtest.ClipboardCaps|c.told {
				t.Fatalf("caps %#x: %+v", c.caps, m)
			}
			for _, size := range m[0].(rfbtest.ClipboardMessage).Sizes {
				if size != 0 {
					t.Errorf("%d bytes may come unrequested", size)
				}
			}
			s.caps(c.caps) // some viewers answer each announcement
			if flags := s.flags(); len(flags) != 0 {
				t.Errorf("the same caps again: answered %#x", flags)
			}
			s.conn.SetClipboard(screen.Clip{Text: "text\n", HTML: "<b>text</b>", Picture: p})
			if flags := s.flags(); !slices.Equal(flags, []uint32{rfbtest.ClipboardNotify | c.told}) {
				t.Fatalf("notified by %#x", flags)
			}
			forms := s.provided(c.told | formRTF)
			if forms[formText] != "text\r\n\x00" {
				t.Errorf("text %q", forms[formText])
			}
			if html, err := clipformat.ParseHTML([]byte(forms[formHTML])); c.told&formHTML != 0 && (err != nil || !strings.Contains(html, "<b>text</b>")) {
				t.Errorf("HTML %q", forms[formHTML])
			}
			if c.told&formPNG != 0 && forms[formPNG] != string(p.PNG()) || c.told&formDIB != 0 && forms[formDIB] != dibOf(t, pixels) {
				t.Error("another picture")
			}

			// From the viewer.
			s.must(s.v.SendClipboard(rfbtest.ClipboardNotify | c.caps | formText))
			if flags := s.flags(); !slices.Equal(flags, []uint32{rfbtest.ClipboardRequest | c.told}) {
				t.Fatalf("requested by %#x", flags)
			}
			send := map[uint32]string{formText: "a\x00", formRTF: "{rtf}", formHTML: string(clipformat.AppendHTML(nil, "<i>a</i>"))}
			if c.told&formDIB != 0 {
				send[formDIB] = dibOf(t, pixels)
			} else {
				send[formPNG] = string(p.PNG())
			}
			s.must(s.v.SendClipboardForms(send))
			list, errs := got.take()
			if len(list) != 1 || errs != 0 || list[0].Text != "a" || !bytes.Equal(pixelsOf(t, list[0].Picture), pixels.Pix) ||
				strings.Contains(list[0].HTML, "<i>a</i>") != (c.told&formHTML != 0) {
				t.Errorf("caps %#x: got %+v", c.caps, list)
			}
		}, rfbtest.ExtendedClipboard)
	}
}

// Whether the right is given counts at each message.
func TestClipboardFormsNeedTheRight(t *testing.T) {
	p, _ := clipPicture(t, 8, 8)
	got := clips{t: t}
	inBubble(t, rfb.Config{Rights: rfb.RightView, Copied: got.add}, nil, func(t *testing.T, s *session) {
		s.conn.SetRights(clipRights)
		s.caps(formText | formHTML | formPNG)
		s.conn.SetClipboard(screen.Clip{Text: "x", Picture: p})
		s.must(s.v.SendClipboard(rfbtest.ClipboardNotify | formPNG))
		s.flags()
		s.conn.SetRights(rfb.RightView) // taken between request and answer
		s.must(s.v.SendClipboardForms(map[uint32]string{formPNG: string(p.PNG())}))
		s.must(s.v.SendClipboard(rfbtest.ClipboardRequest | formPNG | formText))
		s.must(s.v.SendClipboard(rfbtest.ClipboardPeek))
		s.must(s.v.SendClipboard(rfbtest.ClipboardNotify | formPNG))
		s.conn.SetClipboard(screen.Clip{Picture: p})
		s.caps(formText)
		if list, _ := got.take(); len(list) != 0 {
			t.Errorf("accepted without the right: %+v", list)
		}
		if flags := s.flags(); len(flags) != 0 {
			t.Errorf("answered without the right: %#x", flags)
		}
		// Given again: what was requested and offered before counts no more.
		s.caps(formText | formPNG)
		s.conn.SetRights(clipRights)
		s.must(s.v.SendClipboardForms(map[uint32]string{formPNG: string(p.PNG())}))
		s.must(s.v.SendClipboard(rfbtest.ClipboardRequest | formPNG))
		if list, _ := got.take(); len(list) != 0 {
			t.Errorf("accepted what was requested before: %+v", list)
		}
		flags := s.flags()
		if len(flags) != 1 || flags[0]&rfbtest.ClipboardCaps == 0 || flags[0]&0xffff != formText|formPNG {
			t.Errorf("answered %#x", flags)
		}
	}, rfbtest.ExtendedClipboard)
}

// An answer that waits for a viewer that does not read is not sent after the right was taken.
func TestClipboardAnswerWaitsForTheRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := clipPicture(t, 400, 400)
		s := open(t, rfb.Config{Rights: clipRights}, nil)
		defer s.close()
		s.must(s.v.SetEncodings(rfbtest.ExtendedClipboard))
		if _, err := s.v.Next(); err != nil {
			t.Fatal(err)
		}
		s.caps(formText | formPNG)
		if _, err := s.v.Next(); err != nil {
			t.Fatal(err)
		}
		s.conn.SetClipboard(screen.Clip{Text: "x", Picture: p})
		synctest.Wait() // the writer waits with the announcement
		s.must(s.v.SendClipboard(rfbtest.ClipboardRequest | formPNG))
		synctest.Wait()
		s.conn.SetRights(rfb.RightView)
		s.conn.SetRights(clipRights)
		s.conn.SetRights(rfb.RightView)
		s.conn.SetName("behind it")
		s.must(s.v.SetEncodings(rfbtest.DesktopName))
		s.must(s.v.Request(true, s.v.Bounds()))
		for {
			m, err := s.v.Next()
			if err != nil {
				t.Fatal(err)
			}
			switch m := m.(type) {
			case rfbtest.ClipboardMessage:
				if m.Flags&rfbtest.ClipboardProvide != 0 {
					t.Error("a picture was sent without the right")
				}
			case *rfbtest.Update:
				return
			}
		}
	})
}

// bomb returns a PNG's header that promises many pixels.
func bomb(t *testing.T) string {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	head := b.Bytes()
	binary.BigEndian.PutUint32(head[16:], 60000)
	binary.BigEndian.PutUint32(head[20:], 60000)
	return string(head)
}

// Pictures that are malformed, too large, too many or not requested cost little and end nothing.
func TestClipboardFormsAreBounded(t *testing.T) {
	p, pixels := clipPicture(t, 64, 64)
	got := clips{t: t}
	inBubble(t, rfb.Config{Rights: clipRights, Copied: got.add}, nil, func(t *testing.T, s *session) {
		notify := func(formats uint32) {
			s.must(s.v.SendClipboard(rfbtest.ClipboardNotify | formats))
			s.flags()
		}
		none := func(what string) {
			t.Helper()
			list, _ := got.take()
			for _, c := range list {
				if c.Picture != nil {
					t.Errorf("%s: a picture of %v", what, c.Picture.Size())
				}
			}
		}
		s.caps(formText | formHTML | formDIB)
		dib := dibOf(t, pixels)
		huge := []byte(dib[:124])
		binary.LittleEndian.PutUint32(huge[4:], 4096)
		binary.LittleEndian.PutUint32(huge[8:], 4096)
		for name, form := range map[string]string{
			"empty": "", "short": dib[:100], "no pixels": dib[:124], "cut": dib[:len(dib)-1], "promises more": string(huge), "noise": strings.Repeat("x", 5000),
		} {
			notify(formDIB)
			s.must(s.v.SendClipboardForms(map[uint32]string{formDIB: form}))
			none(name)
		}
		s.must(s.v.SendClipboardForms(map[uint32]string{formDIB: dib}))
		none("not requested")
		notify(formText | formDIB)
		s.must(s.v.SendClipboardForms(map[uint32]string{formText: "a\x00"}))
		s.must(s.v.SendClipboardForms(map[uint32]string{formDIB: dib}))
		none("provided already")
		s.must(s.v.SendClipboard(rfbtest.ClipboardProvide|formDIB, make([]byte, 3<<20)...)) // skipped
		time.Sleep(time.Minute)

		s.caps(formText | formPNG)
		for name, form := range map[string]string{
			"empty": "", "no PNG": "GIF89a", "a bomb": bomb(t), "cut": string(p.PNG()[:200]), "too large": strings.Repeat("x", screen.MaxPictureBytes+1),
		} {
			notify(formPNG)
			s.must(s.v.SendClipboardForms(map[uint32]string{formPNG: form}))
			none("PNG: " + name)
			time.Sleep(time.Second)
		}
		// Zeros that compress well, in a form that is read over.
		notify(formPNG)
		s.must(s.v.SendClipboardForms(map[uint32]string{formHTML: strings.Repeat("\x00", 16<<20), formPNG: string(p.PNG())}))
		none("behind a bomb")
		time.Sleep(time.Minute)
		notify(formPNG)
		s.must(s.v.SendClipboardForms(map[uint32]string{formPNG: string(p.PNG())}))
		if list, errs := got.take(); len(list) != 1 || errs != 0 || !bytes.Equal(pixelsOf(t, list[0].Picture), pixels.Pix) {
			t.Errorf("a good picture after all that: %+v", list)
		}
	}, rfbtest.ExtendedClipboard)
}

// Pictures are taken and sent at a rate that a computer can bear, by their pixels.
func TestClipboardPicturesAreRated(t *testing.T) {
	// 16 megapixels of one colour are a few kilobytes.
	large, err := screen.NewPicture(image.NewNRGBA(image.Rect(0, 0, 4096, 4096)))
	if err != nil {
		t.Fatal(err)
	}
	var count int
	var mu sync.Mutex
	copied := func(rfb.Copied) { mu.Lock(); count++; mu.Unlock() }
	taken := func() int {
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		n := count
		count = 0
		return n
	}
	inBubble(t, rfb.Config{Rights: clipRights, Copied: copied}, nil, func(t *testing.T, s *session) {
		s.caps(formText | formPNG)
		s.flags()
		flood := func() {
			for range 20 {
				s.must(s.v.SendClipboard(rfbtest.ClipboardNotify | formPNG))
				s.must(s.v.SendClipboardForms(map[uint32]string{formPNG: string(large.PNG())}))
			}
			s.flags()
		}
		flood()
		if n := taken(); n < 1 || n > 2 {
			t.Errorf("%d pictures of 16 megapixels were taken at once", n)
		}
		time.Sleep(10 * time.Second)
		if flood(); taken() > 1 {
			t.Error("too many pictures after ten seconds")
		}
		// In the other direction the same limit applies.
		time.Sleep(10 * time.Minute)
		s.conn.SetClipboard(screen.Clip{Text: "x", Picture: large})
		s.flags()
		for range 20 {
			s.must(s.v.SendClipboard(rfbtest.ClipboardRequest | formPNG))
			synctest.Wait()
		}
		_, messages := s.take()
		if n := provided(messages); n < 1 || n > 2 {
			t.Errorf("%d pictures were provided at once", n)
		}
		if forms := s.provided(formText | formPNG); len(forms) != 1 || forms[formText] != "x\x00" {
			t.Errorf("the text beside: %d forms", len(forms))
		}
	}, rfbtest.ExtendedClipboard)
}
