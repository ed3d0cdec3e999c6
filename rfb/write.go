package rfb

import (
	"fmt"
	"image"
	"time"

	"lotse/screen"
)

type view = screen.View

// writer writes updates and messages when the viewer is ready. writeLoop owns it.
type writer struct {
	conn    *Conn
	size    image.Point     // the framebuffer's size known to the viewer
	drawn   image.Rectangle // where the pointer is drawn in the viewer's framebuffer
	shape   *screen.Cursor  // the shape of that drawn pointer
	enc     encoders
	scratch *screen.Frame // for the pointer
	canvas  *screen.Frame // for a viewer that does not support a change of size
	lists   lists
	cost    photoCost
	text    textCost
	echoed  bool          // the last update contained only an answer to input
	left    screen.Region // what did not fit into the last update; it is sent first
	refine  refinement
	update  update
	out     []byte
	counts  counts
}

// encoders are one viewer's encoders; they keep state between rectangles.
type encoders struct {
	raw     rawEncoder
	hextile hextileEncoder
	zlib    zlibEncoder
	zrle    zrleEncoder
	tight   tightEncoder
}

// lists are buffers reused by updates.
type lists struct {
	pieces, photos, texts []image.Rectangle
}

// keepBuffer is the largest output buffer in bytes that is reused.
const keepBuffer = 8 << 20

// job is the work of one round of writeLoop.
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
	whole    bool // the update is not divided, whatever its size
	pace     pace
	name     string
	probe    []byte // payload of a fence to send before the update; nil: none
	always   bool   // continuous updates are on
}

// loop is writeLoop: it writes whatever the viewer is ready for until the connection is closed.
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

// writeStep is how many bytes must be accepted within writeTimeout, so that a slow line is not
// taken for a dead one.
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

// wait blocks until there is something to write. It returns false if the connection was closed.
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

// readyLocked reports whether the viewer has asked, the line has room, and there is something to
// send.
func (w *writer) readyLocked() bool {
	c := w.conn
	if !c.asked.open() || c.lineFullLocked() || c.cfg.source(c.rights) == nil {
		return false
	}
	p, caps, told := &c.pending, &c.viewer.caps, &c.viewer.told
	return c.asked.wants(p) || p.sizeReplies > 0 || p.refine ||
		p.shape && caps.shapes() || p.name && caps.desktopName ||
		caps.qemuKey && !told.qemuKey || caps.mouseButtons && !told.mouseButtons
}

// takeLocked moves the pending work into a job.
func (w *writer) takeLocked() job {
	c := w.conn
	v := &c.viewer
	j := job{messages: c.outbox.take(), caps: v.caps, conv: v.conv, rights: c.rights, name: c.name, always: c.asked.continuous}
	c.wake.Broadcast() // answerFence may be waiting
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
		// The viewer may save the answer to a file, so it gets the quality that it asked for.
		j.pace.bytesPerSecond, j.pace.largest = 0, 0
	}
	j.area = c.asked.take()
	j.due = c.pending.takeDues(&j.caps)
	if j.caps.fence {
		j.probe = c.flow.probe(now)
	}
	return j
}

// compose appends everything that is to be written now. It reads the rights while it holds
// encodeMu, so that nothing is encoded for a right that was taken before.
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
	if j.format { // after the answer of a fence that announced it
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
	if j.rights.Has(RightView) { // otherwise it is the other framebuffer
		j.photos = c.cfg.Photos
	}
	start, asked := len(b), j.due.refine
	c.cfg.source(j.rights).Read(func(v view) { b, err = w.appendUpdate(b, &j, v) })
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

// appendMark records an update of this many bytes, and appends the fence whose answer confirms that
// the viewer received it.
func (w *writer) appendMark(b []byte, bytes int, j *job) []byte {
	if !j.caps.fence && j.always {
		return b // the viewer will not confirm it
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

// refineNow makes writeLoop send the next refinement when the viewer is ready. tick: a tick has
// passed.
func (w *writer) refineNow(tick bool) {
	c := w.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending.refine = true
	c.pending.tick = c.pending.tick || tick
	c.wake.Broadcast()
}

// appendUpdate appends one FramebufferUpdate (RFC 6143, section 7.6.1), or nothing if it would be
// empty; then the request remains open.
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
		// An update with a size has no pixels (rfbproto, "ExtendedDesktopSize"): they follow at the
		// next request.
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

// takePixels takes what is to be sent of the frame seq with these bounds.
func (w *writer) takePixels(j *job, bounds image.Rectangle, seq uint64) (send screen.Region, moves []screen.Move) {
	c := w.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	// If the rights changed meanwhile, the pending region belongs to the other framebuffer and must
	// not be taken.
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

// tellAbilities returns the pseudo-encodings that announce an extension to the viewer, each once;
// 0: none.
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

// letterbox returns f, cut or with black borders, in the size that the viewer knows: RFC 6143
// allows a change of size only for viewers with DesktopSize.
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
