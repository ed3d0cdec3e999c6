package e2e

import (
	"errors"
	"strings"
	"testing"
)

// lastWords waits until the last line of the page's chat is this one.
func (p *tab) lastWords(want string) {
	p.t.Helper()
	eventually(p.t, "the last line of the chat", func() error {
		if got := p.eval(`() => [...document.querySelectorAll('[data-testid="chat-words"]')].at(-1)?.innerText ?? ""`); got != want {
			return errors.New(got)
		}
		return nil
	})
}

// writes writes a line in a chat that is open.
func (p *tab) writes(text string) {
	p.t.Helper()
	p.fill("chat-text", text)
	p.click("chat-send")
}

// TestChatPages checks that both people write to each other on their pages before anything is
// shared, with the program and without it, and that a text which is not sent survives a reload.
func TestChatPages(t *testing.T) {
	s := newStack(t)
	b := newBrowser(t)
	advisor := b.tab("advisor")
	advisor.signsIn(s.url + "/advisor")
	for _, kind := range []string{"program", "page"} {
		advisor.click("new-session")
		number := advisor.text("number")
		var customer *tab
		if kind == "program" {
			_, url := s.panelAgent(customerDisplay(t, "900x700"))
			customer = b.tab("panel")
			customer.open(url)
			customer.fill("number", number)
			customer.click("number-submit")
		} else {
			_, customer = sharingCustomer(t, s, strings.ReplaceAll(number, " ", ""))
		}
		advisor.waitFor("session", `[data-phase="joined"]`)
		customer.wait("now")
		advisor.click("chat")
		advisor.writes("Good morning, Grüße <b>10 €</b>")
		customer.lastWords("Good morning, Grüße <b>10 €</b>") // it opens by itself
		customer.writes("I see \u202eit")
		advisor.lastWords("I see it")
		if kind == "program" { // reloading the page without a program would end the session
			customer.fill("chat-text", "not sent yet")
			customer.do("reload", nil)
			customer.wait("now")
			customer.click("chat")
			if got := customer.eval(`() => document.querySelector('[data-testid="chat-text"]').value`); got != "not sent yet" {
				t.Errorf("after a reload the customer's text is %q", got)
			}
			customer.lastWords("I see it")
		}
		advisor.fill("chat-text", "nor this")
		advisor.do("reload", nil)
		advisor.waitFor("session", `[data-phase="joined"]`)
		advisor.click("chat")
		if got := advisor.eval(`() => document.querySelector('[data-testid="chat-text"]').value`); got != "nor this" {
			t.Errorf("%s: after a reload the advisor's text is %q", kind, got)
		}
		advisor.lastWords("I see it")
		advisor.click("chat-send")
		customer.lastWords("nor this")
		if got := customer.eval(`() => document.querySelectorAll('[data-testid="chat-words"] b').length`); got != "0" {
			t.Errorf("%s: the text became elements of the page", kind)
		}
		customer.click("end")
		customer.wait("ended")
		advisor.wait("ended")
	}
}
