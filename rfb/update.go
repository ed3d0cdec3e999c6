package rfb

import (
	"encoding/binary"
	"fmt"
	"image"
	"time"

	"lotse/screen"
)

type view = screen.View

// writer is the state of writeLoop.
type writer struct {
	size    image.Point     // the framebuffer's size as the viewer knows it
	drawn   image.Rectangle // where the viewer's picture holds a drawn pointer
	shape   *screen.Cursor  // that drawn pointer's shape
	raw     rawEncoder
	hextile hextileEncoder
	zlib    zlibEncoder
	zrle    zrleEncoder
	tight   tightEncoder
	scratch *screen.Frame     // for the pointer
	canvas  *screen.Frame     // for a viewer whose framebuffer cannot follow the size
	pieces  []image.Rectangle // scratch of splitRect
	photos  []image.Rectangle // scratch of appendTight
	texts   []image.Rectangle // likewise
	cost    photoCost
	text    textCost
	echoed  bool          // the last update was an answer to input alone
	left    screen.Region // what the last update had no room for: it comes first
	refine  refinement
	out     []byte
}

// keepBuffer is the largest output buffer that is kept from update to update.
const keepBuffer = 8 << 20

// job is what writeLoop takes in one round.
type job struct {
	queued []func([]byte) []byte
	update bool
	area   screen.Region
	caps   capabilities
	told   *capabilities
	conv   *converter
	rights Rights
	photos *Photos
	format bool // the colour map must be sent

	layout, shape, pointer bool
	refine, tick           bool
	lossless               bool // no JPEG in this update
	whole                  bool // the update is not cut, however large it is
	pace                   pace
	sizeReply              int
	name                   string
	nameDirty              bool
}

// writeLoop writes what the viewer is ready for until the connection is closed.
func (c *Conn) writeLoop() error {
	defer c.writer.refine.stop()
	for {
		if !c.waitForWork() {
			return nil
		}
		b, updated, err := c.compose(c.writer.out[:0])
		if err != nil {
			return err
		}
		if err := c.write(b); err != nil {
			return fmt.Errorf("rfb: write to viewer: %w", err)
		}
		if updated {
			c.mu.Lock()
			c.updates++
			c.mu.Unlock()
		}
		if c.writer.out = b; cap(b) > keepBuffer {
			c.writer.out = nil
		}
	}
}

// writeStep is how much must be taken within writeTimeout: a slow line is not a
// dead one.
const writeStep = 64 << 10

func (c *Conn) write(b []byte) error {
	for len(b) > 0 {
		n := min(len(b), writeStep)
		if err := c.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
			return err
		}
		if _, err := c.conn.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// waitForWork blocks until there is something to write; false: closed.
func (c *Conn) waitForWork() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.closed && len(c.queued) == 0 && (c.hold || !c.newFormat && !c.updateReadyLocked()) {
		c.wake.Wait()
	}
	return !c.closed
}

// updateReadyLocked: the viewer asked, the line takes it, and there is news.
func (c *Conn) updateReadyLocked() bool {
	if c.requested.Empty() && !c.continuous || c.flowFullLocked() {
		return false
	}
	return c.pending.waits(&c.requested) || c.continuous && c.pending.waits(&c.contArea) || c.sizeReply > 0 || c.refineDue ||
		c.shapeDirty && c.caps.shapes() ||
		c.nameDirty && c.caps.desktopName ||
		c.caps.qemuKey && !c.told.qemuKey || c.caps.mouseButtons && !c.told.mouseButtons
}

// takeLocked moves the work into a job.
func (c *Conn) takeLocked() job {
	j := job{queued: c.queued, caps: c.caps, told: &c.told, conv: c.conv, rights: c.rights, name: c.name}
	c.queued, c.fences = nil, 0
	c.wake.Broadcast() // a fence's answer may be waited for
	if c.hold {
		return j
	}
	j.format, c.newFormat = c.newFormat && !c.conv.format.TrueColour, false
	if !c.updateReadyLocked() {
		return j
	}
	j.update = true
	j.pace = c.paceLocked(time.Now())
	if j.whole = c.whole; j.whole {
		// What comes is kept, as by a program that saves it: as good as it was asked for.
		j.pace.bytesPerSecond, j.pace.largest = 0, 0
	}
	j.area = c.requested.Clone()
	if c.continuous {
		j.area.AddRegion(c.contArea)
	}
	c.requested.Clear()
	j.layout, c.pending.layout = c.pending.layout, false
	j.pointer, c.pending.pointer = c.pending.pointer, false
	j.shape, c.shapeDirty = c.shapeDirty, false
	j.refine, c.refineDue = c.refineDue, false
	j.tick, c.refineTick = c.refineTick, false
	j.sizeReply, c.sizeReply = c.sizeReply, 0
	j.nameDirty, c.nameDirty = c.nameDirty && c.caps.desktopName, c.nameDirty && !c.caps.desktopName
	return j
}

