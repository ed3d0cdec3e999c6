//go:build linux

package x11

import (
	"encoding/binary"
	"image"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
	"lotse/screen/program"
)

// Limits of what is read about a window's icons, because any program writes that, and it may be
// megabytes.
const (
	maxIconSizes   = 16  // examined
	maxIconSide    = 256 // of the one that is read
	maxIconWindows = 3   // per program
)

// icon returns the icon of the first of a program's windows that has one.
func (a *apps) icon(windows []xproto.Window) []byte {
	for _, w := range windows[:min(len(windows), maxIconWindows)] {
		shape := readNetIcon(func(offset, n uint32) []byte {
			r, err := xproto.GetProperty(a.l.Conn, false, w, a.netIcon, xproto.AtomCardinal, offset, n).Reply()
			if err != nil || r.Format != 32 {
				return nil
			}
			return r.Value
		})
		if png := program.PNG(shape); png != nil {
			return png
		}
	}
	return nil
}

// readNetIcon reads, from _NET_WM_ICON (Extended Window Manager Hints 1.5), the size nearest to an
// icon's. The property has width, height and rows of 0xAARRGGBB, one size after another. read
// returns at most n numbers of the property from offset on, four bytes each. nil: there is no
// usable icon.
func readNetIcon(read func(offset, n uint32) []byte) *screen.Cursor {
	var best image.Point
	var at, offset uint32
	for range maxIconSizes {
		head := read(offset, 2)
		if len(head) < 8 {
			break
		}
		w, h := binary.LittleEndian.Uint32(head), binary.LittleEndian.Uint32(head[4:])
		offset += 2
		if w == 0 || h == 0 || w > 1<<12 || h > 1<<12 {
			break // not a plausible size: what follows cannot be found
		}
		if size := image.Pt(int(w), int(h)); w <= maxIconSide && h <= maxIconSide && nearerIcon(size, best) {
			best, at = size, offset
		}
		if offset += w * h; offset > 1<<28 {
			break
		}
	}
	n := best.X * best.Y
	if n == 0 {
		return nil
	}
	pix := read(at, uint32(n))
	if len(pix) < n*4 {
		return nil
	}
	c := screen.NewCursor(best, image.Point{})
	for i := 0; i < n*4; i += 4 {
		alpha := uint32(pix[i+3])
		for k := range 3 {
			c.Pix[i+k] = byte((uint32(pix[i+k])*alpha + 127) / 255)
		}
		c.Pix[i+3] = byte(alpha)
	}
	return c
}

// nearerIcon reports whether size a is better for an icon than b: the smallest that need not be
// enlarged, else the largest.
func nearerIcon(a, b image.Point) bool {
	x, y := min(a.X, a.Y), min(b.X, b.Y)
	if x >= screen.IconSide && y >= screen.IconSide {
		return x < y
	}
	return x > y
}
