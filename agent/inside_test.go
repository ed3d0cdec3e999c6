package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"lotse/logs"
	"lotse/rfb/rfbtest"
	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/tunnel"
)

// lockedBuffer is an io.Writer for several goroutines.
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

// secrets of insideSession: they belong into nothing that is written down.
const (
	secretTitle  = "Letter to Miller & Sons"
	secretText   = "the customer's clipboard"
	secretAnswer = "the advisor's clipboard"
)

// insideSession runs a whole session with a gateway, a viewer that controls, texts on the
// clipboard in both directions and an end. It returns what must not be written
// down.
func insideSession(t *testing.T, with func(*Config)) (secrets []string) {
	h := newHouse(t)
	c := h.newCase()
	client := &tunnel.Client{Gateway: "https://" + h.wire.l.Addr().String(), RootCAs: h.roots}
	t.Cleanup(client.CloseIdle)
	board := &clipboard{text: make(chan string), set: make(chan string, 1)}
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
	w.stop() // and everything is written
	me := thisComputer()
	return []string{
		c.number.Digits(), c.number.String(), c.number.Digits()[4:], secretTitle, secretText, secretAnswer, "Anna Berg",
		"anna", me.Host, me.User,
	}
}

// TestLogOfASession: each line of the log has an area of the agent's, and none has a number,
// a name or a text.
func TestLogOfASession(t *testing.T) {
	var out lockedBuffer
	log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	secrets := insideSession(t, func(cfg *Config) {
		cfg.Logger = log
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
}

// hides checks that none of these is in a line.
func hides(t *testing.T, line string, secrets []string) {
	t.Helper()
	for _, secret := range secrets {
		if len(secret) > 2 && strings.Contains(strings.ToLower(line), strings.ToLower(secret)) {
			t.Errorf("%q is written down: %s", secret, line)
		}
	}
}

// clipboard is a screen.Clipboard.
type clipboard struct {
	text chan string // copied by a program
	set  chan string
}

func (c *clipboard) SetText(text string) error { c.set <- text; return nil }

func (c *clipboard) Watch(ctx context.Context, changed func(string, screen.ClipboardOwner)) error {
	for {
		select {
		case text := <-c.text:
			changed(text, 0)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
