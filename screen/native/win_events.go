//go:build windows

package native

import (
	"unsafe"

	"image"
	"sync"
	"time"

	"golang.org/x/sys/windows"
)

// What Windows tells of windows while they change.
const (
	eventForeground                    = 0x0003
	eventMinimizeStart                 = 0x0016
	eventMinimizeEnd                   = 0x0017
	eventCreate, eventDestroy          = 0x8000, 0x8001
	eventShow, eventHide, eventReorder = 0x8002, 0x8003, 0x8004
	eventLocation                      = 0x800b
	eventCloaked, eventUncloaked       = 0x8017, 0x8018
)

// winEvents follows the windows of the whole desktop.
type winEvents struct {
	thread *winThread
	hooks  []uintptr // owned by the thread
}

// followers are the winEvents by their hooks: a callback knows no receiver.
var followers sync.Map // uintptr → func(event uint32, window uintptr)

var windowEvent = sync.OnceValue(func() uintptr {
	return windows.NewCallback(func(hook, event, window, object, child, _, _ uintptr) uintptr {
		// Of a window as a whole, and of the desktop's order, which is told of its
		// inside. The upper half of a number of 32 bits holds anything.
		whole := uint32(object) == 0 && uint32(child) == 0
		if what := uint32(event); window != 0 && (whole || what == eventReorder) {
			if f, ok := followers.Load(hook); ok {
				f.(func(uint32, uintptr))(what, window)
			}
		}
		return 0
	})
})

// followWindows calls told, on a thread of its own, until close.
func followWindows(told func(event uint32, window uintptr)) (*winEvents, error) {
	e := &winEvents{}
	t, err := startThread(func() error {
		for _, r := range [][2]uintptr{
			{eventForeground, eventForeground}, {eventMinimizeStart, eventMinimizeEnd},
			{eventDestroy, eventReorder}, {eventLocation, eventLocation}, {eventCloaked, eventUncloaked},
		} {
			hook, err := truth(procSetWinEventHook, r[0], r[1], 0, windowEvent(), 0, 0, 0)
			if err != nil {
				e.unhook()
				return err
			}
			followers.Store(hook, told)
			e.hooks = append(e.hooks, hook)
		}
		return nil
	}, e.unhook)
	if err != nil {
		return nil, err
	}
	e.thread = t
	return e, nil
}

// unhook runs on the thread.
func (e *winEvents) unhook() {
	for _, h := range e.hooks {
		call(procUnhookWinEvent, h)
		followers.Delete(h)
	}
	e.hooks = nil
}

// settle returns when all was told that happened before.
func (e *winEvents) settle() {
	_ = e.thread.do(func() {
		var m message
		const remove = 1
		for call(procPeekMessage, uintptr(unsafe.Pointer(&m)), 0, 0, 0, remove) != 0 {
			switch {
			case m.Message == wmQuit:
				call(procPostThreadMessage, uintptr(e.thread.id), wmQuit, 0, 0)
				return
			case m.Window != 0:
				call(procDispatchMessage, uintptr(unsafe.Pointer(&m)))
			}
		}
	})
}

func (e *winEvents) close() { e.thread.close() }

// onEvent notes what could have put something foreign into a picture. It runs on
// the events' thread.
func (a *winShare) onEvent(event uint32, w uintptr) {
	now := time.Now()
	if event == eventForeground || event == eventReorder && w != uintptr(windows.GetDesktopWindow()) {
		if event == eventForeground {
			a.stirred.Store(true)
		}
		return
	}
	if event != eventReorder {
		if root := call(procGetAncestor, w, gaRoot); root != 0 && root != w {
			return // a part of a window
		}
		if _, own := unseen.Load(w); own {
			return
		}
	}
	a.stirred.Store(true)
	rect, there := outerRect(w)
	shared := there && event != eventReorder && a.isShared(w) && isOpaque(w)
	a.mu.Lock()
	defer a.mu.Unlock()
	was, known := a.known[w]
	switch {
	case event == eventReorder:
		a.trust.suspectAll(now)
	case known && was.shown && (shared || !there), !known && shared:
		// Of a shared window nothing is to be feared that is not seen next time.
	case event == eventLocation:
		a.movedLocked(now, w, was, known, rect, there)
	case !known && (!there || rect.Empty() || event == eventDestroy || event == eventHide):
		// It was not on the screen when anybody looked; that it came is told as well.
	default:
		a.trust.suspectAll(now) // windows that come and go may fade and fly anywhere
	}
}

// movedLocked notes the way of a foreign window.
func (a *winShare) movedLocked(now time.Time, w uintptr, was knownWindow, known bool, rect image.Rectangle, there bool) {
	toFrame := image.Point{}.Sub(a.origin)
	switch {
	case !known && (!there || styleOf(w, gwlStyle)&wsVisible == 0):
		// It is not on the screen.
	case !there, known && rect == was.rect:
		a.trust.suspectAll(now) // it was somewhere else when that was told
	default:
		a.trust.suspect(now, rect.Add(toFrame))
		if known && rect.Size() != was.rect.Size() {
			a.trust.suspect(now, rect.Union(was.rect).Add(toFrame)) // what grows does so step by step
		} else if known {
			a.trust.suspect(now, was.rect.Add(toFrame))
		}
		a.known[w] = knownWindow{rect, false}
	}
}
