//go:build linux

package native

import (
	"context"
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
)

// clipOwner returns the window that owns the clipboard.
func (x *xserver) clipOwner(t testing.TB) xproto.Window {
	t.Helper()
	l, err := dialX(Options{Display: x.display}.withDefaults(), func([]byte) {})
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

// copyText puts text on the clipboard as another program.
func (x *xserver) copyText(t testing.TB, text string, args ...string) {
	t.Helper()
	c := tool(t, "xclip", append([]string{"-selection", "clipboard", "-in", "-quiet"}, args...)...)
	c.Env = append(os.Environ(), "DISPLAY="+x.display)
	c.Stdin = strings.NewReader(text)
	before := x.clipOwner(t)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	eventually(t, "xclip owns the clipboard", func() bool { w := x.clipOwner(t); return w != before && w != 0 })
}

// paste reads the clipboard as another program; it fails when there is no text.
func (x *xserver) paste(t testing.TB, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tool(t, "xclip") // is it there?
	c := exec.CommandContext(ctx, "xclip", append([]string{"-selection", "clipboard", "-out"}, args...)...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	c.Env = append(os.Environ(), "DISPLAY="+x.display)
	b, err := c.Output()
	return string(b), err
}

type heard struct {
	mu    sync.Mutex
	texts []string
}

func (h *heard) add(s string, _ screen.ClipboardOwner) {
	h.mu.Lock()
	h.texts = append(h.texts, s)
	h.mu.Unlock()
}

func (h *heard) last() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.texts) == 0 {
		return ""
	}
	return h.texts[len(h.texts)-1]
}

func TestClipboard(t *testing.T) {
	x := startXvfb(t, "640x480x24")
	d := openOn(t, x, Options{})
	clip := d.Clipboard()
	h := &heard{}
	background(t, func(ctx context.Context) error { return clip.Watch(ctx, h.add) })
	// The watch has begun when it hears the first text.
	eventually(t, "first text", func() bool {
		x.copyText(t, "erste Zeile\r\nzweite")
		for range 20 {
			if h.last() != "" {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		return h.last() == "erste Zeile\nzweite"
	})
	big := strings.Repeat("0123456789äöü€\n", 20000)
	for _, text := range []string{"Grüße, 10 €", "x", strings.Repeat("ä", 70000), big} {
		x.copyText(t, text)
		eventually(t, "another program's text", func() bool { return h.last() == text })
	}
	x.copyText(t, strings.Repeat("z", maxClipboard+1))
	x.copyText(t, "after the giant")
	eventually(t, "text after one that was too long", func() bool { return h.last() == "after the giant" })

	for _, text := range []string{"von Lotse: ß €", "", strings.Repeat("é", 70000), big} {
		if err := clip.SetText(text); err != nil {
			t.Fatal(err)
		}
		for _, target := range []string{"UTF8_STRING", "TEXT", "text/plain;charset=utf-8"} {
			got, err := x.paste(t, "-target", target)
			if err != nil || got != text {
				t.Errorf("%s: pasted %d bytes, want %d (%v)", target, len(got), len(text), err)
			}
		}
	}
	if err := clip.SetText("grün €"); err != nil {
		t.Fatal(err)
	}
	if got, _ := x.paste(t, "-target", "STRING"); got != "gr\xfcn ?" && got != "grün ?" {
		t.Errorf("STRING: pasted %q", got)
	}
	if got, _ := x.paste(t, "-target", "TARGETS"); !strings.Contains(got, "UTF8_STRING") || !strings.Contains(got, "TARGETS") {
		t.Errorf("TARGETS: %q", got)
	}
	if _, err := x.paste(t, "-target", "image/png"); err == nil {
		t.Error("a picture could be pasted")
	}
	never(t, "own text reported", func() bool { return h.last() != "after the giant" })
	if err := clip.SetText(strings.Repeat("z", maxClipboard+1)); err == nil {
		t.Error("a giant text was taken")
	}
	x.copyText(t, "theirs")
	eventually(t, "their text", func() bool { return h.last() == "theirs" })
}

func TestClipboardEnds(t *testing.T) {
	x := startXvfb(t, "640x480x24")
	d := openOn(t, x, Options{})
	stop := background(t, func(context.Context) error {
		return d.Clipboard().Watch(context.Background(), func(string, screen.ClipboardOwner) {})
	})
	if err := d.Clipboard().SetText("x"); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := stop(); !errors.Is(err, screen.ErrClosed) && !errors.Is(err, errGone) {
		t.Errorf("Watch ended with %v", err)
	}
	if err := d.Clipboard().SetText("x"); !errors.Is(err, screen.ErrClosed) {
		t.Errorf("SetText after Close: %v", err)
	}
}
