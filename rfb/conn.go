package rfb

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"lotse/screen"
)

// Viewer is what is known of the other side when the customer is asked.
type Viewer struct {
	Version string // "3.3", "3.7" or "3.8"
	Remote  net.Addr
}

// Refusal is an error whose text the viewer's user may read.
type Refusal struct{ Reason string }

// Error implements error.
func (r Refusal) Error() string { return "rfb: refused: " + r.Reason }

// ErrDenied is the refusal without further words.
var ErrDenied = Refusal{Reason: "The customer did not allow the view."}

// Config says how a viewer is served. Desktop, Waiting and Name must be set.
type Config struct {
	// Desktop is what a viewer with RightView sees.
	Desktop *screen.Framebuffer
	// Waiting is what it sees without.
	Waiting *screen.Framebuffer
	// Photos is what viewers of the same Desktop share; nil: nothing.
	Photos *Photos
	// Ready is called, under a lock, when the viewer may have become able to take a
	// picture; see Conn.Ready. It must not block or call back. nil: nobody wants to know.
	Ready func()
	// Name is the desktop's name, UTF-8.
	Name string
	// Rights are those at the start.
	Rights Rights
	// Approve is called after the security handshake and before its result is
	// told. It may block for as long as the customer thinks; ctx ends when the
	// viewer goes. An error refuses; a Refusal's text reaches the viewer.
	Approve func(ctx context.Context, v Viewer) error
	// Patience is how long the viewer may take for its first message, where
	// somebody is asked before it speaks; not less than for the others.
	Patience time.Duration
	// Input takes the events of a viewer with RightControl; nil: dropped.
	Input screen.Input
	// CutText takes the text of a viewer with RightClipboard; nil: dropped.
	CutText func(text string)
	// Logger is never given keys, texts or pixels; nil: silent.
	Logger *slog.Logger
}

// Times that mean death; the customer's thinking is not bounded by them.
const (
	handshakeTimeout = 20 * time.Second
	writeTimeout     = 60 * time.Second
)

// Conn is one viewer. Serve runs it; all other methods may be called
// concurrently, before Serve, during and after it. It has two goroutines: readLoop takes
// the viewer's messages, writeLoop writes what is due; what both need is guarded by mu.
type Conn struct {
	// Static after NewConn.
	conn  net.Conn
	cfg   Config
	log   *slog.Logger
	input inputGate

	// encodeMu is held while the picture is read and encoded, so that a right
	// to view that was taken back is gone when SetRights returns.
	encodeMu sync.Mutex

	mu   sync.Mutex
	wake sync.Cond
	// Guarded by mu.
	rights  Rights
	closed  bool
	cause   error
	name    string
	viewer  abilities
	asked   requests
	pending pending
	outbox  outbox
	flow    flow
	offered clipboardOffer
	counted counts

	reader reader // Owned by readLoop.
	writer writer // Owned by writeLoop.
}

// NewConn prepares to serve a viewer on conn; it starts nothing. The Conn owns
// conn from then on.
func NewConn(conn net.Conn, cfg Config) *Conn {
	c := &Conn{conn: conn, cfg: cfg, log: cfg.Logger, rights: cfg.Rights, name: cfg.Name}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.wake.L = &c.mu
	c.viewer.caps, c.viewer.conv = capabilitiesOf(nil), newConverter(nativeFormat)
	c.input = inputGate{to: cfg.Input, allowed: c.mayControl, taken: make(chan struct{}, 1)}
	c.reader.conn, c.writer.conn = c, c
	return c
}

// Serve runs the connection until the viewer or ctx ends it, or Close is
// called. It returns after its last goroutine: nil when the viewer closed in
// good order, else why.
func (c *Conn) Serve(ctx context.Context) error {
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.closeWith(stoppedError{context.Cause(ctx)}) })
	defer stop()
	if err := (&opening{ServerHandshake{Conn: c.conn}, c}).run(ctx); err != nil {
		c.closeWith(err)
		return c.why(err)
	}
	c.cfg.Photos.join()
	defer c.cfg.Photos.leave()
	written := make(chan error, 1)
	go func() {
		err := c.writer.loop()
		c.closeWith(err) // wakes the reader
		written <- err
	}()
	served, released := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(released)
		c.input.releaseLoop(served)
	}()
	err := c.reader.loop()
	c.closeWith(err)
	<-written
	close(served)
	<-released
	return c.why(err)
}

