package e2e

import (
	"bufio"
	"flag"
	"fmt"
	"image"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var demoFilm = flag.String("demofilm", "", "film the session of TestDemoFilm into this WebM file, with a poster in the folder pictures beside it")

// stageSize is the size of each of the two screens in the film.
var stageSize = image.Pt(960, 640)

const (
	filmFrames1s = 15 // pictures in a second
	filmGap      = 12 // pixels between the screens
	filmHead     = 44 // pixels above them, for their names
	filmFoot     = 72 // pixels below them, for the caption
)

// TestDemoFilm runs the session that `make demo-film` films: the customer's screen at the left, the
// advisor's at the right. Without -demofilm it runs without pauses and films nothing, so that the
// script does not rot.
func TestDemoFilm(t *testing.T) {
	s := newStack(t)
	customer := customerDisplay(t, fmt.Sprintf("%dx%d", stageSize.X, stageSize.Y))
	customer.manage()
	desk := viewerDisplay(t, fmt.Sprintf("%dx%d", stageSize.X, stageSize.Y))
	defer func() { keepPictures(t, customer, desk) }()
	run(t, customer.env(), need(t, "xsetroot", "x11-xserver-utils"), "-cursor_name", "left_ptr", "-solid", "#3b5a78")
	run(t, desk.env(), need(t, "xsetroot", "x11-xserver-utils"), "-cursor_name", "left_ptr")
	order := customer.order()

	agent, url := s.panelAgent(customer)
	panel := newWindow(t, customer, "--test-type", "--window-size=520,560", "--window-position=420,50").tab("panel")
	panel.open(url)
	panel.wait("number")
	advisor := newWindow(t, desk, "--test-type", fmt.Sprintf("--window-size=%d,%d", stageSize.X, stageSize.Y)).tab("advisor")
	run(t, s.env(), ours(t, "lotse"), "advisor", "add", "anna", "--display", "Anna Berg", "--company", "Example GmbH", "--data", s.data)
	advisor.open(s.url + "/advisor")
	advisor.fill("signin-name", "anna")
	advisor.fill("signin-password", devPassword)
	advisor.click("signin-submit")
	advisor.wait("new-session-big")
	desk.xdotool("key", "F11") // the page alone, without the browser around it
	advisor.fills(stageSize)
	him, her := &glider{hands: customer.hands(), at: stageSize.Div(2)}, &mouse{d: desk, tab: advisor, at: image.Pt(700, 500)}

	f := beginDemoFilm(t, customer, desk)
	him.film, her.film = f, f
	f.says("The advisor opens a session and reads out its nine digits on the telephone.")
	her.press("new-session-big")
	number := strings.ReplaceAll(advisor.text("number"), " ", "")
	f.rests(3)

	f.says("The customer starts a small program and types them. Nothing is shared yet.")
	him.click(panel.place("number"))
	panel.has("number")
	for _, digit := range number {
		him.key(uint32(digit))
		f.rests(0.12)
	}
	f.rests(0.4)
	him.click(panel.place("number-submit"))
	advisor.waitFor("session", `[data-phase="joined"]`)
	advisor.wait("see-screen")
	f.rests(2.5)
	minimized := customer.xdotool("search", "--sync", "--onlyvisible", "--class", "chrom")
	for _, window := range strings.Fields(minimized) {
		customer.xdotool("windowminimize", window)
	}

	f.says("The advisor asks to see. The customer decides, in a window that no advisor can reach.")
	mark := agent.Mark()
	her.press("see-screen")
	agent.questionFrom(mark, "the question", func(q question) bool { return q.right == "view" })
	f.rests(2)
	agent.presses(him, mark, "view", "allow")
	agent.handsStill()
	advisor.waitFor("view-canvas", `[data-phase="shown"]`)
	advisor.seesDesktop(customer, 40)
	f.rests(1.2)

	f.says("The advisor sees the screen and can point, but cannot touch anything.")
	for _, p := range []image.Point{{120, 150}, {330, 170}, {330, 235}, {150, 235}} {
		her.glide(advisor.inPicture(p))
		f.rests(0.4)
	}
	f.poster()
	f.rests(0.8)

	f.says("Control is a second question. Silence is a no.")
	mark = agent.Mark()
	her.press("ask-control")
	agent.questionFrom(mark, "the question", func(q question) bool { return q.right == "control" })
	f.rests(1.5)
	agent.presses(him, mark, "control", "allow")
	agent.handsStill()
	advisor.waitFor("ask-control", `[data-right="given"]`)
	advisor.gone("hands")
	him.glide(image.Pt(840, 560))
	agent.handsStill()
	advisor.gone("hands")

	f.says("The advisor helps. The customer's own mouse always wins.")
	her.click(advisor.inPicture(image.Pt(300, 300)))
	for _, letter := range "116.97 EUR" {
		advisor.keys(string(letter))
		f.rests(0.15)
	}
	advisor.keys("\n")
	eventually(t, "what the advisor has typed", func() error {
		if got := typed(order); got != "116.97 EUR\n" {
			return fmt.Errorf("%q", got)
		}
		return nil
	})
	f.rests(1.5)

	f.says("F12 takes control back at once, even with the network dead.")
	customer.physicalKey(keyF12)
	advisor.waitFor("ask-control", `[data-right="none"]`)
	f.rests(3)

	f.says("One click ends it, on either side. Nothing stays behind.")
	buttons := badgeButtons(customer.picture(), customer.badge(badgeWatched))
	if len(buttons) == 0 {
		t.Fatal("the badge has no buttons")
	}
	end := buttons[len(buttons)-1]
	him.click(end.Min.Add(end.Size().Div(2)))
	advisor.waitFor("session", `[data-phase="ended"]`)
	if code := agent.Exit(); code != 0 {
		t.Errorf("agent ended with %d", code)
	}
	f.rests(3.5)
	f.finish()
}

// order opens a window with an order whose sum is missing, and returns the name of the file to
// which lines go that are typed there.
func (d *display) order() (file string) {
	d.t.Helper()
	folder := d.t.TempDir()
	text, file := filepath.Join(folder, "order"), filepath.Join(folder, "typed")
	const lines = "\n  Order 2026-118           Paper & More Ltd\n" +
		"  ---------------------------------------\n" +
		"  3 x Paper, A4, 500 sheets     14.97 EUR\n" +
		"  1 x Toner, black              89.00 EUR\n" +
		"  1 x Delivery                  13.00 EUR\n" +
		"  ---------------------------------------\n" +
		"  Total? "
	if err := os.WriteFile(text, []byte(lines), 0o600); err != nil {
		d.t.Fatal(err)
	}
	start(d.t, append(d.env(), "LC_ALL=C.UTF-8"), need(d.t, "xterm", "xterm"), "-fa", "Monospace", "-fs", "13", "-bg", "#fffdf6", "-fg", "#222222",
		"-T", "Order 2026-118", "-geometry", "46x14+40+70", "-e", "sh", "-c", "cat "+text+"; cat > "+file)
	eventually(d.t, "xterm", func() error {
		_, err := os.Stat(file)
		return err
	})
	d.xdotool("search", "--sync", "--class", "xterm")
	return file
}

// place returns the middle of an element in the display's coordinates.
func (p *tab) place(id string) (at image.Point) {
	p.t.Helper()
	if _, err := fmt.Sscan(p.do("onScreen", map[string]any{"id": id}), &at.X, &at.Y); err != nil {
		p.t.Fatal(err)
	}
	return at
}

// has waits until an element has the keyboard.
func (p *tab) has(id string) {
	p.t.Helper()
	eventually(p.t, "the keyboard in "+id, func() error {
		if got := p.eval(`() => document.hasFocus() && document.activeElement?.dataset.testid || ""`); got != id {
			return fmt.Errorf("it is in %q", got)
		}
		return nil
	})
}

// fills waits until the page has the whole display.
func (p *tab) fills(size image.Point) {
	p.t.Helper()
	eventually(p.t, "a page on the whole display", func() error {
		if got := p.eval(`() => innerWidth + " " + innerHeight`); got != fmt.Sprintf("%d %d", size.X, size.Y) {
			return fmt.Errorf("it has %s", got)
		}
		return nil
	})
}

// inPicture returns where a point of the customer's screen is on the display of the page.
func (p *tab) inPicture(at image.Point) image.Point {
	p.t.Helper()
	var x, y, scale float64
	if _, err := fmt.Sscan(p.eval(`() => {
		const canvas = document.querySelector('[data-testid="view-canvas"] canvas');
		const r = canvas.getBoundingClientRect();
		const left = screenX + (outerWidth - innerWidth) / 2, top = screenY + outerHeight - innerHeight;
		return [left + r.x, top + r.y, r.width / canvas.width].join(" ");
	}`), &x, &y, &scale); err != nil {
		p.t.Fatal(err)
	}
	return image.Pt(int(x+scale*float64(at.X)), int(y+scale*float64(at.Y)))
}

// glideSteps returns the points between two points at which a moving mouse is seen, and the last.
func glideSteps(from, to image.Point) (steps []image.Point) {
	const step = 14 // pixels
	d := to.Sub(from)
	n := max(1, int(math.Hypot(float64(d.X), float64(d.Y)))/step)
	for i := 1; i <= n; i++ {
		// Hands begin and stop slowly.
		part := (1 - math.Cos(math.Pi*float64(i)/float64(n))) / 2
		steps = append(steps, from.Add(image.Pt(int(part*float64(d.X)), int(part*float64(d.Y)))))
	}
	return steps
}

// glider is the customer's mouse and keyboard. The mouse moves like a hand while it is filmed.
type glider struct {
	*hands
	film *demoFilming
	at   image.Point
}

func (g *glider) glide(to image.Point) {
	g.t.Helper()
	for _, p := range glideSteps(g.at, to) {
		g.hands.move(p)
		g.film.rests(0.018)
	}
	g.at = to
}

// move implements customerHand.
func (g *glider) move(p image.Point) {
	if p == image.Pt(1, 1) && g.film != nil {
		return // the hand comes from outside of the question already
	}
	g.glide(p)
}

// click implements customerHand.
func (g *glider) click(p image.Point) {
	g.glide(p)
	g.film.rests(0.25)
	g.hands.click(p)
}

// mouse is the advisor's mouse, on the display of the page.
type mouse struct {
	d    *display
	tab  *tab
	film *demoFilming
	at   image.Point
}

func (m *mouse) glide(to image.Point) {
	m.d.t.Helper()
	var moves []string
	for _, p := range glideSteps(m.at, to) {
		moves = append(moves, "mousemove", fmt.Sprint(p.X), fmt.Sprint(p.Y))
		if m.film != nil {
			moves = append(moves, "sleep", "0.018")
		}
	}
	m.d.xdotool(moves...)
	m.at = to
}

func (m *mouse) click(at image.Point) {
	m.d.t.Helper()
	m.glide(at)
	m.film.rests(0.25)
	m.d.xdotool("click", "1")
}

// press clicks an element of the page as soon as it can be clicked.
func (m *mouse) press(id string) {
	m.d.t.Helper()
	m.tab.waitFor(id, ":not([disabled])")
	m.click(m.tab.place(id))
}

// demoFilming films both displays. All methods of nil do nothing.
type demoFilming struct {
	t        testing.TB
	out      string
	raw      string
	cmd      *exec.Cmd
	began    time.Time
	captions []caption
	posterAt time.Duration
}

type caption struct {
	from time.Duration
	text string
}

// beginDemoFilm starts filming; nil: nothing is to be filmed.
func beginDemoFilm(t testing.TB, left, right *display) *demoFilming {
	if *demoFilm == "" {
		return nil
	}
	f := &demoFilming{t: t, out: *demoFilm, raw: filepath.Join(t.TempDir(), "raw.mkv")}
	f.rests(7) // until the browser no longer says how its full screen is left
	args := []string{"-loglevel", "error", "-y", "-progress", "pipe:1", "-stats_period", "0.1"}
	for _, d := range []*display{left, right} {
		args = append(args, "-f", "x11grab", "-framerate", fmt.Sprint(filmFrames1s), "-thread_queue_size", "64",
			"-video_size", fmt.Sprintf("%dx%d", stageSize.X, stageSize.Y), "-draw_mouse", "1", "-i", d.name)
	}
	args = append(args, "-filter_complex", "hstack", "-c:v", "libx264rgb", "-preset", "ultrafast", "-qp", "0", f.raw)
	f.cmd = exec.Command(need(t, "ffmpeg", "ffmpeg"), args...)
	f.cmd.Env = append(os.Environ(), "XAUTHORITY=/dev/null")
	f.cmd.Stderr = os.Stderr
	progress, err := f.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.cmd.Process.Kill() })
	lines := bufio.NewScanner(progress)
	for lines.Scan() {
		if n, ok := strings.CutPrefix(lines.Text(), "frame="); ok && strings.TrimSpace(n) != "0" {
			break
		}
	}
	f.began = time.Now()
	go func() {
		for lines.Scan() { // so that ffmpeg can go on
		}
	}()
	return f
}

