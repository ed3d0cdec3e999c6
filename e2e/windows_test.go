package e2e

import (
	"image"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// unicodeText has characters that no single keyboard has.
const unicodeText = theText + " Ωжא漢 „ß“\n"

// key presses a key of the customer's keyboard. Windows receives it if one of its windows has
// the focus.
func (m *windowsMachine) key(name string) {
	m.t.Helper()
	m.xdotool("key", name)
}

// TestWindows checks a session with the Windows agent. The agent reads the gateway from its
// file name and opens the panel in the system's browser. Notepad appears unchanged in Chromium
// and in TigerVNC. Each viewer can type once it has control. F12 takes control back. The agent
// leaves nothing behind.
func TestWindows(t *testing.T) {
	s, _ := newDownloadStack(t)
	port := s.url[strings.LastIndex(s.url, ":")+1:]
	m := newWindows(t, "800x600", "lotse-localhost_"+port+" (1)")
	m.paint()
	m.notepad()
	begin := time.Now()
	agent := m.agent(s)
	url := m.opened()
	// The browser gets no token, because other users can read command lines.
	if said := agent.address(0); !strings.HasPrefix(said, url+"#t=") {
		t.Errorf("the browser got %s, the agent says %s", url, said)
	}
	b := m.browser()
	advisor, panel := b.tab("advisor"), b.tab("panel")
	advisor.signsIn(s.url + "/advisor")
	advisor.click("new-session")
	number := advisor.text("number")
	panel.open(url)
	if got := panel.text("gateway"); got != "localhost:"+port {
		t.Errorf("the panel names %q before anything is connected", got)
	}
	panel.waitFor("number-form", `[data-confirm="true"]`) // the gateway came from the file name
	panel.fill("number", number)
	panel.click("number-submit")
	advisor.waitFor("session", `[data-phase="joined"]`)
	t.Logf("from the click on the program to an accepted number: %.1f s, nine digits and one click", time.Since(begin).Seconds())
	sameCode(t, advisor, panel)

	mark := agent.Mark()
	advisor.click("see-screen")
	panel.waitFor("question", `[data-right="view"]`)
	m.answers(agent, mark, "view", "allow")
	advisor.waitFor("view-canvas", `[data-phase="shown"]`)
	advisor.seesDesktop(m.display, 0)
	advisor.clickAt(300, 250)
	m.pointedAt(t, image.Pt(300, 250), true) // without control the advisor points
	panel.click("share-change")
	panel.click("choose-apps")
	if icon := panel.icon("notepad.exe"); coloursOf(icon) < 3 {
		t.Error("notepad has no icon in the chooser")
	}
	if file := os.Getenv("LOTSE_PICTURE"); file != "" {
		panel.do("screenshot", map[string]any{"value": file})
	}
	panel.click("share-cancel")

	screen := viewerDisplay(t, "1000x760")
	_, vnc := s.view(strings.ReplaceAll(number, " ", ""))
	viewer := start(t, append(screen.env(), "HOME="+t.TempDir()), need(t, "xtigervncviewer", "tigervnc-viewer"), "-MenuKey=", "-QualityLevel=9", hostPort(vnc))
	at := shows(t, screen, m.display, 0)
	advisor.clickAt(300, 250)
	advisor.keys("not allowed\n")
	m.neverWrites("typed without the right to control", "n", advisor)

	mark = agent.Mark()
	advisor.click("ask-control")
	m.answers(agent, mark, "control", "allow")
	advisor.waitFor("ask-control", `[data-right="given"]`)
	m.pointedAt(t, image.Pt(300, 250), false)
	advisor.gone("hands") // input counts only after the customer's hands are off the keyboard
	advisor.clickAt(300, 250)
	advisor.keys(unicodeText)
	m.writes(unicodeText)
	// No second click here: it would be a double click, which selects text.
	screen.xdotool("mousemove", strconv.Itoa(at.X+300), strconv.Itoa(at.Y+250))
	screen.xdotool("type", "--delay", "25", theText)
	m.writes(unicodeText + theText)
	shows(t, screen, m.display, 0)
	advisor.seesDesktop(m.display, 0)

	// F12 from the advisor is injected and does not take control back.
	screen.xdotool("key", "F12")
	screen.xdotool("type", "!")
	m.writes(unicodeText + theText + "!")
	m.key("F12")
	advisor.waitFor("ask-control", `[data-right="none"]`)
	advisor.clickAt(300, 250)
	advisor.keys("too late\n")
	m.neverWrites("typed after F12", "too", advisor)

	panel.click("end")
	panel.wait("ended")
	advisor.waitFor("session", `[data-phase="ended"]`)
	if code := agent.Exit(); code != 0 {
		t.Errorf("agent ended with %d", code)
	}
	viewer.Exit()
	b.noComplaints(afterTheEnd...)
	m.nothingLeft()
}

func wants(ok bool) error {
	if !ok {
		return os.ErrNotExist
	}
	return nil
}

// TestWindowsEnds checks a session that the advisor ends.
func TestWindowsEnds(t *testing.T) {
	s := newStack(t)
	m := newWindows(t, "640x480", "lotse-agent")
	ses := s.newSession()
	agent := m.agent(s, "--gateway", s.url, "--panel", "terminal", "--answer", "view", "--number", ses.number)
	ses.Line(`"state":"joined"`)
	ses.Write("end")
	agent.Line("the advisor ended it")
	if code := agent.Exit(); code != 0 {
		t.Errorf("agent ended with %d", code)
	}
	m.nothingLeft()
}

// TestWindowsPanelWindow checks that with Edge the panel opens in a window without address bar.
// Its profile is deleted afterwards, even if the agent was killed.
func TestWindowsPanelWindow(t *testing.T) {
	s := newStack(t)
	m := newWindows(t, "640x480", "lotse-agent")
	m.edge()
	note := filepath.Join(t.TempDir(), "note")
	agent := m.agentWith(s, []string{"LOTSE_WINDOWS_PUPPET=browser", "LOTSE_PUPPET_NOTE=Z:" + note}, "--gateway", s.url)
	var told []string
	eventually(t, "the window", func() error {
		b, err := os.ReadFile(note)
		told = strings.Split(string(b), "\n")
		return err
	})
	url := agent.address(0)
	if page, _, _ := strings.Cut(url, "#"); told[0] != "--app="+page || len(told) < 2 || !strings.HasPrefix(told[1], "--user-data-dir=C:") {
		t.Errorf("Edge was started with %q", told)
	}
	m.opensPanel(url) // this address opens the panel

	agent.Kill()
	m.wine(nil, "cmd", "/c", "exit").Exit() // after this, wine knows that the agent has ended
	if _, err := os.Stat(m.unixPath(strings.TrimPrefix(told[1], "--user-data-dir="))); err != nil {
		t.Errorf("the window was closed with the program: %v", err)
	}
	if err := os.WriteFile(note+".close", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m.nothingLeft()
}
