package e2e

import (
	"image"
	_ "image/jpeg" // for vncsnapshot's file
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestVncsnapshot checks a viewer that still speaks RFB 3.3. In that version consent comes
// before the security type, and a refusal reaches the viewer as text.
func TestVncsnapshot(t *testing.T) {
	program := need(t, "vncsnapshot", "vncsnapshot")
	s := newStack(t)
	customer := customerDisplay(t, "800x600")
	customer.paint()
	for _, answer := range []string{"view", "deny"} {
		t.Run(answer, func(t *testing.T) {
			ses := s.newSession()
			agent := s.agent(customer, ses.number, "--answer", answer)
			ses.Line(`"state":"joined"`)
			_, port := s.view(ses.number)
			file := filepath.Join(t.TempDir(), "snapshot.jpg")
			out, err := tryRun(nil, program, "-quality", "100", "127.0.0.1:"+strconv.Itoa(port-5900), file)
			if answer == "deny" {
				if err == nil && strings.Contains(out, "snapshot") {
					t.Errorf("a picture after a refusal: %s", out)
				}
				if !strings.Contains(out, "did not allow") {
					t.Errorf("the viewer does not show the refusal:\n%s", out)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			shot, _, err := image.Decode(f)
			if err != nil {
				t.Fatal(err)
			}
			desk := customer.picture()
			// Pixels may differ for three reasons. The pointer is drawn somewhere on the
			// screen. The program saves JPEG. The badge, at the bottom, disappeared with the
			// viewer.
			const badgeTop = 60 // above the lower edge
			all := desk.Bounds()
			n := differences(desk, shot, image.Rect(0, 0, all.Max.X, all.Max.Y-badgeTop), image.Point{}, 40)
			if n > 600 {
				t.Errorf("%d pixels differ", n)
			}
			agent.Stop()
			works("vncsnapshot", "vncsnapshot", "`lotse view`", "picture", "refusal as text")
		})
	}
}

// TestTwoViewers checks that two viewers see the screen, each in its own encoding, and that one
// of them can leave without disturbing the other.
func TestTwoViewers(t *testing.T) {
	s := newStack(t)
	customer := customerDisplay(t, "640x480")
	customer.paint()
	ses := s.newSession()
	s.agent(customer, ses.number, "--answer", "view")
	ses.Line(`"state":"joined"`)
	_, port := s.view(ses.number)
	one, two := viewerDisplay(t, "800x640"), viewerDisplay(t, "800x640")
	tiger := start(t, append(one.env(), "HOME="+t.TempDir()), need(t, "xtigervncviewer", "tigervnc-viewer"), "-AutoSelect=0", "-PreferredEncoding=ZRLE", "-MenuKey=", hostPort(port))
	start(t, two.env(), need(t, "xtightvncviewer", "xtightvncviewer"), "-encodings", "hextile", "-nocursorshape", hostPort(port))
	shows(t, one, customer, 0)
	shows(t, two, customer, 0)
	mark := ses.Mark()
	tiger.Stop()
	ses.LineAfter(mark, `"viewers":[{`)
	customer.typewriter() // changes the screen
	shows(t, two, customer, 0)
}

// TestResize checks that a viewer follows when the customer's screen changes its size.
func TestResize(t *testing.T) {
	s := newStack(t)
	customer := customerDisplay(t, "800x600")
	customer.paint()
	ses := s.newSession()
	s.agent(customer, ses.number, "--answer", "view")
	ses.Line(`"state":"joined"`)
	_, port := s.view(ses.number)
	screen := viewerDisplay(t, "1100x860")
	start(t, append(screen.env(), "HOME="+t.TempDir()), need(t, "xtigervncviewer", "tigervnc-viewer"), "-AutoSelect=0", "-PreferredEncoding=ZRLE", "-MenuKey=", "-RemoteResize=0", hostPort(port))
	shows(t, screen, customer, 0)
	run(t, customer.env(), need(t, "xrandr", "x11-xserver-utils"), "-s", "640x480")
	customer.paint()
	shows(t, screen, customer, 0)
}
