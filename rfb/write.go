package rfb

import (
	"fmt"
	"image"
	"time"

	"lotse/screen"
)

type view = screen.View

// writer writes what a viewer is ready for. writeLoop owns it.
type writer struct {
	conn    *Conn
	size    image.Point     // the framebuffer's size as the viewer knows it
	drawn   image.Rectangle // where the viewer's picture holds a drawn pointer
	shape   *screen.Cursor  // that drawn pointer's shape
	enc     encoders
	scratch *screen.Frame // for the pointer
	canvas  *screen.Frame // for a viewer whose framebuffer cannot follow the size
	lists   lists
	cost    photoCost
	text    textCost
	echoed  bool          // the last update was an answer to input alone
	left    screen.Region // what the last update had no room for: it comes first
	refine  refinement
	update  update
	out     []byte
	counts  counts
}

// encoders are those of one viewer; they keep state from rectangle to rectangle.
type encoders struct {
	raw     rawEncoder
	hextile hextileEncoder
	zlib    zlibEncoder
	zrle    zrleEncoder
	tight   tightEncoder
}

// lists are scratch of updates.
type lists struct {
	pieces, photos, texts []image.Rectangle
}

// keepBuffer is the largest output buffer that is kept from update to update.
const keepBuffer = 8 << 20

// job is what writeLoop takes in one round.
type job struct {
	messages []func([]byte) []byte
	format   bool // the colour map must be sent
	update   bool // an update may be sent
	area     screen.Region
	caps     capabilities
	conv     *converter
	rights   Rights
	photos   *Photos
	due      dues
	lossless bool // no JPEG in this update
	whole    bool // the update is not cut, however large it is
	pace     pace
	name     string
	probe    []byte // the payload of a fence that goes before the update; nil: none
	always   bool   // continuous updates are on
}

// loop is writeLoop: it writes what the viewer is ready for until the connection is closed.
func (w *writer) loop() error {
	defer w.refine.stop()
	for w.wait() {
		b, updated, err := w.compose(w.out[:0])
		if err != nil {
			return err
		}
		if err := w.write(b); err != nil {
			return fmt.Errorf("rfb: write to viewer: %w", err)
		}
		w.counts.bytes += uint64(len(b))
		if updated {
			w.counts.frames++
		}
		if w.out = b; cap(b) > keepBuffer {
			w.out = nil
		}
	}
	return nil
}

// writeStep is how much must be taken within writeTimeout: a slow line is not a
// dead one.
const writeStep = 64 << 10