// why prefers the first cause over what it made fail afterwards.
func (c *Conn) why(err error) error {
	c.mu.Lock()
	if c.cause != nil {
		err = c.cause
	}
	c.mu.Unlock()
	if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Close ends the connection at once; Serve returns. It may be called twice.
func (c *Conn) Close() error {
	c.closeWith(net.ErrClosed)
	return nil
}

func (c *Conn) closeWith(cause error) {
	c.mu.Lock()
	first := !c.closed
	if first {
		c.closed = true
		c.cause = cause
		c.wake.Broadcast()
	}
	c.mu.Unlock()
	if first {
		c.conn.Close()
	}
}

// Rights returns what the viewer may do now.
func (c *Conn) Rights() Rights {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rights
}

// SetRights changes what the viewer may do. It waits neither for Input nor for the
// viewer. When it returns, no further event of a control right that was taken is
// handed to Input, and no pixel is encoded for a view that was taken. An event
// that Input has already may still be under way; Input.Suspend stops that. What
// the viewer holds down is released as soon as Input is free.
func (c *Conn) SetRights(r Rights) {
	c.mu.Lock()
	old := c.rights
	c.rights = r
	if old.Has(RightView) != r.Has(RightView) {
		// Another framebuffer, with its own monitors and pointer.
		c.pending.all()
		c.pending.layout = true
		c.pending.shape = true
	}
	if old.Has(RightControl) != r.Has(RightControl) {
		c.pending.shape = true
		c.pending.pointer = true
	}
	var err error
	if !c.viewer.told.clipboard {
		err = c.offerClipboardLocked()
	}
	c.wake.Broadcast()
	c.mu.Unlock()
	if err != nil {
		c.closeWith(err)
	}
	if old.Has(RightControl) && !r.Has(RightControl) {
		c.input.release()
	}
	if old.Has(RightView) && !r.Has(RightView) {
		c.encodeMu.Lock() // until no encoding is under way that began before
		defer c.encodeMu.Unlock()
	}
}

// Invalidate tells that the desktop changed.
func (c *Conn) Invalidate(change screen.Change) { c.invalidate(change, true) }

// InvalidateWaiting tells that the waiting picture changed.
func (c *Conn) InvalidateWaiting(change screen.Change) { c.invalidate(change, false) }

func (c *Conn) invalidate(change screen.Change, desktop bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rights.Has(RightView) != desktop {
		return
	}
	c.pending.add(&change, c.viewer.caps.copyRect)
	c.wake.Broadcast()
}

// SetName changes the desktop's name.
func (c *Conn) SetName(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.name != name {
		c.name, c.pending.name = name, true
		c.wake.Broadcast()
	}
}

// CutText offers clipboard text to a viewer with RightClipboard.
func (c *Conn) CutText(text string) {
	if len(text) > maxCutText || !c.Rights().Has(RightClipboard) {
		return
	}
	c.mu.Lock()
	c.offered.text = text
	extended := c.viewer.caps.clipboard && c.viewer.told.clipboard
	c.mu.Unlock()
	if extended {
		c.queue(func(b []byte) []byte { return appendExtendedCutText(b, clipboardNotify|clipboardText, nil) })
		return
	}
	c.queue(func(b []byte) []byte { return appendServerCutText(b, text) })
}

// queue has a message written before the next update. A viewer that lets too
// many wait is gone.
func (c *Conn) queue(message func([]byte) []byte) {
	c.mu.Lock()
	err := c.queueLocked(message)
	c.mu.Unlock()
	if err != nil {
		c.closeWith(err)
	}
}

func (c *Conn) queueLocked(message func([]byte) []byte) error {
	if c.closed {
		return nil
	}
	c.wake.Broadcast()
	return c.outbox.add(message)
}

// Ready reports whether the viewer would take a picture at once: it asked, and
// the line is free. Who captures may wait for it. While the advisor acts it is
// always ready: the answer goes before everything else.
func (c *Conn) Ready() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flow.acts(time.Now()) || c.asked.open() && !c.lineFullLocked()
}

// lineFullLocked reports whether the next picture has to wait. A small answer to input may
// go before the line is ready for it.
func (c *Conn) lineFullLocked() bool {
	if !c.viewer.caps.fence {
		return false
	}
	return c.flow.full(c.flow.acts(time.Now()) && !c.pending.everything && c.pending.small())
}

// readyLocked tells anyone who wants to know that Ready may have changed.
func (c *Conn) readyLocked() {
	c.wake.Broadcast()
	if c.cfg.Ready != nil {
		c.cfg.Ready()
	}
}

func (c *Conn) mayControl() bool { return c.Rights().Has(RightControl) }

// source is the picture that a viewer with these rights sees.
func (c *Conn) source(r Rights) *screen.Framebuffer {
	if r.Has(RightView) {
		return c.cfg.Desktop
	}
	return c.cfg.Waiting
}
