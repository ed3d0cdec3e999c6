//go:build linux

package x11

import (
	"encoding/binary"
	"image"
	"log/slog"
	"time"

	"github.com/jezek/xgb/composite"
	"github.com/jezek/xgb/damage"
	"github.com/jezek/xgb/shape"
	"github.com/jezek/xgb/xproto"

	"lotse/screen/program"
)

// windowLookup determines which windows are shared, and makes the server store their pixels
// separately. The goroutine that calls Next owns it.
type windowLookup struct {
	l      *link
	log    *slog.Logger
	apps   *apps
	chosen program.Chosen
	ext    *shareExtensions
	queue  *windowQueue
}

// lookUp determines to which program a window belongs and, if it is shared, prepares to read it. It
// reports whether the window became shared or unshared.
func (x *windowLookup) lookUp(w *topWindow) (changed bool) {
	w.known = true
	contents, whole := x.apps.contents(w.id)
	w.contents = contents
	was := w.shared
	w.shared = whole && !w.inputOnly
	for _, c := range contents {
		p, ok := x.apps.owner(c)
		if !ok || !x.chosen.Has(p, x.apps.classes(c)) || x.apps.furniture(c) {
			w.shared = false // all windows in one frame must be chosen
		}
	}
	if len(contents) == 0 { // a menu, a tooltip, or a frame that is still empty
		p, ok := x.apps.owner(w.id)
		w.shared = w.shared && ok && x.chosen.Has(p, x.apps.classes(w.id)) && !x.apps.furniture(w.id)
	}
	switch {
	case w.shared && !was:
		x.prepare(w)
	case was && !w.shared:
		x.unprepare(w)
	}
	if w.mapped && !w.shared && len(contents) == 0 && w.looks < lookTries {
		w.lookAt = time.Now().Add(lookAfter << w.looks)
		w.looks++
	}
	return was != w.shared
}

// prepare makes the server store the window's pixels separately and report drawing.
func (x *windowLookup) prepare(w *topWindow) {
	c := x.l.Conn
	xproto.ChangeWindowAttributes(c, w.id, xproto.CwEventMask, []uint32{xproto.EventMaskSubstructureNotify})
	if g, err := xproto.GetGeometry(c, xproto.Drawable(w.id)).Reply(); err == nil {
		w.depth = g.Depth
	}
	if id, err := damage.NewDamageId(c); err == nil {
		if damage.CreateChecked(c, id, xproto.Drawable(w.id), damage.ReportLevelRawRectangles).Check() == nil {
			w.damage = id
			x.dropReports(id)
		}
	}
	if err := composite.RedirectWindowChecked(c, w.id, composite.RedirectAutomatic).Check(); err != nil {
		x.log.Debug("x11: window not redirected", "error", err.Error())
	}
	if x.ext.hasShape {
		shape.SelectInput(c, w.id, true)
	}
	x.readShape(w)
	w.dirty.Add(w.inner())
	w.forget(time.Now())
}

// dropReports removes the first report of a new damage from the queue, because it reports the whole
// window as drawn, whether it is or not.
func (x *windowLookup) dropReports(id damage.Damage) {
	x.queue.drop(func(ev []byte) bool {
		return ev[0] == x.ext.damageEvent && damage.Damage(binary.LittleEndian.Uint32(ev[8:])) == id
	})
}

// unprepare undoes prepare.
func (x *windowLookup) unprepare(w *topWindow) {
	if w.damage == 0 && w.pixmap == 0 || x.l.isGone() {
		return
	}
	c := x.l.Conn
	xproto.ChangeWindowAttributes(c, w.id, xproto.CwEventMask, []uint32{0})
	if w.damage != 0 {
		damage.Destroy(c, w.damage)
	}
	composite.UnredirectWindow(c, w.id, composite.RedirectAutomatic)
	if w.pixmap != 0 {
		xproto.FreePixmap(c, w.pixmap)
	}
	if x.ext.hasShape {
		shape.SelectInput(c, w.id, false)
	}
	w.damage, w.pixmap, w.vis, w.shape = 0, 0, nil, nil
}

// readShape reads the window's outline as rectangles relative to its origin.
func (x *windowLookup) readShape(w *topWindow) {
	w.shape = nil
	if !x.ext.hasShape {
		return
	}
	r, err := shape.GetRectangles(x.l.Conn, w.id, shape.SkBounding).Reply()
	if err != nil {
		return
	}
	w.shape = []image.Rectangle{}
	if len(r.Rectangles) <= maxShapeRects {
		w.shape = rectsOf(r.Rectangles)
	} else {
		x.log.Info("x11: a window is too ragged to be shown", "rectangles", len(r.Rectangles))
	}
}

// rename makes the window's memory be named again when it is read next.
func (x *windowLookup) rename(w *topWindow) {
	if w.pixmap != 0 {
		xproto.FreePixmap(x.l.Conn, w.pixmap)
		w.pixmap = 0
	}
}
