package film

import (
	"encoding/binary"
	"errors"
	"image"
	"io"
	"os"

	"lotse/rfb/jpeg"
)

// AVI makes a film with one JPEG for each picture that differs from the one before. The container
// is the one of AVIMAINHEADER and "OpenDML"-free AVI 1.0, whose files have at most 4 GiB.
type AVI struct {
	sticky
	fps  int
	size image.Point

	file   *os.File
	jpeg   jpeg.Encoder
	index  []byte
	frames uint32
	movie  uint32 // bytes after the four letters "movi"
	most   uint32 // bytes of the largest frame
}

// aviLimit is the maximum length of the frames and the index in bytes. The headers need room, too.
const aviLimit = 1<<32 - 1<<20

// aviQuality is the level of rfb/jpeg: text keeps its colours.
const aviQuality = 9

// ErrTooLong means that an AVI file cannot be larger.
var ErrTooLong = errors.New("film: an AVI file has at most 4 GiB; make a WebM or MP4 film, or one with fewer pictures a second")

// NewAVI makes a film of pictures of this size, and fps of them a second.
func NewAVI(size image.Point, fps int) *AVI { return &AVI{size: size, fps: fps} }

var _ Encoder = (*AVI)(nil)

// aviHeader is the length of everything before the first frame.
const aviHeader = 224

// Init creates the file, which must not exist.
func (a *AVI) Init(name string) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if a.note(err) {
		return
	}
	a.file = file
	_, err = file.Write(make([]byte, aviHeader))
	a.note(err)
}

// Run does nothing: Encode writes.
func (a *AVI) Run() {}

// Encode adds a picture, which must be a *Canvas; nil: the same one as before.
func (a *AVI) Encode(img image.Image) {
	var picture []byte
	if img != nil {
		c := img.(*Canvas)
		picture = a.jpeg.Encode(c.Frame, c.Bounds(), aviQuality)
	}
	switch {
	case a.err != nil:
		return
	case uint64(a.movie)+uint64(len(picture))+uint64(len(a.index)) > aviLimit:
		a.note(ErrTooLong)
		return
	}
	// An empty chunk repeats the frame before.
	n := uint32(len(picture))
	chunk := binary.LittleEndian.AppendUint32([]byte("00dc"), n)
	chunk = append(chunk, picture...)
	if n%2 == 1 {
		chunk = append(chunk, 0)
	}
	_, err := a.file.Write(chunk)
	a.note(err)
	key := uint32(0)
	if n > 0 {
		key = 0x10 // AVIIF_KEYFRAME
	}
	a.index = append(a.index, "00dc"...)
	for _, v := range [...]uint32{key, a.movie + 4, n} {
		a.index = binary.LittleEndian.AppendUint32(a.index, v)
	}
	a.movie += uint32(len(chunk))
	a.most = max(a.most, n)
	a.frames++
}

// Close writes the index and the header.
func (a *AVI) Close() {
	if a.file == nil {
		return
	}
	if a.err == nil {
		a.note(a.finish())
	}
	a.note(a.file.Close())
}

func (a *AVI) finish() error {
	tail := binary.LittleEndian.AppendUint32([]byte("idx1"), uint32(len(a.index)))
	if _, err := a.file.Write(append(tail, a.index...)); err != nil {
		return err
	}
	if _, err := a.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := a.file.Write(a.header())
	return err
}

// header returns everything before the first frame.
func (a *AVI) header() []byte {
	b := make([]byte, 0, aviHeader)
	four := func(s string) { b = append(b, s...) }
	numbers := func(list ...uint32) {
		for _, v := range list {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
	}
	w, h, fps := uint32(a.size.X), uint32(a.size.Y), uint32(a.fps)
	four("RIFF")
	numbers(aviHeader - 8 + a.movie + 8 + uint32(len(a.index)))
	four("AVI LIST")
	numbers(192)
	four("hdrlavih")
	// Microseconds of a frame, bytes a second, padding, flags (has an index), frames, initial
	// frames, streams, buffer, size, reserved.
	numbers(56, 1_000_000/fps, a.most*fps, 0, 0x10, a.frames, 0, 1, a.most, w, h, 0, 0, 0, 0)
	four("LIST")
	numbers(116)
	four("strlstrh")
	numbers(56)
	four("vidsMJPG")
	// Flags, priority and language, initial frames, scale, rate, start, length, buffer, quality,
	// sample size.
	numbers(0, 0, 0, 1, fps, 0, a.frames, a.most, 0xffffffff, 0)
	b = append(b, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(w))
	b = binary.LittleEndian.AppendUint16(b, uint16(h))
	four("strf")
	numbers(40, 40, w, h, 1|24<<16) // BITMAPINFOHEADER
	four("MJPG")
	numbers(w*h*3, 0, 0, 0, 0)
	four("LIST")
	numbers(a.movie + 4)
	four("movi")
	return b
}

// sticky keeps the first error.
type sticky struct{ err error }

// note keeps err and reports whether there is an error.
func (s *sticky) note(err error) bool {
	if s.err == nil {
		s.err = err
	}
	return s.err != nil
}

// Err returns the first error.
func (s *sticky) Err() error { return s.err }
