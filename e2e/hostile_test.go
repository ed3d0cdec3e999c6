package e2e

import (
	"errors"
	"fmt"
	"image"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"lotse/rfb/rfbtest"
)

// openedByAgent starts an agent that opens its panel itself, in a Chromium on the customer's
// own display.
func (s *stack) openedByAgent(d *display, number string, more ...string) (agent *process, panel *tab) {
	s.t.Helper()
	dir := s.t.TempDir()
	file := filepath.Join(dir, "address")
	script := "#!/bin/sh\nprintf %s \"$1\" > " + file + ".new && mv " + file + ".new " + file + "\n"
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte(script), 0o755); err != nil {
		s.t.Fatal(err)
	}
	env := append(d.env(), "LOTSE_CA_FILE="+s.caFile, "LOTSE_NO_BROWSER=", "LC_ALL=C.UTF-8", "PATH="+dir+":"+os.Getenv("PATH"))
	args := append([]string{"--gateway", s.url, "--number", "-", "--panel", "browser", "--display", d.name, "--log-level", "debug"}, more...)
	agent = start(s.t, env, ours(s.t, "lotse-agent"), args...)
	agent.Write(number)
	agent.Line("panel: ")
	var address []byte
	eventually(s.t, "the panel is opened", func() (err error) {
		address, err = os.ReadFile(file)
		return err
	})
	panel = newWindow(s.t, d, "--window-size=640,720", "--window-position=300,20").tab("panel")
	panel.open(string(address))
	return agent, panel
}

// besieged is a customer whose panel the advisor controls: the advisor can run scripts in the
// panel's page, and a program on the customer's computer.
type besieged struct {
	t       *testing.T
	display *display
	hand    customerHand
	agent   *process
	session *session
	panel   *tab
	viewer  *rfbtest.Viewer // nil before one is admitted
	// inject injects a click on the customer's desktop, as a program could.
	inject func(at image.Point)
}

// takePanel runs in the panel's page and does what a script there can do. It opens a connection
// of its own with the key that the page stores. It answers every question with yes again and
// again, once for the whole screen and once without naming a share.
const takePanel = `() => {
	const key = sessionStorage.getItem("lotse-panel-key");
	if (!key) throw new Error("no key");
	const line = new WebSocket(location.origin.replace(/^http/, "ws") + "/api/events");
	let state = null;
	globalThis.yes = 0;
	line.onopen = () => line.send(JSON.stringify({ key }));
	line.onmessage = ({ data }) => (state = JSON.parse(data));
	const say = (m) => line.readyState === 1 && line.send(JSON.stringify(m));
	setInterval(() => {
		for (const question of state?.question ? [state.question.id, state.question.id.split(".")[0], "1", "2"] : []) {
			say({ type: "answer", question, allow: true });
			say({ type: "answer", question, allow: true, share: { kind: "screen", monitor: 0, apps: [] } });
			globalThis.yes++;
		}
		for (const right of state?.silenced ?? []) say({ type: "silence", right, on: false });
	}, 100);
	// The page's own buttons, whether they can be seen or not.
	setInterval(() => {
		for (const b of document.querySelectorAll('[data-testid="question-allow"]')) {
			b.disabled = false;
			b.hidden = false;
			b.click();
		}
	}, 100);
}`

