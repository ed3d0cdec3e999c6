//go:build linux

package x11

import (
	"encoding/binary"
	"image"
	"maps"
	"slices"
	"time"

	"github.com/jezek/xgb/composite"
	"github.com/jezek/xgb/damage"
	"github.com/jezek/xgb/shape"
	"github.com/jezek/xgb/xproto"
)

// lookUp finds out whose a window is and, when it is shared, prepares to read it.
func (a *appScreen) lookUp(w *topWindow) {
	w.known = true
	contents, whole := a.apps.contents(w.id)
	w.contents = contents
	was := w.shared
	w.shared = whole && !w.inputOnly
	for _, c := range contents {
		p, ok := a.apps.owner(c)
		if !ok || !a.chosen.Has(p, a.apps.classes(c)) || a.apps.furniture(c) {
			w.shared = false // of several windows in one frame all must be chosen
		}
	}
	if len(contents) == 0 { // a menu, a tooltip, or a frame that holds nothing yet
		p, ok := a.apps.owner(w.id)
		w.shared = w.shared && ok && a.chosen.Has(p, a.apps.classes(w.id)) && !a.apps.furniture(w.id)
	}
	switch {
	case w.shared && !was:
		a.prepare(w)
	case was && !w.shared:
		a.unprepare(w)
	}
	if w.mapped && !w.shared && len(contents) == 0 && w.looks < lookTries {
		w.lookAt = time.Now().Add(lookAfter << w.looks)
		w.looks++
	}
	a.layout = a.layout || was != w.shared
	a.publishOwners()
}

// prepare has the server keep the window's pixels apart and report drawing.
func (a *appScreen) prepare(w *topWindow) {
	c := a.l.Conn
	xproto.ChangeWindowAttributes(c, w.id, xproto.CwEventMask, []uint32{xproto.EventMaskSubstructureNotify})
	if g, err := xproto.GetGeometry(c, xproto.Drawable(w.id)).Reply(); err == nil {
		w.depth = g.Depth
	}
	if id, err := damage.NewDamageId(c); err == nil {
		if damage.CreateChecked(c, id, xproto.Drawable(w.id), damage.ReportLevelRawRectangles).Check() == nil {
			w.damage = id
			a.dropReports(id)
		}
	}
	if err := composite.RedirectWindowChecked(c, w.id, composite.RedirectAutomatic).Check(); err != nil {
		a.log.Debug("x11: window not redirected", "error", err.Error())
	}
	if a.hasShape {
		shape.SelectInput(c, w.id, true)
	}
	a.readShape(w)
	w.dirty.Add(w.inner())
	w.forget(time.Now())
}

// dropReports takes the first report of a new damage out of the queue: it
// calls all of the window drawn, whether it is or not.
func (a *appScreen) dropReports(id damage.Damage) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.queue = slices.DeleteFunc(a.queue, func(ev [xHead]byte) bool {
		return ev[0] == a.damageEvent && damage.Damage(binary.LittleEndian.Uint32(ev[8:])) == id
	})
}

// unprepare undoes prepare.
func (a *appScreen) unprepare(w *topWindow) {
	if w.damage == 0 && w.pixmap == 0 || a.l.isGone() {
		return
	}
	c := a.l.Conn
	xproto.ChangeWindowAttributes(c, w.id, xproto.CwEventMask, []uint32{0})
	if w.damage != 0 {
		damage.Destroy(c, w.damage)
	}
	composite.UnredirectWindow(c, w.id, composite.RedirectAutomatic)
	if w.pixmap != 0 {
		xproto.FreePixmap(c, w.pixmap)
	}
	if a.hasShape {
		shape.SelectInput(c, w.id, false)
	}
	w.damage, w.pixmap, w.vis, w.shape = 0, 0, nil, nil
}

// readShape reads the window's outline, in the display's rectangles at its origin.
func (a *appScreen) readShape(w *topWindow) {
	w.shape = nil
	if !a.hasShape {
		return
	}
	r, err := shape.GetRectangles(a.l.Conn, w.id, shape.SkBounding).Reply()
	if err != nil {
		return
	}
	w.shape = []image.Rectangle{}
	if len(r.Rectangles) <= maxShapeRects {
		w.shape = rectsOf(r.Rectangles)
	} else {
		a.log.Info("x11: a window is too ragged to be shown", "rectangles", len(r.Rectangles))
	}
}

// publishOwners tells Input and the clipboard what is shared.
func (a *appScreen) publishOwners() {
	tops, bases := map[xproto.Window]bool{}, map[uint32]bool{}
	for _, w := range a.stack.order {
		if !w.shared {
			continue
		}
		tops[w.id] = true
		for _, c := range w.contents {
			bases[a.apps.base(c)] = true
		}
		if len(w.contents) == 0 {
			bases[a.apps.base(w.id)] = true
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !maps.Equal(tops, a.tops) || !maps.Equal(bases, a.bases) {
		a.tops, a.bases = tops, bases
	}
}
