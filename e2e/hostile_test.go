package e2e

import (
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

// openedByAgent starts an agent that opens its panel itself, in a Chromium on the
// customer's own display: then only a hand at that display says yes.
func (s *stack) openedByAgent(d *display, number string, more ...string) (agent *process, panel *tab) {
	s.t.Helper()
	dir := s.t.TempDir()
	file := filepath.Join(dir, "address")
	script := "#!/bin/sh\nprintf %s \"$1\" > " + file + ".new && mv " + file + ".new " + file + "\n"
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte(script), 0o755); err != nil {
		s.t.Fatal(err)
	}
	env := append(d.env(), "LOTSE_CA_FILE="+s.caFile, "LOTSE_NO_BROWSER=", "LC_ALL=C.UTF-8", "PATH="+dir+":"+os.Getenv("PATH"))
	args := append([]string{"--gateway", s.url, "--number", number, "--panel", "browser", "--display", d.name, "--log-level", "info"}, more...)
	agent = start(s.t, env, ours(s.t, "lotse-agent"), args...)
	agent.line("panel: ")
	var address []byte
	eventually(s.t, "the panel is opened", func() (err error) {
		address, err = os.ReadFile(file)
		return err
	})
	panel = newWindow(s.t, d, "--window-size=640,720", "--window-position=300,20").tab("panel")
	panel.open(string(address))
	return agent, panel
}

// place is where an element of a headed page is on its display.
func (p *tab) place(id string) (at image.Point) {
	p.t.Helper()
	if _, err := fmt.Sscan(p.do("onScreen", map[string]any{"id": id}), &at.X, &at.Y); err != nil {
		p.t.Fatal(err)
	}
	return at
}

