package agent

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lotse/consent"
)

func TestTerminalPanel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := joinedSession(t, Config{Language: "de"})
		in, keyboard := io.Pipe()
		var out bytes.Buffer
		panel := &TerminalPanel{In: in, Out: &out}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- panel.Run(ctx, s) }()
		s.apply(consent.Event{Kind: consent.Ask, Right: consent.View}, byAdvisor)
		io.WriteString(keyboard, "j\n11\n\n") // typed before the question could be read
		time.Sleep(2 * panelArmAfter)
		synctest.Wait()
		if s.rights().View || s.questionID() == "" {
			t.Fatalf("typed ahead, and it counted:\n%s", out.String())
		}
		time.Sleep(time.Second)
		io.WriteString(keyboard, "j\n") // what no question says allows nothing
		synctest.Wait()
		if s.rights().View || s.questionID() == "" {
			t.Fatalf("a yes without the word:\n%s", out.String())
		}
		time.Sleep(time.Second)
		io.WriteString(keyboard, panel.word+"\n")
		time.Sleep(refusalWins)
		synctest.Wait()
		if !s.rights().View {
			t.Errorf("not allowed:\n%s", out.String())
		}
		io.WriteString(keyboard, "v\n")
		synctest.Wait()
		if s.rights().View {
			t.Error("the view was not taken back")
		}
		cancel()
		<-done
		keyboard.Close()
		for _, want := range []string{"Anna Berg, Example möchte Ihren Bildschirm SEHEN", "Es wird nichts gezeigt."} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q is missing in:\n%s", want, out.String())
			}
		}
	})
}
