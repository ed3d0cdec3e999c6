package rfb

import (
	"encoding/binary"
	"image"

	"lotse/screen"
)

// update builds one FramebufferUpdate (RFC 6143, section 7.6.1). Rectangles are appended to b;
// those that do not fit go into rest. After an error nothing more is appended.
type update struct {
	w     *writer
	j     *job
	v     view          // the framebuffer's content; its lock is held
	frame *screen.Frame // the frame that is sent: v.Frame, or a letterbox with it
	b     []byte
	start int // index in b where the update starts
	rects int
	rest  []image.Rectangle
	err   error
}

// begin starts an update after b.
func (u *update) begin(w *writer, j *job, v view, b []byte) {
	*u = update{w: w, j: j, v: v, frame: v.Frame, start: len(b), b: append(b, msgFramebufferUpdate, 0, 0, 0)}
}

// maxRects as the count means that LastRect ends the update.
const maxRects = 0xffff

// finish completes the header and returns the bytes.
func (u *update) finish() []byte {
	// LastRect is used only if the count does not fit: vncsnapshot 1.2 asks for LastRect but waits
	// for ever for data after it.
	if u.j.caps.lastRect && u.rects >= maxRects {
		u.rects = maxRects
		u.b = appendLastRect(u.b)
	}
	binary.BigEndian.PutUint16(u.b[u.start+2:], uint16(u.rects))
	return u.b
}

// full reports whether the update has reached the size that the line allows.
func (u *update) full() bool { return u.j.pace.full(len(u.b) - u.start) }

// size returns the size of the update in bytes.
func (u *update) size() int { return len(u.b) - u.start }

// header starts a rectangle.
func (u *update) header(r image.Rectangle, encoding int32) {
	u.b = appendRectHeader(u.b, r, encoding)
	u.rects++
}

// encoded appends a rectangle of the frame encoded by e and returns its size in bytes.
func (u *update) encoded(e encoder, r image.Rectangle) (bytes int) {
	at := len(u.b)
	u.header(r, u.j.caps.encoding)
	u.b, u.err = e.encode(u.b, u.j.conv, u.frame, r)
	kind := kindOf(u.j.caps.encoding)
	if kind == kindTight && u.w.enc.tight.lossy {
		kind = kindJPEG
	}
	return u.count(kind, at)
}

// count notes that b holds a rectangle of a kind from at on, and returns its bytes.
func (u *update) count(kind, at int) (bytes int) {
	bytes = len(u.b) - at
	u.w.counts.sent[kind] += uint64(bytes)
	return bytes
}

// sizes appends the due rectangles about size and monitors, and reports whether there were any.
// They are last in an update, because old viewers expect DesktopSize there.
func (u *update) sizes() bool {
	before := u.rects
	size, caps := u.w.size, &u.j.caps
	for range u.j.due.sizeReplies {
		u.b = appendExtendedDesktopSize(u.b, size, u.v.Monitors, desktopReasonClient, desktopResultForbidden)
		u.rects++
	}
	resized := u.v.Frame.Size != size
	switch {
	case caps.extDesktop && (resized || u.j.due.layout):
		u.b = appendExtendedDesktopSize(u.b, u.v.Frame.Size, u.v.Monitors, desktopReasonServer, desktopResultOK)
		u.rects++
	case !caps.extDesktop && caps.desktopSize && resized:
		u.b = appendDesktopSize(u.b, u.v.Frame.Size)
		u.rects++
	}
	return u.rects > before
}

// pseudo appends the other due pseudo-rectangles, and those that announce extensions.
func (u *update) pseudo(tell [2]int32) {
	j := u.j
	if j.due.shape && j.caps.shapes() && j.rights.Has(RightControl) {
		u.b = appendCursor(u.b, &j.caps, j.conv, u.v.Cursor)
		u.rects++
	}
	if j.due.name {
		u.b = appendDesktopName(u.b, j.name)
		u.rects++
	}
	for _, encoding := range tell {
		if encoding != 0 {
			u.header(image.Rectangle{}, encoding)
		}
	}
}

// maxListed is the maximum number of rectangles before they are divided for an encoding, because
// their count has 16 bits. If there are more, one rectangle is sent instead.
const maxListed = 8000

