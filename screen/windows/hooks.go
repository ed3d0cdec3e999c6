//go:build windows

package windows

import (
	"context"
	"errors"
	"image"
	"log/slog"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"lotse/screen"
	"lotse/screen/keysym"
)

// Low-level hooks report each key, button and motion before any program gets it, and whether it was
// injected. They have a thread that does nothing else, because Windows waits for it and removes
// slow hooks.

const (
	whKeyboardLL, whMouseLL = 13, 14

	llkhfInjected, llkhfLowerInjected = 0x10, 0x02
	llmhfInjected, llmhfLowerInjected = 0x01, 0x02

	wmKeyDown, wmKeyUp, wmSysKeyDown, wmSysKeyUp = 0x0100, 0x0101, 0x0104, 0x0105
	wmMouseMove, wmMouseWheel, wmMouseWheelX     = 0x0200, 0x020a, 0x020e
	wmLeftDown, wmRightDown, wmMiddleDown        = 0x0201, 0x0204, 0x0207
	wmLeftUp, wmXDown                            = 0x0202, 0x020b
)

const (
	// hookQueue is the maximum number of events queued for a Watch.
	hookQueue = 512
	// hookCheck is the interval at which it is checked that the hooks still work.
	hookCheck = 2 * time.Second
	// handsPace is the minimum time between two reports of events other than presses.
	handsPace = 50 * time.Millisecond
)

// hookEvent is an event reported by a hook.
type hookEvent struct {
	key      bool // a keyboard event
	vk       uint32
	down     bool // a key or button was pressed
	physical bool
	at       image.Point // of the pointer, in the system's coordinates; not for keys
	still    bool        // a movement of the pointer to where it was
	ticks    uint32      // when it happened, in the system's milliseconds, like a message's time
}

// hooks are the two hooks of the process. Callbacks have no receiver, so there is one set, which
// all Watches share.
type hooks struct {
	mu sync.Mutex
	// Guarded by mu.
	users  map[chan hookEvent]*hookUser
	thread *messageThread
	seenAt uint32 // of the last event, in the system's milliseconds

	// Owned by the thread.
	keyboard, mouse uintptr
	at              image.Point // of the pointer, at the last event
	down            [256]bool   // keys that are physically down
	swallowed       [256]bool   // keys whose press was withheld, so that the release is, too
}

// hookUser says what a Watch withholds from programs; guarded by hooks.mu.
type hookUser struct {
	vk      uint32 // 0: nothing
	swallow bool
	see     func(hookEvent) // nil, or called before any program gets the event; it must not block
}

var theHooks = &hooks{users: map[chan hookEvent]*hookUser{}}

var keyboardHook = sync.OnceValue(func() uintptr {
	return windows.NewCallback(func(code, what, at uintptr) uintptr {
		if int32(code) >= 0 && theHooks.onKey(uint32(what), at) {
			return 1
		}
		return call(procCallNextHookEx, 0, code, what, at)
	})
})

var mouseHook = sync.OnceValue(func() uintptr {
	return windows.NewCallback(func(code, what, at uintptr) uintptr {
		if int32(code) >= 0 {
			theHooks.onMouse(uint32(what), at)
		}
		return call(procCallNextHookEx, 0, code, what, at)
	})
})

// onKey runs on the hooks' thread. It reports whether the key is withheld.
func (h *hooks) onKey(what uint32, at uintptr) bool {
	e := *(**struct{ vk, scan, flags, time uint32 })(unsafe.Pointer(&at))
	ev := hookEvent{key: true, vk: e.vk, physical: e.flags&(llkhfInjected|llkhfLowerInjected) == 0, ticks: e.time}
	pressed := what == wmKeyDown || what == wmSysKeyDown
	slot := e.vk & 0xff
	if ev.physical {
		ev.down = pressed && !h.down[slot]
		h.down[slot] = pressed
	} else {
		ev.down = pressed
	}
	keep := h.deliver(ev) && ev.physical
	if !pressed {
		keep = h.swallowed[slot] && ev.physical // like its press
	}
	if ev.physical {
		h.swallowed[slot] = pressed && keep
	}
	return keep
}

// onMouse runs on the hooks' thread.
func (h *hooks) onMouse(what uint32, at uintptr) {
	e := *(**struct {
		x, y              int32
		data, flags, time uint32
	})(unsafe.Pointer(&at))
	down := what == wmLeftDown || what == wmRightDown || what == wmMiddleDown || what == wmXDown
	pointer := image.Pt(int(e.x), int(e.y))
	still := what == wmMouseMove && pointer == h.at
	h.at = pointer
	h.deliver(hookEvent{
		down: down, physical: e.flags&(llmhfInjected|llmhfLowerInjected) == 0, at: pointer, still: still, ticks: e.time,
	})
}

// pointerAt returns where the pointer is, in the system's coordinates.
func pointerAt() image.Point {
	var at pointAPI
	call(procGetCursorPos, uintptr(unsafe.Pointer(&at)))
	return image.Pt(int(at.X), int(at.Y))
}

// deliver sends an event to the Watches. It does not block.
func (h *hooks) deliver(e hookEvent) (swallow bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seenAt = e.ticks
	for to, user := range h.users {
		if user.see != nil {
			user.see(e)
		}
		select {
		case to <- e:
		default: // nobody can press keys that fast
		}
		swallow = swallow || e.key && user.swallow && user.vk == e.vk
	}
	return swallow
}

