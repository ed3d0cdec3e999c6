package rfb_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"image"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
)

// provided counts the texts received.
func provided(messages []any) (n int) {
	for _, m := range messages {
		if c, ok := m.(rfbtest.ClipboardMessage); ok && c.Flags&rfbtest.ClipboardProvide != 0 {
			n++
		}
	}
	return n
}

// A viewer that requests the clipboard's text repeatedly gets it a few times a second, and at most
// one answer is queued.
func TestClipboardRequestsAreBounded(t *testing.T) {
	text := strings.Repeat("0123456789abcdef", 1<<16) // a megabyte
	inBubble(t, rfb.Config{Rights: rfb.RightView | rfb.RightClipboard}, flatFrame(image.Pt(8, 8), grey), func(t *testing.T, s *session) {
		s.conn.SetClipboard(screen.Clip{Text: text})
		s.take()
		for range 200 {
			s.must(s.v.SendClipboard(rfbtest.ClipboardRequest | rfbtest.ClipboardText))
			synctest.Wait() // each answer is read: none is queued
		}
		_, messages := s.take()
		if n := provided(messages); n < 1 || n > 5 {
			t.Errorf("%d megabytes were compressed at once", n)
		}
		time.Sleep(3 * time.Second)
		for range 200 {
			s.must(s.v.SendClipboard(rfbtest.ClipboardRequest | rfbtest.ClipboardText))
			synctest.Wait()
		}
		_, messages = s.take()
		if n := provided(messages); n < 1 || n > 4 {
			t.Errorf("%d more after three seconds", n)
		}
		// Short texts are not delayed.
		time.Sleep(time.Minute)
		s.conn.SetClipboard(screen.Clip{Text: "short"})
		s.take()
		for range 200 {
			s.must(s.v.SendClipboard(rfbtest.ClipboardRequest | rfbtest.ClipboardText))
			synctest.Wait()
		}
		if _, messages = s.take(); provided(messages) != 200 {
			t.Errorf("%d of 200 short texts", provided(messages))
		}
	}, rfbtest.ExtendedClipboard)
}

// Texts from a viewer are expanded within the same limit, malformed ones too.
func TestClipboardTextsAreBounded(t *testing.T) {
	var texts texts
	text := strings.Repeat("x", 1<<20-1)
	inBubble(t, rfb.Config{Rights: rfb.RightView | rfb.RightClipboard, Copied: texts.copied}, flatFrame(image.Pt(8, 8), grey), func(t *testing.T, s *session) {
		for range 50 {
			s.must(s.v.SendClipboardText(text))
		}
		if n := len(texts.take()); n < 1 || n > 5 {
			t.Errorf("%d megabytes were expanded at once", n)
		}
		time.Sleep(time.Minute)
		for range 50 { // a length with no data
			var z bytes.Buffer
			w := zlib.NewWriter(&z)
			w.Write(binary.BigEndian.AppendUint32(nil, 1<<20))
			w.Write(make([]byte, 1<<20-1))
			w.Close()
			s.must(s.v.SendClipboard(rfbtest.ClipboardProvide|rfbtest.ClipboardText, z.Bytes()...))
		}
		s.must(s.v.SendClipboardText("behind them"))
		if got := texts.take(); len(got) != 0 {
			t.Errorf("a text behind 50 broken megabytes: %q", got)
		}
		time.Sleep(time.Minute)
		s.must(s.v.SendClipboardText("later"))
		if got := texts.take(); len(got) != 1 || got[0] != "later" {
			t.Errorf("%q", got)
		}
	}, rfbtest.ExtendedClipboard)
}
