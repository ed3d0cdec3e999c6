package film

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// FFmpeg makes a WebM or MP4 film with the program ffmpeg, which gets the pictures over a pipe.
type FFmpeg struct {
	sticky
	size    image.Point
	fps     int
	command *exec.Cmd
	to      io.WriteCloser
	said    lastBytes
	last    *Canvas
}

// NewFFmpeg makes a film of pictures of this size, and fps of them a second.
func NewFFmpeg(size image.Point, fps int) *FFmpeg { return &FFmpeg{size: size, fps: fps} }

var _ Encoder = (*FFmpeg)(nil)

// HasFFmpeg reports whether the program ffmpeg is installed.
func HasFFmpeg() bool {
	_, err := exec.LookPath("ffmpeg")
	return err == nil
}

// arguments returns ffmpeg's arguments for a film. Text stays readable: WebM keeps all colours, and
// MP4 is what every player can show, with a quarter of the colours.
func (f *FFmpeg) arguments(name string) []string {
	rate := strconv.Itoa(f.fps)
	args := []string{
		"-hide_banner", "-loglevel", "error", "-nostdin", "-n",
		"-f", "rawvideo", "-pix_fmt", "bgr0", "-s", fmt.Sprintf("%dx%d", f.size.X, f.size.Y), "-r", rate, "-i", "pipe:0",
	}
	if strings.EqualFold(filepath.Ext(name), ".mp4") {
		args = append(args, "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-c:v", "libx264", "-preset", "fast", "-tune", "stillimage",
			"-crf", "18", "-pix_fmt", "yuv420p", "-movflags", "+faststart", "-f", "mp4")
	} else {
		args = append(args, "-c:v", "libvpx-vp9", "-crf", "23", "-b:v", "0", "-pix_fmt", "yuv444p", "-row-mt", "1",
			"-deadline", "realtime", "-cpu-used", "6", "-tune-content", "screen", "-g", strconv.Itoa(30*f.fps), "-f", "webm")
	}
	return append(args, "-r", rate, "file:"+name)
}

// Init starts ffmpeg. The file must not exist.
func (f *FFmpeg) Init(name string) {
	if _, err := os.Lstat(name); err == nil {
		f.note(fmt.Errorf("film: %w: %s", os.ErrExist, name))
		return
	}
	f.command = exec.Command("ffmpeg", f.arguments(name)...)
	f.command.Stderr = &f.said
	to, err := f.command.StdinPipe()
	if f.note(err) {
		return
	}
	if f.note(f.command.Start()) {
		f.command = nil
		return
	}
	f.to = to
}

// Run does nothing: ffmpeg runs on its own.
func (f *FFmpeg) Run() {}

// Encode adds a picture, which must be a *Canvas and stay the same until the next one; nil: the
// same one as before.
func (f *FFmpeg) Encode(img image.Image) {
	if img != nil {
		f.last = img.(*Canvas)
	}
	if f.err == nil {
		_, err := f.to.Write(f.last.Pix)
		f.note(err)
	}
}

// Close waits until the film is complete. If ffmpeg has failed, the error has what it said.
func (f *FFmpeg) Close() {
	if f.command == nil {
		return
	}
	f.note(f.to.Close())
	if err := f.command.Wait(); err != nil {
		f.err = fmt.Errorf("film: ffmpeg: %w: %s", err, bytes.TrimSpace(f.said.b))
		if len(f.said.b) == 0 {
			f.err = errors.Join(f.err)
		}
	}
	f.command = nil
}

// lastBytes keeps the last bytes that were written.
type lastBytes struct{ b []byte }

// Write implements io.Writer.
func (l *lastBytes) Write(b []byte) (int, error) {
	const most = 2 << 10
	l.b = append(l.b, b...)
	if n := len(l.b) - most; n > 0 {
		l.b = append(l.b[:0], l.b[n:]...)
	}
	return len(b), nil
}
