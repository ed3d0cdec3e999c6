package e2e

import (
	"errors"
	"testing"
)

// TestSecondStart checks that on X11 a second start opens the panel again that the customer has
// closed, and ends; and that programs for other sessions run beside each other.
func TestSecondStart(t *testing.T) {
	s := newStack(t)
	d := customerDisplay(t, "1000x700")
	b := newBrowser(t)
	program := func(args ...string) *process {
		return start(t, append(s.env(), d.env()...), ours(t, "lotse-agent"), append(args, "--display", d.name)...)
	}
	agent := program("--gateway", s.url)
	lost, found := b.tab("lost"), b.tab("found")
	lost.open(agent.address(0))
	lost.wait("number")
	mark := agent.Mark()
	lost.do("close", nil)
	eventually(t, "the panel again", func() error { // the agent opens none within three seconds of the first
		second := program("--gateway", s.url)
		eventually(t, "what the second start does", func() error {
			return wants(second.Said(0, "panel: ")+second.Said(0, "This program is running already") != "")
		})
		if second.Said(0, "panel: ") != "" {
			second.Kill()
			return errors.New("the first one did not answer in time")
		}
		if code := second.Exit(); code != 4 {
			t.Fatalf("a second start ended with %d", code)
		}
		if agent.Said(mark, "panel: ") == "" {
			return errors.New("the first one opened no panel")
		}
		return nil
	})
	found.open(agent.address(mark))
	found.wait("number")

	for _, args := range [][]string{
		{"--gateway", s.url, "--number", "482193057"},
		{"--gateway", "https://other.example"},
		{"--gateway", s.url, "--answer", "deny"}, // nobody looks for a panel
	} {
		other := program(args...)
		other.address(0)
		other.Kill()
	}
	agent.Kill()
	program("--gateway", s.url).address(0) // the one that was killed is forgotten
}
