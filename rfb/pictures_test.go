package rfb_test

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"

	"lotse/screen"
)

// Frames to encode, drawn by code so that every run uses the same.

// paint makes a frame from a function of the coordinates. It sets the unused byte, which no encoder
// may use.
func paint(size image.Point, at func(x, y int) color.RGBA) *screen.Frame {
	f := screen.NewFrame(size)
	for y := range size.Y {
		row := f.Row(y, 0, size.X)
		for x := range size.X {
			c := at(x, y)
			row[4*x], row[4*x+1], row[4*x+2], row[4*x+3] = c.B, c.G, c.R, byte(x^y)
		}
	}
	return f
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

func flat(c color.RGBA) func(x, y int) color.RGBA {
	return func(int, int) color.RGBA { return c }
}

func gradient(size image.Point) func(x, y int) color.RGBA {
	return func(x, y int) color.RGBA {
		return color.RGBA{byte(x * 255 / max(1, size.X-1)), byte(y * 255 / max(1, size.Y-1)), byte((x + y) * 255 / max(1, size.X+size.Y-2)), 255}
	}
}

func noise(seed uint64) func(x, y int) color.RGBA {
	r := random(seed)
	return func(int, int) color.RGBA {
		v := r.Uint32()
		return color.RGBA{byte(v), byte(v >> 8), byte(v >> 16), 255}
	}
}

// photo is smooth shapes with a little noise, like a photograph.
func photo(seed uint64) func(x, y int) color.RGBA {
	r := random(seed)
	wave := func(x, y int, a, b, c float64) float64 {
		return math.Sin(float64(x)*a+c) + math.Cos(float64(y)*b-c) + math.Sin(float64(x+y)*a*b*8)
	}
	return func(x, y int) color.RGBA {
		grain := r.Float64()*4 - 2
		v := wave(x, y, 0.011, 0.017, 1)
		w := wave(x, y, 0.023, 0.007, 2)
		clip := func(f float64) byte { return byte(max(0, min(255, f+grain))) }
		return color.RGBA{clip(128 + 40*v), clip(120 + 25*v + 20*w), clip(110 + 35*w), 255}
	}
}

// text is lines of made-up letters, black on white, with some words in blue.
func text(seed uint64) func(x, y int) color.RGBA {
	r := random(seed)
	var glyphs [64][9]byte
	for i := range glyphs {
		for j := 1; j < 8; j++ {
			glyphs[i][j] = byte(r.UintN(64)) & byte(r.UintN(64)|0x21) << 1
		}
	}
	type cell struct{ col, line int }
	letters := map[cell]int{}
	letter := func(c cell) int {
		n, ok := letters[c]
		if !ok {
			if n = int(r.UintN(80)); c.col > 20+int(uint(c.line*37)%120) {
				n = 64 // after the end of the line
			}
			letters[c] = n
		}
		return n
	}
	return func(x, y int) color.RGBA {
		c := cell{x / 8, y / 14}
		n := letter(c)
		if n < 64 && y%14 < 9 && glyphs[n][y%14]>>(7-x%8)&1 != 0 {
			if uint(c.col/9+c.line)%7 == 0 {
				return color.RGBA{0, 0, 0xcc, 255}
			}
			return color.RGBA{0, 0, 0, 255}
		}
		return color.RGBA{255, 255, 255, 255}
	}
}

// page looks like a web page: text, bars, boxes, a gradient and a photograph.
func page(seed uint64, size image.Point) func(x, y int) color.RGBA {
	words, picture := text(seed), photo(seed)
	return func(x, y int) color.RGBA {
		switch {
		case y < size.Y/16:
			return color.RGBA{byte(40 + y), 60, 120, 255}
		case x < size.X/8:
			if y/24%2 == 0 {
				return color.RGBA{238, 238, 240, 255}
			}
			return color.RGBA{228, 230, 236, 255}
		case x > size.X*5/8 && x < size.X*15/16 && y > size.Y/4 && y < size.Y*3/4:
			return picture(x, y)
		}
		return words(x, y)
	}
}

func checkerboard(side int) func(x, y int) color.RGBA {
	return func(x, y int) color.RGBA {
		if (x/side+y/side)%2 == 0 {
			return color.RGBA{10, 200, 30, 255}
		}
		return color.RGBA{200, 10, 130, 255}
	}
}

// lines is one-pixel lines: horizontal, vertical and diagonal.
func lines(x, y int) color.RGBA {
	switch {
	case x%7 == 0:
		return color.RGBA{255, 0, 0, 255}
	case y%11 == 0:
		return color.RGBA{0, 255, 0, 255}
	case (x+y)%13 == 0:
		return color.RGBA{0, 0, 255, 255}
	}
	return color.RGBA{250, 250, 250, 255}
}

// colours uses exactly n colours, in runs of the given length spread over the frame.
func colours(n, run int) func(x, y int) color.RGBA {
	i := -1
	r := random(uint64(n))
	return func(int, int) color.RGBA {
		i++
		k := i / run
		if k >= n { // each was used once: now in any order
			k = int(uint(k*7919)+uint(r.UintN(2))) % n
		}
		return color.RGBA{byte(k * 101), byte(k), byte(k >> 8 * 77), 255}
	}
}

type picture struct {
	name  string
	frame *screen.Frame
}

// pictures returns all kinds of content in all kinds of sizes.
func pictures() []picture {
	var list []picture
	add := func(name string, w, h int, at func(x, y int) color.RGBA) {
		list = append(list, picture{name, paint(image.Pt(w, h), at)})
	}
	size := image.Pt(160, 100)
	add("text", 160, 100, text(1))
	add("page", 160, 100, page(2, size))
	add("photo", 160, 100, photo(3))
	add("gradient", 160, 100, gradient(size))
	add("noise", 130, 70, noise(4))
	add("flat", 160, 100, flat(color.RGBA{12, 34, 56, 255}))
	add("checkerboard 1", 66, 66, checkerboard(1))
	add("checkerboard 16", 100, 66, checkerboard(16))
	add("lines", 129, 67, lines)
	for _, n := range []int{2, 3, 4, 5, 16, 17, 127, 128, 255, 256, 257} {
		add("colours, single", 64, 64, colours(n, 1))
		add("colours, runs", 64, 64, colours(n, 9))
	}
	add("colours, long runs", 64, 64, colours(6, 256))
	add("colours, longer runs", 64, 64, colours(3, 511))
	for _, s := range []image.Point{{1, 1}, {2, 1}, {1, 3}, {3, 3}, {17, 65}, {65, 17}, {15, 15}, {16, 16}, {17, 17}, {63, 63}, {64, 64}, {65, 65}, {128, 128}, {129, 129}} {
		add("odd noise", s.X, s.Y, noise(5))
		add("odd text", s.X, s.Y, text(6))
		add("odd mono", s.X, s.Y, checkerboard(3))
	}
	add("wide text", 2049, 17, text(7))
	add("wide noise", 2049, 3, noise(8))
	add("high", 3, 2049, text(9))
	return list
}
