package e2e

import (
	"image"
	_ "image/jpeg" // for vncsnapshot's file
	_ "image/png"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// simpleViewer is a program that takes the first update for the whole screen and saves it.
type simpleViewer struct {
	name, program, pkg string
	extension          string
	tolerance          int
	command            func(port int, file string) []string
}

var simpleViewers = []simpleViewer{
	{name: "vncsnapshot", program: "vncsnapshot", pkg: "vncsnapshot", extension: ".jpg", tolerance: 40, command: func(port int, file string) []string {
		return []string{"-quality", "100", "127.0.0.1:" + strconv.Itoa(port-5900), file}
	}},
	{name: "gvnccapture", program: "gvnccapture", pkg: "gvncviewer", extension: ".png", command: func(port int, file string) []string {
		return []string{"127.0.0.1:" + strconv.Itoa(port-5900), file}
	}},
	// Without the RGB format pngenc would use the fourth byte of the viewer's pixels as
	// transparency.
	{name: "GStreamer rfbsrc", program: "gst-launch-1.0", pkg: "gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad", extension: ".png",
		command: func(port int, file string) []string {
			return []string{"-q", "rfbsrc", "host=127.0.0.1", "port=" + strconv.Itoa(port), "view-only=true", "num-buffers=1",
				"!", "videoconvert", "!", "video/x-raw,format=RGB", "!", "pngenc", "snapshot=true", "!", "filesink", "location=" + file}
		}},
}

// greyNoise returns the colours of a picture that no encoding compresses.
func greyNoise(x, y, _, _ int) (r, g, b byte) {
	v := uint32(x)*2654435761 ^ uint32(y)*2246822519
	v = (v ^ v>>15) * 2654435761
	return byte(v >> 24), byte(v >> 24), byte(v >> 24)
}

// TestSimpleViewers checks that such programs save the customer's whole screen, on a fast line
// and on a slow one. Seen in practice: gvnccapture saved a corner, and vncsnapshot saved a
// quarter on a slow line.
func TestSimpleViewers(t *testing.T) {
	const width, height = 800, 600
	s := newStack(t)
	customer := customerDisplay(t, strconv.Itoa(width)+"x"+strconv.Itoa(height))
	customer.paintWith(greyNoise)
	ses := s.newSession()
	s.agent(customer, ses.number, "--answer", "view")
	ses.Line(`"state":"joined"`)
	_, fast := s.view(ses.number)
	ports := map[string]int{"fast": fast, "slow": newSlowLine(t, fast)}
	for _, v := range simpleViewers {
		for line, port := range ports {
			t.Run(v.name+", "+line, func(t *testing.T) {
				program := need(t, v.program, v.pkg)
				file := filepath.Join(t.TempDir(), "picture"+v.extension)
				home := t.TempDir()
				out, err := tryRun([]string{"HOME=" + home, "XDG_CACHE_HOME=" + home}, program, v.command(port, file)...)
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				shot := decodeFile(t, file)
				desk := customer.picture()
				if shot.Bounds() != desk.Bounds() {
					t.Fatalf("%v, want %v", shot.Bounds(), desk.Bounds())
				}
				// Two things may differ: the badge at the bottom, which comes and goes with
				// viewers, and the drawn pointer, somewhere on the screen.
				const badgeTop = 60 // above the lower edge
				all := desk.Bounds()
				n := differences(desk, shot, image.Rect(0, 0, all.Max.X, all.Max.Y-badgeTop), image.Point{}, v.tolerance)
				if n > 600 {
					t.Errorf("%d pixels differ", n)
				}
				for _, corner := range []image.Point{{2, 2}, {2, height - 3}, {width - 3, height - 3}} {
					if _, _, _, a := shot.At(corner.X, corner.Y).RGBA(); a != 0xffff {
						t.Errorf("the picture is see-through at %v", corner)
					}
				}
			})
		}
	}
}

func decodeFile(t *testing.T, file string) image.Image {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}
