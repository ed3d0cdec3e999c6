//go:build linux

package x11

import (
	"encoding/binary"
	"errors"
	"image"

	"github.com/jezek/xgb/composite"
	"github.com/jezek/xgb/shm"
	"github.com/jezek/xgb/xproto"

	"lotse/screen"
)

// reading is a pending read of a piece of a window.
type reading struct {
	w      *topWindow
	rect   image.Rectangle // in the window's coordinates
	offset int             // in the segment
	shm    shm.GetImageCookie
	pixels []byte
	failed bool
}

// windowReader reads the pixels of shared windows into the canvas. The goroutine that calls Next
// owns it.
type windowReader struct {
	l       *link
	ext     *shareExtensions
	windows *windowLookup
	stack   *stack
	queue   *windowQueue
	canvas  *canvas

	hasShm bool
	seg    *segment // nil: pixels are sent over the connection
	retry  bool     // something could not be read
}

// resize creates shared memory for a frame of this size.
func (x *windowReader) resize(size image.Point) error {
	if x.seg != nil {
		shmDetach(x.l, x.seg)
		x.seg = nil
	}
	if !x.hasShm {
		return nil
	}
	seg, err := newSegment(x.l, x.canvas.format.stride(size.X)*size.Y+1<<20)
	switch {
	case errors.Is(err, errNoShm):
		x.hasShm = false
	case err != nil:
		return err
	default:
		x.seg = seg
	}
	return nil
}

// release releases the shared memory.
func (x *windowReader) release() {
	if x.seg != nil {
		x.seg.unmap()
		x.seg = nil
	}
}

// read copies what was drawn into the frame. It adds the changes to touched.
func (x *windowReader) read(touched *screen.Region) error {
	var batch []reading
	room := 0
	if x.seg != nil {
		room = len(x.seg.data)
	}
	used := 0
	for _, w := range x.stack.order {
		if len(w.vis) == 0 || w.dirty.Empty() {
			continue
		}
		if !x.name(w) {
			x.canvas.hatch(w, touched)
			continue
		}
		var want []image.Rectangle
		for _, v := range w.vis {
			want = append(want, w.dirty.Intersect(v.Sub(w.origin())).Rects()...)
		}
		w.dirty.Clear()
		for _, r := range coarsen(want) {
			r = r.Intersect(w.outer().Sub(w.origin()))
			size := x.canvas.format.stride(r.Dx()) * r.Dy()
			if used+size > room && len(batch) > 0 {
				if err := x.collect(batch, touched); err != nil {
					return err
				}
				batch, used = nil, 0
			}
			batch = append(batch, x.ask(w, r, used))
			used += size
		}
	}
	return x.collect(batch, touched)
}

// name gives the window's memory a name; false: its pixels cannot be read.
func (x *windowReader) name(w *topWindow) bool {
	if w.depth != x.l.scr.RootDepth && (w.depth != 32 || !x.canvas.format.plain) {
		return false
	}
	if w.pixmap != 0 {
		return true
	}
	id, err := xproto.NewPixmapId(x.l.Conn)
	if err != nil || composite.NameWindowPixmapChecked(x.l.Conn, w.id, id).Check() != nil {
		return false
	}
	w.pixmap = id
	return true
}

// ask requests a piece.
func (x *windowReader) ask(w *topWindow, r image.Rectangle, offset int) reading {
	got := reading{w: w, rect: r, offset: offset}
	at := r.Min.Add(image.Pt(w.border, w.border)) // the memory starts with the border
	if x.seg != nil {
		got.shm = shm.GetImage(x.l.Conn, xproto.Drawable(w.pixmap), int16(at.X), int16(at.Y), uint16(r.Dx()), uint16(r.Dy()),
			allPlanes, zPixmap, x.seg.seg, uint32(offset))
		return got
	}
	b := []byte{xGetImage, zPixmap, 0, 0}
	b = binary.LittleEndian.AppendUint32(b, uint32(w.pixmap))
	for _, v := range []int{at.X, at.Y, r.Dx(), r.Dy()} {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	b = binary.LittleEndian.AppendUint32(b, allPlanes)
	reply, err := x.l.request(b, true).Reply()
	if got.failed = err != nil || len(reply) < xHead+x.canvas.format.stride(r.Dx())*r.Dy(); !got.failed {
		got.pixels = reply[xHead:]
	}
	return got
}

// collect waits for the pieces and copies those into the frame whose window did not change
// meanwhile: every event from before the reads has arrived by then.
func (x *windowReader) collect(batch []reading, touched *screen.Region) error {
	for i := range batch {
		if x.seg == nil {
			continue
		}
		if _, err := batch[i].shm.Reply(); err != nil {
			if x.l.isGone() {
				return err
			}
			batch[i].failed = true
			continue
		}
		batch[i].pixels = x.seg.data[batch[i].offset:]
	}
	stale := x.renewed(batch)
	for _, g := range batch {
		switch {
		case stale[g.w]:
			g.w.dirty.Add(g.rect)
		case g.failed:
			x.windows.rename(g.w)
			g.w.dirty.Add(g.rect)
			x.retry = true
		default:
			x.canvas.put(g, touched)
		}
	}
	return nil
}

// renewed returns the windows of the batch that changed meanwhile.
func (x *windowReader) renewed(batch []reading) map[*topWindow]bool {
	stale := map[*topWindow]bool{}
	overflow := x.queue.each(func(ev []byte) {
		if x.ext.isShape(ev) {
			if w := x.stack.byID[xproto.Window(binary.LittleEndian.Uint32(ev[4:]))]; w != nil {
				stale[w] = true
			}
			return
		}
		e, ok := parseWindowEvent(ev)
		if !ok {
			return
		}
		for _, g := range batch {
			if e.renews(g.w) {
				stale[g.w] = true
			}
		}
	})
	if overflow {
		for _, g := range batch {
			stale[g.w] = true
		}
	}
	return stale
}

func shmDetach(l *link, s *segment) {
	if !l.isGone() {
		shm.Detach(l.Conn, s.seg)
	}
	s.unmap()
}
