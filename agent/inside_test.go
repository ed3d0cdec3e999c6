package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lotse/agent/trace"
	"lotse/logs"
	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/tunnel"
)

// lockedBuffer is an io.Writer that several goroutines may use.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Secrets of insideSession: they must not be written anywhere.
const (
	secretTitle  = "Letter to Miller & Sons"
	secretText   = "the customer's clipboard"
	secretAnswer = "the advisor's clipboard"
)

// insideSession runs a whole session with a gateway, a viewer that controls, and clipboard
// texts in both directions. It returns what must not be written anywhere.
func insideSession(t *testing.T, with func(*Config)) (secrets []string) {
	h := newHouse(t)
	c := h.newCase()
	client := &tunnel.Client{Gateway: "https://" + h.wire.l.Addr().String(), RootCAs: h.roots}
	t.Cleanup(client.CloseIdle)
	board := &testClipboard{text: make(chan string), set: make(chan string, 1)}
	s, w, d := runAgent(t, client, func(cfg *Config) {
		desk := screentest.NewDesk(cfg.Display.Screen.(*screentest.Display))
		desk.Program("pid:7", secretTitle, image.Rect(0, 0, 32, 24))
		cfg.Entry.Number = c.number
		cfg.Display.Windows, cfg.Display.Clipboard = desk, board
		with(cfg)
	})
	d.Fill(image.Rect(0, 0, 64, 48), 200, 0, 0)
	control := take(t, c.controls, "the control stream")
	drain(control)
	c.state("joined ")
	came := c.view()
	answer(t, s, "view", true)
	v := take(t, came, "the viewer")
	if v.err != nil {
		t.Fatal(v.err)
	}
	for _, right := range []string{"control", "clipboard"} {
		if err := control.Send(tunnel.Ask{Right: right}); err != nil {
			t.Fatal(err)
		}
		answer(t, s, right, true)
	}
	_ = v.SendKey('a', true)
	_ = v.SendCutText(secretAnswer)
	if got := take(t, board.set, "the advisor's text"); got != secretAnswer {
		t.Errorf("the customer was given %q", got)
	}
	board.text <- secretText
	for text := ""; text != secretText; {
		m, err := v.Next()
		if err != nil {
			t.Fatal(err)
		}
		if cut, ok := m.(rfbtest.CutText); ok {
			text = cut.Text
		}
	}
	if err := v.Refresh(); err != nil {
		t.Fatal(err)
	}
	_ = s.Do(End{})
	v.Close()
	w.stop() // now everything is written
	me := thisComputer("")
	return []string{
		c.number.Digits(), c.number.String(), c.number.Digits()[4:], secretTitle, secretText, secretAnswer, "Anna Berg",
		"anna", me.Host, me.User,
	}
}

// TestInsideASession checks that each line of the log and of the trace has an area of the
// agent. None may contain a number, a name or a text. The trace must contain what happened.
func TestInsideASession(t *testing.T) {
	var out, traced lockedBuffer
	log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	secrets := insideSession(t, func(cfg *Config) {
		cfg.Logger, cfg.Trace = log, trace.New(&traced, 1<<20)
		cfg.Client.Logger = logs.Area(log, logs.Tunnel)
	})
	areas := map[string]bool{}
	for line := range strings.Lines(out.String()) {
		var r map[string]any
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		area, _ := r["area"].(string)
		if areas[area] = true; !slices.Contains(logs.AgentAreas, area) || strings.Count(line, `"area":`) != 1 {
			t.Errorf("no area, or not one of the agent's: %s", line)
		}
		hides(t, line, secrets)
	}
	for _, area := range []string{logs.Consent, logs.RFB, logs.Seal, logs.Tunnel} {
		if !areas[area] {
			t.Errorf("nothing of the area %s", area)
		}
	}
	happened := map[string]bool{}
	for line := range strings.Lines(traced.String()) {
		happened[tracedWords(t, line)] = true
		hides(t, line, secrets)
	}
	for _, want := range []string{
		"agent start", "agent phase joined", "agent phase ended customer", "tunnel stream opened control entering",
		"tunnel stream opened view page", "tunnel stream ended view page", "consent consent view asked advisor",
		"consent question armed view", "consent consent view given customer", "consent consent control given customer",
		"consent consent clipboard given customer", "capture picture 64", "rfb viewer gone page",
	} {
		if !happened[want] {
			t.Errorf("not traced: %s", want)
		}
	}
	if t.Failed() {
		t.Log(traced.String())
	}
}