// attack makes all attempts while a question for a right is open, and checks that none of them
// gave a right. The question was opened after the marks mark, of the agent's output, and told,
// of the session's.
func (b *besieged) attack(mark, told int, right string) {
	b.t.Helper()
	q := b.agent.questionFrom(mark, "an armed question for "+right, func(q question) bool { return q.right == right && q.armed })
	r, _ := q.button("allow")
	at := r.Min.Add(r.Size().Div(2))
	before := b.number("yes")
	b.inject(at)
	if b.viewer != nil {
		for _, buttons := range []uint16{0, 1, 0} {
			if err := b.viewer.SendPointer(at, buttons); err != nil {
				b.t.Fatal(err)
			}
		}
		for _, sym := range []uint32{0xff09, 0x20, 0xff0d} { // Tab, space, Return
			for _, down := range []bool{true, false} {
				if err := b.viewer.SendKey(sym, down); err != nil {
					b.t.Fatal(err)
				}
			}
		}
		if err := b.viewer.Refresh(); err != nil { // sent after the input
			b.t.Fatal(err)
		}
	}
	eventually(b.t, "fifty answers by the page", func() error {
		if n := b.number("yes") - before; n < 50 {
			return fmt.Errorf("%d", n)
		}
		return nil
	})
	if line := b.session.Said(told, `"given"`); line != "" {
		b.t.Fatalf("given without the customer's press: %s", line)
	}
	if got := b.panel.text("question-words"); got == "" {
		b.t.Fatal("the question is gone")
	}
}

func (b *besieged) number(name string) int {
	b.t.Helper()
	n, err := strconv.Atoi(b.panel.eval("() => globalThis." + name))
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

// ask makes the advisor ask for a right. It returns marks of the agent's and the session's
// output from before the request.
func (b *besieged) ask(right string) (mark, told int) {
	b.t.Helper()
	mark, told = b.agent.Mark(), b.session.Mark()
	b.session.Write(right)
	return mark, told
}

// refuse attacks a question for right; then the customer presses No.
func (b *besieged) refuse(right string) {
	b.t.Helper()
	mark, told := b.ask(right)
	b.attack(mark, told, right)
	b.agent.presses(b.hand, mark, right, "refuse")
	b.session.LineAfter(told, `"by":"customer","event":"refused","right":"`+right+`"`)
	if line := b.session.Said(told, `"given"`); line != "" {
		b.t.Fatalf("given, though the customer pressed No: %s", line)
	}
}

// allow attacks a question for right; then the customer presses buttons, the last of which
// allows.
func (b *besieged) allow(right string, buttons ...string) {
	b.t.Helper()
	mark, told := b.ask(right)
	b.attack(mark, told, right)
	b.agent.presses(b.hand, mark, right, buttons...)
	b.session.LineAfter(told, `"by":"customer","event":"given","right":"`+right+`"`)
}

// widen makes the customer's own panel propose a share. The customer allows it in the question
// window.
func (b *besieged) widen(share string) {
	b.t.Helper()
	mark, told := b.agent.Mark(), b.session.Mark()
	b.panel.eval(`() => {
		const line = new WebSocket(location.origin.replace(/^http/, "ws") + "/api/events");
		line.onopen = () => line.send(JSON.stringify({ key: sessionStorage.getItem("lotse-panel-key") }));
		line.onmessage = ({ data }) => {
			line.onmessage = null;
			const { choices } = JSON.parse(data);
			line.send(JSON.stringify({ type: "share", share: ` + share + ` }));
		};
	}`)
	b.attack(mark, told, "share")
	b.agent.presses(b.hand, mark, "share", "allow")
	b.session.LineAfter(told, `"by":"customer","event":"given","right":"share"`)
}

// shares checks the kind of the present share.
func (b *besieged) shares(kind string) {
	b.t.Helper()
	if got := b.panel.eval(`() => new Promise((resolve) => {
		const line = new WebSocket(location.origin.replace(/^http/, "ws") + "/api/events");
		line.onopen = () => line.send(JSON.stringify({ key: sessionStorage.getItem("lotse-panel-key") }));
		line.onmessage = ({ data }) => {
			line.close();
			resolve(JSON.parse(data).share?.kind);
		};
	})`); got != kind {
		b.t.Fatalf("%s is shared, want %s", got, kind)
	}
}

// siege is the course of the test on both systems. The customer shares a program, a monitor and
// the whole screen, one after the other. During each share the advisor tries to answer
// questions himself.
func (b *besieged) siege(program string, port int) {
	b.panel.eval(takePanel)
	mark, told := b.agent.Mark(), b.session.Mark()
	in := b.dialIn(port) // a waiting viewer asks for the view
	b.attack(mark, told, "view")
	b.agent.presses(b.hand, mark, "view", "refuse")
	b.session.LineAfter(told, `"by":"customer","event":"refused","right":"view"`)
	// The question comes again at once, is put off, and is then allowed for one program.
	in()
	mark, told = b.agent.Mark(), b.session.Mark()
	in = b.dialIn(port)
	b.attack(mark, told, "view")
	b.agent.presses(b.hand, mark, "view", "more", program, "allow")
	b.session.LineAfter(told, `"by":"customer","event":"given","right":"view"`)
	if in(); b.viewer == nil {
		b.t.Fatal("the viewer was not let in")
	}
	b.shares("apps")
	b.allow("control", "allow")
	b.refuse("share")
	b.shares("apps")
	b.widen(`{ kind: "monitor", monitor: choices.monitors[0].id, apps: [] }`)
	b.shares("monitor")
	b.refuse("clipboard")
	b.widen(`{ kind: "screen", monitor: 0, apps: [] }`)
	b.shares("screen")
	b.refuse("share")
	b.refuse("clipboard")
	b.session.Write("end")
	b.agent.Exit()
}

// dialIn connects a viewer that waits for the customer. wait returns when the viewer is
// admitted, which sets b.viewer, or refused.
func (b *besieged) dialIn(port int) (wait func()) {
	type result struct {
		v   *rfbtest.Viewer
		err error
	}
	come := make(chan result, 1)
	go func() {
		v, err := rfbtest.Dial(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), rfbtest.Config{})
		come <- result{v, err}
	}()
	return func() {
		b.t.Helper()
		select {
		case r := <-come:
			if r.v != nil {
				b.viewer = r.v
				b.t.Cleanup(func() { r.v.Close() })
				if err := r.v.SetEncodings(rfbtest.Raw); err != nil {
					b.t.Fatal(err)
				}
				if err := r.v.Refresh(); err != nil {
					b.t.Fatal(err)
				}
			}
		case <-time.After(patience):
			b.t.Fatal("the viewer is neither let in nor refused")
		}
	}
}

