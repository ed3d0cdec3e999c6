package rfb

import (
	"bytes"
	"encoding/binary"
	"image"
	"testing"
)

// rfbproto, "LastRect": the count 65535 means that a marker ends the update.
func TestLastRectWhereTheCountDoesNotFit(t *testing.T) {
	header := []byte{msgFramebufferUpdate, 0, 0, 0}
	for name, test := range map[string]struct {
		rects  int
		marker bool
	}{"few": {3, false}, "as many as fit": {maxRects - 1, false}, "too many": {maxRects + 5, true}} {
		u := &update{b: bytes.Clone(header), rects: test.rects, j: &job{caps: capabilities{lastRect: true}}}
		b := u.finish()
		count := int(binary.BigEndian.Uint16(b[2:]))
		want := header[:4:4]
		if test.marker {
			want = appendRectHeader(want, image.Rectangle{}, pseudoLastRect)
		}
		if count != min(test.rects, maxRects) || !bytes.Equal(b[4:], want[4:]) {
			t.Errorf("%s: count %d, then % x", name, count, b[4:])
		}
	}
}
