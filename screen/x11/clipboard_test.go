//go:build linux

package x11

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/screen/x11/x11test"
)

// clipOwner returns the window that owns the clipboard.
func clipOwner(x *x11test.Server, t testing.TB) xproto.Window {
	t.Helper()
	l, err := dialX(screen.Options{Display: x.Display}.WithDefaults(), func([]byte) {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	a, err := l.atom("CLIPBOARD")
	if err != nil {
		t.Fatal(err)
	}
	r, err := xproto.GetSelectionOwner(l.Conn, a).Reply()
	if err != nil {
		t.Fatal(err)
	}
	return r.Owner
}

// copyText sets the clipboard as another program.
func copyText(x *x11test.Server, t testing.TB, text string, args ...string) {
	t.Helper()
	c := x11test.Tool(t, "xclip", append([]string{"-selection", "clipboard", "-in", "-quiet"}, args...)...)
	c.Env = append(os.Environ(), "DISPLAY="+x.Display)
	c.Stdin = strings.NewReader(text)
	before := clipOwner(x, t)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	screentest.Eventually(t, "xclip owns the clipboard", func() bool { w := clipOwner(x, t); return w != before && w != 0 })
}

// paste reads the clipboard as another program; it fails if there is no text.
func paste(x *x11test.Server, t testing.TB, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), screentest.Patience)
	defer cancel()
	x11test.Tool(t, "xclip") // is it installed?
	c := exec.CommandContext(ctx, "xclip", append([]string{"-selection", "clipboard", "-out"}, args...)...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	c.Env = append(os.Environ(), "DISPLAY="+x.Display)
	b, err := c.Output()
	return string(b), err
}

type heard struct {
	mu    sync.Mutex
	texts []string
	clip  screen.Clip // the last one
}

func (h *heard) add(c screen.Clip, _ screen.ClipboardOwner) {
	h.mu.Lock()
	h.texts, h.clip = append(h.texts, c.Text), c
	h.mu.Unlock()
}

// anybody wants what every program copies.
func anybody(screen.ClipboardOwner) bool { return true }

func (h *heard) last() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.texts) == 0 {
		return ""
	}
	return h.texts[len(h.texts)-1]
}

func TestClipboard(t *testing.T) {
	x := x11test.Xvfb(t, "640x480x24")
	d := openOn(t, x, screen.Options{})
	clip := d.Clipboard
	h := &heard{}
	background(t, func(ctx context.Context) error { return clip.Watch(ctx, anybody, h.add) })
	// The watch has started when it reports the first text.
	screentest.Eventually(t, "first text", func() bool {
		copyText(x, t, "erste Zeile\r\nzweite")
		return h.last() == "erste Zeile\nzweite"
	})
	big := strings.Repeat("0123456789äöü€\n", 20000)
	for _, text := range []string{"Grüße, 10 €", "x", strings.Repeat("ä", 70000), big} {
		copyText(x, t, text)
		screentest.Eventually(t, "another program's text", func() bool { return h.last() == text })
	}
	copyText(x, t, strings.Repeat("z", screen.MaxClipText+1))
	copyText(x, t, "after the giant")
	screentest.Eventually(t, "text after one that was too long", func() bool { return h.last() == "after the giant" })

	for _, text := range []string{"von Lotse: ß €", "", strings.Repeat("é", 70000), big} {
		if err := clip.Set(screen.Clip{Text: text}); err != nil {
			t.Fatal(err)
		}
		for _, target := range []string{"UTF8_STRING", "TEXT", "text/plain;charset=utf-8"} {
			got, err := paste(x, t, "-target", target)
			if err != nil || got != text {
				t.Errorf("%s: pasted %d bytes, want %d (%v)", target, len(got), len(text), err)
			}
		}
	}
	if err := clip.Set(screen.Clip{Text: "grün €"}); err != nil {
		t.Fatal(err)
	}
	if got, _ := paste(x, t, "-target", "STRING"); got != "gr\xfcn ?" && got != "grün ?" {
		t.Errorf("STRING: pasted %q", got)
	}
	if got, _ := paste(x, t, "-target", "TARGETS"); !strings.Contains(got, "UTF8_STRING") || !strings.Contains(got, "TARGETS") {
		t.Errorf("TARGETS: %q", got)
	}
	if _, err := paste(x, t, "-target", "image/png"); err == nil {
		t.Error("a picture could be pasted")
	}
	if err := clip.Set(screen.Clip{Text: strings.Repeat("z", screen.MaxClipText+1)}); err == nil {
		t.Error("a giant text was taken")
	}
	copyText(x, t, "theirs")
	screentest.Eventually(t, "their text", func() bool { return h.last() == "theirs" })
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.texts); h.texts[n-2] != "after the giant" {
		t.Errorf("own text reported: %.40q", h.texts[n-2])
	}
}

