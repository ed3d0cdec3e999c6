//go:build linux

package x11

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
	"lotse/screen/keysym"
)

// handsPace is the minimum time between two reports of events other than presses.
const handsPace = 50 * time.Millisecond

// rawQueue is the maximum number of raw events waiting to be handled.
const rawQueue = 512

// physical is a connection on which raw input events arrive. It identifies the events that no
// program injected.
type physical struct {
	// Static after openPhysical.
	xi      *xiLink
	events  chan xiEvent
	mapDue  atomic.Bool
	mapBell chan struct{}
	xkb     *xkbLink

	// Owned by the goroutine that reads events.
	injector map[uint16]bool
	down     map[rawKey]bool
}

// rawKey is a key of one device.
type rawKey struct {
	source  uint16
	keycode uint32
}

// openPhysical connects and requests raw events of the given kinds.
func openPhysical(o screen.Options, withMap bool, kinds ...uint) (_ *physical, err error) {
	defer recovered(&err)
	p := &physical{
		events: make(chan xiEvent, rawQueue), mapBell: make(chan struct{}, 1), down: map[rawKey]bool{},
	}
	var major, xkbEvent atomic.Uint32
	l, err := dialX(o, func(ev []byte) {
		if isMapEvent(ev, byte(xkbEvent.Load())) {
			p.mapDue.Store(true)
			select {
			case p.mapBell <- struct{}{}:
			default:
			}
			return
		}
		e, ok := parseXIEvent(ev, byte(major.Load()))
		if !ok {
			return
		}
		select {
		case p.events <- e:
		default: // nobody presses keys that fast
		}
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if p.xi, err = openXI(l); err != nil {
		return nil, err
	}
	if withMap {
		if p.xkb, err = openXKB(l); err != nil {
			return nil, err
		}
		xkbEvent.Store(uint32(p.xkb.event))
	}
	major.Store(uint32(p.xi.major))
	if err = p.xi.selectEvents(xiAllDevices, xiHierarchyChanged); err != nil {
		return nil, err
	}
	if p.injector, err = p.xi.injectors(); err != nil {
		return nil, err
	}
	if err = p.xi.selectEvents(xiAllMasterDevices, kinds...); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *physical) close() { p.xi.close() }

// isPhysical reports whether e came from a physical device. A device that cannot be identified is
// not trusted.
func (p *physical) isPhysical(e xiEvent) (is bool, err error) {
	defer recovered(&err)
	if e.kind == xiHierarchyChanged {
		p.injector = nil
		clear(p.down)
		return false, nil
	}
	injected, known := p.injector[e.source]
	if !known {
		if p.injector, err = p.xi.injectors(); err != nil {
			return false, err
		}
		injected, known = p.injector[e.source]
	}
	return known && !injected, nil
}

// isPress reports whether a physical event presses a key that was up.
func (p *physical) isPress(e xiEvent) bool {
	k := rawKey{e.source, e.detail}
	switch e.kind {
	case xiRawKeyPress:
		was := p.down[k]
		p.down[k] = true
		return !was && e.flags&xiKeyRepeat == 0
	case xiRawKeyRelease:
		delete(p.down, k)
	}
	return false
}

// hotkey implements screen.Hotkey with raw events of XInput 2 and, to swallow the key, with a
// passive grab. The grab is the core protocol's and does not distinguish devices: while it is
// active, injected presses do not reach programs either.
type hotkey struct {
	// Static after newHotkey.
	o    screen.Options
	done chan struct{} // closed by close
	once sync.Once

	mu sync.Mutex
	// Guarded by mu.
	swallow bool
	watches []*hotWatch
}

// hotWatch is one active Watch. Its fields are guarded by hotkey.mu.
type hotWatch struct {
	o     screen.Options
	p     *physical
	sym   uint32
	keys  []byte   // keycodes of sym
	locks []uint16 // modifier sets to grab the key with

	// grabber holds the grab; nil: there is none. It is a separate connection because the server
	// does not send raw events to the client that has grabbed them.
	grabber *link
}

var _ screen.Hotkey = (*hotkey)(nil)

func newHotkey(o screen.Options) *hotkey {
	return &hotkey{o: o, done: make(chan struct{})}
}

func (h *hotkey) close() error {
	h.once.Do(func() { close(h.done) })
	return nil
}

// Watch implements screen.Hotkey. It returns an error if the keyboard has no such key, if the X
// server cannot distinguish devices, or if the key is to be swallowed and another program has
// grabbed it.
func (h *hotkey) Watch(ctx context.Context, sym uint32, pressed func()) error {
	p, err := openPhysical(h.o, true, xiRawKeyPress, xiRawKeyRelease)
	if err != nil {
		return err
	}
	defer p.close()
	w := &hotWatch{o: h.o, p: p, sym: sym}
	if err := h.join(w); err != nil {
		return err
	}
	defer h.leave(w)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-h.done:
			return screen.ErrClosed
		case <-p.xi.gone:
			return p.xi.explain(errGone)
		case <-p.mapBell:
			if err := h.remap(w); err != nil {
				h.o.Logger.Warn("x11: hotkey", "error", err.Error())
			}
		case e := <-p.events:
			is, err := p.isPhysical(e)
			if err != nil {
				return err
			}
			if is && p.isPress(e) && slices.Contains(w.keys, byte(e.detail)) && e.detail < 256 {
				pressed()
			}
		}
	}
}

