package main

import "image"

// A mark is a frame's number as black and white cells, with a checksum. Because of the
// checksum, a mark that is half old and half new is not read as a number.
const (
	markCell  = 8
	markBits  = 16
	markCheck = 8
	markAcross,
	markDown = 12, (markBits + markCheck) / 12
)

var markSize = image.Pt(markAcross*markCell, markDown*markCell)

func markCode(n int) uint32 {
	v := uint32(n) & (1<<markBits - 1)
	return v<<markCheck | (v*2654435761>>24)&(1<<markCheck-1)
}

// whiteCells returns the white cells of n's mark at p.
func whiteCells(n int, p image.Point) (cells []image.Rectangle) {
	code := markCode(n)
	for i := range markBits + markCheck {
		if code>>i&1 != 0 {
			at := p.Add(image.Pt(i%markAcross, i/markAcross).Mul(markCell))
			cells = append(cells, image.Rectangle{Min: at, Max: at.Add(image.Pt(markCell, markCell))})
		}
	}
	return cells
}

// readMark returns the number of the mark at p, or -1 if there is none.
func readMark(m *image.RGBA, p image.Point) int {
	if !(image.Rectangle{Min: p, Max: p.Add(markSize)}).In(m.Rect) {
		return -1
	}
	var code uint32
	for i := range markBits + markCheck {
		at := p.Add(image.Pt(i%markAcross, i/markAcross).Mul(markCell)).Add(image.Pt(markCell/2, markCell/2))
		pix := m.Pix[m.PixOffset(at.X, at.Y):]
		if int(pix[0])+int(pix[1])+int(pix[2]) > 3*128 {
			code |= 1 << i
		}
	}
	n := int(code >> markCheck)
	if markCode(n) != code {
		return -1
	}
	return n
}
