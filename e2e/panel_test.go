package e2e

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"

	"lotse/record"
)

// These are the colours of the programs of TestChoice. Nothing else on the screen has them.
var (
	chosenColour = color.RGBA{G: 0xc0, A: 0xff}
	otherColour  = color.RGBA{R: 0xff, B: 0xff, A: 0xff}
)

const (
	chosenProgram = "xterm"
	otherProgram  = "xmessage"
)

// chosenAndOther opens both programs. The other one partly covers the chosen one.
func (d *display) chosenAndOther() (chosen, other *process) {
	d.t.Helper()
	chosen = start(d.t, append(d.env(), "LC_ALL=C.UTF-8"), need(d.t, chosenProgram, "xterm"), "-bg", hexColour(chosenColour), "-T", "Invoice", "-geometry", "40x14+60+80", "-e", "sleep 600")
	d.xdotool("search", "--sync", "--onlyvisible", "--class", chosenProgram)
	other = start(d.t, append(d.env(), "LC_ALL=C.UTF-8"), need(d.t, otherProgram, "x11-utils"), "-bg", hexColour(otherColour), "-geometry", "300x200+240+160", "private")
	d.xdotool("search", "--sync", "--onlyvisible", "--class", otherProgram)
	eventually(d.t, "both programs", func() error {
		p := d.picture()
		if a, b := pixelsLike(p, chosenColour), pixelsLike(p, otherColour); a < 10_000 || b < 10_000 {
			return fmt.Errorf("%d and %d pixels", a, b)
		}
		return nil
	})
	return chosen, other
}

