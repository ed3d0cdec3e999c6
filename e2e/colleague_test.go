package e2e

import (
	"encoding/json"
	"fmt"
	"image"
	"strconv"
	"strings"
	"testing"
)

// account adds an advisor's account to the gateway, with the password of all.
func (s *stack) account(name, display string) {
	s.t.Helper()
	run(s.t, s.env(), ours(s.t, "lotse"), "advisor", "add", name, "--data", s.data, "--display", display, "--company", "Lotse")
}

// signsInAs opens the advisor's page and signs in with another account.
func (p *tab) signsInAs(name, url string) {
	p.t.Helper()
	p.open(url)
	p.fill("signin-name", name)
	p.fill("signin-password", devPassword)
	p.click("signin-submit")
}

// types waits until the customer's hands rest, and types a line into the customer's program.
func (p *tab) types(t *testing.T, file, text, all string) {
	t.Helper()
	p.gone("hands")
	p.clickAt(200, 360)
	p.keys(text + "\n")
	eventually(t, "typed text", func() error {
		if got := typed(file); got != all {
			return fmt.Errorf("%q, want %q", got, all)
		}
		return nil
	})
}

// TestColleague brings a second advisor into a session, each with his own account and page. He
// joins with his own number, sees and points, is passed control, which the customer allows by his
// name, and at last leads the session.
func TestColleague(t *testing.T) {
	s := newStack(t)
	s.account("bert", "Bert Maier")
	customer := customerDisplay(t, "800x600")
	customer.paint()
	file := customer.typewriter()
	agent, url := s.panelAgent(customer)
	b := newBrowser(t)
	anna, bert, panel := b.tab("advisor"), b.tab("colleague"), b.tab("panel")
	anna.signsIn(s.url + "/advisor")
	anna.click("new-session")
	number := anna.text("number")
	panel.open(url)
	panel.fill("number", number)
	panel.click("number-submit")
	anna.waitFor("session", `[data-phase="joined"]`)
	mark := agent.Mark()
	anna.click("see-screen")
	allow(customer, agent, mark, "view")
	anna.waitFor("view-canvas", `[data-phase="shown"]`)
	bert.signsInAs("bert", s.url+"/advisor")
	bert.wait("new-session-big")

	// The customer is asked by name; Bert's page says that he is expected.
	anna.click("more")
	anna.click("colleague-open")
	anna.do("select", map[string]any{"id": "colleague-may", "value": "control"})
	mark = agent.Mark()
	anna.click("colleague-ask")
	panel.waitFor("question", `[data-right="colleague"]`)
	if got := panel.text("question-colleague"); !strings.Contains(got, "Bert Maier") {
		t.Errorf("asked: %s", got)
	}
	allow(customer, agent, mark, "colleague")
	his := strings.ReplaceAll(anna.text("colleague-number"), " ", "")
	place := his[:4]
	if his == strings.ReplaceAll(number, " ", "") || !strings.HasPrefix(strings.ReplaceAll(number, " ", ""), place) {
		t.Fatalf("Bert's number is %s, the session's %s", his, number)
	}
	bert.do("reload", nil) // instead of waiting until the page asks the gateway again
	bert.click("invited-" + place)
	wrong := his[:8] + string('0'+(his[8]-'0'+1)%10)
	bert.fill("join-number", wrong)
	bert.click("join")
	bert.wait("ended")
	bert.click("remove-" + place)
	bert.do("reload", nil)
	bert.click("invited-" + place)
	bert.fill("join-number", his)
	bert.click("join")
	bert.waitFor("session", `[data-phase="joined"]`)
	anna.wait("colleague-here")
	panel.waitFor("colleagues", `[data-here="true"]`)

	// He sees without another question, and points.
	bert.click("see-screen")
	bert.waitFor("view-canvas", `[data-phase="shown"]`)
	bert.seesDesktop(customer, 0)
	bert.clickAt(200, 360)
	customer.pointedAt(t, image.Pt(200, 360), true)
	if bert.do("enabled", map[string]any{"id": "ask-control"}) != "false" {
		t.Error("a colleague can ask for control before it was passed to him")
	}

	// Control is passed to him; the customer says yes to his name.
	anna.click("colleague-control")
	anna.wait("colleague-holds")
	bert.waitFor("ask-control", ":not([disabled])")
	mark = agent.Mark()
	bert.click("ask-control")
	allow(customer, agent, mark, "control")
	bert.waitFor("ask-control", `[data-right="given"]`)
	if got := panel.text("now"); !strings.Contains(got, "Bert Maier") {
		t.Errorf("the panel says %q", got)
	}
	bert.types(t, file, "from Bert", "from Bert\n")
	anna.click("card-close")
	anna.clickAt(200, 360)
	anna.keys("not from Anna\n")
	customer.stays(t, "typed by the one who passed control on", file, "from Bert\n", anna.colourAt)

	// F12 takes it from him as well.
	customer.physicalKey(keyF12)
	bert.waitFor("ask-control", `[data-right="none"]`)

	// The session is passed on. Anna has left; Bert leads and can ask for everything.
	anna.click("more")
	anna.click("colleague-open")
	anna.click("colleague-pass")
	anna.click("confirm-yes")
	anna.wait("ended-reason")
	panel.gone("colleagues")
	panel.says("advisor", "Bert Maier")
	bert.do("reload", nil)
	bert.waitFor("session", `[data-phase="joined"]`)
	bert.click("more")
	bert.wait("colleague-open")
	bert.click("card-close")
	bert.waitFor("view-canvas", `[data-phase="shown"]`)
	mark = agent.Mark()
	bert.click("ask-control")
	allow(customer, agent, mark, "control")
	bert.waitFor("ask-control", `[data-right="given"]`)
	bert.types(t, file, "and again", "from Bert\nand again\n")
	bert.click("end-session")
	bert.click("confirm-yes")
	panel.wait("ended")
	bert.wait("ended-record")
	if got := bert.text("ended-record"); !strings.Contains(got, "Bert Maier") || !strings.Contains(got, "passed on to") {
		t.Errorf("the record says %s", got)
	}
	if code := agent.Exit(); code != 0 {
		t.Errorf("agent ended with %d", code)
	}
	b.noComplaints(append([]string{"status of 404", "status of 409"}, afterTheEnd...)...)
}

