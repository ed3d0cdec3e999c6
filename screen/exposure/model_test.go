package exposure

import (
	"image"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"lotse/screen"
)

// desktopModel is a desktop with some windows whose compositor is late and fades windows, and an
// observer who shares two of them. The observer looks, makes captures, and receives events late. A
// tape determines what happens, and when.
type desktopModel struct {
	t    *testing.T
	tape []byte

	now     int // milliseconds
	windows [4]modelWindow
	past    []modelMoment // oldest first
	queue   []modelEvent

	trust Trust
}

type modelWindow struct {
	rect           image.Rectangle
	there, visible bool
	fading         int // until when it may be seen, or seen through
}

type modelMoment struct {
	at      int
	windows [4]modelWindow
	order   []int
}

type modelEvent struct {
	window int
	what   Change
}

const (
	modelSide   = 12
	modelSettle = 100
	modelLag    = 20
	modelFade   = 60
)

func modelShared(window int) bool { return window < 2 }

func modelTime(ms int) time.Time { return time.UnixMilli(int64(ms)) }

// next reads a number below n from the tape; 0 at the end of the tape.
func (m *desktopModel) next(n int) int {
	if len(m.tape) == 0 {
		return 0
	}
	b := int(m.tape[0])
	m.tape = m.tape[1:]
	return b % n
}

func (m *desktopModel) place() image.Rectangle {
	at := image.Pt(m.next(modelSide), m.next(modelSide))
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(3+m.next(8), 3+m.next(8)))}
}

func (m *desktopModel) present() *modelMoment { return &m.past[len(m.past)-1] }

// happens makes one change to one window and reports it.
func (m *desktopModel) happens() {
	m.now++ // no two changes at the same time
	i := m.next(len(m.windows))
	w := &m.windows[i]
	order := slices.Clone(m.present().order)
	what := Moved
	switch kind := m.next(8); {
	case kind == 0 && w.visible:
		w.visible, w.fading, what = false, m.now+modelFade, Gone
	case kind == 1 && w.there:
		if w.visible {
			w.fading = m.now + modelFade
		}
		w.visible, w.there, what = false, false, Gone
	case kind == 2:
		order = append([]int{i}, slices.DeleteFunc(order, func(o int) bool { return o == i })...)
		what = Reordered
	case !w.there:
		w.there, w.rect = true, m.place()
		return // its creation is not reported
	case !w.visible:
		w.visible, w.fading, what = true, m.now+modelFade, Changed
	case kind < 6:
		size := w.rect.Size()
		at := image.Pt(m.next(modelSide), m.next(modelSide))
		w.rect = image.Rectangle{Min: at, Max: at.Add(size)}
	default:
		w.rect = m.place()
	}
	m.past = append(m.past, modelMoment{m.now, m.windows, order})
	m.queue = append(m.queue, modelEvent{i, what})
}

// hear delivers the oldest undelivered report.
func (m *desktopModel) hear() {
	if len(m.queue) == 0 {
		return
	}
	e := m.queue[0]
	m.queue = m.queue[1:]
	n := News{Window: uintptr(e.window + 1), What: e.what}
	if w := m.windows[e.window]; e.what != Reordered && w.there {
		n.There, n.Rect, n.Visible, n.Shared = true, w.rect, w.visible, modelShared(e.window)
	}
	m.trust.Told(modelTime(m.now), n)
}

// meanwhile makes changes between two steps of the observer.
func (m *desktopModel) meanwhile() {
	for {
		switch m.next(8) {
		case 0, 1, 2, 3:
			return
		case 4, 5:
			m.happens()
		case 6:
			m.hear()
		case 7:
			m.now += [...]int{1, 2, 3, 5, 10, 20, 120, 250}[m.next(8)]
		}
	}
}

