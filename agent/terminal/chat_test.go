package terminal

import (
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"lotse/agent"
	"lotse/agent/chat"
	"lotse/consent"
	"lotse/tunnel"
)

// TestChat checks that lines are shown once, that the customer can write, and that a line of the
// chat is never taken for an answer.
func TestChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := sit(t, joined("en"))
		wrote := c.show(func(s *agent.Snapshot) {
			s.Chat = []tunnel.ChatLine{{ID: 1, By: "advisor", Text: "Good morning"}}
		})
		if wrote != "Anna Berg, Example writes: Good morning\n" {
			t.Errorf("%q", wrote)
		}
		wrote = c.show(func(s *agent.Snapshot) {
			s.Chat = append(s.Chat[:1:1], tunnel.ChatLine{ID: 2, By: "customer", Text: "Grüße"})
		})
		if wrote != "You write: Grüße\n" {
			t.Errorf("%q", wrote)
		}
		if got := c.types("W Where do I click? yes"); !reflect.DeepEqual(got, []agent.Command{agent.Say{Text: "Where do I click? yes"}}) {
			t.Errorf("%+v", got)
		}
		c.show(asks(consent.View, false))
		word := c.panel.word
		if got := c.types("w " + word); !reflect.DeepEqual(got, []agent.Command{agent.Say{Text: word}}) {
			t.Errorf("the word of a question, in a line of the chat: %+v", got)
		}
		// A line that is too long is not lost without a word: the session refuses it.
		for _, letter := range []string{"x", "株", "\U0001f600"} {
			got := c.types("w " + strings.Repeat(letter, 20000))
			if say, ok := got[0].(agent.Say); len(got) != 1 || !ok || utf8.RuneCountInString(say.Text) <= tunnel.MaxChatText {
				t.Errorf("%s: a long line becomes %d commands", letter, len(got))
			}
		}
		c.mu.Lock()
		c.err = chat.Error(tunnel.ChatTooMany)
		c.mu.Unlock()
		c.read.Reset()
		c.types("w once more")
		if got := c.read.String(); !strings.Contains(got, "was not sent") || !strings.Contains(got, "too many lines") {
			t.Errorf("%q", got)
		}
	})
}