// TestHostileAdvisor checks that only the customer's own press of the Allow button gives a
// right. While a question is open, the advisor does all that he, or a program which he left on
// the customer's computer, can do. He controls the panel, which is visible on the shared
// display and is the first program that is shared.
func TestHostileAdvisor(t *testing.T) {
	s := newStack(t)
	customer := customerDisplay(t, "1200x900")
	run(t, customer.env(), need(t, "xrandr", "x11-xserver-utils"), "--setmonitor", "left", "600/150x900/200+0+0", "none")
	run(t, customer.env(), need(t, "xrandr", "x11-xserver-utils"), "--setmonitor", "right", "600/150x900/200+600+0", "none")
	customer.manage()
	defer func() { keepPictures(t, customer) }()
	ses := s.newSession()
	agent, panel := s.openedByAgent(customer, ses.number)
	ses.Line(`"state":"joined"`)
	_, port := s.view(ses.number)
	b := &besieged{t: t, display: customer, hand: customer.hands(), agent: agent, session: ses, panel: panel}
	b.inject = func(at image.Point) {
		customer.xdotool("mousemove", "5", "5", "mousemove", strconv.Itoa(at.X), strconv.Itoa(at.Y), "click", "1", "key", "Return", "key", "space")
	}
	b.siege("choice:app:*", port) // the panel's browser is the only program
}

