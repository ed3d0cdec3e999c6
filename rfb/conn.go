package rfb

import (
	"context"
	"errors"
	"image"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"lotse/screen"
)

// Viewer describes the viewer when the customer is asked.
type Viewer struct {
	Version string // "3.3", "3.7" or "3.8"
	Remote  net.Addr
}

// Refusal is an error whose text is shown to the viewer's user.
type Refusal struct{ Reason string }

// Error implements error.
func (r Refusal) Error() string { return "rfb: refused: " + r.Reason }

// ErrDenied is the refusal without a particular reason.
var ErrDenied = Refusal{Reason: "The customer did not allow the view."}

// Config is the configuration of a Conn. Desktop and Name must be set.
type Config struct {
	// Desktop is the framebuffer shown to a viewer with RightView.
	Desktop *screen.Framebuffer
	// Waiting is the framebuffer shown to a viewer without RightView. If it is nil, such a viewer
	// is not initialised, and one that has lost RightView gets no update until it has the right
	// again; then it gets all of Desktop.
	Waiting *screen.Framebuffer
	// Photos is shared by the viewers of the same Desktop; nil: not shared.
	Photos *Photos
	// Ready is called under a lock when Conn.Ready may have become true. It must not block or call
	// methods of Conn. nil: not called.
	Ready func()
	// Name is the desktop's name, UTF-8.
	Name string
	// Rights are the rights at the start.
	Rights Rights
	// Approve is called after the security handshake and before the viewer gets its result. It may
	// block until the customer has answered; ctx ends when the viewer disconnects. An error refuses
	// the viewer; the text of a Refusal is sent to it.
	Approve func(ctx context.Context, v Viewer) error
	// Patience is the limit for the viewer's first message where its user is asked something before
	// it sends. A value below the usual limit has no effect.
	Patience time.Duration
	// Input receives the events of a viewer with RightControl; nil: they are dropped.
	Input screen.Input
	// Point receives the pointer events of a viewer with RightPoint and RightView, and without
	// RightControl, in the desktop's coordinates; nil: they are dropped. It must not block.
	Point func(at image.Point, buttons screen.Buttons)
	// Copied receives what the user of a viewer with RightClipboard has copied; nil: it is dropped.
	Copied func(Copied)
	// ChatOpened is called when the viewer's user has opened the chat, if his viewer has one; nil:
	// not called.
	ChatOpened func()
	// Chat receives a line that the viewer's user has written in the chat; nil: it is dropped. The
	// line may contain any character but line ends.
	Chat func(text string)
	// Logger never receives keys, texts or pixels; nil: no log.
	Logger *slog.Logger
}

// source returns the framebuffer shown to a viewer with these rights; nil: none.
func (c *Config) source(r Rights) *screen.Framebuffer {
	if r.Has(RightView) {
		return c.Desktop
	}
	return c.Waiting
}

// points reports whether the pointer events of a viewer with these rights are for Point.
func (c *Config) points(r Rights) bool {
	return c.Point != nil && r.Has(RightView|RightPoint) && !r.Has(RightControl)
}

// Timeouts after which the connection is closed. They do not limit the customer's answer.
const (
	handshakeTimeout = 20 * time.Second
	writeTimeout     = 60 * time.Second
)

// Conn is one viewer. Serve runs it; all other methods may be called concurrently with everything.
// It has two goroutines: readLoop handles the viewer's messages, writeLoop writes what is due. mu
// guards their shared state.
type Conn struct {
	// Static after NewConn.
	conn  net.Conn
	cfg   Config
	log   *slog.Logger
	input inputGate

	// encodeMu is held while pixels are read and encoded, so that after SetRights has taken the
	// right to view no more pixels are read.
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

// NewConn prepares to serve a viewer on conn and starts nothing. The Conn owns conn from then on.
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

// Serve runs the connection until the viewer or ctx ends it, or Close is called. It returns after
// its last goroutine has ended: nil if the viewer closed normally or Close was called, otherwise
// the reason.
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

// why returns the first cause instead of errors that it made other operations return.
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

// Close ends the connection at once, and Serve returns. It may be called twice.
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

// Rights returns the viewer's current rights.
func (c *Conn) Rights() Rights {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rights
}

// SetRights changes the viewer's rights. It waits neither for Input nor for the viewer. After it
// returns, no event of a control right that was taken is passed to Input, and no pixel is encoded
// for a view right that was taken. An event already passed to Input may still be in progress;
// Input.Suspend stops that. Keys and buttons that the viewer holds down are released as soon as
// Input is free.
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
	if !r.Has(RightClipboard) {
		c.offered.clip = screen.Clip{}
	}
	err := c.offerClipboardLocked()
	c.wake.Broadcast()
	c.mu.Unlock()
	if err != nil {
		c.closeWith(err)
	}
	if old.Has(RightControl) && !r.Has(RightControl) {
		c.input.release()
	}
	if old.Has(RightView) && !r.Has(RightView) {
		c.encodeMu.Lock() // wait for an encoding that began earlier
		defer c.encodeMu.Unlock()
	}
}

// Invalidate reports that the desktop changed.
func (c *Conn) Invalidate(change screen.Change) { c.invalidate(change, true) }

// InvalidateWaiting reports that the waiting framebuffer changed.
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

// queue queues a message to be written before the next update. If too many are queued, it closes
// the connection.
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

// Ready reports whether an update would be sent at once: the viewer asked for one, and the line has
// room. The code that captures may wait for that. While the advisor is acting, Ready is always
// true, because the answer to his input has priority.
func (c *Conn) Ready() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flow.acts(time.Now()) || c.asked.open() && !c.lineFullLocked()
}

// lineFullLocked reports whether the next update must wait. A small answer to input may be sent
// earlier.
func (c *Conn) lineFullLocked() bool {
	if !c.viewer.caps.fence {
		return false
	}
	return c.flow.full(c.flow.acts(time.Now()) && !c.pending.everything && c.pending.small())
}

// readyLocked reports that the result of Ready may have changed.
func (c *Conn) readyLocked() {
	c.wake.Broadcast()
	if c.cfg.Ready != nil {
		c.cfg.Ready()
	}
}

func (c *Conn) mayControl() bool { return c.Rights().Has(RightControl) }