// source is the picture that a viewer with these rights sees.
func (c *Conn) source(r Rights) *screen.Framebuffer {
	if r.Has(RightView) {
		return c.cfg.Desktop
	}
	return c.cfg.Waiting
}

// compose appends all that is to be written now. The rights are read inside
// encodeMu: what was taken back before is not encoded.
func (c *Conn) compose(b []byte) (_ []byte, updated bool, err error) {
	c.encodeMu.Lock()
	defer c.encodeMu.Unlock()
	c.mu.Lock()
	j := c.takeLocked()
	c.mu.Unlock()
	for _, message := range j.queued {
		b = message(b)
	}
	if j.format { // behind the answer of a fence that announced it
		b = appendColourMap(b)
	}
	if !j.update {
		return b, false, nil
	}
	if j.caps.fence {
		c.mu.Lock()
		if probe := c.flow.probe(time.Now()); probe != nil {
			b = appendFence(b, fenceRequest, probe)
		}
		c.mu.Unlock()
	}
	if j.tick {
		c.writer.refine.tick()
	}
	start := len(b)
	asked := j.refine
	if j.rights.Has(RightView) { // else it is another framebuffer's picture
		j.photos = c.cfg.Photos
	}
	c.source(j.rights).Read(func(v view) { b, err = c.appendUpdate(b, &j, v) })
	if err != nil {
		return b, false, err
	}
	c.scheduleRefinement(asked, !j.refine, j.refine && len(b) > start)
	if len(b) > start {
		c.mu.Lock()
		var payload []byte
		if j.caps.fence || !c.continuous { // else nothing would answer for it
			payload = c.flow.sent(len(b)-start, time.Now())
		}
		c.mu.Unlock()
		if j.caps.fence {
			b = appendFence(b, fenceRequest|fenceBlockBefore, payload)
		}
	}
	return b, len(b) > start, nil
}

// appendUpdate appends one FramebufferUpdate (RFC 6143, section 7.6.1), or
// nothing when it would be empty; then the request stays open.
func (c *Conn) appendUpdate(b []byte, j *job, v view) ([]byte, error) {
	w := &c.writer
	start := len(b)
	b = append(b, msgFramebufferUpdate, 0, 0, 0)
	resized := v.Frame.Size != w.size && j.caps.resizes()
	b, rects := c.appendPseudo(b, j, v)
	b, n := w.appendSizes(b, j, v)
	if resized {
		w.size = v.Frame.Size
		w.drawn = image.Rectangle{}
		w.refine.reset()
		c.mu.Lock()
		c.pending.all()
		c.mu.Unlock()
	}
	if rects += n; n > 0 {
		// No pixels beside a size (rfbproto, "ExtendedDesktopSize"): they come
		// when the viewer asks anew.
		return finishUpdate(b, start, rects, j.caps.lastRect), nil
	}
	frame := v.Frame
	if v.Frame.Size != w.size {
		frame = w.letterbox(v.Frame)
	}
	c.mu.Lock()
	var send screen.Region
	var moves []screen.Move
	// What is pending may belong to the other framebuffer by now: then it is
	// not this one's to take.
	if c.rights.Has(RightView) == j.rights.Has(RightView) {
		c.seen = v.Seq
		send, moves = c.pending.take(j.area, frame.Bounds())
		if c.whole = c.whole && !j.whole; !j.whole {
			c.echoFirstLocked(&send, j)
		}
		j.refine = j.refine && send.Empty() && len(moves) == 0
		if j.refine {
			send, j.lossless = w.refine.next(j.area, frame.Bounds(), &j.pace)
		}
	}
	c.mu.Unlock()
	w.refine.refining = j.refine
	b, n, rest, err := w.appendPicture(b, j, v, frame, send, moves)
	if err != nil {
		return b, err
	}
	if w.left.Clear(); len(rest) > 0 {
		w.left = screen.RegionOf(rest...)
		c.mu.Lock()
		c.pending.putBack(rest)
		c.mu.Unlock()
	}
	if rects += n; rects == 0 {
		c.mu.Lock()
		c.requested.AddRegion(j.area)
		c.mu.Unlock()
		return b[:start], nil
	}
	return finishUpdate(b, start, rects, j.caps.lastRect), nil
}

