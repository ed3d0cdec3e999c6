//go:build windows

package windows

import (
	"unsafe"

	"lotse/screen/exposure"

	"image"
	"sync"
	"time"

	"golang.org/x/sys/windows"
)

// The window events that are observed.
const (
	eventForeground                    = 0x0003
	eventMinimizeStart                 = 0x0016
	eventMinimizeEnd                   = 0x0017
	eventCreate, eventDestroy          = 0x8000, 0x8001
	eventShow, eventHide, eventReorder = 0x8002, 0x8003, 0x8004
	eventLocation                      = 0x800b
	eventCloaked, eventUncloaked       = 0x8017, 0x8018
)

// windowEvents observes the windows of the whole desktop.
type windowEvents struct {
	thread *messageThread
	hooks  []uintptr // owned by the thread
}

// followers are the callbacks of windowEvents by hook, because a callback has no receiver.
var followers sync.Map // uintptr → func(event uint32, window uintptr)

var windowEvent = sync.OnceValue(func() uintptr {
	return windows.NewCallback(func(hook, event, window, object, child, _, _ uintptr) uintptr {
		// Events about a window as a whole, and about the order of the desktop's windows, which is
		// reported for its inside. The upper half of a 32-bit number is undefined.
		whole := uint32(object) == 0 && uint32(child) == 0
		if what := uint32(event); window != 0 && (whole || what == eventReorder) {
			if f, ok := followers.Load(hook); ok {
				f.(func(uint32, uintptr))(what, window)
			}
		}
		return 0
	})
})

// followWindows calls told, on a thread of its own, until close is called.
func followWindows(told func(event uint32, window uintptr)) (*windowEvents, error) {
	e := &windowEvents{}
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
func (e *windowEvents) unhook() {
	for _, h := range e.hooks {
		call(procUnhookWinEvent, h)
		followers.Delete(h)
	}
	e.hooks = nil
}

// settle returns when all earlier events have been reported.
func (e *windowEvents) settle() {
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

func (e *windowEvents) close() { e.thread.close() }

// onEvent records what could have put other pixels into a capture. It runs on the events' thread.
func (a *appScreen) onEvent(event uint32, w uintptr) {
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
	n := exposure.News{Window: w, What: exposure.Changed}
	var rect image.Rectangle
	rect, n.There = outerRect(w)
	switch event {
	case eventReorder:
		n.What = exposure.Reordered
	case eventLocation:
		n.What = exposure.Moved
	case eventDestroy, eventHide:
		n.What = exposure.Gone
	}
	if n.What != exposure.Reordered && n.There {
		n.Visible = styleOf(w, gwlStyle)&wsVisible != 0
		n.Shared = a.choice.isShared(w) && isOpaque(w)
	}
	a.exposed.told(now, n, rect)
}
