package screen

import (
	"image"
)

// Arrow is shown if the pointer's shape cannot be read: the X server does not keep a shape after
// its creator has disconnected, and an advisor in control must see where the pointer is. "#" is
// black, "o" white, the rest transparent; the tip is the hot spot.
var Arrow = drawArrow([]string{
	"#           ",
	"##          ",
	"#o#         ",
	"#oo#        ",
	"#ooo#       ",
	"#oooo#      ",
	"#ooooo#     ",
	"#oooooo#    ",
	"#ooooooo#   ",
	"#oooooooo#  ",
	"#ooooo##### ",
	"#oo#oo#     ",
	"#o# #oo#    ",
	"##  #oo#    ",
	"#    ##     ",
})

func drawArrow(rows []string) *Cursor {
	size := image.Pt(len(rows[0]), len(rows))
	c := &Cursor{Pix: make([]byte, size.X*size.Y*4), Size: size}
	for y, row := range rows {
		for x := range size.X {
			p := c.Pix[(y*size.X+x)*4:]
			switch row[x] {
			case '#':
				p[3] = 0xff
			case 'o':
				p[0], p[1], p[2], p[3] = 0xff, 0xff, 0xff, 0xff
			}
		}
	}
	return c
}
