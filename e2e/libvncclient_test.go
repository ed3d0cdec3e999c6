package e2e

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// TestLibvncclient checks a session with libvncclient, the library of Remmina, KRDC and many
// viewers on telephones, in a small program of our own.
func TestLibvncclient(t *testing.T) {
	if _, err := os.Stat("/usr/include/rfb/rfbclient.h"); err != nil {
		t.Fatal("libvncclient is missing: apt-get install libvncserver-dev (make test does it where it may)")
	}
	program := filepath.Join(t.TempDir(), "libvncclient")
	run(t, nil, need(t, "gcc", "gcc"), "-O", "-o", program, "testdata/libvncclient.c", "-lvncclient")
	for _, door := range []struct {
		name, entrance, door, line string
		args                       func(s *doorStack, ses *session, p pass) []string
	}{
		{"view", "`lotse view`", "", "sealed", func(s *doorStack, ses *session, _ pass) []string {
			_, port := s.view(ses.number)
			return []string{"127.0.0.1", strconv.Itoa(port)}
		}},
		{"vnc", doorNames["vnc"], "vnc", "gateway", func(s *doorStack, _ *session, _ pass) []string {
			return []string{"localhost", strconv.Itoa(portOf(t, s.vnc))}
		}},
		{"repeater", doorNames["repeater"], "repeater", "gateway", func(s *doorStack, _ *session, p pass) []string {
			return []string{"127.0.0.1", strconv.Itoa(portOf(t, s.repeater)), "ID", p.User}
		}},
	} {
		t.Run(door.name, func(t *testing.T) {
			s := newDoorStack(t)
			customer := customerDisplay(t, "800x600")
			customer.paint()
			file := customer.typewriter()
			open := func(answer ...string) (ses *session, agent, viewer *process) {
				ses = s.newSession()
				agent = s.agent(customer, ses.number, answer...)
				ses.Line(`"state":"joined"`)
				var p pass
				if door.door != "" {
					p = ses.password(door.door)
				}
				env := []string{"VNC_USERNAME=" + p.User, "VNC_PASSWORD=" + p.Password, "VNC_CA=" + s.caFile}
				return ses, agent, start(t, env, program, door.args(s, ses, p)...)
			}
			ses, _, viewer := open("--answer", "deny")
			viewer.Line("The customer did not allow the view.")
			if code := viewer.Exit(); code != 1 {
				t.Errorf("the refused viewer ended with %d", code)
			}
			ses.Write("end")
			ses.Exit()

			ses, agent, viewer := open()
			allow(customer, agent, 0, "view")
			viewer.Line("picture")
			ses.Line(`"line":"` + door.line + `"`)
			viewer.Write("type not allowed")
			picture := filepath.Join(t.TempDir(), "blinking.ppm")
			customer.stays(t, "typed without the right to control", file, "", func(desk image.Point) color.Color {
				mark := viewer.Mark()
				viewer.Write("save " + picture)
				viewer.LineAfter(mark, "saved")
				return readPPM(t, picture).At(desk.X, desk.Y)
			})
			mark := agent.Mark()
			ses.Write("control")
			allow(customer, agent, mark, "control")
			ses.Line(`"given","right":"control"`)
			ses.takesInput()
			viewer.Write("type by libvncclient")
			eventually(t, "typed text", func() error {
				if got := typed(file); got != "by libvncclient\n" {
					return fmt.Errorf("%q", got)
				}
				return nil
			})
			eventually(t, "the viewer's picture", func() error {
				mark, shot := viewer.Mark(), filepath.Join(t.TempDir(), "shot.ppm")
				viewer.Write("save " + shot)
				viewer.LineAfter(mark, "saved")
				desk, shown := withoutBadge(customer.picture(), readPPM(t, shot), image.Point{})
				if n := differences(desk, shown, desk.Bounds(), image.Point{}, 0); desk.Bounds() != shown.Bounds() || n > 0 {
					return fmt.Errorf("%v, %d pixels differ", shown.Bounds(), n)
				}
				return nil
			})
			ses.Write("end")
			viewer.Line("gone")
			if code := agent.Exit(); code != 0 {
				t.Errorf("agent ended with %d", code)
			}
			works("libvncclient", "libvncserver-dev", door.entrance, "picture", "consent", "typing", "end", "refusal as text")
		})
	}
}

// readPPM reads a picture in the format that testdata/libvncclient.c writes.
func readPPM(t *testing.T, file string) image.Image {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var w, h int
	head, pixels, _ := bytes.Cut(b, []byte("\n"))
	if _, err := fmt.Sscanf(string(head), "P6 %d %d 255", &w, &h); err != nil || len(pixels) != 3*w*h {
		t.Fatalf("%s: %q, %d bytes, %v", file, head, len(pixels), err)
	}
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		copy(m.Pix[4*i:], pixels[3*i:3*i+3])
		m.Pix[4*i+3] = 255
	}
	return m
}
