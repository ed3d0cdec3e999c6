//go:build linux

package x11

import (
	"encoding/binary"
	"image"
	"time"

	"github.com/jezek/xgb/damage"
	"github.com/jezek/xgb/xproto"
)

// follow updates the model with the server's events, and determines from when on its reports of
// drawing are reliable. Reports caused by a change of windows follow directly after the change, so
// they arrive before the answer to the next request.
func (a *appScreen) follow() error {
	if err := a.drain(); err != nil {
		return err
	}
	ask := false
	for _, w := range a.stack.order {
		if w.needsSettling() {
			w.settling, ask = true, true
		}
	}
	if !ask {
		return nil
	}
	if err := a.l.sync(); err != nil {
		return err
	}
	if err := a.drain(); err != nil {
		return err
	}
	for _, w := range a.stack.order {
		w.settled, w.settling = w.settled || w.settling, false
	}
	return nil
}

// drain handles the queued events.
func (a *appScreen) drain() error {
	queue, overflow := a.queue.take()
	if overflow {
		a.log.Info("x11: too many window events at once; starting again")
		return a.begin()
	}
	now := time.Now()
	for i := range queue {
		if err := a.obey(queue[i][:], now); err != nil {
			return err
		}
	}
	return nil
}

func (a *appScreen) obey(ev []byte, now time.Time) error {
	switch {
	case ev[0] == a.ext.damageEvent:
		w := a.stack.byID[xproto.Window(binary.LittleEndian.Uint32(ev[4:]))]
		if w == nil || !w.shared || damage.Damage(binary.LittleEndian.Uint32(ev[8:])) != w.damage {
			return nil
		}
		x, y := int(int16(binary.LittleEndian.Uint16(ev[16:]))), int(int16(binary.LittleEndian.Uint16(ev[18:])))
		r := image.Rect(x, y, x+int(binary.LittleEndian.Uint16(ev[20:])), y+int(binary.LittleEndian.Uint16(ev[22:])))
		if w.drawn(r) {
			a.layout = true
		}
		return nil
	case a.ext.isShape(ev):
		if w := a.stack.byID[xproto.Window(binary.LittleEndian.Uint32(ev[4:]))]; w != nil && w.shared {
			a.stack.stir()
			a.windows.readShape(w)
			w.forget(now)
			a.layout = true
		}
		return nil
	}
	e, ok := parseWindowEvent(ev)
	if !ok {
		return nil
	}
	a.stack.stir()
	if e.at != a.stack.root {
		// Inside a frame: the program's window in it may have changed.
		if w := a.stack.byID[e.at]; w != nil && (e.kind == xproto.ReparentNotify || e.kind == xproto.DestroyNotify) {
			w.known = false
		}
		return nil
	}
	if e.window == a.stack.root {
		if e.kind == xproto.ConfigureNotify {
			return a.resize(e.size)
		}
		return nil
	}
	a.obeyWindow(e, now)
	return nil
}

func (a *appScreen) obeyWindow(e windowEvent, now time.Time) {
	w := a.stack.byID[e.window]
	if w == nil && e.kind != xproto.CreateNotify && e.kind != xproto.ReparentNotify {
		return
	}
	switch e.kind {
	case xproto.CreateNotify:
		w = &topWindow{id: e.window, extent: extent{e.pos, e.size, e.border}}
		a.stack.add(w)
		return
	case xproto.DestroyNotify:
		w.damage = 0 // destroyed with the window
		a.windows.unprepare(a.stack.remove(e.window))
		a.owners.publish(a.stack.order)
	case xproto.ReparentNotify:
		if e.other != a.stack.root {
			if frame := a.stack.byID[e.other]; frame != nil {
				frame.known, frame.looks = false, 0
			}
			if w != nil {
				a.windows.unprepare(w)
				a.stack.remove(e.window)
			}
			break
		}
		if g, err := xproto.GetGeometry(a.l.Conn, xproto.Drawable(e.window)).Reply(); err == nil && w == nil {
			w = &topWindow{id: e.window, extent: extentOf(g)}
			w.at = e.pos
			a.stack.add(w)
		}
	case xproto.MapNotify:
		w.mapped, w.known, w.looks = true, false, 0
		w.forget(now)
		a.windows.rename(w)
	case xproto.UnmapNotify:
		w.mapped = false
		a.windows.rename(w)
	case xproto.ConfigureNotify:
		if e.size != w.size || e.border != w.border {
			w.size, w.border = e.size, e.border
			w.forget(now)
			a.windows.rename(w)
			if w.shared && a.ext.hasShape {
				a.windows.readShape(w)
			}
		}
		w.at = e.pos
		a.stack.place(w, e.other)
	case xproto.GravityNotify:
		w.at = e.pos
	case xproto.CirculateNotify:
		if e.toTop {
			a.stack.order = append(lifted(a.stack.order, w), w)
		} else {
			a.stack.place(w, 0)
		}
	}
	a.layout = true
}

// lifted returns the order without w.
func lifted(order []*topWindow, w *topWindow) []*topWindow {
	out := make([]*topWindow, 0, len(order))
	for _, o := range order {
		if o != w {
			out = append(out, o)
		}
	}
	return out
}