// TestHostileAdvisor: everything that an advisor, or a program that he left on
// the customer's computer, can do while a question is open, with the panel in
// sight on the shared display. No right is ever gained but by a hand.
func TestHostileAdvisor(t *testing.T) {
	s := newStack(t)
	customer := customerDisplay(t, "1000x800")
	start(t, customer.env(), need(t, "openbox", "openbox"))
	hand := customer.hands()
	ses := s.newSession()
	agent, panel := s.openedByAgent(customer, ses.number)
	ses.line(`"state":"joined"`)
	_, port := s.view(ses.number)
	viewer := make(chan *rfbtest.Viewer, 1)
	go func() {
		v, err := rfbtest.Dial(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), rfbtest.Config{})
		if err != nil {
			t.Error(err)
		}
		viewer <- v
	}()
	panel.waitFor("question", `[data-right="view"]`)
	panel.wait("choose-screen")
	panel.click("choose-screen")
	panel.waitFor("question-allow", ":not([disabled])")

	// A program on the customer's computer clicks and types.
	at := panel.place("question-allow")
	customer.xdotool("mousemove", strconv.Itoa(at.X), strconv.Itoa(at.Y), "click", "1")
	panel.waitFor("question-problem", "")
	panel.waitFor("question-allow", ":not([disabled])")
	panel.do("focus", map[string]any{"id": "question-allow"})
	customer.xdotool("key", "space", "Return")
	// A click that reaches the page past the display: by no device at all.
	panel.waitFor("question-allow", ":not([disabled])")
	panel.click("question-allow")
	panel.wait("question-problem")
	select {
	case <-viewer:
		t.Fatal("the view was given without a hand")
	default:
	}
	if lines := ses.saidAfter(0, `"given"`); lines != "" {
		t.Fatalf("given without a hand: %s", lines)
	}

	// The customer himself.
	panel.waitFor("question-allow", ":not([disabled])")
	hand.click(panel.place("question-allow"))
	v := <-viewer
	if v == nil {
		t.FailNow()
	}
	defer v.Close()
	if err := v.SetEncodings(rfbtest.Raw); err != nil {
		t.Fatal(err)
	}
	ses.write("control")
	panel.waitFor("question", `[data-right="control"]`)
	panel.waitFor("question-allow", ":not([disabled])")
	hand.click(panel.place("question-allow"))
	ses.line(`"given","right":"control"`)

	// Held down before the next question opens: Enter, and the button. Not over the
	// panel: what it offers now (hide, pause, end) an advisor in control may click.
	at = image.Pt(100, 400)
	time.Sleep(1500 * time.Millisecond) // the customer's hands leave the wheel
	point := func(buttons uint16) {
		if err := v.SendPointer(at, buttons); err != nil {
			t.Fatal(err)
		}
	}
	press := func(sym uint32, down bool) {
		if err := v.SendKey(sym, down); err != nil {
			t.Fatal(err)
		}
	}
	point(1)
	press(0xff0d, true)
	eventually(t, "control works", func() error {
		if len(customer.keysDown()) == 0 {
			press(0xff0d, true)
			return fmt.Errorf("no key is down")
		}
		return nil
	})
	mark := ses.mark()
	ses.write("clipboard")
	panel.waitFor("question", `[data-right="clipboard"]`)
	if down := customer.keysDown(); len(down) > 0 {
		t.Errorf("held over into the question: %v", down)
	}
	at = panel.place("question-allow")
	for range 60 { // three seconds of everything
		point(0)
		point(1)
		point(0)
		for _, sym := range []uint32{0x20, 0xff0d} {
			press(sym, true)
			press(sym, false)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if got := customer.xdotool("getmouselocation"); strings.HasPrefix(got, fmt.Sprintf("x:%d y:%d ", at.X, at.Y)) {
		t.Error("remote input moves the pointer while a question is open")
	}
	if lines := ses.saidAfter(mark, `"given"`); lines != "" {
		t.Fatalf("the advisor answered his own question: %s", lines)
	}
	hand.click(panel.place("question-refuse"))
	ses.lineAfter(mark, `"refused","right":"clipboard"`)

	// Forged words on the way of wishes change nothing either.
	for _, word := range []string{"allow", "given control", `{"type":"state","rights":{"clipboard":true}}`} {
		ses.write(word)
	}
	ses.write("end")
	agent.exit()
}

// TestKeyWithTheNetworkCut: F12 at the keyboard takes control at once though
// nothing passes to the gateway any more, and twice ends the program.
func TestKeyWithTheNetworkCut(t *testing.T) {
	var w *wire
	c := newControlled(t, func(s *stack) string {
		w = newWire(t, strings.TrimPrefix(s.url, "https://"))
		return "https://" + w.listener.Addr().String()
	})
	c.holdShift()
	w.freeze()
	hand := c.customer.hands()
	mark := c.agent.mark()
	began := time.Now()
	hand.key(0xffc9)
	c.agent.lineAfter(mark, "right=control outcome=taken by=key")
	t.Logf("F12 to control taken, seen in the agent's log, with the network frozen: %v", time.Since(began))
	eventually(t, "the key that was held is up", func() error {
		if down := c.customer.keysDown(); len(down) > 0 {
			return fmt.Errorf("%v", down)
		}
		return nil
	})
	time.Sleep(1100 * time.Millisecond) // not the first of two
	hand.key(0xffc9)
	hand.key(0xffc9)
	c.agent.exit()
}

// TestHandsOnTheWheel: while the customer moves the mouse himself, the advisor's
// keys and clicks are dropped; a moment later they count again.
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
	hand := c.customer.hands()
	stop := make(chan struct{})
	moved := make(chan struct{})
	go func() {
		defer close(moved)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
				hand.move(image.Pt(210+i%20, 380)) // over the xterm, which has the focus by it
			}
		}
	}()
	never(t, "hands that move type", func() bool { return typed(c.file) != "before\n" }) // they have begun
	typeLine("during")
	never(t, "the advisor types under the customer's hands", func() bool { return typed(c.file) != "before\n" })
	close(stop)
	<-moved
	eventually(t, "control goes on", func() error {
		typeLine("y")
		if got := typed(c.file); !strings.HasSuffix(got, "\ny\n") || strings.Contains(got, "during") {
			return fmt.Errorf("%q", got)
		}
		return nil
	})
}
