package e2e

import (
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// theText is the text that every viewer must be able to type: umlauts, ß, AltGr characters, a
// comma, digits and the euro sign.
const theText = "Grüße, 10 € @ {}"

const keyF12 = 0xffc9

// viewerProgram is a VNC viewer that an advisor may use.
type viewerProgram struct {
	name, pkg string
	title     string
	command   func(t testing.TB, port int) []string
	// tolerance is the permitted difference per channel, 0 where the viewer requests lossless
	// encodings.
	tolerance int
	// text is what the test types in the viewer.
	text string
}

var viewerPrograms = []viewerProgram{
	{name: "xtigervncviewer", title: "TigerVNC", pkg: "tigervnc-viewer", text: theText, command: func(_ testing.TB, port int) []string {
		return []string{"-MenuKey=", "-QualityLevel=9", hostPort(port)}
	}},
	{name: "xtightvncviewer", title: "TightVNC", pkg: "xtightvncviewer", text: theText, command: func(_ testing.TB, port int) []string {
		return []string{"-encodings", "copyrect tight hextile zlib", "-nojpeg", hostPort(port)}
	}},
	{name: "ssvncviewer", title: "SSVNC", pkg: "ssvnc", text: theText, command: func(_ testing.TB, port int) []string {
		return []string{"-nojpeg", "-noraiseonbeep", hostPort(port)}
	}},
	{name: "gvncviewer", title: "gtk-vnc", pkg: "gvncviewer", text: theText, command: func(_ testing.TB, port int) []string {
		return []string{"127.0.0.1:" + strconv.Itoa(port-5900)}
	}},
	{name: "remmina", title: "Remmina", pkg: "remmina remmina-plugin-vnc dbus", text: theText, command: func(t testing.TB, port int) []string {
		file := filepath.Join(t.TempDir(), "lotse.remmina")
		profile := fmt.Sprintf("[remmina]\nname=lotse\nprotocol=VNC\nserver=127.0.0.1:%d\nquality=9\ncolordepth=32\nviewmode=1\nwindow_width=1000\nwindow_height=760\nscale=0\n", port)
		if err := os.WriteFile(file, []byte(profile), 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{"-c", file}
	}},
}

func hostPort(port int) string { return "127.0.0.1::" + strconv.Itoa(port) }

// TestViewers checks a session with each viewer through `lotse view`: consent, the picture, no
// input before control is given, the text, F12, and the end.
func TestViewers(t *testing.T) {
	for _, v := range viewerPrograms {
		t.Run(v.name, func(t *testing.T) {
			path := need(t, v.name, v.pkg)
			s := newStack(t)
			customer := customerDisplay(t, "800x600")
			customer.paint()
			file := customer.typewriter()
			ses := s.newSession()
			agent := s.agent(customer, ses.number)
			ses.Line(`"state":"joined"`)
			view, port := s.view(ses.number)

			screen := viewerDisplay(t, "1024x800")
			args := v.command(t, port)
			mark := agent.Mark()
			if v.name == "remmina" {
				args = append([]string{path}, args...)
				path = need(t, "dbus-run-session", "dbus")
			}
			home := t.TempDir()
			window := start(t, append(screen.env(), "HOME="+home, "XDG_RUNTIME_DIR="+home, "XDG_CONFIG_HOME="+home, "GTK_A11Y=none", "NO_AT_BRIDGE=1", "LC_ALL=C.UTF-8"), path, args...)

			allow(customer, agent, mark, "view")
			// The agent draws the pointer into a view-only picture, so that it differs from the
			// server's own. The pointer rests where nothing is compared.
			at := shows(t, screen, customer, v.tolerance)
			typeInto := func(text string) {
				screen.xdotool("mousemove", strconv.Itoa(at.X+200), strconv.Itoa(at.Y+360))
				screen.xdotool("click", "1")
				screen.xdotool("type", "--delay", "25", text)
				screen.xdotool("key", "Return")
			}
			typeInto("not allowed")
			customer.stays(t, "typed without the right to control", file, "", screen.colourAt(at))
			customer.pointedAt(t, image.Pt(200, 360), true)

			mark = agent.Mark()
			ses.Write("control")
			allow(customer, agent, mark, "control")
			ses.Line(`"given"`)
			ses.takesInput()
			typeInto(v.text)
			customer.pointedAt(t, image.Pt(200, 360), false) // the pointer itself is there now
			eventually(t, "typed text", func() error {
				if got := typed(file); got != v.text+"\n" {
					return fmt.Errorf("%q, want %q", got, v.text+"\n")
				}
				return nil
			})
			shows(t, screen, customer, v.tolerance)

			mark = ses.Mark()
			customer.physicalKey(keyF12)
			ses.LineAfter(mark, `"taken"`)
			typeInto("too late")
			customer.stays(t, "typed after F12", file, v.text+"\n", screen.colourAt(at))

			ses.Write("end")
			if code := agent.Exit(); code != 0 {
				t.Errorf("agent ended with %d", code)
			}
			if code := ses.Exit(); code != 0 {
				t.Errorf("session ended with %d", code)
			}
			view.Exit()
			window.Exit()
			works(v.title, v.pkg, "`lotse view`", "picture", "consent", "pointing", "typing", "F12", "end")
		})
	}
}