// posterFile is where the poster goes: in a folder of pictures beside the film.
func (f *demoFilming) posterFile() string {
	return filepath.Join(filepath.Dir(f.out), "pictures", strings.TrimSuffix(filepath.Base(f.out), filepath.Ext(f.out))+".png")
}

// says shows a caption from now on.
func (f *demoFilming) says(text string) {
	if f != nil {
		f.captions = append(f.captions, caption{time.Since(f.began), text})
	}
}

// rests gives who watches the film time to see. It is no synchronisation: without a film nothing
// waits.
func (f *demoFilming) rests(seconds float64) {
	if f == nil {
		return
	}
	until := time.Now().Add(time.Duration(seconds * float64(time.Second)))
	for time.Now().Before(until) { // the camera's clock is the real one
		time.Sleep(time.Until(until))
	}
}

// poster makes what is seen now the picture that stands for the film.
func (f *demoFilming) poster() {
	if f != nil {
		f.posterAt = time.Since(f.began)
	}
}

// finish ends the film, and writes it with its captions.
func (f *demoFilming) finish() {
	if f == nil {
		return
	}
	f.t.Helper()
	length := time.Since(f.began)
	_ = f.cmd.Process.Signal(os.Interrupt)
	_ = f.cmd.Wait() // it says nothing about the file
	folder := f.t.TempDir()
	const sans, bold = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"
	width, height := 2*stageSize.X+filmGap, filmHead+stageSize.Y+filmFoot
	filter := fmt.Sprintf("[0:v]split[a][b];[a]crop=%[1]d:%[2]d:0:0[left];[b]crop=%[1]d:%[2]d:%[1]d:0[right];"+
		"color=0x20262e:s=%[3]dx%[4]d:r=%[5]d[ground];[ground][left]overlay=0:%[6]d:shortest=1[one];[one][right]overlay=%[7]d:%[6]d",
		stageSize.X, stageSize.Y, width, height, filmFrames1s, filmHead, stageSize.X+filmGap)
	say := func(font, text string, size, x, y int, when string) {
		name := filepath.Join(folder, fmt.Sprintf("text%d", len(filter)))
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			f.t.Fatal(err)
		}
		filter += fmt.Sprintf(",drawtext=fontfile=%s:textfile=%s:expansion=none:fontsize=%d:fontcolor=white:x=%d:y=%d%s", font, name, size, x, y, when)
	}
	say(bold, "The customer", 24, 16, 11, "")
	say(bold, "The advisor", 24, stageSize.X+filmGap+16, 11, "")
	for i, c := range f.captions {
		to := length + time.Minute
		if i+1 < len(f.captions) {
			to = f.captions[i+1].from
		}
		say(sans, c.text, 32, 16, height-filmFoot+18, fmt.Sprintf(":enable='between(t,%.2f,%.2f)'", c.from.Seconds(), to.Seconds()-0.01))
	}
	ffmpeg := need(f.t, "ffmpeg", "ffmpeg")
	run(f.t, nil, ffmpeg, "-loglevel", "error", "-y", "-i", f.raw, "-filter_complex", filter, "-c:v", "libvpx-vp9", "-crf", "30", "-b:v", "0",
		"-g", "150", "-row-mt", "1", "-cpu-used", "2", "-pix_fmt", "yuv420p", "-an", f.out)
	run(f.t, nil, ffmpeg, "-loglevel", "error", "-y", "-ss", fmt.Sprintf("%.2f", f.posterAt.Seconds()), "-i", f.out, "-frames:v", "1",
		"-vf", "scale=1288:-1:flags=lanczos", f.posterFile())
	info, err := os.Stat(f.out)
	if err != nil {
		f.t.Fatal(err)
	}
	const most = 3_000_000
	f.t.Logf("the film is %.1f s long and has %d KB", length.Seconds(), info.Size()/1000)
	if info.Size() > most {
		f.t.Errorf("the film has %d bytes, at most %d are wanted", info.Size(), most)
	}
}