// join starts the hooks if necessary.
func (h *hooks) join(u *hookUser) (chan hookEvent, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.thread == nil {
		t, err := startThread(h.install, h.remove)
		if err != nil {
			return nil, err
		}
		h.thread = t
	}
	c := make(chan hookEvent, hookQueue)
	h.users[c] = u
	return c, nil
}

// leave removes the hooks after the last Watch.
func (h *hooks) leave(c chan hookEvent) {
	h.mu.Lock()
	delete(h.users, c)
	var end *messageThread
	if len(h.users) == 0 {
		end, h.thread = h.thread, nil
	}
	h.mu.Unlock()
	if end != nil {
		end.close() // its hooks may be waiting for mu
	}
}

// install runs on the thread.
func (h *hooks) install() (err error) {
	if h.keyboard, err = truth(procSetWindowsHookEx, whKeyboardLL, keyboardHook(), moduleHandle(), 0); err != nil {
		return err
	}
	if h.mouse, err = truth(procSetWindowsHookEx, whMouseLL, mouseHook(), moduleHandle(), 0); err != nil {
		h.remove()
	}
	h.down, h.swallowed, h.at = [256]bool{}, [256]bool{}, pointerAt()
	return err
}

// remove runs on the thread.
func (h *hooks) remove() {
	for _, hook := range []*uintptr{&h.keyboard, &h.mouse} {
		if *hook != 0 {
			call(procUnhookWindowsHookEx, *hook)
		}
		*hook = 0
	}
}

// check installs the hooks again if Windows has removed them, which it does without notice: mouse
// or keyboard were used, but the hooks were not called.
func (h *hooks) check(log *slog.Logger) {
	h.mu.Lock()
	t, quiet := h.thread, int32(lastInput()-h.seenAt) > int32(hookCheck/time.Millisecond)
	h.mu.Unlock()
	if t == nil || !quiet {
		return
	}
	_ = t.do(func() {
		h.mu.Lock()
		h.seenAt = lastInput()
		h.mu.Unlock()
		h.remove()
		if err := h.install(); err != nil {
			log.Warn("windows: hooks", "error", err.Error())
		}
	})
}

// hotkey implements screen.Hotkey.
type hotkey struct {
	// Static after newHotkey.
	log  *slog.Logger
	done chan struct{}
	once sync.Once

	mu sync.Mutex
	// Guarded by mu.
	swallow bool
	users   map[*hookUser]bool
}

var _ screen.Hotkey = (*hotkey)(nil)

func newHotkey(o screen.Options) *hotkey {
	return &hotkey{log: o.Logger, done: make(chan struct{}), users: map[*hookUser]bool{}}
}

func (h *hotkey) close() error {
	h.once.Do(func() { close(h.done) })
	return nil
}

// follow calls each for every event until ctx ends.
func (h *hotkey) follow(ctx context.Context, u *hookUser, each func(hookEvent)) error {
	events, err := theHooks.join(u)
	if err != nil {
		return err
	}
	defer theHooks.leave(events)
	tick := time.NewTicker(hookCheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-h.done:
			return screen.ErrClosed
		case <-tick.C:
			theHooks.check(h.log)
		case e := <-events:
			each(e)
		}
	}
}

// Watch implements screen.Hotkey.
func (h *hotkey) Watch(ctx context.Context, sym uint32, pressed func()) error {
	vk, ok := vkOfSym(keysym.Canonical(sym))
	if !ok {
		if key, _, _, found := charKey(rune(keysym.Canonical(sym)-keysym.Unicode), layoutNow()); keysym.Canonical(sym) >= keysym.Unicode && found {
			vk, ok = key.vk, true
		}
	}
	if !ok {
		return errors.New("windows: the keyboard has no such key")
	}
	u := &hookUser{vk: uint32(vk &^ extended)}
	h.mu.Lock()
	h.users[u] = true
	h.setSwallow(u)
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		delete(h.users, u)
		h.mu.Unlock()
	}()
	return h.follow(ctx, u, func(e hookEvent) {
		if e.key && e.physical && e.down && e.vk == u.vk {
			pressed()
		}
	})
}

func (h *hotkey) setSwallow(u *hookUser) {
	theHooks.mu.Lock()
	u.swallow = h.swallow
	theHooks.mu.Unlock()
}

// Swallow implements screen.Hotkey. It also applies to watches that begin later.
func (h *hotkey) Swallow(on bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.swallow = on
	for u := range h.users {
		h.setSwallow(u)
	}
	return nil
}

// inputWatcher implements screen.InputWatcher. It ends with the hotkey.
type inputWatcher struct{ h *hotkey }

var _ screen.InputWatcher = inputWatcher{}

// Watch implements screen.InputWatcher.
func (w inputWatcher) Watch(ctx context.Context, acted func(screen.Act)) error {
	var next [2]time.Time // of events other than presses, physical and not
	return w.h.follow(ctx, &hookUser{}, func(e hookEvent) {
		if e.still {
			return // wine reports this when a window appears or goes below the pointer
		}
		which := 0
		if e.physical {
			which = 1
		}
		if now := time.Now(); e.down || !now.Before(next[which]) {
			next[which] = now.Add(handsPace)
			acted(screen.Act{Physical: e.physical, Press: e.down})
		}
	})
}
