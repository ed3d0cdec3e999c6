//go:build windows

package windows

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"slices"
	"strings"
	"testing"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/screentest"
)

// symOf returns the keysym that a viewer sends for a character.
func symOf(r rune) uint32 {
	switch {
	case r == '\n':
		return 0xff0d
	case r == '€':
		return 0x20ac
	case r > 0xff:
		return keysym.Unicode + uint32(r)
	}
	return uint32(r)
}

func press(t testing.TB, in screen.Input, k screen.Key) {
	t.Helper()
	k.Down = true
	err := in.Key(k)
	k.Down = false
	if err = errors.Join(err, in.Key(k)); err != nil {
		t.Fatalf("key %#x %#x: %v", k.Sym, k.Code, err)
	}
}

func (p *puppet) text() (text string) {
	_ = json.Unmarshal([]byte(p.ask("text")), &text)
	return strings.ReplaceAll(text, "\r\n", "\n")
}

// TestTyping: characters typed by keysym arrive, whether or not a key has them.
func TestTyping(t *testing.T) {
	d := openTest(t, screen.Options{})
	edit := startPuppet(t, "edit")
	want := ""
	for _, line := range []string{"Hello World 42!\n", "Grüezi äöüÄÖÜß €\n", "日本 Ω ж 𝄞😀\n", `{[]}\|@~^'"` + "\n"} {
		edit.ask("focus")
		for _, r := range line {
			press(t, d.Input, screen.Key{Sym: symOf(r)})
		}
		want += line
		screentest.Eventually(t, "typed "+want, func() bool { got := edit.text(); return got == want || !strings.HasPrefix(want, got) })
		if got := edit.text(); got != want {
			t.Fatalf("typed %q, got %q", want, got)
		}
	}
}

// TestTypingWithModifiers: as viewers send it, with Shift's own events, dead keys, a release with
// another keysym, and keys by scan code.
func TestTypingWithModifiers(t *testing.T) {
	d := openTest(t, screen.Options{})
	in := d.Input
	edit := startPuppet(t, "edit")
	key := func(sym uint32, down bool) {
		if err := in.Key(screen.Key{Sym: sym, Down: down}); err != nil {
			t.Fatal(err)
		}
	}
	key(keysym.ShiftL, true)
	press(t, in, screen.Key{Sym: 'A'})
	press(t, in, screen.Key{Sym: 'b'}) // against Shift
	key('C', true)
	key(keysym.ShiftL, false)
	key('c', false) // according to the present modifiers
	press(t, in, screen.Key{Sym: 'D'})
	press(t, in, screen.Key{Sym: 0xfe52}) // dead circumflex
	press(t, in, screen.Key{Sym: 'o'})
	press(t, in, screen.Key{Code: 0x1e}) // the scan code of A
	key(keysym.ISOLevel3, true)
	press(t, in, screen.Key{Sym: '@'})
	key(keysym.ISOLevel3, false)
	want := "AbCDôa@"
	screentest.Eventually(t, "typed", func() bool { return len(edit.text()) >= len(want) })
	if got := edit.text(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if held := d.Input.(*input).held; len(held) != 0 {
		t.Errorf("still held: %v", held)
	}
}

// TestKeysAndButtons checks the messages that a window receives.
func TestKeysAndButtons(t *testing.T) {
	r := image.Rect(200, 200, 500, 400)
	p := startColour(t, 0x336699, r)
	d := openTest(t, screen.Options{})
	in := d.Input
	p.ask("focus")
	p.ask("log")
	wants := func(what string, want ...string) {
		t.Helper()
		log := ""
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("%s: the window got%s", what, log)
			}
		})
		screentest.Eventually(t, fmt.Sprint(what, ": the window gets ", want), func() bool {
			log += " " + p.ask("log")
			return !slices.ContainsFunc(want, func(w string) bool { return !strings.Contains(log, w) })
		})
	}
	// Left, 0x27 Right: extended; the code on the number pad is not.
	press(t, in, screen.Key{Sym: 0xff53})
	wants("Right", "100:27:14d", "101:27:14d")
	press(t, in, screen.Key{Code: 0xcd})
	wants("Right by its place", "100:27:14d", "101:27:14d")
	press(t, in, screen.Key{Sym: 0xffc2}) // F5
	wants("F5", "100:74:3f", "101:74:3f")
	at := image.Pt(250, 230)
	for _, b := range []struct {
		name   string
		button screen.Buttons
		want   []string
	}{
		{"left", screen.ButtonLeft, []string{"201:0:50,30", "202:0:50,30"}},
		{"right", screen.ButtonRight, []string{"204:0:50,30", "205:0:50,30"}},
		{"middle", screen.ButtonMiddle, []string{"207:0:50,30", "208:0:50,30"}},
		{"back", screen.ButtonBack, []string{"20b:1:50,30", "20c:1:50,30"}},
		{"forward", screen.ButtonForward, []string{"20b:2:50,30", "20c:2:50,30"}},
		{"wheel up", screen.WheelUp, []string{"20a:120:"}},
		{"wheel down", screen.WheelDown, []string{"20a:-120:"}},
		{"wheel left", screen.WheelLeft, []string{"20e:-120:"}},
		{"wheel right", screen.WheelRight, []string{"20e:120:"}},
	} {
		if err := errors.Join(in.Pointer(at, 0), in.Pointer(at, b.button), in.Pointer(at, 0)); err != nil {
			t.Fatal(err)
		}
		wants(b.name, b.want...)
	}
	if err := errors.Join(in.Pointer(at, screen.ButtonLeft), in.Key(screen.Key{Sym: keysym.ShiftL, Down: true}), in.ReleaseAll()); err != nil {
		t.Fatal(err)
	}
	wants("ReleaseAll", "202:0:50,30", "101:10:")
}

func isKeyDown(vk uintptr) bool { return call(procGetAsyncKeyState, vk)&0x8000 != 0 }

// TestGuard: if the program that holds keys is killed, they are released.
func TestGuard(t *testing.T) {
	p := startPuppet(t, "press")
	screentest.Eventually(t, "keys are down", func() bool { return isKeyDown(vkLShift) && isKeyDown('Q') })
	p.kill()
	screentest.Eventually(t, "keys are up", func() bool { return !isKeyDown(vkLShift) && !isKeyDown('Q') })
}
