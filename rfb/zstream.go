package rfb

import (
	"github.com/klauspost/compress/zlib"
)

// zstream is one of a viewer's zlib streams. It lasts as long as the viewer, and each call ends at
// a byte boundary up to which the viewer can decode.
type zstream struct {
	w     *zlib.Writer
	sink  appendWriter
	level int // 0: zlibLevel; must not change later
}

// appendWriter appends what is written to b.
type appendWriter struct{ b []byte }

func (a *appendWriter) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}

// Level 1 takes half the time of level 6 and at most a few per cent more space on screen contents;
// see rfb's benchmarks. For strips of text level 6 is worth its time. The residuals of a filtered
// photograph have no repetitions: for them Huffman codes alone compress best and fastest.
const (
	zlibLevel      = 1
	zlibFineLevel  = 6
	zlibCodesLevel = zlib.HuffmanOnly
)

// append compresses data and appends the result to b.
func (z *zstream) append(b, data []byte) ([]byte, error) {
	z.sink.b = b
	if z.w == nil {
		level := z.level
		if level == 0 {
			level = zlibLevel
		}
		w, err := zlib.NewWriterLevel(&z.sink, level)
		if err != nil {
			return b, err
		}
		z.w = w
	}
	if _, err := z.w.Write(data); err != nil {
		return b, err
	}
	err := z.w.Flush()
	b = z.sink.b
	z.sink.b = nil
	return b, err
}
