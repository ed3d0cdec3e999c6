//go:build linux

package x11

import (
	"encoding/binary"
	"image"

	"github.com/jezek/xgb/composite"
	"github.com/jezek/xgb/shm"
	"github.com/jezek/xgb/xproto"

	"lotse/screen"
)

// reading is one piece of a window on its way.
type reading struct {
	w      *topWindow
	rect   image.Rectangle // in the window's coordinates
	offset int             // in the segment
	shm    shm.GetImageCookie
	pixels []byte
	failed bool
}

// read brings what was drawn into the frame. What it touched joins touched.
func (a *appScreen) read(touched *screen.Region) error {
	var batch []reading
	room := 0
	if a.seg != nil {
		room = len(a.seg.data)
	}
	used := 0
	for _, w := range a.stack.order {
		if len(w.vis) == 0 || w.dirty.Empty() {
			continue
		}
		if !a.name(w) {
			a.hatch(w, touched)
			continue
		}
		var want []image.Rectangle
		for _, v := range w.vis {
			want = append(want, w.dirty.Intersect(v.Sub(w.origin())).Rects()...)
		}
		w.dirty.Clear()
		for _, r := range coarsen(want) {
			r = r.Intersect(w.outer().Sub(w.origin()))
			size := a.format.stride(r.Dx()) * r.Dy()
			if used+size > room && len(batch) > 0 {
				if err := a.collect(batch, touched); err != nil {
					return err
				}
				batch, used = nil, 0
			}
			batch = append(batch, a.ask(w, r, used))
			used += size
		}
	}
	return a.collect(batch, touched)
}

// name gives the window's memory a name; false: its pixels cannot be had.
func (a *appScreen) name(w *topWindow) bool {
	if w.depth != a.l.scr.RootDepth && (w.depth != 32 || !a.format.plain) {
		return false
	}
	if w.pixmap != 0 {
		return true
	}
	id, err := xproto.NewPixmapId(a.l.Conn)
	if err != nil || composite.NameWindowPixmapChecked(a.l.Conn, w.id, id).Check() != nil {
		return false
	}
	w.pixmap = id
	return true
}

// ask requests a piece.
func (a *appScreen) ask(w *topWindow, r image.Rectangle, offset int) reading {
	got := reading{w: w, rect: r, offset: offset}
	at := r.Min.Add(image.Pt(w.border, w.border)) // the memory begins with the border
	if a.seg != nil {
		got.shm = shm.GetImage(a.l.Conn, xproto.Drawable(w.pixmap), int16(at.X), int16(at.Y), uint16(r.Dx()), uint16(r.Dy()),
			allPlanes, zPixmap, a.seg.seg, uint32(offset))
		return got
	}
	b := []byte{xGetImage, zPixmap, 0, 0}
	b = binary.LittleEndian.AppendUint32(b, uint32(w.pixmap))
	for _, v := range []int{at.X, at.Y, r.Dx(), r.Dy()} {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	b = binary.LittleEndian.AppendUint32(b, allPlanes)
	reply, err := a.l.request(b, true).Reply()
	if got.failed = err != nil || len(reply) < xHead+a.format.stride(r.Dx())*r.Dy(); !got.failed {
		got.pixels = reply[xHead:]
	}
	return got
}

// collect waits for the pieces and puts into the frame those whose window was
// the same all the while: every event of before the pictures has arrived now.
func (a *appScreen) collect(batch []reading, touched *screen.Region) error {
	for i := range batch {
		if a.seg == nil {
			continue
		}
		if _, err := batch[i].shm.Reply(); err != nil {
			if a.l.isGone() {
				return err
			}
			batch[i].failed = true
			continue
		}
		batch[i].pixels = a.seg.data[batch[i].offset:]
	}
	stale := a.renewed(batch)
	for _, g := range batch {
		switch {
		case stale[g.w]:
			g.w.dirty.Add(g.rect)
		case g.failed:
			a.rename(g.w)
			g.w.dirty.Add(g.rect)
			a.retry = true
		default:
			a.put(g, touched)
		}
	}
	return nil
}

// renewed lists the windows of the batch that changed meanwhile.
func (a *appScreen) renewed(batch []reading) map[*topWindow]bool {
	stale := map[*topWindow]bool{}
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.queue {
		ev := a.queue[i][:]
		if a.hasShape && ev[0] == a.shapeEvent {
			if w := a.stack.byID[xproto.Window(binary.LittleEndian.Uint32(ev[4:]))]; w != nil {
				stale[w] = true
			}
			continue
		}
		e, ok := parseWindowEvent(ev)
		if !ok {
			continue
		}
		for _, g := range batch {
			if e.renews(g.w) {
				stale[g.w] = true
			}
		}
	}
	if a.overflow {
		for _, g := range batch {
			stale[g.w] = true
		}
	}
	return stale
}

// put writes a piece into the frame where its window is visible, and nowhere else.
func (a *appScreen) put(g reading, touched *screen.Region) {
	w := g.w
	stride := a.format.stride(g.rect.Dx())
	for _, v := range w.vis {
		r := g.rect.Add(w.origin()).Intersect(v)
		if r.Empty() {
			continue
		}
		touched.Add(r)
		left := (r.Min.X - w.origin().X - g.rect.Min.X) * a.format.bytes
		for y := r.Min.Y; y < r.Max.Y; y++ {
			from := (y-w.origin().Y-g.rect.Min.Y)*stride + left
			in := g.pixels[from : from+r.Dx()*a.format.bytes]
			out := a.frame.Row(y, r.Min.X, r.Max.X)
			if w.depth == 32 {
				blend(out, in, a.back.Row(y, r.Min.X, r.Max.X))
				continue
			}
			a.format.row(out, in)
		}
	}
}

// blend draws premultiplied pixels with alpha over the backdrop: a window that
// is transparent shows nothing of what really lies below it.
func blend(out, in, back []byte) {
	for i := 0; i+3 < len(in); i += 4 {
		rest := 255 - uint32(in[i+3])
		for c := range 3 {
			out[i+c] = byte(min(255, uint32(in[i+c])+(uint32(back[i+c])*rest+127)/255))
		}
		out[i+3] = 0
	}
}

// hatch marks a window whose pixels cannot be had.
func (a *appScreen) hatch(w *topWindow, touched *screen.Region) {
	w.dirty.Clear()
	const (
		pitch       = 12
		dark, light = 0x70, 0x98
	)
	for _, v := range w.vis {
		touched.Add(v)
		for y := v.Min.Y; y < v.Max.Y; y++ {
			out := a.frame.Row(y, v.Min.X, v.Max.X)
			for i := 0; i < len(out); i += screen.BytesPerPixel {
				c := byte(dark)
				if (v.Min.X+i/screen.BytesPerPixel+y)%pitch < 2 {
					c = light
				}
				out[i], out[i+1], out[i+2], out[i+3] = c, c, c, 0
			}
		}
	}
}

func shmDetach(l *link, s *segment) {
	if !l.isGone() {
		shm.Detach(l.Conn, s.seg)
	}
	s.unmap()
}
