package screen

import (
	"image"
	"math/rand/v2"
	"slices"
	"testing"
)

// textLike fills r with rows that look like lines of text: unique, with blank rows in between.
func textLike(f *Frame, r image.Rectangle, rnd *rand.Rand) {
	f.Fill(r, 255, 255, 255)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		if y%14 > 9 {
			continue
		}
		for x := r.Min.X; x < r.Max.X; x++ {
			if rnd.IntN(4) == 0 {
				f.Fill(image.Rect(x, y, x+1, y+1), 0, 0, byte(rnd.IntN(256)))
			}
		}
	}
}

func cloneFrame(f *Frame) *Frame {
	c := NewFrame(f.Size)
	c.CopyRect(f, f.Bounds())
	return c
}

// scroll moves r's content in f by dy and fills the part that comes in.
func scroll(f *Frame, r image.Rectangle, dy int, rnd *rand.Rand) {
	old := cloneFrame(f)
	textLike(f, r, rnd)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		if from := y - dy; from >= r.Min.Y && from < r.Max.Y {
			copy(f.Row(y, r.Min.X, r.Max.X), old.Row(from, r.Min.X, r.Max.X))
		}
	}
}

// asViewer applies a change to a viewer's frame.
func asViewer(have *Frame, c Change, now *Frame) {
	for _, m := range c.Moves {
		have.move(m)
	}
	for _, r := range c.Region.Rects() {
		have.CopyRect(now, r)
	}
}

func equalFrames(a, b *Frame) bool {
	for y := range a.Size.Y {
		if string(a.Row(y, 0, a.Size.X)) != string(b.Row(y, 0, b.Size.X)) {
			return false
		}
	}
	return true
}

func apply(b *Framebuffer, f *Frame) Change {
	return b.Apply(Update{Frame: f, Damage: RegionOf(f.Bounds()), Monitors: []Monitor{{ID: 1, Rect: f.Bounds()}}})
}

func TestScrollIsFound(t *testing.T) {
	for name, test := range map[string]struct {
		window image.Rectangle
		dy     int
	}{
		"up a line":            {image.Rect(100, 80, 700, 560), -14},
		"down three lines":     {image.Rect(100, 80, 700, 560), 42},
		"by one pixel":         {image.Rect(64, 64, 640, 512), -1},
		"far":                  {image.Rect(33, 21, 777, 590), -300},
		"whole screen":         {image.Rect(0, 0, 800, 600), -64},
		"odd edges":            {image.Rect(131, 77, 389, 431), 9},
		"to the screen's edge": {image.Rect(400, 300, 800, 600), -28},
	} {
		rnd := rand.New(rand.NewPCG(1, 2))
		f := NewFrame(image.Pt(800, 600))
		textLike(f, f.Bounds(), rnd) // the background is not blank either
		textLike(f, test.window, rnd)
		b := NewFramebuffer(f.Size)
		apply(b, f)
		viewer := cloneFrame(f)
		next := cloneFrame(f)
		scroll(next, test.window, test.dy, rnd)
		c := apply(b, next)
		if len(c.Moves) != 1 || c.Moves[0].Delta != image.Pt(0, test.dy) {
			t.Errorf("%s: moves %v", name, c.Moves)
			continue
		}
		want := test.window.Intersect(test.window.Add(image.Pt(0, test.dy)))
		if got := c.Moves[0].Dst.Intersect(want); got.Dx()*got.Dy() < want.Dx()*want.Dy()*95/100 {
			t.Errorf("%s: moved %v of %v", name, c.Moves[0].Dst, want)
		}
		asViewer(viewer, c, next)
		if !equalFrames(viewer, next) {
			t.Errorf("%s: the viewer's picture is wrong", name)
		}
	}
}

// Next to the text a scroll bar moves by another distance.
func TestScrollBesideSomethingElse(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	f := NewFrame(image.Pt(800, 600))
	window, bar := image.Rect(100, 80, 600, 560), image.Rect(600, 80, 616, 560)
	textLike(f, window, rnd)
	f.Fill(image.Rect(600, 100, 616, 160), 90, 90, 90)
	b := NewFramebuffer(f.Size)
	apply(b, f)
	next := cloneFrame(f)
	scroll(next, window, -28, rnd)
	next.Fill(bar, 0, 0, 0)
	next.Fill(image.Rect(600, 103, 616, 163), 90, 90, 90)
	c := apply(b, next)
	if len(c.Moves) != 1 || c.Moves[0].Dst.Dx() < 400 {
		t.Fatalf("moves %v", c.Moves)
	}
	viewer := cloneFrame(f)
	asViewer(viewer, c, next)
	if !equalFrames(viewer, next) {
		t.Error("the viewer's picture is wrong")
	}
}