// TestHostileAdvisorOnWindows is TestHostileAdvisor with the Windows agent, on wine. The
// panel's browser is not on the shared display there, but the advisor controls its page as
// well.
func TestHostileAdvisorOnWindows(t *testing.T) {
	s := newStack(t)
	m := newWindows(t, "1000x800", "lotse-agent")
	m.notepad()
	ses := s.newSession()
	agent := m.agent(s, "--gateway", s.url, "--number", ses.number)
	panel := m.browser().tab("panel")
	panel.open(m.opened())
	panel.wait("session")
	ses.Line(`"state":"joined"`)
	_, port := s.view(ses.number)
	clicker := m.puppet("clicker")
	b := &besieged{t: t, display: m.display, hand: wineHand{m}, agent: agent, session: ses, panel: panel}
	b.inject = func(at image.Point) {
		// Wine can put the pointer back to where the customer's mouse is while a program clicks.
		// There must be no button: a click on No refuses, also a program's.
		wineHand{m}.move(image.Pt(1, 1))
		eventually(t, "the customer's hands rest", func() error {
			last, _ := ses.rights()
			return wants(!strings.Contains(last, `"hands":true`))
		})
		mark := clicker.Mark()
		clicker.Write(fmt.Sprintf("%d %d", at.X, at.Y))
		clicker.LineAfter(mark, "clicked")
	}
	b.siege("choice:app:*", port)
}

// TestKeyWithTheNetworkCut checks that F12 at the keyboard takes control back at once although
// nothing reaches the gateway any more, and that pressing it twice ends the program.
func TestKeyWithTheNetworkCut(t *testing.T) {
	var w *wire
	c := newControlled(t, func(s *stack) string {
		w = newWire(t, strings.TrimPrefix(s.url, "https://"))
		return "https://" + w.listener.Addr().String()
	})
	c.holdShift()
	w.freeze()
	hand := c.customer.hands()
	mark := c.agent.Mark()
	hand.key(0xffc9)
	c.agent.LineAfter(mark, "right=control outcome=taken by=key")
	eventually(t, "the key that was held is up", func() error {
		if down := c.customer.keysDown(); len(down) > 0 {
			return fmt.Errorf("%v", down)
		}
		return nil
	})
	eventually(t, "two presses end the program", func() error {
		hand.key(0xffc9)
		hand.key(0xffc9)
		select {
		case <-c.agent.Ended():
			return nil
		default:
			return errors.New("it runs")
		}
	})
}

// TestHandsOnTheWheel checks that the advisor's keys and clicks are dropped while the customer
// moves the mouse, and that they count again a moment later.
func TestHandsOnTheWheel(t *testing.T) {
	c := newControlled(t, nil)
	at := shows(t, c.screen, c.customer, 0)
	c.screen.xdotool("mousemove", strconv.Itoa(at.X+200), strconv.Itoa(at.Y+360), "click", "1")
	typeLine := func(text string) {
		c.screen.xdotool("type", text)
		c.screen.xdotool("key", "Return")
	}
	typeLine("before")
	eventually(t, "control works", func() error {
		if got := typed(c.file); got != "before\n" {
			return fmt.Errorf("%q", got)
		}
		return nil
	})
	hand, told := c.customer.hands(), c.session.Mark()
	stop := make(chan struct{})
	moved := make(chan struct{})
	go func() {
		defer close(moved)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond): // a person's pace; no check depends on it
				hand.move(image.Pt(210+i%20, 380)) // over the xterm, to keep its focus
			}
		}
	}()
	c.session.LineAfter(told, `"hands":true`)
	want := "before\n"
	for resting := true; resting; {
		on := c.session.handsOn()
		typeLine("during")
		c.customer.blinks(t, c.screen.colourAt(at))
		got := typed(c.file)
		if resting = got != want; resting {
			// On a busy machine the mouse may have stopped for a second; the session's output
			// then says so.
			c.session.LineAfter(on, `"hands":false`)
			want = got
		}
	}
	close(stop)
	<-moved
	eventually(t, "control goes on", func() error {
		typeLine("y")
		more, ok := strings.CutPrefix(typed(c.file), want)
		if !ok || !strings.HasSuffix("\n"+more, "\ny\n") || strings.Contains(more, "during") {
			return fmt.Errorf("%q", more)
		}
		return nil
	})
}
