package rfb

import (
	"encoding/binary"
	"image"

	"lotse/screen"
)

// maxCursorSide is the maximum side of a pointer shape in pixels; larger shapes are cut.
const maxCursorSide = 256

// appendCursor appends the pointer's shape in the best pseudo-encoding that the viewer supports.
// nil is an empty shape.
func appendCursor(b []byte, caps *capabilities, conv *converter, c *screen.Cursor) []byte {
	if c == nil {
		c = &screen.Cursor{}
	}
	if c.Size.X > maxCursorSide || c.Size.Y > maxCursorSide {
		c = cutCursor(c, image.Pt(min(c.Size.X, maxCursorSide), min(c.Size.Y, maxCursorSide)))
	}
	r := image.Rectangle{Min: c.Hot, Max: c.Hot.Add(c.Size)}
	switch {
	case caps.cursorAlpha:
		// rfbproto, "Cursor With Alpha": an encoding, then premultiplied RGBA.
		b = appendRectHeader(b, r, pseudoCursorAlpha)
		b = binary.BigEndian.AppendUint32(b, encRaw)
		for i := 0; i < len(c.Pix); i += 4 {
			b = append(b, c.Pix[i+2], c.Pix[i+1], c.Pix[i], c.Pix[i+3])
		}
	case caps.vmwareCursor:
		// rfbproto, "VMware Cursor": type 1, padding, straight RGBA.
		b = appendRectHeader(b, r, pseudoVMwareCursor)
		b = append(b, 1, 0)
		for i := 0; i < len(c.Pix); i += 4 {
			p := c.Pix[i : i+4]
			b = append(b, straight(p[2], p[3]), straight(p[1], p[3]), straight(p[0], p[3]), p[3])
		}
	default:
		b = appendPlainCursor(appendRectHeader(b, r, pseudoCursor), conv, c)
	}
	return b
}

// appendPlainCursor implements RFC 6143, section 7.8.1: pixels, then a bit mask whose rows are
// padded to bytes.
func appendPlainCursor(b []byte, conv *converter, c *screen.Cursor) []byte {
	for i := 0; i < len(c.Pix); i += 4 {
		p := c.Pix[i : i+4]
		b = conv.appendPixels(b, []uint32{conv.word(straight(p[2], p[3]), straight(p[1], p[3]), straight(p[0], p[3]))})
	}
	for y := range c.Size.Y {
		var acc byte
		bit := byte(0x80)
		for x := range c.Size.X {
			if c.Pix[(y*c.Size.X+x)*4+3] >= 0x80 {
				acc |= bit
			}
			if bit >>= 1; bit == 0 {
				b = append(b, acc)
				acc, bit = 0, 0x80
			}
		}
		if bit != 0x80 {
			b = append(b, acc)
		}
	}
	return b
}

// straight reverts the premultiplication of a colour.
func straight(v, alpha byte) byte {
	if alpha == 0 {
		return 0
	}
	return byte(min(255, (int(v)*255+int(alpha)/2)/int(alpha)))
}

func cutCursor(c *screen.Cursor, size image.Point) *screen.Cursor {
	out := &screen.Cursor{Size: size, Hot: image.Pt(min(c.Hot.X, size.X-1), min(c.Hot.Y, size.Y-1))}
	for y := range size.Y {
		row := c.Pix[y*c.Size.X*4:]
		out.Pix = append(out.Pix, row[:size.X*4]...)
	}
	return out
}

// cursorArea returns the part of the framebuffer that the shape covers.
func cursorArea(c *screen.Cursor, pointer image.Point) image.Rectangle {
	if c == nil {
		return image.Rectangle{}
	}
	at := pointer.Sub(c.Hot)
	return image.Rectangle{Min: at, Max: at.Add(c.Size)}
}

// drawCursor blends the shape into f, whose top left pixel is at origin in the framebuffer.
func drawCursor(f *screen.Frame, origin image.Point, c *screen.Cursor, pointer image.Point) {
	area := cursorArea(c, pointer)
	visible := area.Sub(origin).Intersect(f.Bounds())
	for y := visible.Min.Y; y < visible.Max.Y; y++ {
		row := f.Row(y, visible.Min.X, visible.Max.X)
		o := ((y+origin.Y-area.Min.Y)*c.Size.X + visible.Min.X + origin.X - area.Min.X) * 4
		for i := 0; i < len(row); i += 4 {
			p := c.Pix[o+i : o+i+4 : o+i+4]
			rest := 255 - int(p[3])
			for k := range 3 {
				row[i+k] = byte(min(255, int(p[k])+(int(row[i+k])*rest+127)/255))
			}
		}
	}
}
