//go:build windows

package windows

import (
	"image"
	"log/slog"
	"slices"
	"sync"

	"lotse/screen"
)

const (
	// maxMarks is the maximum number of marks on the screen; further ones are not shown.
	maxMarks = 400
	// spareMarks is the number of windows that are kept for later marks.
	spareMarks = 8
)

// marker implements screen.Marker with a layered window for each mark. The mouse goes through it,
// it never gets the focus, and captures leave it out on Windows 10 version 2004 and later. A share
// of programs ignores it.
type marker struct {
	log *slog.Logger

	mu sync.Mutex
	// Guarded by mu.
	closed bool
	thread *messageThread // nil: not started

	// Owned by the thread.
	shown []markWindow
	spare []uintptr
}

// markWindow is a window that shows a mark.
type markWindow struct {
	window uintptr
	mark   screen.Mark
}

var _ screen.Marker = (*marker)(nil)

func newMarker(o screen.Options) *marker { return &marker{log: o.Logger} }

func (m *marker) close() error {
	m.mu.Lock()
	m.closed = true
	t := m.thread
	m.thread = nil
	m.mu.Unlock()
	if t != nil {
		t.close()
	}
	return nil
}

// start starts the thread at the first call.
func (m *marker) start() (*messageThread, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, screen.ErrClosed
	}
	if m.thread != nil {
		return m.thread, nil
	}
	t, err := startThread(func() error { return nil }, func() {
		for _, s := range m.shown {
			m.drop(s.window)
		}
		for _, w := range m.spare {
			m.drop(w)
		}
	})
	m.thread = t
	return t, err
}

// Mark implements screen.Marker.
func (m *marker) Mark(marks []screen.Mark) error {
	m.mu.Lock()
	idle := len(marks) == 0 && m.thread == nil
	m.mu.Unlock()
	if idle {
		return nil
	}
	t, err := m.start()
	if err != nil {
		return err
	}
	if e := t.do(func() { err = m.show(marks[:min(len(marks), maxMarks)]) }); e != nil {
		return screen.ErrClosed
	}
	return err
}

// show runs on the thread. A mark that has only moved keeps its window.
func (m *marker) show(marks []screen.Mark) error {
	rest := slices.Clone(marks)
	var next, free []markWindow
	for _, s := range m.shown {
		i := slices.Index(rest, s.mark)
		if i < 0 {
			free = append(free, s)
			continue
		}
		next, rest = append(next, s), slices.Delete(rest, i, i+1)
	}
	var fresh []screen.Mark
	for _, k := range rest {
		i := slices.IndexFunc(free, func(s markWindow) bool { return s.mark.Shape == k.Shape })
		if i < 0 {
			fresh = append(fresh, k)
			continue
		}
		s := free[i]
		free = slices.Delete(free, i, i+1)
		at := k.Rect().Min.Add(virtualScreen().Min)
		call(procSetWindowPos, s.window, hwndTopmost, uintptr(at.X), uintptr(at.Y), 0, 0, swpNoSize|swpNoActive)
		next = append(next, markWindow{s.window, k})
	}
	for _, s := range free {
		call(procShowWindow, s.window, swHide)
		m.spare = append(m.spare, s.window)
	}
	m.shown = next
	for _, k := range fresh {
		w, err := m.take()
		if err != nil {
			return err
		}
		m.shown = append(m.shown, markWindow{w, k})
		if err := paintShape(w, k.Shape, k.Rect().Min.Add(virtualScreen().Min)); err != nil {
			return err
		}
		call(procSetWindowPos, w, hwndTopmost, 0, 0, 0, 0, swpNoMove|swpNoSize|swpNoActive)
		call(procShowWindow, w, swShowNoActivate)
	}
	for len(m.spare) > spareMarks {
		m.drop(m.spare[0])
		m.spare = m.spare[1:]
	}
	return nil
}

// take returns a window that shows nothing.
func (m *marker) take() (uintptr, error) {
	if n := len(m.spare); n > 0 {
		w := m.spare[n-1]
		m.spare = m.spare[:n-1]
		return w, nil
	}
	const ex = exLayered | exTransparent | exTopmost | exToolWindow | exNoActivate
	w, err := makeWindow(0, wsPopup, ex, func(_ uintptr, what uint32, _, _ uintptr) (uintptr, bool) {
		return noActivation, what == wmMouseActivate
	})
	if err != nil {
		return 0, err
	}
	leaveOut(w, m.log)
	unseen.Store(w, true) // nobody must be kept from seeing its pixels
	return w, nil
}

func (m *marker) drop(w uintptr) {
	unseen.Delete(w)
	dropWindow(w)
}

// paintShape sets the image and the place of a layered window.
func paintShape(window uintptr, shape *screen.Cursor, at image.Point) error {
	g, err := openGDI(image.Rectangle{Max: shape.Size})
	if err != nil {
		return err
	}
	defer g.close()
	copy(g.bits.Pix, shape.Pix)
	return g.layer(window, at)
}
