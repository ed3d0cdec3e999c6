package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWindowsSecondStart checks that a second start brings the first agent's window to the
// front and ends. If the window was closed, it is opened again. A second start with another
// number or gateway is refused with an explanation.
func TestWindowsSecondStart(t *testing.T) {
	s := newStack(t)
	m := newWindows(t, "640x480", "lotse-agent")
	m.edge()
	note := filepath.Join(t.TempDir(), "note")
	is := func(what string) {
		t.Helper()
		eventually(t, what, func() error { _, err := os.Stat(note + what); return err })
	}
	agent := m.agentWith(s, []string{"LOTSE_WINDOWS_PUPPET=browser window", "LOTSE_PUPPET_NOTE=Z:" + note}, "--gateway", s.url)
	is(".minimised")
	m.opensPanel(agent.address(0))
	m.notepad() // puts another program in front
	second := func(want int, args ...string) *process {
		t.Helper()
		p := m.agent(s, args...)
		if code := p.Exit(); code != want {
			t.Errorf("a second start with %q ended with %d, want %d", args, code, want)
		}
		return p
	}
	if _, err := os.Stat(note + ".front"); err == nil {
		t.Fatal("the window is in front already")
	}
	second(4, "--gateway", s.url, "--events", "json").Line(`"code":"running","message":"This program is running already; its window comes to the front"},"exit":4`)
	is(".front")
	for _, args := range [][]string{{"--gateway", s.url, "--number", "482193057"}, {"--gateway", "https://other.example"}} {
		second(1, args...).Line("end that session first")
	}

	// After the customer has closed the window, a second start opens a new one.
	told, err := os.ReadFile(note)
	if err != nil {
		t.Fatal(err)
	}
	_, profile, _ := strings.Cut(string(told), "--user-data-dir=")
	profile, _, _ = strings.Cut(profile, "\n")
	if err := os.WriteFile(note+".close", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the window", func() error {
		_, err := os.Stat(m.unixPath(profile))
		return wants(os.IsNotExist(err))
	})
	for _, left := range []string{note, note + ".close", note + ".minimised"} {
		if err := os.Remove(left); err != nil {
			t.Fatal(err)
		}
	}
	mark := agent.Mark()
	second(4) // without a gateway: whichever agent runs
	is(".minimised")
	m.opensPanel(agent.address(mark))
	agent.Kill()
	if err := os.WriteFile(note+".close", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m.nothingLeft()
}

// TestWindowsSecondStartInBrowser checks that without Edge a second start opens the panel again
// in the usual browser, and that both pages work.
func TestWindowsSecondStartInBrowser(t *testing.T) {
	s := newStack(t)
	m := newWindows(t, "640x480", "lotse-agent")
	agent := m.agent(s, "--gateway", s.url)
	first := m.opened()
	b := m.browser()
	one, two := b.tab("one"), b.tab("two")
	one.open(first)
	one.wait("number")
	if err := os.Remove(m.openedFile()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the page once more", func() error { // the agent opens none within three seconds of the first
		if code := m.agent(s, "--gateway", s.url).Exit(); code != 4 {
			t.Fatalf("a second start ended with %d", code)
		}
		_, err := os.Stat(m.openedFile())
		return err
	})
	again := m.opened()
	if again != first || strings.Contains(again, "t=") {
		t.Errorf("opened %q, then %q", first, again)
	}
	two.open(again)
	two.wait("number")
	one.fill("number", "100000001") // nobody has this number; both pages say so
	one.click("number-submit")
	two.wait("number-error")
	ses := s.newSession()
	two.fill("number", ses.number)
	two.click("number-submit")
	one.waitFor("session", "")
	one.click("end")
	one.wait("ended")
	two.wait("ended")
	agent.Exit()
	b.noComplaints(afterTheEnd...)
	m.forgetsNumbers() // the agent remembers the wrong number for an hour
	m.nothingLeft()
}
