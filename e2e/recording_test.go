package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"lotse/film"
)

// recordedArea is the part of the desktop that is compared: nothing of the agent's own is there.
var recordedArea = image.Rect(0, 0, 800, 500)

// moment is what the customer's display showed while it was recorded.
type moment struct {
	picture image.Image
	pointer image.Point
}

func (d *display) moment() moment {
	d.t.Helper()
	var m moment
	m.picture = d.picture()
	if _, err := fmt.Sscanf(d.xdotool("getmouselocation"), "x:%d y:%d", &m.pointer.X, &m.pointer.Y); err != nil {
		d.t.Fatal(err)
	}
	return m
}

// psnr compares a picture with the moment, in decibels. The pointer is in the recording and not in
// the picture of the display.
func (m moment) psnr(shown image.Image) float64 {
	around := image.Rectangle{Min: m.pointer, Max: m.pointer}.Inset(-32)
	sum, n := 0.0, 0
	for y := recordedArea.Min.Y; y < recordedArea.Max.Y; y++ {
		for x := recordedArea.Min.X; x < recordedArea.Max.X; x++ {
			if image.Pt(x, y).In(around) {
				continue
			}
			a, b := color.RGBAModel.Convert(m.picture.At(x, y)).(color.RGBA), color.RGBAModel.Convert(shown.At(x, y)).(color.RGBA)
			for _, d := range [3]int{int(a.R) - int(b.R), int(a.G) - int(b.G), int(a.B) - int(b.B)} {
				sum += float64(d * d)
				n++
			}
		}
	}
	return 10 * math.Log10(255*255/max(1e-9, sum/float64(n)))
}

// recordedPictures decodes a recording, and calls seen for each picture. The recording may be
// growing.
func recordedPictures(name string, seen func(*film.Canvas)) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	p, err := film.NewPlayer(file)
	for err == nil {
		if _, err = p.Next(); err == nil {
			seen(p.Canvas())
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, film.ErrCut) {
		return nil
	}
	return err
}

// shownInRecording waits until the recording ends with what the display shows, and returns that.
func shownInRecording(t testing.TB, d *display, name string) (m moment) {
	t.Helper()
	eventually(t, "the recording shows the display", func() error {
		m = d.moment()
		var last image.Image
		if err := recordedPictures(name, func(c *film.Canvas) {
			copied := image.NewRGBA(c.Bounds())
			draw.Draw(copied, copied.Rect, c, image.Point{}, draw.Src)
			last = copied
		}); err != nil {
			return err
		}
		if last == nil {
			return errors.New("no picture")
		}
		if got := m.psnr(last); got < 80 {
			return fmt.Errorf("%.1f dB", got)
		}
		return nil
	})
	return m
}

// stripes paints a desktop that differs with n.
func (d *display) stripes(n int) {
	d.t.Helper()
	d.paintWith(func(x, y, _, _ int) (r, g, b byte) {
		if (x/8+y/12+n)%5 == 0 {
			return byte(40 * n), 60, 90
		}
		return 250, byte(250 - 20*n), 245
	})
}