// maxRects as a count says that LastRect ends the update.
const maxRects = 0xffff

func finishUpdate(b []byte, start, rects int, lastRect bool) []byte {
	// LastRect only where the count does not fit: vncsnapshot 1.2 asks for it
	// and then waits for ever for what follows it.
	if lastRect && rects >= maxRects {
		rects = maxRects
		b = appendLastRect(b)
	}
	binary.BigEndian.PutUint16(b[start+2:], uint16(rects))
	return b
}

// appendSizes appends what is due of sizes and monitors. They stand last in an
// update, because old viewers want DesktopSize there.
func (w *writer) appendSizes(b []byte, j *job, v view) (_ []byte, rects int) {
	for range j.sizeReply {
		b = appendExtendedDesktopSize(b, w.size, v.Monitors, desktopReasonClient, desktopResultForbidden)
		rects++
	}
	resized := v.Frame.Size != w.size
	switch {
	case j.caps.extDesktop && (resized || j.layout):
		b = appendExtendedDesktopSize(b, v.Frame.Size, v.Monitors, desktopReasonServer, desktopResultOK)
		rects++
	case !j.caps.extDesktop && j.caps.desktopSize && resized:
		b = appendDesktopSize(b, v.Frame.Size)
		rects++
	}
	return b, rects
}

