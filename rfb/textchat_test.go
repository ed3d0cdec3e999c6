package rfb_test

import (
	"image"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"lotse/rfb"
	"lotse/rfb/rfbtest"
)

// chats returns what of the messages is of the chat.
func chats(messages []any) (out []rfbtest.ChatMessage) {
	for _, m := range messages {
		if c, ok := m.(rfbtest.ChatMessage); ok {
			out = append(out, c)
		}
	}
	return out
}

// TestTextChat checks both directions, and that nothing is sent to a viewer that has not opened its
// chat: rfbtest's viewer returns an error then.
func TestTextChat(t *testing.T) {
	var got texts
	opened := 0
	cfg := rfb.Config{Rights: rfb.RightView, Chat: got.add, ChatOpened: func() { opened++ }}
	inBubble(t, cfg, flatFrame(image.Pt(8, 8), grey), func(t *testing.T, s *session) {
		s.conn.Chat("nobody reads this")
		s.must(s.v.SendChatAction(rfbtest.ChatOpen))
		s.must(s.v.SendChatAction(rfbtest.ChatOpen))
		if opened != 1 {
			t.Errorf("opened %d times", opened)
		}
		s.conn.Chat("Grüße, 株式会社")
		s.must(s.v.SendChat([]byte("first\r\nGrüße\n\n \n")))
		if list := got.take(); !slices.Equal(list, []string{"first", "Grüße"}) {
			t.Errorf("the server received %q", list)
		}
		_, messages := s.take()
		if want := []rfbtest.ChatMessage{{Text: "Grüße, 株式会社\n"}}; !slices.Equal(chats(messages), want) {
			t.Errorf("the viewer received %+v", chats(messages))
		}
		// A viewer that has sent Latin-1 gets Latin-1.
		s.must(s.v.SendChat([]byte("Gr\xfc\xdfe")))
		s.conn.Chat("ß – €")
		if list := got.take(); !slices.Equal(list, []string{"Grüße"}) {
			t.Errorf("in Latin-1: %q", list)
		}
		_, messages = s.take()
		if want := []rfbtest.ChatMessage{{Text: "\xdf ? ?\n"}}; !slices.Equal(chats(messages), want) {
			t.Errorf("the viewer received %+v", chats(messages))
		}
		s.must(s.v.SendChatAction(rfbtest.ChatClose))
		s.conn.Chat("closed")
		_, messages = s.take()
		if want := []rfbtest.ChatMessage{{Action: rfbtest.ChatFinished}}; !slices.Equal(chats(messages), want) {
			t.Errorf("after it was closed: %+v", chats(messages))
		}
		// Writing opens the chat, too.
		s.must(s.v.SendChat([]byte("again")))
		s.conn.Chat("open")
		_, messages = s.take()
		if list := got.take(); !slices.Equal(list, []string{"again"}) || opened != 2 || len(chats(messages)) != 1 {
			t.Errorf("after writing: %q, opened %d times, %+v", list, opened, chats(messages))
		}
	})
}

// TestLongTextChat checks that a long text is cut between two characters, and that a viewer with a
// longer one is disconnected.
func TestLongTextChat(t *testing.T) {
	inBubble(t, rfb.Config{Rights: rfb.RightView}, flatFrame(image.Pt(8, 8), grey), func(t *testing.T, s *session) {
		s.must(s.v.SendChatAction(rfbtest.ChatOpen))
		for _, text := range []string{strings.Repeat("ß", 4000), strings.Repeat("x", 4096), strings.Repeat("x", 4095), "x" + strings.Repeat("株", 2000)} {
			s.conn.Chat(text)
			_, messages := s.take()
			got := chats(messages)
			if len(got) != 1 || len(got[0].Text) < 4093 || len(got[0].Text) > 4096 ||
				!strings.HasSuffix(got[0].Text, "\n") || !utf8.ValidString(got[0].Text) ||
				!strings.HasPrefix(text, strings.TrimSuffix(got[0].Text, "\n")) {
				t.Errorf("%.8q: %d messages: %+v", text, len(got), got)
			}
		}
	})
	s := open(t, rfb.Config{Rights: rfb.RightView}, flatFrame(image.Pt(8, 8), grey))
	defer s.v.Close()
	go func() { _ = s.v.SendChat(make([]byte, 4097)) }()
	select {
	case err := <-s.served:
		if err == nil || !strings.Contains(err.Error(), "chat text of 4097 bytes") {
			t.Errorf("%v", err)
		}
	case <-time.After(time.Minute):
		t.Error("the viewer was not disconnected")
	}
}
