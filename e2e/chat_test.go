package e2e

import (
	"errors"
	"strconv"
	"strings"
	"testing"
)

// TestChat checks the chat before anything is shared, between `lotse session` and a customer in a
// terminal, and then with SSVNC, a stock viewer whose chat is RFB's TextChat.
func TestChat(t *testing.T) {
	path := need(t, "ssvncviewer", "ssvnc")
	s := newStack(t)
	customer := customerDisplay(t, "800x600")
	customer.paint()
	ses := s.newSession()
	agent := s.agent(customer, ses.number)
	ses.Line(`"state":"joined"`)
	ses.Line(`"event":"rights"`)

	ses.Write("write Good morning, Grüße")
	agent.Line("writes: Good morning, Grüße")
	ses.Line(`"text":"Good morning, Grüße"`)
	agent.Write("w I see \u202eit")
	agent.Line("You write: I see it")
	if line := ses.Line(`"text":"I see it"`); !strings.Contains(line, `"by":"customer"`) {
		t.Errorf("the advisor got %s", line)
	}

	view, port := s.view(ses.number)
	screen := viewerDisplay(t, "1024x800")
	mark := agent.Mark()
	window := start(t, append(screen.env(), "HOME="+t.TempDir(), "LC_ALL=C.UTF-8"), path, "-viewonly", "-termchat", "-nojpeg", "-noraiseonbeep", hostPort(port))
	allow(customer, agent, mark, "view")
	shows(t, screen, customer, 0)
	// In view-only mode the viewer's own keys work without more: t opens the chat.
	screen.xdotool("mousemove", "300", "300")
	screen.xdotool("key", "t")
	window.Line("I see it") // what was written before
	mark = agent.Mark()
	window.Write("from SSVNC: 10 € ß")
	// The viewer looks at its standard input only when the picture changes.
	x := 100
	eventually(t, "the line from the viewer", func() error {
		x++
		customer.xdotool("mousemove", strconv.Itoa(x), "300")
		if agent.Said(mark, "writes: from SSVNC: 10 € ß") == "" {
			return errors.New("not yet")
		}
		return nil
	})
	ses.Line(`"text":"from SSVNC: 10 € ß"`)
	mark = window.Mark()
	agent.Write("w to SSVNC: ä")
	window.LineAfter(mark, "to SSVNC: ä")
	ses.Write("write from the other end")
	window.LineAfter(mark, "from the other end")

	ses.Write("end")
	if code := agent.Exit(); code != 0 {
		t.Errorf("agent ended with %d", code)
	}
	if code := ses.Exit(); code != 0 {
		t.Errorf("session ended with %d", code)
	}
	view.Exit()
	window.Exit()
	works("SSVNC", "ssvnc", "`lotse view`", "chat")
}