// TestColleagueComesBack restarts the gateway while a colleague is there. He comes back by himself,
// and nobody is asked again.
func TestColleagueComesBack(t *testing.T) {
	s := newStack(t)
	s.account("bert", "Bert Maier")
	customer := customerDisplay(t, "800x600")
	customer.paint()
	session := s.newSession()
	agent := s.agent(customer, session.number)
	session.Line(`"state":"joined"`)
	mark := agent.Mark()
	session.Write("view")
	allow(customer, agent, mark, "view")
	session.Line(`"given"`)
	mark = agent.Mark()
	session.Write("colleague bert see")
	allow(customer, agent, mark, "colleague")
	var told struct{ Number string }
	line := session.Line(`"state":"expected"`)
	if err := json.Unmarshal([]byte(line), &told); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	b := newBrowser(t)
	bert := b.tab("colleague")
	bert.signsInAs("bert", s.url+"/advisor#c="+told.Number[:4])
	bert.fill("join-number", told.Number) // the link opens the form
	bert.click("join")
	bert.waitFor("session", `[data-phase="joined"]`)
	bert.click("see-screen")
	bert.waitFor("view-canvas", `[data-phase="shown"]`)
	bert.seesDesktop(customer, 0)

	mark = session.Mark()
	s.gateway.Stop()
	s.startGateway(strings.TrimPrefix(s.url, "https://"))
	session.LineAfter(mark, `"state":"here"`)
	customer.typewriter() // something new on the screen, which the page must receive
	bert.waitFor("view-canvas", `[data-phase="shown"]`)
	bert.seesDesktop(customer, 0)
	for _, line := range session.Output()[mark:] {
		if strings.Contains(line, `"event":"colleague"`) && strings.Contains(line, `"asked"`) {
			t.Errorf("the customer was asked again: %s", line)
		}
	}
}

// TestColleagueCommandLine does the same with `lotse session new`, and with any VNC viewer of the
// colleague by `lotse view`.
func TestColleagueCommandLine(t *testing.T) {
	s := newStack(t)
	s.account("bert", "Bert Maier")
	customer := customerDisplay(t, "800x600")
	customer.paint()
	customer.typewriter()
	session := s.newSession()
	agent := s.agent(customer, session.number)
	session.Line(`"state":"joined"`)
	mark := agent.Mark()
	session.Write("view")
	allow(customer, agent, mark, "view")
	session.Line(`"given"`)
	mark = agent.Mark()
	session.Write("colleague bert see")
	allow(customer, agent, mark, "colleague")
	var told struct{ Number string }
	line := session.Line(`"state":"expected"`)
	if err := json.Unmarshal([]byte(line), &told); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	port := vncPort(t)
	view := start(t, s.env(), ours(t, "lotse"), "view", told.Number, "--gateway", s.url, "--user", "bert", "--listen", "127.0.0.1:"+strconv.Itoa(port), "--many")
	view.Line("ready:")
	screen := viewerDisplay(t, "1000x760")
	start(t, append(screen.env(), "HOME="+t.TempDir()), need(t, "xtigervncviewer", "tigervnc-viewer"), "-MenuKey=", "-QualityLevel=9", hostPort(port))
	shows(t, screen, customer, 0)
	session.Line(`"state":"here"`)
	agent.Line("Bert Maier")

	// The customer sends him away, and nothing of it is left; the session goes on.
	mark = session.Mark()
	agent.Write("k")
	session.LineAfter(mark, `"why":"removed"`)
	view.Exit()
	mark = session.Mark()
	session.Write("write still here")
	session.LineAfter(mark, "still here")
}