// Swallow implements screen.Hotkey. It also applies to watches that begin later.
func (h *hotkey) Swallow(on bool) (err error) {
	defer recovered(&err)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.swallow = on
	for _, w := range h.watches {
		err = errors.Join(err, w.grab(on))
	}
	return err
}

func (h *hotkey) join(w *hotWatch) (err error) {
	defer recovered(&err)
	h.mu.Lock()
	defer h.mu.Unlock()
	w.p.mapDue.Store(true)
	if err := w.read(); err != nil {
		return err
	}
	if len(w.keys) == 0 {
		return fmt.Errorf("x11: display %s: keysym %#x is on no key", w.p.xi.display, w.sym)
	}
	if err := w.grab(h.swallow); err != nil {
		return err
	}
	h.watches = append(h.watches, w)
	return nil
}

func (h *hotkey) leave(w *hotWatch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.watches = slices.DeleteFunc(h.watches, func(o *hotWatch) bool { return o == w })
	w.free()
}

// remap handles a change of the keyboard map.
func (h *hotkey) remap(w *hotWatch) (err error) {
	defer recovered(&err)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := w.grab(false); err != nil {
		return err
	}
	if err := w.read(); err != nil {
		return err
	}
	return w.grab(h.swallow)
}

// read finds the key and the lock modifiers in the map.
func (w *hotWatch) read() error {
	if !w.p.mapDue.Swap(false) {
		return nil
	}
	m, err := w.p.xkb.keyMap()
	if err != nil {
		return err
	}
	w.keys = nil
	for _, kc := range m.on[keysym.Canonical(w.sym)] {
		if keysym.Canonical(m.keys[kc].sym(0, 0)) == keysym.Canonical(w.sym) {
			w.keys = append(w.keys, kc)
		}
	}
	if len(w.keys) == 0 {
		w.keys = slices.Clone(m.on[keysym.Canonical(w.sym)])
	}
	w.locks = w.locks[:0]
	locks := uint16(modLock | m.numLock | m.scrollLock)
	for sub := locks; ; sub = (sub - 1) & locks {
		w.locks = append(w.locks, sub)
		if sub == 0 {
			return nil
		}
	}
}

// grab grabs or releases the key with all combinations of the lock modifiers.
func (w *hotWatch) grab(on bool) (err error) {
	if !on {
		w.free()
		return nil
	}
	if w.grabber != nil {
		return nil
	}
	if w.grabber, err = dialX(w.o, func([]byte) {}); err != nil {
		return err
	}
	l := w.grabber
	for _, kc := range w.keys {
		for _, mods := range w.locks {
			err := xproto.GrabKeyChecked(l.Conn, false, l.root, mods, xproto.Keycode(kc),
				xproto.GrabModeAsync, xproto.GrabModeAsync).Check()
			if err == nil {
				continue
			}
			w.free()
			var taken xproto.AccessError
			if errors.As(err, &taken) {
				return fmt.Errorf("x11: display %s: another program has taken the hotkey for itself", l.display)
			}
			return l.explain(err)
		}
	}
	return nil
}

// free releases the grab and returns after the server has done so.
func (w *hotWatch) free() {
	if w.grabber == nil {
		return
	}
	_ = w.grabber.wire.SetDeadline(time.Now().Add(closeTimeout))
	for _, kc := range w.keys {
		xproto.UngrabKey(w.grabber.Conn, xproto.Keycode(kc), w.grabber.root, xproto.ModMaskAny)
	}
	_ = w.grabber.sync()
	w.grabber.close()
	w.grabber = nil
}

var errNested = errors.New("x11: this X server runs inside a Wayland session, which does not tell it of all keys and buttons")

// inputWatcher implements screen.InputWatcher. It ends with the hotkey.
type inputWatcher struct{ h *hotkey }

var _ screen.InputWatcher = inputWatcher{}

// Watch implements screen.InputWatcher.
func (x inputWatcher) Watch(ctx context.Context, acted func(screen.Act)) error {
	p, err := openPhysical(x.h.o, false, xiRawKeyPress, xiRawKeyRelease, xiRawButtonPress, xiRawButtonRelease, xiRawMotion, xiRawTouchBegin)
	if err != nil {
		return err
	}
	defer p.close()
	// Under Wayland most physical input never passes through the X server.
	if _, nested, err := p.xi.extension("XWAYLAND"); err != nil || nested || os.Getenv("WAYLAND_DISPLAY") != "" {
		return errors.Join(errNested, err)
	}
	var next [2]time.Time // of events other than presses, physical and not
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-x.h.done:
			return screen.ErrClosed
		case <-p.xi.gone:
			return p.xi.explain(errGone)
		case e := <-p.events:
			physical, err := p.isPhysical(e)
			if err != nil {
				return err
			}
			if e.kind == xiHierarchyChanged {
				continue
			}
			a := screen.Act{Physical: physical, Press: e.isPress()}
			which := 0
			if physical {
				which = 1
			}
			if now := time.Now(); a.Press || !now.Before(next[which]) {
				next[which] = now.Add(handsPace)
				acted(a)
			}
		}
	}
}

// isPress reports whether a key, a button or a finger was pressed.
func (e *xiEvent) isPress() bool {
	return (e.kind == xiRawKeyPress || e.kind == xiRawButtonPress || e.kind == xiRawTouchBegin) && e.flags&xiKeyRepeat == 0
}
