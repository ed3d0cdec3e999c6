//go:build windows

package windows

import (
	"fmt"
	"image"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/windows"

	"lotse/screen"
	"lotse/screen/keysym"
	"lotse/screen/screentest"
)

// hotKeys are registered by the puppet: modifiers (Alt 1, Control 2, Shift 4) and key.
var hotKeys = [][2]uintptr{
	{1, 'D'}, {1, 'P'}, {1 | 2, 'K'}, {1 | 2, 'T'}, {2, 'J'}, {2 | 4, 'M'}, {0, vkF1 + 5}, {2, vkF1 + 3}, {1, vkF1 + 3}, {1, 0x25}, {0, 0x2d},
}

// hotKeyProgram registers hot keys and answers "log" with those that it received.
func hotKeyProgram() error {
	var log []string
	w, err := colourWindow(sentinelColour, image.Rect(500, 400, 550, 450), func(_ uintptr, what uint32, wp, _ uintptr) (uintptr, bool) {
		const wmHotKey = 0x0312
		switch what {
		case wmHotKey:
			log = append(log, fmt.Sprintf("hot key %v", hotKeys[wp]))
		case wmKeyDown, wmSysKeyDown:
			log = append(log, fmt.Sprintf("key %x", wp))
		}
		return 0, false
	})
	if err != nil {
		return err
	}
	for i, k := range hotKeys {
		if call(procRegisterHotKey, w, uintptr(i), k[0], k[1]) == 0 {
			return fmt.Errorf("hot key %v was not registered", k)
		}
	}
	return serve(func(string) string {
		all := strings.Join(log, ", ")
		log = nil
		return all
	})
}

// TestKeysStayInside sends thousands of mixed key messages to a share of one program. A program
// with registered hot keys must receive none of them, and the foreground window must stay the same.
func TestKeysStayInside(t *testing.T) {
	own := image.Rect(100, 100, 300, 300)
	mine := startColour(t, ownColour, own)
	theirs := startPuppet(t, "hotkeys")
	d := openTest(t, screen.Options{})
	s := openShare(t, d, mine.id())
	f := watch(t, s)
	screentest.Eventually(t, "it is shown", func() bool { return f.solid(own, ownColour) })
	mine.ask("focus")
	front := windows.GetForegroundWindow()
	press(t, s, screen.Key{Sym: 'x'})
	screentest.Eventually(t, "a key arrives", func() bool { return strings.Contains(mine.ask("log"), "100:58") })
	theirs.ask("log")
	rnd := rand.New(rand.NewPCG(5, 1))
	var held []screen.Key
	for i := range 3_000 {
		k := drawKey(rnd, held)
		if err := s.Key(k); err != nil && !strings.Contains(err.Error(), "unknown scan code") {
			t.Fatalf("message %d, %+v: %v", i, k, err)
		}
		if now := windows.GetForegroundWindow(); now != front {
			t.Fatalf("message %d brought another window to the front; it was %+v, held %+v", i, k, held)
		}
		held = slices.DeleteFunc(held, func(h screen.Key) bool { return h.Sym == k.Sym && h.Code == k.Code })
		if k.Down && len(held) < 6 {
			held = append(held, k)
		}
		if i%100 == 99 {
			// Keys of the desktop, and Tab, Escape and Space with Alt.
			if got := regexp.MustCompile(`10[04]:5[bcd]:|104:(9|1b|20|70|71):|10[04]:(ad|ae|af):`).FindString(mine.ask("log")); got != "" {
				t.Fatalf("message %d: the shared program got %s", i, got)
			}
			if got := theirs.ask("log"); got != "" {
				t.Fatalf("message %d: the other program got %s; the last was %+v, held %+v", i, got, k, held)
			}
			if err := s.ReleaseAll(); err != nil {
				t.Fatal(err)
			}
			held = nil
		}
	}
	// It could have received some: input that is injected without a share reaches it.
	in := d.Input
	for _, k := range []screen.Key{{Sym: keysym.AltL, Down: true}, {Sym: 'd', Down: true}, {Sym: 'd'}, {Sym: keysym.AltL}} {
		if err := in.Key(k); err != nil {
			t.Fatal(err)
		}
	}
	screentest.Eventually(t, "the program's own short cut", func() bool { return strings.Contains(theirs.ask("log"), "hot key") })
}

// drawKey draws a key message that a hostile viewer could send.
func drawKey(rnd *rand.Rand, held []screen.Key) screen.Key {
	if len(held) > 0 && rnd.IntN(3) == 0 {
		k := held[rnd.IntN(len(held))]
		k.Down = rnd.IntN(4) == 0
		return k
	}
	pick := func(all ...uint32) uint32 { return all[rnd.IntN(len(all))] }
	k := screen.Key{Down: rnd.IntN(4) > 0}
	switch rnd.IntN(6) {
	case 0, 1:
		k.Sym = pick(keysym.ShiftL, keysym.ControlL, keysym.AltL, keysym.MetaL, keysym.SuperL, keysym.ControlR, keysym.AltR)
	case 2:
		k.Code = pick(0x1d, 0x38, 0x2a, 0xdb, 0xdc, 0x0f, 0x01, 0x39, 0x3e, 0x40, 0x20, 0x19, 0x25, 0x24, 0xb7, 0xcb, 0xd2, uint32(rnd.IntN(256)))
	case 3:
		k.Sym = pick(keysym.Tab, keysym.Escape, ' ', 0xff61, keysym.F1+3, keysym.F1+5, keysym.Left, keysym.Insert, keysym.KPHome, 0x1008ff11, 0x1008ff18)
	case 4:
		k.Sym = keysym.Unicode + pick('d', 'p', 'k', 't', 'j', 'm', 'D', 0x1b, 0x09, 0x20)
	case 5:
		k.Sym, k.Code = uint32(' '+rnd.IntN(95)), uint32(rnd.IntN(128))
	}
	return k
}