func TestNoMoveWhereNothingMoved(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	b := NewFramebuffer(image.Pt(640, 480))
	for range 20 {
		f := NewFrame(image.Pt(640, 480))
		for i := range f.Pix {
			f.Pix[i] = byte(rnd.Uint32())
		}
		if c := apply(b, f); len(c.Moves) != 0 {
			t.Fatalf("noise moved: %v", c.Moves)
		}
	}
}

// drawWindow draws a window: a frame around text.
func drawWindow(f *Frame, r image.Rectangle, content *Frame) {
	for y := range content.Size.Y {
		if p := r.Min.Add(image.Pt(0, y)); p.Y >= 0 && p.Y < f.Size.Y {
			x0, x1 := max(r.Min.X, 0), min(r.Max.X, f.Size.X)
			if x0 < x1 {
				copy(f.Row(p.Y, x0, x1), content.Row(y, x0-r.Min.X, x1-r.Min.X))
			}
		}
	}
}

func TestDragIsFound(t *testing.T) {
	for name, deltas := range map[string][2]image.Point{
		"one, aslant":           {image.Pt(11, 5), image.Point{}},
		"one, by a pixel":       {image.Pt(-1, 0), image.Point{}},
		"one, far":              {image.Pt(230, -70), image.Point{}},
		"two, different ways":   {image.Pt(-7, 9), image.Pt(13, 3)},
		"two, sideways and up":  {image.Pt(20, 0), image.Pt(0, -16)},
		"one, over the other's": {image.Pt(60, 60), image.Point{}},
	} {
		rnd := rand.New(rand.NewPCG(7, 8))
		desk := NewFrame(image.Pt(800, 600))
		textLike(desk, desk.Bounds(), rnd)
		a, b := NewFrame(image.Pt(240, 180)), NewFrame(image.Pt(200, 220))
		textLike(a, a.Bounds(), rnd)
		textLike(b, b.Bounds(), rnd)
		at := [2]image.Point{image.Pt(101, 83), image.Pt(467, 203)}
		draw := func(p, q image.Point) *Frame {
			f := cloneFrame(desk)
			drawWindow(f, image.Rectangle{Min: q, Max: q.Add(b.Size)}, b)
			drawWindow(f, image.Rectangle{Min: p, Max: p.Add(a.Size)}, a)
			return f
		}
		first, next := draw(at[0], at[1]), draw(at[0].Add(deltas[0]), at[1].Add(deltas[1]))
		fb := NewFramebuffer(desk.Size)
		apply(fb, first)
		c := apply(fb, next)
		viewer := cloneFrame(first)
		asViewer(viewer, c, next)
		if !equalFrames(viewer, next) {
			t.Errorf("%s: the viewer's picture is wrong", name)
		}
		for i, size := range []image.Point{a.Size, b.Size} {
			if d := deltas[i]; d != (image.Point{}) && !slices.ContainsFunc(c.Moves, func(m Move) bool {
				return m.Delta == d && m.Dst.Intersect(image.Rectangle{Min: at[i].Add(d), Max: at[i].Add(d).Add(size)}).Size() == size
			}) {
				t.Errorf("%s: window %d by %v: moves %v", name, i, d, c.Moves)
			}
		}
	}
}

