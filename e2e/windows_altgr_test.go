package e2e

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// altGrText has characters that a German keyboard has on AltGr, its own letters, and one letter
// by a dead key.
//
// altGrOnWine is what wine 8 writes of it. Wine turns a key into a character by the state of
// AltGr in the last event of its X server, and that state does not contain an injected AltGr.
// The euro sign arrives as a character, because the agent has no key for it there. So notepad
// only proves that nothing else is written. A window of our own checks that the right keys
// arrive.
const (
	altGrText   = `@€{}[]\|~ äöüß ÄÖÜ é`
	altGrOnWine = `€ äöüß ÄÖÜ é`
)

// altGrKeys are the German keys with a character on AltGr, by their X names.
var altGrKeys = []struct{ sign, key string }{
	{"@", "q"}, {"{", "7"}, {"[", "8"}, {"]", "9"}, {"}", "0"}, {`\`, "ssharp"}, {"|", "less"}, {"~", "plus"},
}

// TestWindowsAltGr checks AltGr when both keyboards are German. Characters that a viewer's user
// types with AltGr arrive as AltGr and the right key. The customer's own AltGr types the right
// characters and counts as local input.
func TestWindowsAltGr(t *testing.T) {
	s := newStack(t)
	m := newWindowsOn(t, "800x600", "lotse-agent", "de")
	m.notepad()
	ses := s.newSession()
	agent := m.agent(s, "--gateway", s.url, "--panel", "terminal", "--answer", "control", "--number", ses.number)
	ses.Line(`"state":"joined"`)
	screen := viewerDisplay(t, "1000x760") // also German
	_, vnc := s.view(ses.number)
	viewer := start(t, append(screen.env(), "HOME="+t.TempDir()), need(t, "xtigervncviewer", "tigervnc-viewer"), "-MenuKey=", "-QualityLevel=9", hostPort(vnc))
	at := shows(t, screen, m.display, 0)
	ses.Write("control")
	ses.Line(`"given","right":"control"`)
	// Wine reports moves of the mouse that nobody made, when windows appear or a program moves it.
	// Then remote input waits a moment. So the text begins after the mouse has done its work.
	ses.takesInput()
	eventually(t, "keys reach notepad", func() error {
		if m.written() != "" {
			return nil
		}
		screen.xdotool("mousemove", strconv.Itoa(at.X+300), strconv.Itoa(at.Y+250), "click", "1", "key", "x")
		return errors.New("no x yet")
	})
	eventually(t, "notepad is empty again", func() error {
		if m.written() == "" {
			return nil
		}
		screen.xdotool("key", "BackSpace")
		return errors.New("not yet")
	})
	// No key has é here. xdotool maps it to a key for a moment, and a slow viewer misses it.
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
	screen.xdotool("type", ".") // typed after all of them
	eventually(t, "the end of the text", func() error {
		written = m.written()
		return wants(strings.HasSuffix(written, "."))
	})

	// The customer's own AltGr types a character. It counts as local input: remote input waits.
	mark := ses.Mark()
	m.xdotool("keydown", "ISO_Level3_Shift") // wine reads the keyboard some time later
	ses.LineAfter(mark, `"hands":true`)
	m.xdotool("key", "q")
	m.writes(written + "@")
	m.xdotool("keyup", "ISO_Level3_Shift")

	keys := m.program("keys", "colour", "0000c8", "20", "420", "300", "150")
	keys.ask("focus")
	keys.ask("log")
	// The customer presses each key to learn its code: wine's codes of some keys differ from
	// Windows'.
	const down = 0x100
	vks := map[string]int{}
	for _, k := range altGrKeys {
		m.xdotool("key", k.key)
		eventually(t, "the customer's key "+k.key, func() error {
			for _, event := range strings.Fields(keys.ask("log")) { // the last key may be released only now
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

// pressedWithAltGr checks a window's key messages (message:key:scan code). They must hold
// exactly one press of a key while only Control and Alt, which together are AltGr, are down,
// and the release of all three.
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
