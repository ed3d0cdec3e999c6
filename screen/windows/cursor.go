//go:build windows

package windows

import (
	"image"
	"unsafe"

	"lotse/screen"
)

// pointerNow returns the pointer's position, in the system's coordinates, and the handle of its
// shape; 0: none is shown.
func pointerNow() (at image.Point, shape uintptr, ok bool) {
	info := struct {
		size, flags uint32
		cursor      uintptr
		at          pointAPI
	}{}
	info.size = uint32(unsafe.Sizeof(info))
	if call(procGetCursorInfo, uintptr(unsafe.Pointer(&info))) == 0 {
		return at, 0, false
	}
	const showing = 1
	if info.flags&showing != 0 {
		shape = info.cursor
	}
	return image.Pt(int(info.at.X), int(info.at.Y)), shape, true
}

// readShape reads a shape; it returns nil if that fails.
func readShape(handle uintptr) *screen.Cursor {
	// A copy of our own stays valid while it is read.
	own := call(procCopyIcon, handle)
	if own == 0 {
		return nil
	}
	defer call(procDestroyIcon, own)
	var info struct {
		icon         int32
		hotX, hotY   uint32
		mask, colour uintptr
	}
	if call(procGetIconInfo, own, uintptr(unsafe.Pointer(&info))) == 0 {
		return nil
	}
	defer call(procDeleteObject, info.mask)
	maskSize, mask := readBitmap(info.mask)
	hot := image.Pt(int(info.hotX), int(info.hotY))
	if info.colour == 0 {
		return monochromeShape(image.Pt(maskSize.X, maskSize.Y/2), hot, mask)
	}
	defer call(procDeleteObject, info.colour)
	size, colours := readBitmap(info.colour)
	if maskSize != size {
		mask = nil
	}
	return colourShape(size, hot, colours, mask)
}

// bitmapHeader is BITMAPINFOHEADER, with space for the colours that some calls write after it.
type bitmapHeader struct {
	Size          uint32
	Width, Height int32
	Planes, Bits  uint16
	Compression   uint32
	SizeImage     uint32
	X, Y          int32
	Used, Needed  uint32
	_             [256]uint32
}

// topDown describes images with screen.Frame's pixel format.
func topDown(size image.Point) *bitmapHeader {
	return &bitmapHeader{Size: 40, Width: int32(size.X), Height: -int32(size.Y), Planes: 1, Bits: 32}
}

// readBitmap reads a bitmap with 4 bytes per pixel.
func readBitmap(handle uintptr) (size image.Point, pix []byte) {
	var b struct {
		kind, width, height, stride int32
		planes, bits                uint16
		data                        uintptr
	}
	if call(procGetObject, handle, unsafe.Sizeof(b), uintptr(unsafe.Pointer(&b))) == 0 ||
		b.width <= 0 || b.height <= 0 || b.width > screen.MaxCursorSide || b.height > 2*screen.MaxCursorSide {
		return size, nil
	}
	size = image.Pt(int(b.width), int(b.height))
	dc := call(procGetDC, 0)
	defer call(procReleaseDC, 0, dc)
	pix = make([]byte, size.X*size.Y*4)
	if call(procGetDIBits, dc, handle, 0, uintptr(size.Y), uintptr(unsafe.Pointer(&pix[0])), uintptr(unsafe.Pointer(topDown(size))), 0) == 0 {
		return size, nil
	}
	return size, pix
}

// shapeReader reads a shape of the pointer once and keeps it until the shape changes.
type shapeReader struct {
	shape  uintptr // of cursor
	cursor *screen.Cursor
}

// cursorOf returns the image of a shape; nil for shape 0, which shows nothing.
func (s *shapeReader) cursorOf(shape uintptr) *screen.Cursor {
	if shape == s.shape && s.cursor != nil {
		return s.cursor
	}
	s.shape, s.cursor = shape, nil
	if shape != 0 {
		if s.cursor = readShape(shape); s.cursor == nil {
			s.cursor = screen.Arrow
		}
	}
	return s.cursor
}
