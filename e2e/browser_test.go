package e2e

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// browser is one test's set of pages in a Chromium that browser.mjs drives.
type browser struct {
	t testing.TB
	*chromium
	scope string // prefix of its pages' names
	proxy string // address of an HTTP proxy; "": none
	agent string // the user agent that it claims; "": the true one
}

// chromium is a Chromium process. It handles one command at a time.
type chromium struct {
	in      io.WriteCloser
	answers *bufio.Reader
	stop    func()
	// complaints stops the process and returns its standard error.
	complaints func() string
}

// tab is one page of a browser, with its own storage.
type tab struct {
	*browser
	name string
}

// sharedBrowser is the headless Chromium of all tests. Starting one costs as much processor
// time as many of the tests do. Pages of different tests share no storage.
var sharedBrowser struct {
	*chromium
	users int
}

// newBrowser returns a browser in the shared Chromium. Its pages are closed when the test ends.
func newBrowser(t testing.TB) *browser { t.Helper(); return newBrowserBehind(t, "") }

// newBrowserBehind is newBrowser with an HTTP proxy for all connections, including those to
// loopback addresses.
func newBrowserBehind(t testing.TB, proxy string) *browser {
	t.Helper()
	if sharedBrowser.chromium == nil {
		sharedBrowser.chromium = launchBrowser(t, "CHROMIUM="+need(t, "chromium-headless-shell", "chromium-headless-shell"))
	}
	sharedBrowser.users++
	b := &browser{t: t, chromium: sharedBrowser.chromium, scope: fmt.Sprintf("%d.", sharedBrowser.users), proxy: proxy}
	t.Cleanup(func() {
		if _, err := b.tab("").try("forget", nil); err != nil {
			t.Logf("browser: %v %s", err, b.complaints())
			stopSharedBrowser() // the next test starts a new one
		}
	})
	return b
}

// stopSharedBrowser ends the shared Chromium if it is running.
func stopSharedBrowser() {
	if c := sharedBrowser.chromium; c != nil {
		sharedBrowser.chromium = nil
		c.stop()
	}
}

// newWindow starts a Chromium with a window on a display. Its screen picker chooses the whole
// screen by itself.
func newWindow(t testing.TB, d *display, flags ...string) *browser {
	t.Helper()
	flags = append([]string{"--auto-select-desktop-capture-source=Entire screen", "--window-position=0,0"}, flags...)
	c := launchBrowser(t, append(d.env(), "CHROMIUM="+need(t, "chromium", "chromium"), "LOTSE_E2E_HEADED=1", "LOTSE_E2E_FLAGS="+strings.Join(flags, "\n"))...)
	t.Cleanup(func() {
		c.stop()
		if said := c.complaints(); t.Failed() && said != "" {
			t.Logf("browser: %s", said)
		}
	})
	return &browser{t: t, chromium: c}
}

