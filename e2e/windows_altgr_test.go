package e2e

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// altGrText has what a German keyboard has on AltGr, its own letters, and one by a
// dead key. altGrOnWine is what wine 8 writes of it: it turns a key into a character
// by the state of AltGr in the last event of its X server, which an injected AltGr is
// not in. What has no key for it (€) comes as the character. So notepad can only tell
// that nothing else is written; that the right keys come is seen in a window of ours.
const (
	altGrText   = `@€{}[]\|~ äöüß ÄÖÜ é`
	altGrOnWine = `€ äöüß ÄÖÜ é`
)

// altGrKeys are the German keys that have a sign on AltGr, by X's names.
var altGrKeys = []struct{ sign, key string }{
	{"@", "q"}, {"{", "7"}, {"[", "8"}, {"]", "9"}, {"}", "0"}, {`\`, "ssharp"}, {"|", "less"}, {"~", "plus"},
}

// TestWindowsAltGr: both keyboards are German. What a VNC viewer's user types with
// AltGr comes as AltGr and the right key; what the customer types arrives as he means
// it and is seen as his.
func TestWindowsAltGr(t *testing.T) {
	s := newStack(t)
	m := newWindowsOn(t, "800x600", "lotse-agent", "de")
	m.notepad()
	ses := s.newSession()
	agent := m.agent(s, "--gateway", s.url, "--panel", "terminal", "--answer", "control", "--number", ses.number)
	ses.Line(`"state":"joined"`)
	screen := viewerDisplay(t, "1000x760") // German too
	_, vnc := s.view(ses.number)
	viewer := start(t, append(screen.env(), "HOME="+t.TempDir()), need(t, "xtigervncviewer", "tigervnc-viewer"), "-MenuKey=", "-QualityLevel=9", hostPort(vnc))
	at := shows(t, screen, m.display, 0)
	ses.Write("control")
	ses.Line(`"given","right":"control"`)
	screen.xdotool("mousemove", strconv.Itoa(at.X+300), strconv.Itoa(at.Y+250), "click", "1")
	// No key has é here: xdotool lends it one for a moment, which a slow viewer misses.
	screen.xdotool("type", "--delay", "25", strings.TrimSuffix(altGrText, "é"))
	written := ""
	eventually(t, "text in notepad", func() error {
		written = m.written()
		text := strings.TrimRight(written, "é")
		if text+"é" != altGrText && text+"é" != altGrOnWine {
			return fmt.Errorf("%q, want %q, or on wine %q", written, altGrText, altGrOnWine)
		}
		if text == written {
			screen.xdotool("type", "é")
			return fmt.Errorf("%q, without é", written)
		}
		return nil
	})
	screen.xdotool("type", ".") // behind all of them
	eventually(t, "the end of the text", func() error {
		written = m.written()
		return wants(strings.HasSuffix(written, "."))
	})

	// The customer's own AltGr writes, and is his: remote input waits meanwhile.
	mark := ses.Mark()
	m.xdotool("keydown", "ISO_Level3_Shift") // wine looks at the keys when it gets round to it
	ses.LineAfter(mark, `"hands":true`)
	m.xdotool("key", "q")
	m.writes(written + "@")
	m.xdotool("keyup", "ISO_Level3_Shift")

	keys := m.program("keys", "colour", "0000c8", "20", "420", "300", "150")
	keys.ask("focus")
	keys.ask("log")
	// Which key is which, by hand: wine names some otherwise than Windows.
	const down = 0x100
	vks := map[string]int{}
	for _, k := range altGrKeys {
		m.xdotool("key", k.key)
		eventually(t, "the customer's key "+k.key, func() error {
			for _, event := range strings.Fields(keys.ask("log")) { // the last key may go up only now
				var what, vk int
				if _, err := fmt.Sscanf(event, "%x:%x:", &what, &vk); err != nil {
					return err
				}
				if what == down {
					vks[k.sign] = vk
					return nil
				}
			}
			return os.ErrNotExist
		})
	}
	eventually(t, "the end of the customer's hands", func() error {
		last := ""
		for _, line := range ses.Output() {
			if strings.Contains(line, `"hands":`) {
				last = line
			}
		}
		return wants(strings.Contains(last, `"hands":false`))
	})
	keys.ask("log")
	for _, k := range altGrKeys {
		screen.xdotool("type", k.sign)
		var log []string
		eventually(t, k.sign, func() error {
			log = append(log, strings.Fields(keys.ask("log"))...)
			return pressedWithAltGr(log, vks[k.sign])
		})
	}
	ses.Write("end")
	if code := agent.Exit(); code != 0 {
		t.Errorf("agent ended with %d", code)
	}
	viewer.Exit()
	if got := m.reader.ask("keys"); got != "" {
		t.Errorf("still down: %s", got)
	}
	keys.Kill()
	m.nothingLeft()
}

// pressedWithAltGr looks in a window's key messages (message:key:scan code) for one
// press of a key while Control and Alt, which are AltGr, and nothing else are down,
// and for the end of all of it.
func pressedWithAltGr(log []string, vk int) error {
	const control, alt, down, sysDown = 0x11, 0x12, 0x100, 0x104
	held, presses := []int{}, 0
	for _, line := range log {
		var what, key, scan int
		if _, err := fmt.Sscanf(line, "%x:%x:%x", &what, &key, &scan); err != nil {
			return fmt.Errorf("%q: %w", line, err)
		}
		if what != down && what != sysDown {
			held = slices.DeleteFunc(held, func(k int) bool { return k == key })
			continue
		}
		if key == vk {
			if presses++; !slices.Contains(held, control) || !slices.Contains(held, alt) || len(held) != 2 {
				return fmt.Errorf("pressed with %x: %v", held, log)
			}
		}
		if !slices.Contains(held, key) {
			held = append(held, key)
		}
	}
	if presses != 1 || len(held) != 0 {
		return fmt.Errorf("%d presses of %#x, still held %x: %v", presses, vk, held, log)
	}
	return nil
}
