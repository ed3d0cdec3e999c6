package pointing

import (
	"context"
	"image"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"lotse/leaktest"
	"lotse/screen"
	"lotse/screen/screentest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// desk is what is shared, and a clock.
type desk struct {
	mu     sync.Mutex
	shown  []image.Rectangle
	origin image.Point
	now    time.Time
}

func (d *desk) Shown() ([]image.Rectangle, image.Point) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.shown, d.origin
}

func (d *desk) share(shown ...image.Rectangle) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shown = shown
}

func (d *desk) time() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

func (d *desk) wait(t time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(t)
}

func newDesk() (*desk, *Board) {
	d := &desk{shown: []image.Rectangle{image.Rect(0, 0, 800, 600)}, now: time.Unix(1000, 0)}
	b := NewBoard(d, d.time)
	b.Allow(true)
	return d, b
}

// look returns the marks that are to be seen.
func look(b *Board) []screen.Mark {
	all, _ := b.marks()
	return all
}

// ink returns the rectangle of the pixels that the marks draw, and how many they are.
func ink(all []screen.Mark) (box image.Rectangle, n int) {
	for _, m := range all {
		for i := 3; i < len(m.Shape.Pix); i += 4 {
			if m.Shape.Pix[i] != 0 {
				at := image.Pt(i/4%m.Shape.Size.X, i/4/m.Shape.Size.X).Add(m.Rect().Min)
				box, n = box.Union(pixel(at)), n+1
			}
		}
	}
	return box, n
}

func TestArrow(t *testing.T) {
	d, b := newDesk()
	h := b.Hand("Anna Berger")
	if all := look(b); len(all) != 0 {
		t.Fatalf("%d marks before anybody pointed", len(all))
	}
	h.Point(image.Pt(100, 200), 0)
	all := look(b)
	if len(all) != 1 || all[0].At != image.Pt(100, 200) {
		t.Fatalf("marks %v", all)
	}
	if box, n := ink(all); !image.Pt(100, 200).In(box) || box.Min.X < 96 || box.Min.Y < 196 || n < 200 {
		t.Errorf("the arrow covers %v, %d pixels", box, n)
	}
	h.Point(image.Pt(110, 210), 0)
	if moved := look(b); len(moved) != 1 || moved[0].Shape != all[0].Shape || moved[0].At != image.Pt(110, 210) {
		t.Error("the arrow did not move, or was drawn again")
	}
	d.wait(arrowLasts)
	if all := look(b); len(all) != 0 {
		t.Error("an arrow that does not move stays for ever")
	}
	h.Point(image.Pt(110, 211), 0)
	if len(look(b)) != 1 {
		t.Error("no arrow after it moved again")
	}
	h.Leave()
	if len(look(b)) != 0 {
		t.Error("an arrow of somebody who has left")
	}
}

// TestRingAndLine checks that a click is a ring that grows and goes, and that a drag is a line that
// stays until two seconds after it was drawn.
func TestRingAndLine(t *testing.T) {
	d, b := newDesk()
	h := b.Hand("")
	h.Point(image.Pt(300, 300), screen.ButtonLeft)
	first, _ := ink(look(b))
	h.Point(image.Pt(300, 300), 0)
	d.wait(3 * ringStep)
	if later, _ := ink(look(b)); later.Dx() <= first.Dx() {
		t.Errorf("the ring has not grown: %v, then %v", first, later)
	}
	d.wait(2 * ringStep)
	if all := look(b); len(all) != 1 {
		t.Errorf("%d marks after the ring", len(all))
	}

	h.Point(image.Pt(100, 100), screen.ButtonLeft)
	h.Point(image.Pt(700, 150), screen.ButtonLeft)
	d.wait(5 * time.Second) // a line that is being drawn does not fade
	if box, _ := ink(look(b)); !image.Rect(100, 100, 700, 150).In(box) {
		t.Errorf("the line covers %v", box)
	}
	h.Point(image.Pt(700, 150), 0)
	d.wait(lineLasts - time.Millisecond)
	if box, _ := ink(look(b)); !image.Rect(100, 100, 700, 150).In(box) {
		t.Errorf("the line has faded early: %v", box)
	}
	d.wait(time.Millisecond)
	if all := look(b); len(all) != 1 {
		t.Errorf("%d marks after the line", len(all))
	}
}