func (w *writer) write(b []byte) error {
	conn := w.conn.conn
	for len(b) > 0 {
		n := min(len(b), writeStep)
		if err := conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
			return err
		}
		if _, err := conn.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// wait blocks until there is something to write; false: closed.
func (w *writer) wait() bool {
	c := w.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counted.publishLocked(&w.counts)
	for !c.closed && len(c.outbox.messages) == 0 && (c.outbox.hold || !c.viewer.newFormat && !w.readyLocked()) {
		c.wake.Wait()
	}
	return !c.closed
}

// readyLocked reports whether the viewer asked, the line takes it, and there is news.
func (w *writer) readyLocked() bool {
	c := w.conn
	if !c.asked.open() || c.lineFullLocked() {
		return false
	}
	p, caps, told := &c.pending, &c.viewer.caps, &c.viewer.told
	return c.asked.wants(p) || p.sizeReplies > 0 || p.refine ||
		p.shape && caps.shapes() || p.name && caps.desktopName ||
		caps.qemuKey && !told.qemuKey || caps.mouseButtons && !told.mouseButtons
}

// takeLocked moves the work into a job.
func (w *writer) takeLocked() job {
	c := w.conn
	v := &c.viewer
	j := job{messages: c.outbox.take(), caps: v.caps, conv: v.conv, rights: c.rights, name: c.name, always: c.asked.continuous}
	c.wake.Broadcast() // a fence's answer may be waited for
	if c.outbox.hold {
		return j
	}
	j.format, v.newFormat = v.newFormat && !v.conv.format.TrueColour, false
	if !w.readyLocked() {
		return j
	}
	now := time.Now()
	j.update = true
	j.pace = c.flow.pace(now, c.asked.continuous)
	if j.whole = c.asked.whole; j.whole {
		// What comes is kept, as by a program that saves it: as good as it was asked for.
		j.pace.bytesPerSecond, j.pace.largest = 0, 0
	}
	j.area = c.asked.take()
	j.due = c.pending.takeDues(&j.caps)
	if j.caps.fence {
		j.probe = c.flow.probe(now)
	}
	return j
}

// compose appends all that is to be written now. The rights are read inside
// encodeMu: what was taken back before is not encoded.
func (w *writer) compose(b []byte) (_ []byte, updated bool, err error) {
	c := w.conn
	c.encodeMu.Lock()
	defer c.encodeMu.Unlock()
	c.mu.Lock()
	j := w.takeLocked()
	c.mu.Unlock()
	for _, message := range j.messages {
		b = message(b)
	}
	if j.format { // behind the answer of a fence that announced it
		b = appendColourMap(b)
	}
	if !j.update {
		return b, false, nil
	}
	if j.probe != nil {
		b = appendFence(b, fenceRequest, j.probe)
	}
	if j.due.tick {
		w.refine.tick()
	}
	if j.rights.Has(RightView) { // else it is another framebuffer's picture
		j.photos = c.cfg.Photos
	}
	start, asked := len(b), j.due.refine
	c.source(j.rights).Read(func(v view) { b, err = w.appendUpdate(b, &j, v) })
	if err != nil {
		return b, false, err
	}
	updated = len(b) > start
	w.refine.schedule(asked, !j.due.refine, j.due.refine && updated, w.refineNow)
	if updated {
		b = w.appendMark(b, len(b)-start, &j)
	}
	return b, updated, nil
}

// appendMark notes an update of so many bytes, and appends the fence whose answer will say
// that it was taken.
func (w *writer) appendMark(b []byte, bytes int, j *job) []byte {
	if !j.caps.fence && j.always {
		return b // nothing will answer for it
	}
	c := w.conn
	c.mu.Lock()
	payload := c.flow.sent(bytes, time.Now())
	c.mu.Unlock()
	if j.caps.fence {
		b = appendFence(b, fenceRequest|fenceBlockBefore, payload)
	}
	return b
}

// refineNow has writeLoop send the next part of what stands still when the viewer is
// ready; tick: a tick is over.
func (w *writer) refineNow(tick bool) {
	c := w.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending.refine = true
	c.pending.tick = c.pending.tick || tick
	c.wake.Broadcast()
}

// appendUpdate appends one FramebufferUpdate (RFC 6143, section 7.6.1), or
// nothing when it would be empty; then the request stays open.
func (w *writer) appendUpdate(b []byte, j *job, v view) ([]byte, error) {
	c, u := w.conn, &w.update
	resized := v.Frame.Size != w.size && j.caps.resizes()
	u.begin(w, j, v, b)
	u.pseudo(w.tellAbilities(&j.caps))
	sizes := u.sizes()
	if resized {
		w.size = v.Frame.Size
		w.drawn = image.Rectangle{}
		w.refine.reset()
		c.mu.Lock()
		c.pending.all()
		c.mu.Unlock()
	}
	if sizes {
		// No pixels beside a size (rfbproto, "ExtendedDesktopSize"): they come
		// when the viewer asks again.
		return u.finish(), nil
	}
	if v.Frame.Size != w.size {
		u.frame = w.letterbox(v.Frame)
	}
	send, moves := w.takePixels(j, u.frame.Bounds(), v.Seq)
	w.refine.refining = j.due.refine
	u.picture(send, moves)
	if u.err != nil {
		return u.b, u.err
	}
	if w.left.Clear(); len(u.rest) > 0 {
		w.left = screen.RegionOf(u.rest...)
		c.mu.Lock()
		c.pending.putBack(u.rest)
		c.mu.Unlock()
	}
	if u.rects == 0 {
		c.mu.Lock()
		c.asked.region.AddRegion(j.area)
		c.mu.Unlock()
		return u.b[:u.start], nil
	}
	return u.finish(), nil
}

// takePixels takes what is to be sent of the picture seq with these bounds.
func (w *writer) takePixels(j *job, bounds image.Rectangle, seq uint64) (send screen.Region, moves []screen.Move) {
	c := w.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	// What is pending may belong to the other framebuffer by now: then it is
	// not this one's to take.
	if c.rights.Has(RightView) != j.rights.Has(RightView) {
		return send, moves
	}
	c.pending.seen = seq
	send, moves = c.pending.take(j.area, bounds)
	if c.asked.whole = c.asked.whole && !j.whole; !j.whole {
		w.echoFirst(&c.pending, &send, &j.pace)
	}
	j.due.refine = j.due.refine && send.Empty() && len(moves) == 0
	if j.due.refine {
		send, j.lossless = w.refine.next(j.area, bounds, &j.pace)
	}
	return send, moves
}

// tellAbilities returns the pseudo-encodings by which a viewer is told, once, that this
// server knows an extension; 0: none.
func (w *writer) tellAbilities(caps *capabilities) (tell [2]int32) {
	c := w.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	told := &c.viewer.told
	if caps.qemuKey && !told.qemuKey {
		told.qemuKey = true
		tell[0] = pseudoQEMUKey
	}
	if caps.mouseButtons && !told.mouseButtons {
		told.mouseButtons = true
		tell[1] = pseudoExtMouseButtons
	}
	return tell
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