// FuzzMotion plays scrolls, repaints and flat areas in any order: a viewer that follows the changes
// always has the same frame as the screen.
func FuzzMotion(f *testing.F) {
	f.Add(uint64(1), []byte{1, 20, 30, 200, 180, 250, 2, 0, 0, 100, 100, 9})
	f.Fuzz(func(t *testing.T, seed uint64, script []byte) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		now := NewFrame(image.Pt(320, 260))
		textLike(now, now.Bounds(), rnd)
		b := NewFramebuffer(now.Size)
		apply(b, now)
		viewer := cloneFrame(now)
		for i := 0; i+6 <= len(script) && i < 60; i += 6 {
			s := script[i : i+6]
			r := image.Rect(int(s[1]), int(s[2]), int(s[1])+int(s[3]), int(s[2])+int(s[4])).Intersect(now.Bounds())
			now = cloneFrame(now)
			switch {
			case r.Empty():
			case s[0]%4 == 0:
				now.Fill(r, s[5], s[5], 0)
			case s[0]%4 == 1:
				textLike(now, r, rnd)
			case s[0]%4 == 2: // a window moves elsewhere
				content := NewFrame(r.Size())
				drawWindow(content, image.Rectangle{Min: image.Point{}.Sub(r.Min), Max: now.Size.Sub(r.Min)}, now)
				drawWindow(now, r.Add(image.Pt(int(int8(s[5])), int(int8(s[4])))), content)
			default:
				scroll(now, r, int(int8(s[5])), rnd)
			}
			u := Update{Frame: now, Damage: RegionOf(now.Bounds()), Monitors: []Monitor{{ID: 1, Rect: now.Bounds()}}}
			if s[0]&4 != 0 { // correct or not
				u.Moved = []image.Point{{int(int8(s[1])), int(int8(s[2]))}, {0, int(int8(s[5]))}, {int(int8(s[5])), int(int8(s[4]))}}
			}
			asViewer(viewer, b.Apply(u), now)
			if !equalFrames(viewer, now) {
				t.Fatalf("step %d: the viewer's picture is wrong", i/6)
			}
		}
	})
}

// A scroll whose step changes from frame to frame, as when a slow viewer skips some, over text with
// many blank areas, which fit any distance. The result is still one move of nearly everything.
func TestScrollThatChangesItsStep(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 5))
	size := image.Pt(900, 700)
	window := image.Rect(40, 30, 860, 680)
	f := NewFrame(size)
	ragged := func(r image.Rectangle) {
		textLike(f, r, rnd)
		for y := r.Min.Y; y < r.Max.Y; y += 14 { // lines of different lengths
			f.Fill(image.Rect(r.Min.X+100+rnd.IntN(700), y, r.Max.X, min(y+14, r.Max.Y)), 255, 255, 255)
		}
	}
	ragged(window)
	b := NewFramebuffer(size)
	apply(b, f)
	for i, dy := range []int{14, 14, 14, 56, 28, 84, 14, 42, 98} {
		old := cloneFrame(f)
		ragged(image.Rect(window.Min.X, window.Max.Y-dy, window.Max.X, window.Max.Y))
		for y := window.Min.Y; y < window.Max.Y-dy; y++ {
			copy(f.Row(y, window.Min.X, window.Max.X), old.Row(y+dy, window.Min.X, window.Max.X))
		}
		c := apply(b, f)
		if left := c.Region.Area(); left > 2*dy*window.Dx() {
			t.Errorf("step %d by %d: %d pixels left of %d, moves %v", i, dy, left, window.Dx()*window.Dy(), c.Moves)
		}
	}
}

// Distances reported by the system are used even if no search could find them, in a pattern that
// repeats. Wrong ones change nothing.
func TestMotionIsTold(t *testing.T) {
	f := NewFrame(image.Pt(800, 600))
	pattern := func(f *Frame, r image.Rectangle) {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				if (x-r.Min.X)%5 == 0 || (y-r.Min.Y)%5 == 0 {
					f.Fill(image.Rect(x, y, x+1, y+1), 200, 0, 0)
				}
			}
		}
	}
	was, d := image.Rect(100, 100, 400, 300), image.Pt(203, 121)
	pattern(f, was)
	next := NewFrame(f.Size)
	pattern(next, was.Add(d))
	for _, test := range []struct {
		told []image.Point
		want bool
	}{{nil, false}, {[]image.Point{{}, {7, 3}, d}, true}, {[]image.Point{{1, 1}, {9000, -9000}}, false}} {
		b := NewFramebuffer(f.Size)
		apply(b, f)
		b.motion.misses = motionPatience // as after a video
		viewer := cloneFrame(f)
		c := b.Apply(Update{Frame: next, Damage: RegionOf(f.Bounds()), Moved: test.told, Monitors: []Monitor{{ID: 1, Rect: f.Bounds()}}})
		asViewer(viewer, c, next)
		if !equalFrames(viewer, next) {
			t.Fatalf("reported %v: the viewer's picture is wrong", test.told)
		}
		if found := len(c.Moves) > 0 && c.Moves[0].Delta == d && was.Add(d).In(c.Moves[0].Dst); found != test.want {
			t.Errorf("reported %v: moves %v", test.told, c.Moves)
		}
	}
}