// TestOnlyWhatIsShared moves a pointer at random, with and without the button, over shares that
// change. No pixel is drawn outside of what is shared.
func TestOnlyWhatIsShared(t *testing.T) {
	d, b := newDesk()
	d.origin = image.Pt(50, 20)
	rnd := rand.New(rand.NewPCG(1, 2))
	hands := []*Hand{b.Hand("Anna"), b.Hand("Bert"), b.Hand("")}
	shares := [][]image.Rectangle{
		{image.Rect(100, 100, 300, 250), image.Rect(300, 120, 500, 400)}, {image.Rect(0, 0, 20, 600)}, nil,
	}
	seen := 0
	for i := range 3000 {
		if i%100 == 0 {
			d.share(shares[i/100%len(shares)]...)
		}
		h := hands[rnd.IntN(len(hands))]
		h.Point(image.Pt(rnd.IntN(600), rnd.IntN(450)), screen.Buttons(rnd.IntN(8)))
		d.wait(time.Duration(rnd.IntN(100)) * time.Millisecond)
		if i%10 != 0 {
			continue
		}
		shown, _ := d.Shown()
		for _, m := range look(b) {
			seen++
			for p := 3; p < len(m.Shape.Pix); p += 4 {
				at := image.Pt(p/4%m.Shape.Size.X, p/4/m.Shape.Size.X).Add(m.Rect().Min)
				if m.Shape.Pix[p] != 0 && !slices.ContainsFunc(shown, at.In) {
					t.Fatalf("ink at %v, outside of %v", at, shown)
				}
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d marks seen", seen)
	}
}

// TestNotAllowed checks that nothing is to be seen, and nothing remembered, while pointing is not
// allowed.
func TestNotAllowed(t *testing.T) {
	_, b := newDesk()
	h := b.Hand("Anna")
	h.Point(image.Pt(10, 10), screen.ButtonLeft)
	h.Point(image.Pt(90, 10), screen.ButtonLeft)
	b.Allow(false)
	if all := look(b); len(all) != 0 {
		t.Errorf("%d marks after it was forbidden", len(all))
	}
	h.Point(image.Pt(50, 50), screen.ButtonLeft)
	b.Allow(true)
	if all := look(b); len(all) != 0 {
		t.Errorf("%d marks of the time before it was allowed", len(all))
	}
	h.Point(image.Pt(50, 50), 0)
	if all := look(b); len(all) != 1 {
		t.Errorf("%d marks after it was allowed", len(all))
	}
	b.Clear()
	if all := look(b); len(all) != 0 {
		t.Errorf("%d marks after Clear", len(all))
	}
}

// TestBounds checks the limits: of hands, lines, pieces and rings.
func TestBounds(t *testing.T) {
	d, b := newDesk()
	for range 3 * maxHands {
		b.Hand("x").Point(image.Pt(5, 5), 0)
	}
	if all := look(b); len(all) != maxHands {
		t.Errorf("%d arrows", len(all))
	}
	b.Clear()
	h := b.Hand("Anna")
	rnd := rand.New(rand.NewPCG(3, 4))
	for i := range 20000 {
		h.Point(image.Pt(rnd.IntN(800), rnd.IntN(600)), screen.Buttons(min(1, i%50)))
	}
	pieces := 0
	for _, l := range h.lines {
		pieces += len(l.pieces)
	}
	if len(h.lines) > maxLines || pieces > maxPieces || len(h.rings) > maxRings {
		t.Errorf("%d lines, %d pieces, %d rings", len(h.lines), pieces, len(h.rings))
	}
	// A button that is held for ever leaves nothing, even if no other event comes.
	h.Point(image.Pt(1, 1), 0)
	h.Point(image.Pt(1, 1), screen.ButtonLeft)
	h.Point(image.Pt(500, 500), screen.ButtonLeft)
	d.wait(heldLimit + lineLasts)
	if all := look(b); len(all) != 0 {
		t.Errorf("%d marks of a button that is held for ever, without another event", len(all))
	}
	h.Point(image.Pt(1, 1), 0)
	h.Point(image.Pt(1, 1), screen.ButtonLeft)
	d.wait(heldLimit + time.Second)
	h.Point(image.Pt(500, 500), screen.ButtonLeft)
	d.wait(lineLasts)
	if all := look(b); len(all) != 1 {
		t.Errorf("%d marks of a button that is held for ever", len(all))
	}
}

// wall is a Marker that remembers what is on it.
type wall struct {
	mu    sync.Mutex
	marks []screen.Mark
}

func (w *wall) Mark(marks []screen.Mark) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.marks = slices.Clone(marks)
	return nil
}

func (w *wall) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.marks)
}

func TestRun(t *testing.T) {
	d, b := newDesk()
	w := &wall{}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.run(ctx, w, 1.5) }()
	until := func(what string, n int) {
		t.Helper()
		screentest.Eventually(t, what, func() bool { return w.count() == n })
	}
	h := b.Hand("Anna")
	h.Point(image.Pt(10, 10), 0)
	until("the arrow appears", 1)
	d.share() // the marks follow without an event
	until("the arrow goes with the share", 0)
	d.share(image.Rect(0, 0, 800, 600))
	h.Point(image.Pt(10, 10), 0)
	until("the arrow is back", 1)
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if w.count() != 0 {
		t.Error("the arrow stays after the end")
	}
}

func BenchmarkPoint(b *testing.B) {
	_, board := newDesk()
	h := board.Hand("Anna Berger")
	b.ReportAllocs()
	for i := range b.N {
		h.Point(image.Pt(i%700, i%500), screen.Buttons(i/100%2))
		board.marks()
	}
}