func hexColour(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// pixelsLike counts the pixels that may have the colour c, even after a lossy encoding.
func pixelsLike(img image.Image, c color.RGBA) (n int) {
	p := inRGBA(img)
	for y := p.Rect.Min.Y; y < p.Rect.Max.Y; y++ {
		for x := p.Rect.Min.X; x < p.Rect.Max.X; x++ {
			if distance(p.RGBAAt(x, y), c) <= 48 {
				n++
			}
		}
	}
	return n
}

// sees waits until the canvas shows the chosen program if chosen is true, and not otherwise,
// and the same for the other program.
func (p *tab) sees(chosen, other bool) {
	p.t.Helper()
	eventually(p.t, fmt.Sprintf("chosen %v, other %v", chosen, other), func() error { return holds(p.canvas(), chosen, other) })
}

func holds(img image.Image, chosen, other bool) error {
	a, b := pixelsLike(img, chosenColour), pixelsLike(img, otherColour)
	if chosen != (a > 1000) || other != (b > 1000) || !chosen && a > 0 || !other && b > 0 {
		return fmt.Errorf("%d pixels of the chosen program, %d of the other", a, b)
	}
	return nil
}

// seesOnlyChosen fails the test if the canvas shows a program that was not chosen. It marks the
// chosen program, and looks at every frame until the mark has appeared and disappeared.
func (p *tab) seesOnlyChosen(d *display, when string) {
	p.t.Helper()
	c, err := xgb.NewConnDisplay(d.name)
	if err != nil {
		p.t.Fatal(err)
	}
	defer c.Close()
	gc, err := xproto.NewGcontextId(c)
	if err != nil {
		p.t.Fatal(err)
	}
	id, _, _ := strings.Cut(d.xdotool("search", "--onlyvisible", "--class", chosenProgram), "\n")
	n, err := strconv.ParseUint(id, 10, 32)
	if err != nil {
		p.t.Fatal(err)
	}
	window := xproto.Window(n)
	if tree, err := xproto.QueryTree(c, window).Reply(); err != nil {
		p.t.Fatal(err)
	} else if len(tree.Children) > 0 {
		window = tree.Children[0] // the xterm's text
	}
	mark := color.RGBA{0xff, 0xff, 0, 0xff}
	xproto.CreateGC(c, gc, xproto.Drawable(window), xproto.GcForeground, []uint32{0xffff00})
	corner := xproto.Rectangle{X: 8, Y: 8, Width: 24, Height: 24} // the other program does not cover this place
	marked := func(want bool) func() error {
		return func() error {
			shown := p.canvas()
			if pixelsLike(shown, otherColour) > 0 {
				p.t.Fatalf("a program that was not chosen is seen, %s", when)
			}
			if n := pixelsLike(shown, mark); (n >= 300) != want {
				return fmt.Errorf("%d pixels of the mark", n)
			}
			return nil
		}
	}
	eventually(p.t, "the mark on the chosen program", func() error {
		// Repeat this: the program repaints areas that another window has uncovered.
		if err := xproto.PolyFillRectangleChecked(c, xproto.Drawable(window), gc, []xproto.Rectangle{corner}).Check(); err != nil {
			p.t.Fatal(err)
		}
		return marked(true)()
	})
	xproto.ClearArea(c, true, window, corner.X, corner.Y, corner.Width, corner.Height)
	c.Sync()
	eventually(p.t, "no mark", marked(false))
}

// thumbnail returns the panel's small picture of what viewers see, or nil if there is none.
func (p *tab) thumbnail() image.Image {
	p.t.Helper()
	return p.image("thumbnail", "")
}

// image returns an image of the page in its own size, or nil if the page shows none.
func (p *tab) image(id, selector string) image.Image {
	p.t.Helper()
	data, err := base64.StdEncoding.DecodeString(p.do("image", map[string]any{"id": id, "value": selector}))
	if err != nil {
		p.t.Fatal(err)
	}
	if len(data) == 0 {
		return nil
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		p.t.Fatal(err)
	}
	return img
}

// sameInSmall waits until the panel's thumbnail is the advisor's picture, scaled down.
func sameInSmall(t testing.TB, panel, advisor *tab) {
	t.Helper()
	eventually(t, "the panel's picture", func() error {
		small := panel.thumbnail()
		if small == nil {
			return fmt.Errorf("there is none")
		}
		whole, size := advisor.canvas(), small.Bounds().Size()
		n := 0
		for y := range size.Y {
			for x := range size.X {
				if c := meanOf(whole, x, y, size); colourDistance(small, image.NewUniform(c), x, y, image.Point{}) > 48 {
					n++ // an edge, where the two scale differently
				}
			}
		}
		if n > size.X*size.Y/25 {
			return fmt.Errorf("%d of %d pixels differ", n, size.X*size.Y)
		}
		return nil
	})
}

// meanOf returns the mean colour of the area of img that pixel x, y of a thumbnail of this size
// stands for.
func meanOf(img image.Image, x, y int, size image.Point) color.RGBA {
	b := img.Bounds()
	var sum [3]uint32
	n := uint32(0)
	for iy := y * b.Dy() / size.Y; iy < (y+1)*b.Dy()/size.Y; iy++ {
		for ix := x * b.Dx() / size.X; ix < (x+1)*b.Dx()/size.X; ix++ {
			r, g, bl, _ := img.At(ix, iy).RGBA()
			sum[0], sum[1], sum[2], n = sum[0]+r>>8, sum[1]+g>>8, sum[2]+bl>>8, n+1
		}
	}
	return color.RGBA{byte(sum[0] / n), byte(sum[1] / n), byte(sum[2] / n), 0xff}
}

// panelSession opens an advisor's page and a customer's panel and joins them in a session.
func panelSession(t testing.TB, s *stack, customer *display) (agent *process, advisor, panel *tab) {
	t.Helper()
	b := newBrowser(t)
	advisor, panel = b.tab("advisor"), b.tab("panel")
	return joinPanel(s, customer, advisor, panel), advisor, panel
}

// joinPanel opens a session on the advisor's page and enters its number in a panel.
func joinPanel(s *stack, customer *display, advisor, panel *tab) (agent *process) {
	s.t.Helper()
	agent, url := s.panelAgent(customer)
	advisor.signsIn(s.url + "/advisor")
	advisor.click("new-session")
	panel.open(url)
	panel.fill("number", advisor.text("number"))
	panel.click("number-submit")
	advisor.waitFor("session", `[data-phase="joined"]`)
	return agent
}

// choosesApp selects a program in an open chooser.
func (p *tab) choosesApp(name string) {
	p.t.Helper()
	p.do("click", map[string]any{"id": "choose-app", "value": `[data-app="` + name + `"]`})
}

// unshares removes one program from the share.
func (p *tab) unshares(name string) {
	p.t.Helper()
	p.do("click", map[string]any{"id": "unshare", "value": `[data-app="` + name + `"]`})
}

// TestChoice checks that a viewer sees only the one program that the customer chooses. Sharing
// more needs a yes in the question window, sharing less does not.
func TestChoice(t *testing.T) {
	s := newStack(t)
	customer := customerDisplay(t, "900x700")
	customer.manage()
	customer.paint()
	chosen, _ := customer.chosenAndOther()
	agent, advisor, panel := panelSession(t, s, customer)

	mark := agent.Mark()
	advisor.click("see-screen")
	panel.waitFor("question", `[data-right="view"]`)
	customer.answers(agent, mark, "view", "more", choice(chosen), "allow")
	advisor.waitFor("view-canvas", `[data-phase="shown"]`)
	advisor.sees(true, false)
	advisor.seesOnlyChosen(customer, "while it stands still")
	if x, y := 4, 4; colourDistance(advisor.canvas(), image.NewUniform(color.Gray{0x80}), x, y, image.Point{}) > 0 {
		t.Errorf("beside the program is %v, want grey", advisor.canvas().At(x, y))
	}
	sameInSmall(t, panel, advisor)
	if err := holds(panel.thumbnail(), true, false); err != nil {
		t.Errorf("the panel's picture: %v", err)
	}
	if words := panel.text("shared-apps"); !strings.Contains(words, chosenProgram) || strings.Contains(words, otherProgram) {
		t.Errorf("the panel lists %q", words)
	}

	// The customer proposes to share more. The window asks, and he refuses at first and allows
	// later.
	wider := func() {
		mark = agent.Mark()
		panel.click("share-change")
		panel.choosesApp(otherProgram)
		panel.click("share-apply")
		panel.waitFor("question", `[data-right="share"]`)
		advisor.seesOnlyChosen(customer, "while it is only proposed")
	}
	wider()
	panel.click("question-refuse")
	panel.gone("question")
	advisor.seesOnlyChosen(customer, "after a no")
	wider() // delayed after the refusal
	allow(customer, agent, mark, "share")
	advisor.sees(true, true)

	// Sharing less takes one click.
	panel.unshares(otherProgram)
	advisor.sees(true, false)
	advisor.seesOnlyChosen(customer, "after it was taken back")

	// The advisor asks to see more. Only the customer's yes changes the share.
	mark = agent.Mark()
	advisor.click("more")
	advisor.click("ask-share")
	panel.waitFor("question", `[data-right="share"]`)
	advisor.seesOnlyChosen(customer, "while the advisor only asks")
	allow(customer, agent, mark, "share")
	advisor.sees(true, true)
	sameInSmall(t, panel, advisor)

	// The customer returns to one program, which is less, and then to none.
	panel.click("share-change")
	panel.click("choose-apps")
	panel.choosesApp(chosenProgram)
	panel.click("share-apply")
	advisor.sees(true, false)
	panel.unshares(chosenProgram)
	advisor.sees(false, false)
	panel.gone("share")
	if panel.do("image", map[string]any{"id": "thumbnail"}) != "" {
		t.Error("the panel shows a picture of what nobody sees")
	}
	panel.click("end")
	panel.wait("ended")
	if code := agent.Exit(); code != 0 {
		t.Errorf("agent ended with %d", code)
	}
}

// These are the badge's background colours; see agent/badge.
var (
	badgeWatched    = color.RGBA{0x1b, 0x4a, 0x7a, 0xff}
	badgeControlled = color.RGBA{0xa4, 0x1e, 0x1e, 0xff}
	badgeNothing    = color.RGBA{0x4a, 0x4f, 0x55, 0xff}
)

// badgeOf finds the badge with this background colour on a display.
func badgeOf(d *display, ground color.RGBA) (at image.Rectangle, ok bool) {
	return badgeIn(d.picture(), ground)
}

func (d *display) badge(ground color.RGBA) (at image.Rectangle) {
	d.t.Helper()
	eventually(d.t, "the badge", func() error {
		var ok bool
		if at, ok = badgeOf(d, ground); !ok {
			return fmt.Errorf("not on the customer's display")
		}
		return nil
	})
	return at
}

// TestBadgeAndRecord checks that the customer sees the badge while he is watched, and that the
// badge is red while he is controlled. The badge's End ends the session. Afterwards the
// customer can save the record.
func TestBadgeAndRecord(t *testing.T) {
	s := newStack(t)
	customer := customerDisplay(t, "900x700")
	customer.manage()
	defer func() { keepPictures(t, customer) }()
	agent, advisor, panel := panelSession(t, s, customer)
	if _, ok := badgeOf(customer, badgeWatched); ok {
		t.Error("a badge before anybody sees anything")
	}
	mark := agent.Mark()
	advisor.click("see-screen")
	allow(customer, agent, mark, "view")
	advisor.waitFor("view-canvas", `[data-phase="shown"]`)
	customer.badge(badgeWatched)

	mark = agent.Mark()
	advisor.click("ask-control")
	allow(customer, agent, mark, "control")
	advisor.waitFor("ask-control", `[data-right="given"]`)
	at := customer.badge(badgeControlled)

	// The advisor's click on the badge has no effect.
	end := image.Pt(at.Max.X-20, (at.Min.Y+at.Max.Y)/2) // the rightmost button
	advisor.clickAt(end.X, end.Y)
	advisor.clickAt(30, 40) // a later click elsewhere
	eventually(t, "the pointer is where the advisor clicked last", func() error {
		var at image.Point
		where := customer.xdotool("getmouselocation")
		if _, err := fmt.Sscanf(where, "x:%d y:%d ", &at.X, &at.Y); err != nil || !at.In(image.Rect(20, 30, 40, 50)) { // the page scales the picture
			return errors.New(where)
		}
		return nil
	})
	if panel.do("visible", map[string]any{"id": "ended"}) == "true" {
		t.Error("ended by the advisor's click on the badge")
	}
	panel.click("take-control")
	customer.badge(badgeWatched)

	customer.physicalClick(end)
	panel.wait("ended")
	if code := agent.Exit(); code != 0 {
		t.Errorf("agent ended with %d", code)
	}
	if _, ok := badgeOf(customer, badgeWatched); ok {
		t.Error("the badge is still there")
	}
	file := filepath.Join(t.TempDir(), "record.txt")
	panel.do("download", map[string]any{"id": "record", "value": file})
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const stamp = `\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  `
	for _, want := range []string{
		`Advisor: .*advisor`, stamp + `joined`, stamp + `shown: the whole screen`, stamp + `ALLOWED by the customer: see the screen`,
		stamp + `ALLOWED by the customer: control the computer`, stamp + `ended by the customer: control the computer`,
		stamp + `ended by the customer: see the screen`, stamp + `the session is over`,
	} {
		if !regexp.MustCompile(`(?m)^` + want).Match(text) {
			t.Errorf("the record lacks %q", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", text)
	}
	advisor.wait("ended")
	sameRecord(t, panel, advisor)
}

// sameRecord checks that the pages of both sides save the same complete record.
func sameRecord(t *testing.T, customer, advisor *tab) {
	t.Helper()
	var saved [2]string
	for i, page := range []*tab{customer, advisor} {
		file := filepath.Join(t.TempDir(), "record.jsonl")
		page.do("download", map[string]any{"id": "record-json", "value": file})
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		saved[i] = string(b)
		if log, err := record.Read(bytes.NewReader(b)); err != nil || !log.Complete() {
			t.Errorf("the record of side %d is not complete, or %v:\n%s", i, err, b)
		}
	}
	if saved[0] != saved[1] {
		t.Errorf("the customer has\n%s\nand the advisor\n%s", saved[0], saved[1])
	}
}

// badgeButtons returns the buttons of the badge at a place of the picture, from left to right.
func badgeButtons(p image.Image, badge image.Rectangle) (all []image.Rectangle) {
	img, y := inRGBA(p), badge.Min.Y+6 // above the buttons' texts
	paper := color.RGBA{0xf2, 0xf5, 0xf8, 0xff}
	for x := badge.Min.X; x < badge.Max.X; x++ {
		if img.RGBAAt(x, y) != paper {
			continue
		}
		begin := x
		for x < badge.Max.X && img.RGBAAt(x, y) == paper {
			x++
		}
		all = append(all, image.Rect(begin, badge.Min.Y, x, badge.Max.Y))
	}
	return all
}

// TestClosedPanel checks that a customer who has closed the panel gets a badge that opens it
// again, and that the advisor is told.
func TestClosedPanel(t *testing.T) {
	s := newStack(t)
	customer := customerDisplay(t, "900x700")
	customer.manage()
	defer func() { keepPictures(t, customer) }()
	ses := s.newSession()
	agent, url := s.panelAgent(customer)
	panel := newBrowser(t).tab("panel")
	panel.open(url)
	panel.fill("number", ses.number)
	panel.click("number-submit")
	panel.wait("end")
	mark := agent.Mark()
	panel.do("close", nil)
	ses.Line(`"panelClosed":true`)
	at := customer.badge(badgeNothing)
	buttons := badgeButtons(customer.picture(), at)
	if len(buttons) != 2 {
		t.Fatalf("the badge has buttons at %v", buttons)
	}
	customer.physicalClick(buttons[0].Min.Add(buttons[0].Size().Div(2)))
	again := &tab{panel.browser, "panel again"}
	again.open(agent.address(mark))
	again.wait("end")
	eventually(t, "the badge is gone", func() error {
		if _, ok := badgeOf(customer, badgeNothing); ok {
			return errors.New("it is still there")
		}
		return nil
	})
	again.click("end")
	again.wait("ended")
	if code := agent.Exit(); code != 0 {
		t.Errorf("agent ended with %d", code)
	}
}

// TestPanelTurn checks that the customer's panel shows the advisor's screen, first from the
// advisor's page and then from `lotse show`. One click of the advisor and one yes of the
// customer turn the view direction. The screens of both are never shown at the same time.
func TestPanelTurn(t *testing.T) {
	s := newStack(t)
	desk := viewerDisplay(t, "800x600")
	desk.paint()
	customer := customerDisplay(t, "900x700")
	customer.manage()
	customer.paint()
	advisor := newWindow(t, desk, "--window-size=520,590").tab("advisor")
	panel := newBrowser(t).tab("panel")
	agent := joinPanel(s, customer, advisor, panel)
	panel.do("watchBoth", map[string]any{"ids": []string{"show", "share"}})

	mark := agent.Mark()
	advisor.click("show-screen")
	panel.waitFor("question", `[data-right="show"]`)
	allow(customer, agent, mark, "show")
	advisor.waitFor("showing", `[data-phase="shown"]`)
	showsBeside(t, desk, panel.canvas, "the advisor's screen in the panel")

	// The direction turns.
	mark = agent.Mark()
	advisor.click("see-screen")
	allow(customer, agent, mark, "view")
	advisor.waitFor("view-canvas", `[data-phase="shown"]`)
	advisor.waitFor("showing", `[data-phase="ended"]`)
	panel.gone("show")
	panel.wait("share")
	advisor.seesDesktop(customer, 0)

	// The direction turns again.
	mark = agent.Mark()
	advisor.click("more")
	advisor.click("turn-show")
	allow(customer, agent, mark, "show")
	advisor.waitFor("showing", `[data-phase="shown"]`)
	showsBeside(t, desk, panel.canvas, "the advisor's screen again")
	panel.gone("share")
	panel.click("show-stop")
	advisor.waitFor("showing", `[data-phase="ended"]`)
	if n := panel.do("timesBoth", nil); n != "0" {
		t.Errorf("both directions at once %s times", n)
	}
	inTurn(t, agent)
	advisor.click("end-session")
	advisor.click("confirm-yes")
	panel.wait("ended")
	advisor.noComplaints(captureNote, endOfCaptureNote)
}

// inTurn checks that the agent ended each direction before it started the other.
func inTurn(t *testing.T, agent *process) {
	t.Helper()
	given := ""
	for _, line := range agent.Output() {
		m := regexp.MustCompile(`msg=consent area=consent right=(view|show) outcome=(given|taken|returned)`).FindStringSubmatch(line)
		switch {
		case m == nil:
		case m[2] != "given":
			given = ""
		case given != "" && given != m[1]:
			t.Errorf("%s was given while %s was", m[1], given)
		default:
			given = m[1]
		}
	}
}

// TestShow checks that `lotse show` brings the advisor's screen to the panel without loss, only
// after a yes, and that it stops when the customer ends it.
func TestShow(t *testing.T) {
	s := newStack(t)
	desk := viewerDisplay(t, "800x600")
	desk.paint()
	customer := customerDisplay(t, "640x480")
	ses := s.newSession()
	agent, url := s.panelAgent(customer, "--number", ses.number)
	panel := newBrowser(t).tab("panel")
	panel.open(url)
	ses.Line(`"state":"joined"`)
	show := func() *process {
		p := start(t, append(s.env(), desk.env()...), ours(t, "lotse"), "show", ses.number, "--gateway", s.url, "--user", "advisor")
		p.Line("asked: ")
		return p
	}

	mark := agent.Mark()
	p := show()
	allow(customer, agent, mark, "show")
	p.Line("showing: ")
	ses.Line(`"direction":"advisor"`)
	panel.seesDesktop(desk, 0)
	panel.click("show-stop")
	p.Line("stopped: ")
	if code := p.Exit(); code != 0 {
		t.Errorf("show ended with %d", code)
	}
	panel.gone("show")

	mark = agent.Mark()
	p = show()
	allow(customer, agent, mark, "show")
	panel.seesDesktop(desk, 0)
	p.Stop() // as Ctrl+C does
	panel.gone("show")

	p = show()
	panel.waitFor("question", `[data-right="show"]`)
	panel.click("question-refuse") // refused in the panel, not in the window
	p.Line("did not want to see your screen")
	if code := p.Exit(); code == 0 {
		t.Error("a refusal is no success")
	}
	ses.Write("end")
	panel.wait("ended")
	panel.noComplaints(afterTheEnd...)
	works("noVNC in the customer's panel", "chromium", "`lotse show`", "picture", "refusal", "end by either side")
}
