package film_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lotse/agent/recorder"
	"lotse/fbs"
	"lotse/film"
	"lotse/leaktest"
	"lotse/rfb"
	"lotse/screen"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// buffer is a sink that keeps everything.
type buffer struct{ bytes.Buffer }

func (b *buffer) Write(block []byte) error      { b.Buffer.Write(block); return nil }
func (b *buffer) Drained(context.Context) error { return nil }

// recorded records a desktop that changes step by step, as the agent does. It returns the recording
// and what was shown after each step.
func recorded(t *testing.T, size image.Point, steps ...func(*screen.Framebuffer) screen.Change) (file []byte, shown []*screen.Frame) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		desk := screen.NewFramebuffer(size)
		here, there := net.Pipe()
		server := rfb.NewConn(here, rfb.Config{Desktop: desk, Name: "test", Rights: rfb.RightView})
		served := make(chan error, 1)
		go func() { served <- server.Serve(context.Background()) }()
		var b buffer
		maker := recorder.New(there, &b)
		made := make(chan error, 1)
		go func() {
			_, err := maker.Run()
			made <- err
		}()
		for _, step := range steps {
			server.Invalidate(step(desk))
			time.Sleep(time.Second)
			synctest.Wait()
			desk.Read(func(v screen.View) {
				f := screen.NewFrame(v.Frame.Size)
				copy(f.Pix, v.Frame.Pix)
				shown = append(shown, f)
			})
		}
		maker.Stop()
		if err := <-made; err != nil {
			t.Error(err)
		}
		<-served
		file = b.Bytes()
	})
	return file, shown
}

// paint shows a frame.
func paint(f *screen.Frame) func(*screen.Framebuffer) screen.Change {
	return func(desk *screen.Framebuffer) screen.Change {
		return desk.Apply(screen.Update{Frame: f, Damage: screen.RegionOf(f.Bounds()), Monitors: []screen.Monitor{{ID: 1, Rect: f.Bounds()}}})
	}
}

// page draws something like a text with boxes in colours; offset scrolls it.
func page(size image.Point, seed uint64, offset int) *screen.Frame {
	f := screen.NewFrame(size)
	f.Fill(f.Bounds(), 250, 250, 245)
	rnd := rand.New(rand.NewPCG(seed, 9))
	for line := range 200 {
		for letter := range 120 {
			if y := line*14 - offset; rnd.IntN(5) > 0 && y > 0 && y+9 < size.Y && letter*8+6 < size.X {
				f.Fill(image.Rect(letter*8, y, letter*8+1+rnd.IntN(5), y+2+rnd.IntN(8)), byte(rnd.IntN(90)), 30, byte(20*(line%7)))
			}
		}
	}
	return f
}

// noise has more colours than any palette.
func noise(size image.Point) *screen.Frame {
	f := screen.NewFrame(size)
	rnd := rand.New(rand.NewPCG(4, 4))
	for i := range f.Pix {
		f.Pix[i] = byte(rnd.Uint32())
	}
	return f
}

// colours has n colours.
func colours(size image.Point, n int) *screen.Frame {
	f := screen.NewFrame(size)
	rnd := rand.New(rand.NewPCG(uint64(n), 4))
	for y := range size.Y {
		for x := range size.X {
			v := byte(rnd.IntN(n))
			f.Fill(image.Rect(x, y, x+1, y+1), v, v*3, 255-v)
		}
	}
	return f
}

func samePixels(c *film.Canvas, f *screen.Frame) (differ int) {
	for y := range f.Size.Y {
		a, b := c.Row(y, 0, f.Size.X), f.Row(y, 0, f.Size.X)
		for i := range a {
			if i%4 != 3 && a[i] != b[i] {
				differ++
			}
		}
	}
	return differ
}

