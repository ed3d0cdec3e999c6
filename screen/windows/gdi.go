//go:build windows

package windows

import (
	"unsafe"

	"bytes"
	"fmt"
	"image"

	"lotse/screen"
)

// gdiSource captures the display by BitBlt, which every Windows has. It always copies the whole
// display and finds what changed by comparison with the previous frame.
type gdiSource struct {
	all     image.Rectangle
	dc, bmp uintptr
	old     uintptr
	bits    *screen.Frame // the bitmap's memory
}

// bandRows is the number of rows that are compared at a time.
const bandRows = 16

func openGDI(all image.Rectangle) (_ *gdiSource, err error) {
	g := &gdiSource{all: all}
	from, err := truth(procGetDC, 0)
	if err != nil {
		return nil, err
	}
	defer call(procReleaseDC, 0, from)
	if g.dc, err = truth(procCreateCompatibleDC, from); err != nil {
		return nil, err
	}
	var bits uintptr
	if g.bmp, err = truth(procCreateDIBSection, g.dc, uintptr(unsafe.Pointer(topDown(all.Size()))), 0, uintptr(unsafe.Pointer(&bits)), 0, 0); err != nil {
		call(procDeleteDC, g.dc)
		return nil, err
	}
	g.old = call(procSelectObject, g.dc, g.bmp)
	size := all.Size()
	g.bits = &screen.Frame{Pix: bytesAt(bits, size.X*size.Y*4), Stride: size.X * 4, Size: size}
	return g, nil
}

// shoot fills bits with the present content of the display.
func (g *gdiSource) shoot() error {
	const srcCopy, captureBlt = 0x00cc0020, 0x40000000 // includes layered windows
	from, err := truth(procGetDC, 0)
	if err != nil {
		return err
	}
	defer call(procReleaseDC, 0, from)
	size := g.all.Size()
	_, err = truth(procBitBlt, g.dc, 0, 0, uintptr(size.X), uintptr(size.Y), from,
		uintptr(g.all.Min.X), uintptr(g.all.Min.Y), srcCopy|captureBlt)
	if err != nil {
		return err
	}
	call(procGdiFlush)
	return nil
}

// grab implements source.
func (g *gdiSource) grab(f *screen.Frame, hide func(*screen.Frame)) (changed screen.Region, _ []image.Point, _ error) {
	if f.Size != g.all.Size() {
		return changed, nil, fmt.Errorf("windows: picture of %v for a display of %v", f.Size, g.all.Size())
	}
	if err := g.shoot(); err != nil {
		return changed, nil, err
	}
	if hide != nil {
		hide(g.bits)
	}
	for y := 0; y < f.Size.Y; y += bandRows {
		end := min(y+bandRows, f.Size.Y)
		in, out := g.bits.Pix[y*g.bits.Stride:end*g.bits.Stride], f.Pix[y*f.Stride:end*f.Stride]
		if !bytes.Equal(in, out) {
			copy(out, in)
			changed.Add(image.Rect(0, y, f.Size.X, end))
		}
	}
	return changed, nil, nil
}

// told implements source: GDI does not report when something was drawn.
func (g *gdiSource) told() bool { return false }

// close implements source.
func (g *gdiSource) close() {
	call(procSelectObject, g.dc, g.old)
	call(procDeleteObject, g.bmp)
	call(procDeleteDC, g.dc)
	g.bits = nil
}