// launchBrowser starts the Chromium that CHROMIUM in env names. The caller must call its stop.
func launchBrowser(t testing.TB, env ...string) *chromium {
	t.Helper()
	if _, err := os.Stat("../novnc-web/node_modules/playwright-core"); err != nil {
		t.Fatal("playwright-core is missing: make build")
	}
	if _, err := os.Stat("browser.mjs"); err != nil { // makes go test's cache depend on the file
		t.Fatal(err)
	}
	cmd := exec.Command(need(t, "node", "nodejs"), "browser.mjs")
	cmd.Env = append(append(os.Environ(), fmt.Sprintf("LOTSE_E2E_TIMEOUT=%d", patience.Milliseconds())), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop := sync.OnceFunc(func() {
		in.Close()
		timer := time.AfterFunc(patience, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
		_ = cmd.Wait()
		timer.Stop()
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	})
	return &chromium{in: in, answers: bufio.NewReaderSize(out, 16<<20), stop: stop, complaints: func() string {
		stop() // stop first, so that the output is complete
		return complaints.String()
	}}
}

func (b *browser) tab(name string) *tab { return &tab{b, name} }

func (p *tab) do(what string, more map[string]any) string {
	p.t.Helper()
	value, err := p.try(what, more)
	if err != nil {
		file := filepath.Join(os.TempDir(), "lotse-e2e-"+p.name+".png")
		if _, err := p.try("screenshot", map[string]any{"value": file}); err == nil {
			p.t.Logf("the page then: %s", file)
		}
		p.t.Fatalf("%s: %s %v: %v", p.name, what, more, err)
	}
	return value
}

func (p *tab) try(what string, more map[string]any) (string, error) {
	command := map[string]any{"do": what, "page": p.scope + p.name, "proxy": p.proxy, "agent": p.agent}
	for k, v := range more {
		command[k] = v
	}
	line, err := json.Marshal(command)
	if err != nil {
		return "", err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return "", err
	}
	reply, err := p.answers.ReadBytes('\n')
	if err != nil {
		return "", fmt.Errorf("the browser is gone: %w", err)
	}
	var answer struct{ Value, Error string }
	if err := json.Unmarshal(reply, &answer); err != nil {
		return "", err
	}
	if answer.Error != "" {
		return "", fmt.Errorf("%s", answer.Error)
	}
	return answer.Value, nil
}

func (p *tab) open(url string) { p.t.Helper(); p.do("open", map[string]any{"url": url}) }
func (p *tab) click(id string) { p.t.Helper(); p.do("click", map[string]any{"id": id}) }
func (p *tab) fill(id, value string) {
	p.t.Helper()
	p.do("fill", map[string]any{"id": id, "value": value})
}
func (p *tab) text(id string) string { p.t.Helper(); return p.do("text", map[string]any{"id": id}) }
func (p *tab) wait(id string)        { p.t.Helper(); p.waitFor(id, "") }

// waitFor waits until the element also matches a selector, such as [data-right="given"].
func (p *tab) waitFor(id, selector string) {
	p.t.Helper()
	p.do("wait", map[string]any{"id": id, "value": selector})
}

func (p *tab) clickAt(x, y int) { p.t.Helper(); p.do("clickAt", map[string]any{"x": x, "y": y}) }

// keys types text in the page. Any character may occur in it.
func (p *tab) keys(text string) {
	p.t.Helper()
	for _, r := range text {
		key := string(r)
		if r == '\n' {
			key = "Enter"
		}
		p.do("key", map[string]any{"value": key})
	}
}

// canvas returns the frame that noVNC has decoded.
func (p *tab) canvas() image.Image {
	p.t.Helper()
	data, err := base64.StdEncoding.DecodeString(p.do("canvas", nil))
	if err != nil {
		p.t.Fatal(err)
	}
	if len(data) == 0 { // the canvas has no size yet
		return image.NewRGBA(image.Rectangle{})
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		p.t.Fatal(err)
	}
	return img
}

// seesDesktop waits until the page's canvas shows the customer's desktop.
func (p *tab) seesDesktop(customer *display, tolerance int) {
	p.t.Helper()
	eventually(p.t, "the page's picture", func() error {
		desk, shown := customer.picture(), p.canvas()
		if desk.Bounds() != shown.Bounds() {
			return fmt.Errorf("%v, want %v", shown.Bounds(), desk.Bounds())
		}
		desk, shown = withoutBadge(desk, shown, image.Point{})
		if n := differences(desk, shown, desk.Bounds(), image.Point{}, tolerance); n > desk.Bounds().Dx()*desk.Bounds().Dy()/1000 {
			return fmt.Errorf("%d pixels differ", n)
		}
		return nil
	})
}

// says waits until the element's text is text.
func (p *tab) says(id, text string) {
	p.t.Helper()
	eventually(p.t, p.name+": "+id, func() error {
		if got := p.text(id); got != text {
			return fmt.Errorf("%q, want %q", got, text)
		}
		return nil
	})
}

// eval runs a JavaScript function in the page and returns its result.
func (p *tab) eval(function string) string {
	p.t.Helper()
	return p.do("eval", map[string]any{"value": function})
}

// noComplaints fails the test if a script failed or if the browser refused something, except
// for the expected messages. A status of 401 is always expected, because the page asks who is
// signed in before anyone is.
func (b *browser) noComplaints(expected ...string) {
	b.t.Helper()
	expected = append(expected, "status of 401")
next:
	for _, line := range strings.Split(b.tab("").do("complaints", nil), "\n") {
		for _, e := range expected {
			if line == "" || strings.Contains(line, e) {
				continue next
			}
		}
		b.t.Errorf("the browser complains: %s", line)
	}
}

// panelAgent starts an agent whose panel is in the browser, and returns the panel's address.
func (s *stack) panelAgent(d *display, more ...string) (agent *process, url string) {
	s.t.Helper()
	args := append([]string{"--gateway", s.url, "--panel", "browser", "--display", d.name, "--log-level", "debug"}, more...)
	agent = start(s.t, append(s.env(), d.env()...), ours(s.t, "lotse-agent"), args...)
	return agent, agent.address(0)
}

// allows waits for a question in a page that shares the screen without the agent, and allows
// it.
func (p *tab) allows(right string) {
	p.t.Helper()
	p.waitFor("question", `[data-right="`+right+`"]`)
	p.waitFor("question-allow", ":not([disabled])")
	p.click("question-allow")
}

// signsIn opens the advisor's page and signs in.
func (p *tab) signsIn(url string) {
	p.t.Helper()
	p.open(url)
	p.fill("signin-name", "advisor")
	p.fill("signin-password", devPassword)
	p.click("signin-submit")
}

// gone waits until the element is hidden or absent.
func (p *tab) gone(id string) {
	p.t.Helper()
	p.do("wait", map[string]any{"id": id, "value": "", "hidden": true})
}

// TestBrowser checks a whole session, from sign-in to the end, between the advisor's page and
// the customer's panel. Apart from the browser it needs only the agent.
func TestBrowser(t *testing.T) {
	s := newStack(t)
	customer := customerDisplay(t, "800x600")
	customer.paint()
	file := customer.typewriter()
	agent, url := s.panelAgent(customer)
	b := newBrowser(t)
	advisor, panel := b.tab("advisor"), b.tab("panel")

	advisor.open(s.url + "/advisor")
	advisor.fill("signin-name", "advisor")
	advisor.fill("signin-password", devPassword)
	advisor.click("signin-submit")
	advisor.click("new-session")
	number := advisor.text("number")

	panel.open(url)
	panel.fill("number", "123 456")
	panel.click("number-submit")
	panel.wait("number-error")
	panel.fill("number", number)
	began := time.Now()
	panel.click("number-submit")
	advisor.waitFor("session", `[data-phase="joined"]`)
	joined := time.Since(began)
	sameCode(t, advisor, panel)

	mark := agent.Mark()
	advisor.click("see-screen")
	panel.waitFor("question", `[data-right="view"]`)
	allow(customer, agent, mark, "view")
	began = time.Now()
	advisor.waitFor("view-canvas", `[data-phase="shown"]`)
	t.Logf("from the number to the advisor's page %v, from the yes to the picture %v", joined, time.Since(began))
	advisor.seesDesktop(customer, 0)
	advisor.clickAt(200, 360)
	advisor.keys("not allowed\n")
	customer.stays(t, "typed without the right to control", file, "", advisor.colourAt)

	// Without control the advisor points; the customer can switch that off and on.
	customer.pointedAt(t, image.Pt(200, 360), true)
	panel.click("point")
	customer.pointedAt(t, image.Pt(200, 360), false)
	advisor.waitFor("view-canvas", ".look-only")
	panel.click("point")
	advisor.waitFor("view-canvas", ".points")
	advisor.clickAt(200, 360)
	customer.pointedAt(t, image.Pt(200, 360), true)

	mark = agent.Mark()
	advisor.click("ask-control")
	allow(customer, agent, mark, "control")
	advisor.waitFor("ask-control", `[data-right="given"]`)
	advisor.gone("hands") // input counts only after the customer's hands are off the mouse
	advisor.clickAt(200, 360)
	advisor.keys(theText + "\n")
	eventually(t, "typed text", func() error {
		if got := typed(file); got != theText+"\n" {
			return fmt.Errorf("%q, want %q", got, theText+"\n")
		}
		return nil
	})
	advisor.seesDesktop(customer, 0)

	customer.physicalKey(keyF12)
	advisor.waitFor("ask-control", `[data-right="none"]`)
	advisor.clickAt(200, 360)
	advisor.keys("too late\n")
	customer.stays(t, "typed after F12", file, theText+"\n", advisor.colourAt)

	// The clipboard works in both directions, with umlauts.
	mark = agent.Mark()
	advisor.click("ask-clipboard")
	allow(customer, agent, mark, "clipboard")
	advisor.waitFor("ask-clipboard", `[data-right="given"]`)
	advisor.click("ask-clipboard") // opens the texts now
	advisor.fill("clipboard-out", "Fünf € für Öl")
	advisor.click("clipboard-send")
	eventually(t, "the customer's clipboard", func() error {
		out, err := tryRun(customer.env(), need(t, "xclip", "xclip"), "-selection", "clipboard", "-o")
		if err == nil && out != "Fünf € für Öl" {
			err = fmt.Errorf("%q", out)
		}
		return err
	})

	// After a reload of either page the same session goes on.
	panel.do("reload", nil)
	panel.wait("now")
	advisor.do("reload", nil)
	advisor.waitFor("session", `[data-phase="joined"]`)

	panel.click("pause")
	panel.says("pause", "Resume")
	mark = agent.Mark()
	panel.click("pause")
	panel.waitFor("question", `[data-right="resume"]`) // the question window asks first
	allow(customer, agent, mark, "resume")
	panel.says("pause", "Hide everything")
	advisor.click("end-session")
	advisor.click("confirm-yes")
	panel.wait("ended")
	advisor.waitFor("session", `[data-phase="ended"]`)
	if code := agent.Exit(); code != 0 {
		t.Errorf("agent ended with %d", code)
	}
	b.noComplaints(afterTheEnd...)
	works("noVNC in Chromium", "chromium", "browser page", "picture", "consent", "pointing", "typing", "clipboard", "F12", "reload", "end")
}

// sameCode checks that both sides show the same four-digit comparison code.
func sameCode(t testing.TB, advisor, panel *tab) {
	t.Helper()
	advisor.wait("fact-encryption")
	panel.wait("compare")
	eventually(t, "equal comparison codes", func() error {
		a, c := digits(advisor.text("fact-encryption")), digits(panel.text("compare"))
		if len(c) != 4 || a != c {
			return fmt.Errorf("advisor %q, customer %q", a, c)
		}
		return nil
	})
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// TestBrowserRefusal checks that the advisor's page shows that the customer refused.
func TestBrowserRefusal(t *testing.T) {
	s := newStack(t)
	customer := customerDisplay(t, "640x480")
	ses := s.newSession()
	agent, url := s.panelAgent(customer, "--number", ses.number)
	b := newBrowser(t)
	advisor, panel := b.tab("advisor"), b.tab("panel")
	panel.open(url)
	ses.Line(`"state":"joined"`)
	// The page asks before it takes over a session that the command line opened.
	advisor.open(s.url + "/advisor#n=" + ses.number)
	advisor.fill("signin-name", "advisor")
	advisor.fill("signin-password", devPassword)
	advisor.click("signin-submit")
	if got := advisor.text("confirm"); !strings.Contains(got, ses.number[:3]+" "+ses.number[3:6]) {
		t.Errorf("the page asks %q", got)
	}
	advisor.click("confirm-yes")
	advisor.waitFor("session", `[data-phase="joined"]`)
	sameCode(t, advisor, panel)
	advisor.click("see-screen")
	panel.waitFor("question", `[data-right="view"]`)
	panel.waitFor("question-refuse", ":not([disabled])")
	panel.click("question-refuse")
	advisor.waitFor("view-canvas", `[data-phase="refused"]`)
	if words := advisor.text("view-state"); !strings.Contains(words, "did not allow") {
		t.Errorf("the advisor reads %q", words)
	}
	panel.click("end")
	advisor.waitFor("session", `[data-phase="ended"]`)
	if code := agent.Exit(); code != 0 {
		t.Errorf("agent ended with %d", code)
	}
	b.noComplaints(append(afterTheEnd, "The customer did not allow the view.")...)
}

// TestCustomerPage checks the page that an advisor sends to the customer.
func TestCustomerPage(t *testing.T) {
	s := newStack(t)
	b := newBrowser(t)
	p := b.tab("customer")
	p.open(s.url + "/#p=4821")
	if got := p.text("invited-place"); got != "4821 …" {
		t.Errorf("invited with %q", got)
	}
	// The page has no field for the number: the page comes from the gateway, which must not
	// learn the number.
	if n := p.do("count", map[string]any{"value": "input"}); n != "0" {
		t.Errorf("%s fields on the customer's page", n)
	}
	b.noComplaints()
}

// TestPagesAfterARestart checks that both pages come back to their session after the gateway was
// restarted: nobody signs in, asks or allows again. A reload afterwards works, too.
func TestPagesAfterARestart(t *testing.T) {
	s := newStack(t)
	customer := customerDisplay(t, "800x600")
	customer.paint()
	agent, url := s.panelAgent(customer)
	b := newBrowser(t)
	advisor, panel := b.tab("advisor"), b.tab("panel")
	advisor.signsIn(s.url + "/advisor")
	advisor.click("new-session")
	number := advisor.text("number")
	panel.open(url)
	panel.fill("number", number)
	panel.click("number-submit")
	advisor.waitFor("session", `[data-phase="joined"]`)
	mark := agent.Mark()
	advisor.click("see-screen")
	allow(customer, agent, mark, "view")
	advisor.waitFor("view-canvas", `[data-phase="shown"]`)

	mark = agent.Mark()
	s.gateway.Stop()
	agent.LineAfter(mark, "stream ended")
	s.startGateway(strings.TrimPrefix(s.url, "https://"))
	customer.typewriter() // something new on the screen, which the page must receive
	advisor.waitFor("view-canvas", `[data-phase="shown"]`)
	advisor.seesDesktop(customer, 0)
	if said := strings.Join(agent.Output()[mark:], "\n"); strings.Contains(said, "outcome=given") {
		t.Errorf("allowed again:\n%s", said)
	}
	advisor.do("reload", nil)
	advisor.waitFor("session", `[data-phase="joined"]`)
	advisor.click("end-session")
	advisor.click("confirm-yes")
	panel.wait("ended")
	agent.Exit()
}