// appendPseudo appends the other pseudo-rectangles that are due.
func (c *Conn) appendPseudo(b []byte, j *job, v view) ([]byte, int) {
	rects := 0
	if j.shape && j.caps.shapes() && j.rights.Has(RightControl) {
		b = appendCursor(b, &j.caps, j.conv, v.Cursor)
		rects++
	}
	if j.nameDirty {
		b = appendDesktopName(b, j.name)
		rects++
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if j.caps.qemuKey && !j.told.qemuKey {
		j.told.qemuKey = true
		b = appendRectHeader(b, image.Rectangle{}, pseudoQEMUKey)
		rects++
	}
	if j.caps.mouseButtons && !j.told.mouseButtons {
		j.told.mouseButtons = true
		b = appendRectHeader(b, image.Rectangle{}, pseudoExtMouseButtons)
		rects++
	}
	return b, rects
}

// letterbox shows f, cut or with black beside it, in the size that the viewer
// knows: RFC 6143 lets only viewers with DesktopSize follow.
func (w *writer) letterbox(f *screen.Frame) *screen.Frame {
	if w.canvas == nil || w.canvas.Size != w.size {
		w.canvas = screen.NewFrame(w.size)
	}
	bounds := w.canvas.Bounds()
	w.canvas.CopyRect(f, bounds)
	w.canvas.Fill(image.Rect(f.Size.X, 0, bounds.Max.X, bounds.Max.Y), 0, 0, 0)
	w.canvas.Fill(image.Rect(0, f.Size.Y, bounds.Max.X, bounds.Max.Y), 0, 0, 0)
	return w.canvas
}

// maxListed bounds the rectangles of which an update's picture is made before they are
// cut for an encoding: their count has 16 bits. More are sent as one.
const maxListed = 8000

// appendPicture appends the moves, then the rectangles of send; the pointer is
// drawn into the picture unless the viewer draws it itself.
func (w *writer) appendPicture(b []byte, j *job, v view, f *screen.Frame, send screen.Region, moves []screen.Move) (_ []byte, rects int, rest []image.Rectangle, err error) {
	start, bounds := len(b), f.Bounds()
	if len(moves) > 0 {
		b, rects = w.appendMoves(b, &send, moves, bounds)
	}
	var shape *screen.Cursor
	if !(j.caps.shapes() && j.rights.Has(RightControl)) && j.rights.Has(RightView) {
		shape = v.Cursor
	}
	pointer := cursorArea(shape, v.Pointer).Intersect(bounds).Intersect(v.Frame.Bounds())
	if pointer != w.drawn || shape != w.shape {
		send.Add(w.drawn.Intersect(bounds))
		send.Add(pointer)
		w.drawn, w.shape = pointer, shape
	}
	appendPointer := func() {
		if err == nil {
			b, err = w.appendPointerArea(b, j, f, shape, v.Pointer, pointer)
			rects++
			w.refine.sent(pointer, false, false)
		}
	}
	drawn := !send.Intersect(pointer).Empty()
	if drawn && !j.whole {
		send.Subtract(pointer)
		appendPointer()
	}
	list := send.Rects()
	switch {
	case len(list) > maxListed:
		list = []image.Rectangle{send.Bounds()}
	case !w.left.Empty() && !j.whole:
		list = first(send, w.left)
	}
	n := 0
	if err == nil {
		b, n, rest, err = w.appendRects(b, start, j, v, f, list)
		rects += n
	}
	if drawn && j.whole {
		appendPointer() // some take the first rectangle for the whole picture
	}
	return b, rects, rest, err
}

// appendMoves appends moves. What of the picture is wrong then, where a drawn pointer
// was copied to or buried, is added to send.
func (w *writer) appendMoves(b []byte, send *screen.Region, moves []screen.Move, bounds image.Rectangle) (_ []byte, rects int) {
	wrong := screen.RegionOf(w.drawn)
	for _, m := range moves {
		b = appendCopyRect(b, m.Dst, m.Delta)
		w.refine.moved(m)
		came := wrong.Intersect(m.Src())
		came.Translate(m.Delta)
		wrong.Subtract(m.Dst)
		wrong.AddRegion(came)
		if m.Dst.Overlaps(w.drawn) {
			send.Add(w.drawn.Intersect(bounds))
		}
	}
	wrong.Subtract(w.drawn)
	send.AddRegion(wrong)
	return b, len(moves)
}

// appendRects appends the rectangles of list in the viewer's encoding. What is over the
// update's bound is returned.
func (w *writer) appendRects(b []byte, start int, j *job, v view, f *screen.Frame, list []image.Rectangle) (_ []byte, rects int, rest []image.Rectangle, err error) {
	if j.caps.encoding == encTight {
		return w.appendTight(b, start, j, v, f, list)
	}
	e := w.encoderFor(&j.caps)
	part := e.split()
	if j.pace.largest > 0 && part == (image.Point{}) {
		part = image.Pt(slowSide*4, slowSide)
	}
	for _, r := range list {
		w.pieces = splitRect(w.pieces[:0], r, part)
		for _, piece := range w.pieces {
			if j.pace.full(len(b) - start) {
				rest = append(rest, piece)
				continue
			}
			if b, err = appendRect(b, e, j, f, piece); err != nil {
				return b, rects, nil, err
			}
			rects++
			w.refine.sent(piece, false, false)
		}
	}
	return b, rects, rest, nil
}

// slowSide is the height of the rectangles of encodings that take any, so that
// an update on a slow line can end between two.
const slowSide = 256

// first returns the rectangles of send, those inside left before the others.
func first(send, left screen.Region) []image.Rectangle {
	list := send.IntersectRegion(left).Rects()
	send.SubtractRegion(left)
	return append(list, send.Rects()...)
}

// appendRect appends a rectangle of f at its place.
func appendRect(b []byte, e encoder, j *job, f *screen.Frame, r image.Rectangle) ([]byte, error) {
	b = appendRectHeader(b, r, j.caps.encoding)
	return e.encode(b, j.conv, f, r)
}

// appendPointerArea appends the rectangle with the pointer drawn into it, raw:
// it is small and often.
func (w *writer) appendPointerArea(b []byte, j *job, f *screen.Frame, shape *screen.Cursor, at image.Point, r image.Rectangle) ([]byte, error) {
	if w.scratch == nil || w.scratch.Size != r.Size() {
		w.scratch = screen.NewFrame(r.Size())
	}
	for y := range r.Dy() {
		copy(w.scratch.Row(y, 0, r.Dx()), f.Row(r.Min.Y+y, r.Min.X, r.Max.X))
	}
	drawCursor(w.scratch, r.Min, shape, at)
	b = appendRectHeader(b, r, encRaw)
	return w.raw.encode(b, j.conv, w.scratch, w.scratch.Bounds())
}

// splitRect appends r in pieces of at most size; zero: not cut at all.
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
