//go:build linux

package x11

import (
	"image"
	"time"

	"github.com/jezek/xgb/xproto"
)

// askForDrawing makes programs draw again what they drew before the share was opened. It returns
// when to call it again.
func (s *stack) askForDrawing(l *link, now time.Time) time.Duration {
	again := time.Hour
	for _, w := range s.order {
		if !w.shared || !w.mapped || w.undrawn.Empty() {
			continue
		}
		if wait := w.askAt.Sub(now); wait > 0 {
			again = min(again, wait)
			continue
		}
		w.askAt = now.Add(repaintAfter << w.repaints)
		w.repaints = min(w.repaints+1, repaintTries)
		again = min(again, w.askAt.Sub(now))
		left := repaintWindows
		expose(l, w.id, w.undrawn.Bounds(), &left)
	}
	return again
}

// expose makes w and the windows in it draw inside r, in w's coordinates.
func expose(l *link, w xproto.Window, r image.Rectangle, left *int) {
	if *left--; *left < 0 || r.Empty() {
		return
	}
	xproto.ClearArea(l.Conn, true, w, int16(r.Min.X), int16(r.Min.Y), uint16(r.Dx()), uint16(r.Dy()))
	tree, err := xproto.QueryTree(l.Conn, w).Reply()
	if err != nil {
		return
	}
	cookies := make([]xproto.GetGeometryCookie, len(tree.Children))
	for i, c := range tree.Children {
		cookies[i] = xproto.GetGeometry(l.Conn, xproto.Drawable(c))
	}
	for i, c := range tree.Children {
		g, err := cookies[i].Reply()
		if err != nil {
			continue
		}
		at := image.Pt(int(g.X)+int(g.BorderWidth), int(g.Y)+int(g.BorderWidth))
		expose(l, c, r.Sub(at).Intersect(image.Rect(0, 0, int(g.Width), int(g.Height))), left)
	}
}