// sight does what winShare.sight does, window by window.
func (m *desktopModel) sight() {
	at := modelTime(m.now)
	order := slices.Clone(m.present().order)
	var layers []Layer
	known := map[uintptr]Window{}
	for _, i := range order {
		m.meanwhile()
		if w := m.windows[i]; w.visible {
			layers = append(layers, Layer{Outer: w.rect, Inner: w.rect, Shown: modelShared(i)})
			known[uintptr(i+1)] = Window{Rect: w.rect, Shown: modelShared(i)}
		}
	}
	m.trust.Sees(at, modelTime(m.now), Visible(image.Rect(0, 0, modelSide, modelSide), layers), known)
}

// picture does what winShare.picture does. The result is what is certain, and when the capture was
// made.
func (m *desktopModel) picture() (sure screen.Region, at int) {
	m.sight()
	m.meanwhile()
	taken := m.now
	m.meanwhile()
	m.now++
	at = m.now
	m.meanwhile()
	m.sight()
	for len(m.queue) > 0 {
		m.hear()
	}
	return m.trust.Certain(modelTime(taken)), at
}

// foreign reports whether something that is not shared may be visible at a point in a capture made
// at a time.
func (m *desktopModel) foreign(p image.Point, at int) bool {
	for i, moment := range m.past {
		until := m.now
		if i+1 < len(m.past) {
			until = m.past[i+1].at
		}
		if moment.at > at || until < at-modelLag {
			continue // was no longer in the capture, or not yet
		}
		if moment.foreign(p, max(moment.at, at-modelLag)) {
			return true
		}
	}
	return false
}

func (m *modelMoment) foreign(p image.Point, at int) bool {
	for i, w := range m.windows {
		if !modelShared(i) && w.fading > at {
			return true // anywhere
		}
	}
	for _, i := range m.order {
		w := m.windows[i]
		if w.visible && p.In(w.rect) && w.fading <= at {
			return !modelShared(i)
		}
	}
	return true // the desktop itself
}

// runModel plays the tape and returns how many pixels were certain.
func runModel(t *testing.T, tape []byte) (shown int) {
	m := &desktopModel{t: t, tape: tape, trust: Trust{Settle: modelSettle * time.Millisecond}}
	for i := range m.windows {
		m.windows[i] = modelWindow{rect: m.place(), there: true, visible: true}
	}
	m.past = []modelMoment{{-1000, m.windows, []int{0, 1, 2, 3}}}
	for range 200 {
		sure, at := m.picture()
		for _, r := range sure.Rects() {
			for y := r.Min.Y; y < r.Max.Y; y++ {
				for x := r.Min.X; x < r.Max.X; x++ {
					shown++
					if m.foreign(image.Pt(x, y), at) {
						t.Fatalf("at %d ms: a picture of %d ms shows something else at %d,%d\n%+v", m.now, at, x, y, m.past[max(0, len(m.past)-4):])
					}
				}
			}
		}
		if len(m.tape) == 0 && m.now > 0 {
			break
		}
		m.now += [...]int{0, 30, 60, 300}[m.next(4)]
	}
	return shown
}

// TestTrustModel: whatever happens on a desktop, no pixel of another window is Certain, and static
// windows become certain.
func TestTrustModel(t *testing.T) {
	shown := 0
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		tape := make([]byte, 1500)
		for i := range tape {
			tape[i] = byte(r.Uint32())
			// Long quiet periods: otherwise nothing would become certain.
			if i/250%2 == 1 && i%16 != 0 {
				tape[i] &^= 4
			}
		}
		shown += runModel(t, tape)
	}
	t.Logf("%d pixels were certain", shown)
	if shown < 100_000 {
		t.Errorf("only %d pixels were certain in all: this shows nothing", shown)
	}
}

func FuzzTrustModel(f *testing.F) {
	for seed := range uint64(8) {
		tape := make([]byte, 600)
		r := rand.New(rand.NewPCG(seed, 2))
		for i := range tape {
			tape[i] = byte(r.Uint32())
		}
		f.Add(tape)
	}
	f.Fuzz(func(t *testing.T, tape []byte) {
		runModel(t, tape[:min(len(tape), 4000)])
	})
}