func TestClipboardEnds(t *testing.T) {
	x := x11test.Xvfb(t, "640x480x24")
	d := openOn(t, x, screen.Options{})
	stop := background(t, func(context.Context) error {
		return d.Clipboard.Watch(context.Background(), anybody, func(screen.Clip, screen.ClipboardOwner) {})
	})
	if err := d.Clipboard.Set(screen.Clip{Text: "x"}); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := stop(); !errors.Is(err, screen.ErrClosed) && !errors.Is(err, errGone) {
		t.Errorf("Watch ended with %v", err)
	}
	if err := d.Clipboard.Set(screen.Clip{Text: "x"}); !errors.Is(err, screen.ErrClosed) {
		t.Errorf("Set after Close: %v", err)
	}
}

// A text that a password manager has marked as a password is ignored.
func TestClipboardLeavesPasswords(t *testing.T) {
	x := x11test.Xvfb(t, "640x480x24")
	d := openOn(t, x, screen.Options{})
	h := &heard{}
	background(t, func(ctx context.Context) error { return d.Clipboard.Watch(ctx, anybody, h.add) })
	screentest.Eventually(t, "the watch has begun", func() bool {
		copyText(x, t, "before")
		return h.last() == "before"
	})
	for _, c := range []struct {
		hint  string
		taken bool
	}{{"secret", false}, {"secret\x00", false}, {"other", true}, {"", true}} {
		if got := copyMarked(x, t, c.hint); got != c.taken {
			t.Errorf("hint %q: the text is asked for: %v", c.hint, got)
		}
	}
}

// copyMarked sets the clipboard as a password manager does, with a hint; "": without one. It
// reports whether the text was requested. Then it sets the clipboard once more: that text is
// requested after every request for the first one.
func copyMarked(x *x11test.Server, t *testing.T, hint string) (asked bool) {
	t.Helper()
	requests := make(chan xproto.SelectionRequestEvent, 64)
	l, err := dialX(screen.Options{Display: x.Display}.WithDefaults(), func(b []byte) {
		if b[0] == xproto.SelectionRequest {
			requests <- xproto.SelectionRequestEventNew(b).(xproto.SelectionRequestEvent)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	atoms := map[string]xproto.Atom{}
	for _, name := range []string{"CLIPBOARD", "TARGETS", "UTF8_STRING", "x-kde-passwordManagerHint", "ATOM"} {
		if atoms[name], err = l.atom(name); err != nil {
			t.Fatal(err)
		}
	}
	w, err := xproto.NewWindowId(l.Conn)
	if err != nil {
		t.Fatal(err)
	}
	xproto.CreateWindow(l.Conn, 0, w, l.root, 0, 0, 1, 1, 0, xproto.WindowClassInputOnly, 0, 0, nil)
	own := func() {
		if err := xproto.SetSelectionOwnerChecked(l.Conn, w, atoms["CLIPBOARD"], xproto.TimeCurrentTime).Check(); err != nil {
			t.Fatal(err)
		}
	}
	own()
	for round := 0; ; {
		var e xproto.SelectionRequestEvent
		select {
		case e = <-requests:
		case <-time.After(screentest.Patience):
			t.Fatal("nobody asks for the text")
		}
		if round == 0 && e.Target != atoms["TARGETS"] {
			continue // a request to the previous owner: a new owner is first asked for its targets
		}
		kind, format, data := atoms["UTF8_STRING"], byte(8), []byte("a text")
		switch e.Target {
		case atoms["TARGETS"]:
			if round++; round == 2 {
				return asked
			}
			kind, format, data = xproto.AtomAtom, 32, nil
			list := []xproto.Atom{atoms["TARGETS"], atoms["UTF8_STRING"]}
			if hint != "" {
				list = append(list, atoms["x-kde-passwordManagerHint"])
			}
			for _, a := range list {
				data = binary.LittleEndian.AppendUint32(data, uint32(a))
			}
		case atoms["x-kde-passwordManagerHint"]:
			data = []byte(hint)
		default:
			asked = true
		}
		xproto.ChangeProperty(l.Conn, xproto.PropModeReplace, e.Requestor, e.Property, kind, format, uint32(len(data)*8/int(format)), data)
		answer := xproto.SelectionNotifyEvent{Time: e.Time, Requestor: e.Requestor, Selection: e.Selection, Target: e.Target, Property: e.Property}
		if err := xproto.SendEventChecked(l.Conn, false, e.Requestor, 0, string(answer.Bytes())).Check(); err != nil {
			t.Fatal(err)
		}
		if asked || e.Target == atoms["x-kde-passwordManagerHint"] && strings.HasPrefix(hint, "secret") {
			own()
		}
	}
}