// TestPlayerIsExact checks that what is decoded equals what was shown, to the pixel, for everything
// that the recorder's server can send: all kinds of ZRLE tiles, moves, the pointer and sizes.
func TestPlayerIsExact(t *testing.T) {
	size := image.Pt(333, 211)
	cursor := &screen.Cursor{Size: image.Pt(9, 9), Hot: image.Pt(1, 1), Pix: bytes.Repeat([]byte{10, 200, 30, 255}, 81)}
	pointed := func(at image.Point) func(*screen.Framebuffer) screen.Change {
		return func(desk *screen.Framebuffer) screen.Change {
			f := page(size, 2, 30)
			return desk.Apply(screen.Update{Frame: f, Cursor: cursor, Pointer: at})
		}
	}
	steps := []func(*screen.Framebuffer) screen.Change{
		paint(page(size, 1, 0)), paint(page(size, 1, 30)), paint(noise(size)), paint(page(size, 2, 0)), paint(page(size, 2, 30)),
		pointed(image.Pt(20, 20)), pointed(image.Pt(330, 205)),
		paint(noise(image.Pt(500, 300))), paint(page(image.Pt(100, 80), 1, 0)), paint(page(size, 3, 0)),
	}
	for _, n := range []int{1, 2, 3, 4, 5, 16, 17, 127, 128, 255} {
		steps = append(steps, paint(colours(size, n)))
	}
	file, shown := recorded(t, size, steps...)
	p, err := film.NewPlayer(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	last := time.Duration(-1)
	i := 0
	for {
		at, err := p.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if at < last {
			t.Errorf("the time runs backwards: %v after %v", at, last)
		}
		last = at
		for i < len(shown) && shown[i].Size == p.Canvas().Size && samePixels(p.Canvas(), withPointer(shown[i], i, cursor)) == 0 {
			i++
		}
	}
	if i < len(shown) {
		t.Errorf("picture %d of %d was never decoded exactly", i, len(shown))
	}
	s, err := film.Look(bytes.NewReader(file))
	if err != nil || s.Size != image.Pt(500, 300) || s.Length != last || s.Cut != nil || s.Updates < len(shown) {
		t.Errorf("%+v, %v", s, err)
	}
}

// withPointer returns a frame with the pointer where steps of TestPlayerIsExact show it.
func withPointer(f *screen.Frame, step int, c *screen.Cursor) *screen.Frame {
	at, ok := map[int]image.Point{5: {X: 20, Y: 20}, 6: {X: 330, Y: 205}}[step]
	if !ok {
		return f
	}
	out := screen.NewFrame(f.Size)
	copy(out.Pix, f.Pix)
	out.Fill(image.Rectangle{Max: c.Size}.Add(at.Sub(c.Hot)).Intersect(f.Bounds()), 30, 200, 10)
	return out
}

// psnr compares two pictures, in decibels.
func psnr(a image.Image, f *screen.Frame) float64 {
	sum := 0.0
	for y := range f.Size.Y {
		for x := range f.Size.X {
			r, g, b, _ := a.At(x, y).RGBA()
			p := f.Row(y, x, x+1)
			for i, v := range [3]uint32{b, g, r} {
				d := float64(v>>8) - float64(p[i])
				sum += d * d
			}
		}
	}
	return 10 * math.Log10(255*255/max(1e-9, sum/float64(3*f.Size.X*f.Size.Y)))
}

// aviFrames reads the pictures of an AVI file as a player does, by its chunks.
func aviFrames(t *testing.T, name string) (frames []image.Image) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(b[:4]) != "RIFF" || int(binary.LittleEndian.Uint32(b[4:])) != len(b)-8 || string(b[220:224]) != "movi" {
		t.Fatalf("not an AVI file: %q", b[:16])
	}
	movie := int(binary.LittleEndian.Uint32(b[216:])) - 4
	for rest := b[224 : 224+movie]; len(rest) > 0; {
		n := int(binary.LittleEndian.Uint32(rest[4:]))
		if string(rest[:4]) != "00dc" {
			t.Fatalf("chunk %q", rest[:4])
		}
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
	if got := int(binary.LittleEndian.Uint32(b[48:])); got != len(frames) {
		t.Errorf("the header says %d pictures, there are %d", got, len(frames))
	}
	return frames
}

func TestAVI(t *testing.T) {
	size := image.Pt(333, 211)
	file, shown := recorded(t, size, paint(page(size, 1, 0)), paint(page(size, 1, 30)), paint(page(size, 2, 0)))
	s, err := film.Look(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "film.avi")
	if err := film.Make(t.Context(), bytes.NewReader(file), s, film.NewAVI(s.Size, 10), name, 10, nil); err != nil {
		t.Fatal(err)
	}
	frames := aviFrames(t, name)
	for i, f := range shown {
		if at := min(10*i+8, len(frames)-1); psnr(frames[at], f) < 35 {
			t.Errorf("picture %d has %.1f dB", at, psnr(frames[at], f))
		}
	}
	if err := film.Make(t.Context(), bytes.NewReader(file), s, film.NewAVI(s.Size, 10), name, 10, nil); !errors.Is(err, os.ErrExist) {
		t.Errorf("a film was replaced: %v", err)
	}
	for _, ext := range []string{".avi", ".webm", ".mp4"} {
		decodeByFFmpeg(t, file, shown, s, ext)
	}
}

// needFFmpeg fails the test if ffmpeg is missing: `make needs-test` installs it.
func needFFmpeg(t *testing.T) {
	t.Helper()
	if !film.HasFFmpeg() {
		t.Fatal("this test needs ffmpeg: make needs-test")
	}
}

// decodeByFFmpeg compares a film with what was shown.
func decodeByFFmpeg(t *testing.T, file []byte, shown []*screen.Frame, s film.Survey, ext string) {
	t.Helper()
	needFFmpeg(t)
	name := filepath.Join(t.TempDir(), "film"+ext)
	var to film.Encoder = film.NewFFmpeg(s.Size, 10)
	if ext == ".avi" {
		to = film.NewAVI(s.Size, 10)
	}
	if err := film.Make(t.Context(), bytes.NewReader(file), s, to, name, 10, nil); err != nil {
		t.Fatal(ext, err)
	}
	raw, err := exec.Command("ffmpeg", "-loglevel", "error", "-i", name, "-f", "rawvideo", "-pix_fmt", "bgr0", "-").Output()
	if err != nil {
		t.Fatal(ext, err)
	}
	size := s.Size
	if ext == ".mp4" {
		size = image.Pt((size.X+1)/2*2, (size.Y+1)/2*2)
	}
	each := 4 * size.X * size.Y
	want := int((s.Length+time.Second)/(100*time.Millisecond)) + 1
	if n := len(raw) / each; n < want-2 || n > want+1 {
		t.Errorf("%s: ffmpeg decodes %d pictures, want %d", ext, n, want)
	}
	for i, f := range shown {
		at := min(10*i+8, len(raw)/each-1)
		frame := &film.Canvas{Frame: &screen.Frame{Pix: raw[at*each : (at+1)*each], Stride: 4 * size.X, Size: size}}
		got := psnr(frame, f)
		t.Logf("%s: picture %d has %.1f dB", ext, at, got)
		if limit := map[string]float64{".mp4": 25}[ext]; got < max(limit, 25) || ext != ".mp4" && got < 35 {
			t.Errorf("%s: picture %d has %.1f dB", ext, at, got)
		}
	}
}

// TestFFmpegFails checks that what ffmpeg says is in the error.
func TestFFmpegFails(t *testing.T) {
	needFFmpeg(t)
	size := image.Pt(64, 48)
	file, _ := recorded(t, size, paint(page(size, 1, 0)))
	s, _ := film.Look(bytes.NewReader(file))
	name := filepath.Join(t.TempDir(), "no", "folder.webm")
	err := film.Make(t.Context(), bytes.NewReader(file), s, film.NewFFmpeg(s.Size, 10), name, 10, nil)
	if err == nil || !strings.Contains(err.Error(), "No such file") {
		t.Errorf("%v", err)
	}
}

// TestCut checks that of a recording that ends early everything before is filmed.
func TestCut(t *testing.T) {
	size := image.Pt(120, 90)
	file, shown := recorded(t, size, paint(page(size, 1, 0)), paint(noise(size)))
	for _, n := range []int{len(file) - 1, len(file) - 5000} {
		s, err := film.Look(bytes.NewReader(file[:n]))
		if err != nil || !errors.Is(s.Cut, film.ErrCut) || s.Updates == 0 {
			t.Fatalf("%+v, %v", s, err)
		}
		name := filepath.Join(t.TempDir(), "film.avi")
		if err := film.Make(t.Context(), bytes.NewReader(file[:n]), s, film.NewAVI(s.Size, 10), name, 10, nil); err != nil {
			t.Fatal(err)
		}
		frames := aviFrames(t, name)
		if got := psnr(frames[len(frames)-1], shown[0]); got < 35 {
			t.Errorf("the last picture has %.1f dB", got)
		}
	}
}

// TestDamaged checks that no recording can make the player panic or use more than its limits.
func TestDamaged(t *testing.T) {
	size := image.Pt(40, 30)
	file, _ := recorded(t, size, paint(page(size, 1, 0)), paint(noise(size)), paint(page(size, 1, 7)))
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 500 {
		b := bytes.Clone(file)
		for range 1 + rnd.IntN(3) {
			b[rnd.IntN(len(b))] ^= 1 << rnd.IntN(8)
		}
		playAll(b)
	}
}

// playAll plays a recording to its end or its first error.
func playAll(file []byte) {
	if _, err := film.Look(bytes.NewReader(file)); err != nil {
		return
	}
	p, err := film.NewPlayer(bytes.NewReader(file))
	for err == nil {
		_, err = p.Next()
	}
}

// header is the begin of a recording with pictures of w by h pixels.
func header(w, h byte) []byte {
	return []byte("RFB 003.003\n\x00\x00\x00\x01\x00" + string(w) + "\x00" + string(h) +
		"\x20\x18\x00\x01\x00\xff\x00\xff\x00\xff\x10\x08\x00\x00\x00\x00\x00\x00\x00\x00")
}

func FuzzPlayer(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x01\x00\x00\x00\x00\x00\x02\x00\x01\x00\x00\x00\x00abcdefgh"))
	f.Add([]byte("\x00\x00\x00\x01\x00\x00\x00\x00\x00\x02\x00\x01\x00\x00\x00\x10\x00\x00\x00\x03abc"))
	f.Fuzz(func(t *testing.T, messages []byte) {
		file := fbs.AppendBlock([]byte(fbs.Version), append(header(20, 10), messages[:min(len(messages), 10_000)]...), 0)
		playAll(file)
	})
}

// TestFilmIsBounded checks that a recording of a few bytes that claims a late time makes no film of
// that length.
func TestFilmIsBounded(t *testing.T) {
	size := image.Pt(64, 48)
	file, _ := recorded(t, size, paint(page(size, 1, 0)))
	// The last update once more, at the last possible time.
	binary.BigEndian.PutUint32(file[len(file)-4:], 1<<32-1)
	s, err := film.Look(bytes.NewReader(file))
	if err != nil || s.Length != fbs.MaxTime {
		t.Fatalf("%+v, %v", s, err)
	}
	name := filepath.Join(t.TempDir(), "long.avi")
	if err := film.Make(t.Context(), bytes.NewReader(file), s, film.NewAVI(s.Size, 60), name, 60, nil); !errors.Is(err, film.ErrLength) {
		t.Errorf("%v", err)
	}
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file was made: %v", err)
	}
}