// picture appends the moves, then the rectangles of send. It draws the pointer into the frame
// unless the viewer draws it.
func (u *update) picture(send screen.Region, moves []screen.Move) {
	w, j, bounds := u.w, u.j, u.frame.Bounds()
	if len(moves) > 0 {
		u.moves(&send, moves)
	}
	var shape *screen.Cursor
	if !(j.caps.shapes() && j.rights.Has(RightControl)) && j.rights.Has(RightView) {
		shape = u.v.Cursor
	}
	pointer := cursorArea(shape, u.v.Pointer).Intersect(bounds).Intersect(u.v.Frame.Bounds())
	if pointer != w.drawn || shape != w.shape {
		send.Add(w.drawn.Intersect(bounds))
		send.Add(pointer)
		w.drawn, w.shape = pointer, shape
	}
	drawn := !send.Intersect(pointer).Empty()
	if drawn && !j.whole {
		send.Subtract(pointer)
		u.pointer(shape, pointer)
	}
	list := send.Rects()
	switch {
	case len(list) > maxListed:
		list = []image.Rectangle{send.Bounds()}
	case !w.left.Empty() && !j.whole:
		list = first(send, w.left)
	}
	u.list(list)
	if drawn && j.whole {
		u.pointer(shape, pointer) // some viewers take the first rectangle for the whole framebuffer
	}
}

// moves appends moves. Areas that they make wrong, to which a drawn pointer was copied or where it
// was overwritten, are added to send.
func (u *update) moves(send *screen.Region, moves []screen.Move) {
	w := u.w
	wrong := screen.RegionOf(w.drawn)
	for _, m := range moves {
		at := len(u.b)
		u.b = appendCopyRect(u.b, m.Dst, m.Delta)
		u.count(kindCopyRect, at)
		u.rects++
		w.refine.moved(m)
		came := wrong.Intersect(m.Src())
		came.Translate(m.Delta)
		wrong.Subtract(m.Dst)
		wrong.AddRegion(came)
		if m.Dst.Overlaps(w.drawn) {
			send.Add(w.drawn.Intersect(u.frame.Bounds()))
		}
	}
	wrong.Subtract(w.drawn)
	send.AddRegion(wrong)
}

// pointer appends the rectangle r with the pointer drawn into it, as Raw, because it is small and
// frequent.
func (u *update) pointer(shape *screen.Cursor, r image.Rectangle) {
	if u.err != nil {
		return
	}
	w := u.w
	if w.scratch == nil || w.scratch.Size != r.Size() {
		w.scratch = screen.NewFrame(r.Size())
	}
	for y := range r.Dy() {
		copy(w.scratch.Row(y, 0, r.Dx()), u.frame.Row(r.Min.Y+y, r.Min.X, r.Max.X))
	}
	drawCursor(w.scratch, r.Min, shape, u.v.Pointer)
	at := len(u.b)
	u.header(r, encRaw)
	u.b, u.err = w.enc.raw.encode(u.b, u.j.conv, w.scratch, w.scratch.Bounds())
	u.count(kindRaw, at)
	w.refine.sent(r, false, false)
}

// list appends rectangles in the viewer's encoding.
func (u *update) list(list []image.Rectangle) {
	w, j := u.w, u.j
	if j.caps.encoding == encTight {
		u.tight(list)
		return
	}
	e := w.enc.of(j.caps.encoding)
	part := e.split()
	if j.pace.largest > 0 && part == (image.Point{}) {
		part = image.Pt(slowSide*4, slowSide)
	}
	for _, r := range list {
		w.lists.pieces = splitRect(w.lists.pieces[:0], r, part)
		for _, piece := range w.lists.pieces {
			switch {
			case u.err != nil:
				return
			case u.full():
				u.rest = append(u.rest, piece)
			default:
				u.encoded(e, piece)
				w.refine.sent(piece, false, false)
			}
		}
	}
}

// of returns the encoder of an encoding other than Tight, which is handled in pieces.go.
func (e *encoders) of(encoding int32) encoder {
	switch encoding {
	case encHextile:
		return &e.hextile
	case encZlib:
		return &e.zlib
	case encZRLE:
		return &e.zrle
	default:
		return &e.raw
	}
}

// slowSide is the maximum height of rectangles in encodings without a limit, so that an update on a
// slow line can end between two rectangles.
const slowSide = 256

// first returns the rectangles of send, those inside left first.
func first(send, left screen.Region) []image.Rectangle {
	list := send.IntersectRegion(left).Rects()
	send.SubtractRegion(left)
	return append(list, send.Rects()...)
}

// splitRect appends r in pieces of at most size; zero: undivided.
func splitRect(out []image.Rectangle, r image.Rectangle, size image.Point) []image.Rectangle {
	if size == (image.Point{}) || r.Dx() <= size.X && r.Dy() <= size.Y {
		return append(out, r)
	}
	for y := r.Min.Y; y < r.Max.Y; y += size.Y {
		for x := r.Min.X; x < r.Max.X; x += size.X {
			out = append(out, image.Rect(x, y, min(x+size.X, r.Max.X), min(y+size.Y, r.Max.Y)))
		}
	}
	return out
}