// TestRecording records a session with lotse record. The recording must be what the display showed,
// the customer's copy the same bytes, nothing of what was shown while the customer paused it may be
// in it, and lotse verify, replay and film must work with it.
func TestRecording(t *testing.T) {
	s := newStack(t)
	customer := customerDisplay(t, "800x600")
	customer.paint()
	ses := s.newSession()
	folder, taken := t.TempDir(), t.TempDir()
	agent := s.agent(customer, ses.number, "--receive", folder)
	ses.Line(`"state":"joined"`)
	file := filepath.Join(taken, "session.fbs")
	recorder := start(t, s.env(), ours(t, "lotse"), "record", ses.number, file, "--gateway", s.url, "--user", "advisor")
	recorder.Line("ready:")
	mark := agent.Mark()
	ses.Write("view")
	allow(customer, agent, mark, "view")
	recorder.Line("asked:")
	allow(customer, agent, mark, "record")
	recorder.Line("recording:")
	agent.Line("This is RECORDED")
	shown := []moment{shownInRecording(t, customer, file)}
	agent.Write("c")
	agent.Line("The same recording is being saved.")
	for n := range 3 {
		customer.stripes(n)
		shown = append(shown, shownInRecording(t, customer, file))
	}
	mark = agent.Mark()
	agent.Write("h")
	agent.LineAfter(mark, "The recording is paused")
	customer.stripes(5)
	secret := customer.moment()
	customer.stripes(2)
	mark = agent.Mark()
	agent.Write("h")
	agent.LineAfter(mark, "This is RECORDED")
	customer.paint()
	shown = append(shown, shownInRecording(t, customer, file))
	recorder.Send(syscall.SIGINT)
	recorder.Line("saved: ", "signed by both ends")
	if code := recorder.Exit(); code != 0 {
		t.Errorf("lotse record ended with %d", code)
	}
	agent.Line("Nothing is recorded any more.")
	copied := strings.TrimPrefix(agent.Line("Saved: "), "Saved: ")
	want, err := os.ReadFile(file)
	if got, copyErr := os.ReadFile(copied); err != nil || copyErr != nil || !bytes.Equal(got, want) {
		t.Errorf("the customer has %d bytes, the advisor %d; %v", len(got), len(want), errors.Join(err, copyErr))
	}
	if err := recordedPictures(file, func(c *film.Canvas) {
		if got := secret.psnr(c); got > 20 {
			t.Fatalf("what was shown while the recording was paused is in it: %.1f dB", got)
		}
	}); err != nil {
		t.Error(err)
	}

	run(t, nil, ours(t, "lotse"), "verify", file+".record.json", file)
	changed := filepath.Join(taken, "changed.fbs")
	want[len(want)/2] ^= 1
	if err := os.WriteFile(changed, want, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := tryRun([]string{"LC_ALL=C.UTF-8"}, ours(t, "lotse"), "verify", file+".record.json", changed); err == nil || !strings.Contains(out, "NOT the recording") {
		t.Errorf("a changed recording: %v, %s", err, out)
	}

	films(t, file, shown)

	// A viewer shows the recording.
	screen := viewerDisplay(t, "1024x800")
	path := need(t, "xtigervncviewer", "tigervnc-viewer")
	home := t.TempDir()
	replay := start(t, append(screen.env(), "HOME="+home, "LC_ALL=C.UTF-8"), ours(t, "lotse"), "replay", file, "--listen", "127.0.0.1:0", "--speed", "20", "--", path, "-MenuKey=", "{}")
	replay.Line("ready: vnc viewer address 127.0.0.1::")
	last := shown[len(shown)-1]
	eventually(t, "the viewer shows the recording", func() error {
		picture := screen.picture()
		at, ok := locate(last.picture, picture, 0)
		if !ok {
			return errors.New("it is not there")
		}
		moved := image.NewRGBA(recordedArea)
		draw.Draw(moved, moved.Rect, picture, at, draw.Src)
		if got := last.psnr(moved); got < 80 {
			return fmt.Errorf("%.1f dB", got)
		}
		return nil
	})
	replay.Send(syscall.SIGINT)
	replay.Exit()

	ses.Write("end")
	agent.Exit()
	ses.Exit()
}

// films makes films of a recording, and compares every tenth picture with what the display showed.
func films(t *testing.T, file string, shown []moment) {
	t.Helper()
	made := t.TempDir()
	need(t, "ffmpeg", "ffmpeg") // for WebM
	for _, format := range []string{"avi", "webm"} {
		name := filepath.Join(made, "session."+format)
		run(t, []string{"LC_ALL=C.UTF-8"}, ours(t, "lotse"), "film", file, name)
		frames := aviFrames(t, name)
		if format == "webm" {
			frames = webmFrames(t, name)
		}
		best := make([]float64, len(shown))
		for i, frame := range frames {
			most := 0.0
			for j, m := range shown {
				got := m.psnr(frame)
				best[j], most = max(best[j], got), max(most, got)
			}
			// A picture that nothing follows may be one that was being drawn.
			still := i > 0 && i+1 < len(frames) && shown[0].same(frames[i-1], frame) && shown[0].same(frame, frames[i+1])
			if i%10 == 0 && still && most < 35 {
				t.Errorf("%s: picture %d has %.1f dB", format, i, most)
			}
		}
		for j, got := range best {
			if got < 35 {
				t.Errorf("%s: what was shown at step %d has %.1f dB", format, j, got)
			}
		}
		if keep := os.Getenv("LOTSE_KEEP_FILMS"); keep != "" {
			b, _ := os.ReadFile(name)
			_ = os.WriteFile(filepath.Join(keep, "session."+format), b, 0o600)
		}
	}
}

// same reports whether two pictures show the same.
func (m moment) same(a, b image.Image) bool { return moment{a, m.pointer}.psnr(b) > 45 }

// aviFrames returns the pictures of an AVI film; an empty chunk repeats the one before.
func aviFrames(t *testing.T, name string) (frames []image.Image) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil || filepath.Ext(name) != ".avi" {
		return nil
	}
	_, rest, _ := bytes.Cut(b, []byte("movi"))
	for len(rest) >= 8 && string(rest[:4]) == "00dc" {
		n := int(rest[4]) | int(rest[5])<<8 | int(rest[6])<<16 | int(rest[7])<<24
		if n == 0 {
			frames = append(frames, frames[len(frames)-1])
		} else {
			img, err := jpeg.Decode(bytes.NewReader(rest[8 : 8+n]))
			if err != nil {
				t.Fatal(err)
			}
			frames = append(frames, img)
		}
		rest = rest[8+n+n%2:]
	}
	return frames
}

// webmFrames returns the pictures of a WebM film.
func webmFrames(t *testing.T, name string) (frames []image.Image) {
	t.Helper()
	raw, err := exec.Command("ffmpeg", "-loglevel", "error", "-i", name, "-f", "rawvideo", "-pix_fmt", "rgba", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	const each = 4 * 800 * 600
	for ; len(raw) >= each; raw = raw[each:] {
		frames = append(frames, &image.RGBA{Pix: raw[:each], Stride: 4 * 800, Rect: image.Rect(0, 0, 800, 600)})
	}
	return frames
}