// tracedWords returns what a line of a trace says, without its numbers. It checks that the line
// has a time, an area and an event, and no unknown fields.
func tracedWords(t *testing.T, line string) string {
	t.Helper()
	var r struct {
		Time                                           time.Time
		Area, Event                                    string
		Phase, Reason, Kind, Door, Why, Right, Outcome string
		By, Version, System                            string
		Width, Height                                  int
		CaptureUs, DamagePixels, DamageRects, DifferUs *int64
		Stats                                          map[string]any
	}
	d := json.NewDecoder(strings.NewReader(strings.NewReplacer("capture_us", "captureUs", "damage_pixels", "damagePixels",
		"damage_rects", "damageRects", "differ_us", "differUs").Replace(line)))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	if r.Time.IsZero() || !slices.Contains(logs.AgentAreas, r.Area) || r.Event == "" {
		t.Errorf("no time, area or event: %s", line)
	}
	if r.Event == "picture" && (r.DamagePixels == nil || r.DamageRects == nil || r.DifferUs == nil || r.CaptureUs == nil) {
		t.Errorf("a picture without numbers: %s", line)
	}
	if strings.HasPrefix(r.Event, "viewer") && (r.Stats["version"] != "3.8" || r.Stats["end"] == "") {
		t.Errorf("a viewer without numbers: %s", line)
	}
	words := []string{r.Area, r.Event, r.Phase, r.Reason, r.Kind, r.Right, r.Outcome, r.By, r.Door}
	if r.Width > 0 {
		words = append(words, strconv.Itoa(r.Width))
	}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}

// TestTraceIsBounded checks that a trace stops at its limit and says so once, and that a nil
// trace costs nothing.
func TestTraceIsBounded(t *testing.T) {
	var out lockedBuffer
	traced := trace.New(&out, 300)
	for range 100 {
		traced.Start("test")
	}
	lines := strings.SplitAfter(strings.TrimSpace(out.String()), "\n")
	last := len(lines) - 1
	if last < 1 || last > 3 || tracedWords(t, lines[last]) != "agent trace is full" {
		t.Errorf("%d lines: %s", len(lines), out.String())
	}
	for _, line := range lines[:last] {
		if tracedWords(t, line) != "agent start" {
			t.Error(line)
		}
	}
	var none *trace.Log
	if n := testing.AllocsPerRun(100, func() {
		none.Armed("view", true)
		none.Stream("stream opened", tunnel.GatewayMessage{}, nil)
		none.Event(logs.Capture, "local input begins")
	}); n != 0 {
		t.Errorf("without a trace: %v allocations", n)
	}
}

// TestTraceHidesTextsOfOthers checks that the trace does not contain texts of a gateway or of
// an error.
func TestTraceHidesTextsOfOthers(t *testing.T) {
	var out lockedBuffer
	traced := trace.New(&out, 1<<20)
	m := tunnel.GatewayMessage{Kind: "482193057", Door: "Anna Berg"}
	traced.Stream("stream ended", m, errors.New("close 1008: 482193057 of Anna Berg"))
	traced.Viewer("viewer gone", m.Door, rfb.Stats{Version: "3.8"})
	for line := range strings.Lines(out.String()) {
		hides(t, line, []string{m.Kind, m.Door})
		if words := tracedWords(t, line); !strings.HasSuffix(words, " other") {
			t.Error(words)
		}
	}
}

// TestTracedNumbers checks that a viewer's statistics are traced once a second.
func TestTracedNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out lockedBuffer
		s, _ := joinedSession(t, Config{Trace: trace.New(&out, 1<<20)})
		a, b := net.Pipe()
		black := screen.NewFramebuffer(image.Pt(8, 8))
		v := &viewer{door: "page", conn: rfb.NewConn(a, rfb.Config{Desktop: black, Waiting: black})}
		served := make(chan struct{})
		go func() {
			defer close(served)
			s.serveCounted(t.Context(), v)()
		}()
		client, err := rfbtest.New(b, rfbtest.Config{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(3*tracedEvery + tracedEvery/2)
		client.Close()
		<-served
		if n := strings.Count(out.String(), `"event":"viewer"`); n != 3 {
			t.Errorf("traced %d times in three seconds:\n%s", n, out.String())
		}
	})
}

// hides checks that a line contains none of the secrets.
func hides(t *testing.T, line string, secrets []string) {
	t.Helper()
	for _, secret := range secrets {
		if len(secret) > 2 && strings.Contains(strings.ToLower(line), strings.ToLower(secret)) {
			t.Errorf("%q is written down: %s", secret, line)
		}
	}
}

// testClipboard is a screen.Clipboard that the test controls.
type testClipboard struct {
	text chan string // copied by a program
	set  chan string
}

func (c *testClipboard) Set(clip screen.Clip) error { c.set <- clip.Text; return nil }

func (c *testClipboard) Watch(ctx context.Context, from func(screen.ClipboardOwner) bool, changed func(screen.Clip, screen.ClipboardOwner)) error {
	for {
		select {
		case text := <-c.text:
			if from(0) {
				changed(screen.Clip{Text: text}, 0)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
