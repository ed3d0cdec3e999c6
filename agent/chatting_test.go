package agent

import (
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lotse/agent/chat"
	"lotse/agent/parties"
	"lotse/consent"
	"lotse/rfb/rfbtest"
	"lotse/tunnel"
)

// end is an advisor's end without a stream.
type end struct{ *control }

// connects adds an advisor's end to the session.
func connects(s *Session) end { return connectsAs(s, leadOf(s)) }

// connectsAs does so for one of several advisors.
func connectsAs(s *Session, party *parties.Party) end {
	c := &control{party: party, out: make(chan tunnel.ControlMessage, maxControlQueue), quit: make(chan struct{}), cut: make(chan struct{}), written: make(chan struct{})}
	close(c.written)
	s.send(&controlCame{control: c})
	return end{c}
}

// chat returns the messages of the chat that were sent since, and removes them.
func (e end) chat() (out []tunnel.ControlMessage) {
	for {
		select {
		case m := <-e.out:
			switch m := m.(type) {
			case tunnel.ChatLine:
				m.Time = time.Time{}
				out = append(out, m)
			case tunnel.ChatRefused:
				out = append(out, m)
			}
		default:
			return out
		}
	}
}

// chatOf returns the texts that panels show.
func chatOf(s *Session) (texts []string) {
	snap, _ := s.Snapshot()
	for _, line := range snap.Chat {
		texts = append(texts, line.Text)
	}
	return texts
}

func chatLine(id uint32, by, text string, tag uint32) tunnel.ControlMessage {
	return tunnel.ChatLine{ID: id, By: by, Text: text, Tag: tag}
}

// TestChat checks that both sides' lines reach all ends in the same order, and that an end that
// connects later receives them, too.
func TestChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := joinedSession(t, Config{})
		first, second := connects(s), connects(s)
		s.send(chatted{tunnel.Chat{Text: "Hello \x1b[31m\u202eyou\n", Tag: 9}, first.control})
		before, _ := s.Snapshot()
		if err := s.Do(Say{Text: " Grüße ", Tag: 4}); err != nil {
			t.Fatal(err)
		}
		want := []tunnel.ControlMessage{chatLine(1, "advisor", "Hello [31myou", 9), chatLine(2, "customer", "Grüße", 0)}
		for name, e := range map[string]end{"first": first, "second": second, "later": connects(s)} {
			if got := e.chat(); !slices.Equal(got, want) {
				t.Errorf("%s end: %+v", name, got)
			}
		}
		snap, _ := s.Snapshot()
		if !slices.Equal(chatOf(s), []string{"Hello [31myou", "Grüße"}) || snap.Chat[1].Tag != 4 {
			t.Errorf("the panel shows %+v", snap.Chat)
		}
		if len(before.Chat) != 1 {
			t.Error("an earlier snapshot has changed")
		}
	})
}

// TestChatIsBounded checks the limits of one line, of their rate and of what is kept.
func TestChatIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := joinedSession(t, Config{})
		e := connects(s)
		for text, why := range map[string]string{
			"": "empty", " \n\u200b\x07": "empty", strings.Repeat("ä", tunnel.MaxChatText+1): "long",
		} {
			var refused chat.Error
			if err := s.Do(Say{Text: text}); !errors.As(err, &refused) || string(refused) != why {
				t.Errorf("%.20q: %v", text, err)
			}
			s.send(chatted{tunnel.Chat{Text: text, Tag: 7}, e.control})
			if got := e.chat(); !slices.Equal(got, []tunnel.ControlMessage{tunnel.ChatRefused{Tag: 7, Why: why}}) {
				t.Errorf("%.20q: %+v", text, got)
			}
		}
		if err := s.Do(Say{Text: strings.Repeat("ä", tunnel.MaxChatText)}); err != nil {
			t.Error(err)
		}
		for range tunnel.MaxChatBurst - 1 {
			if err := s.Do(Say{Text: "x"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Do(Say{Text: "x"}); err != chat.Error(tunnel.ChatTooMany) {
			t.Errorf("after %d lines at once: %v", tunnel.MaxChatBurst, err)
		}
		e.chat()
		s.send(chatted{tunnel.Chat{Text: "still"}, e.control})
		if got := e.chat(); len(got) != 1 {
			t.Errorf("the customer's lines count against the advisor: %+v", got)
		}
		for range 3 * tunnel.MaxChatLines {
			time.Sleep(tunnel.ChatPause)
			if err := s.Do(Say{Text: "x"}); err != nil {
				t.Fatal(err)
			}
			e.chat()
		}
		if err := s.Do(Say{Text: "x"}); err != chat.Error(tunnel.ChatTooMany) {
			t.Errorf("two lines in one pause: %v", err)
		}
		if n := len(chatOf(s)); n != tunnel.MaxChatLines {
			t.Errorf("%d lines are kept", n)
		}
		if later := connects(s).chat(); len(later) != tunnel.MaxChatLines {
			t.Errorf("a later end receives %d lines", len(later))
		}
	})
}

// TestChatNeedsASession checks that nobody can write before the customer has joined, while the line
// is lost, and after the end.
func TestChatNeedsASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := aloneSession(t, Config{})
		nobody := func(when string) {
			t.Helper()
			if err := s.Do(Say{Text: "x"}); err != chat.Error(tunnel.ChatNobody) {
				t.Errorf("%s: %v", when, err)
			}
		}
		nobody("before joining")
		s.send(joined{advisor: &tunnel.Person{Name: "anna"}})
		if err := s.Do(Say{Text: "x"}); err != nil {
			t.Error(err)
		}
		s.send(lost{})
		nobody("while the line is lost")
		s.send(joined{advisor: &tunnel.Person{Name: "anna"}})
		if err := s.Do(Say{Text: "y"}); err != nil {
			t.Error(err)
		}
		_ = s.Do(End{})
		nobody("after the end")
		if got := chatOf(s); !slices.Equal(got, []string{"x", "y"}) {
			t.Errorf("at the end the panel shows %q", got)
		}
	})
}

// TestChatOfViewers checks that a viewer whose chat is opened shows what was written before, but
// not if the gateway decrypts for it: those lines were sealed.
func TestChatOfViewers(t *testing.T) {
	for line, want := range map[string][]string{
		LineSealed: {"before\n", "after\n"}, LinePartly: {"before\n", "after\n"}, LineGateway: {"after\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, _ := joinedSession(t, Config{})
			_ = s.Do(Say{Text: "before"})
			s.allow(t, consent.View)
			ours, theirs := net.Pipe()
			served := make(chan struct{})
			go func() { s.serveViewer(t.Context(), ours, &viewer{line: line, party: leadOf(s)}); close(served) }()
			v, err := rfbtest.New(theirs, rfbtest.Config{})
			if err != nil {
				t.Fatal(err)
			}
			if err := v.SendChatAction(rfbtest.ChatOpen); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			_ = s.Do(Say{Text: "after"})
			var got []string
			for len(got) == 0 || got[len(got)-1] != "after\n" {
				m, err := v.Next()
				if err != nil {
					t.Fatal(err)
				}
				if c, ok := m.(rfbtest.ChatMessage); ok {
					got = append(got, c.Text)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q", line, got)
			}
			v.Close()
			<-served
		})
	}
}
