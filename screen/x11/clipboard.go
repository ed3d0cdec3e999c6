//go:build linux

package x11

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jezek/xgb/xfixes"
	"github.com/jezek/xgb/xproto"

	"lotse/screen"
)

const (
	// clipTimeout is how long another program may take for one step, and clipLongest for all its
	// steps.
	clipTimeout = 5 * time.Second
	clipLongest = 60 * time.Second

	clipQueue = 256
)

// clipAtoms are the atoms of the exchange of selections.
type clipAtoms struct {
	clipboard, targets, timestamp, utf8, text, plain, plainUTF8, html, png, incr xproto.Atom
	// secret is the target by which password managers mark a text as a password: "secret" in
	// x-kde-passwordManagerHint, introduced by KDE's Klipper.
	secret xproto.Atom

	// slots are the properties in which contents are received, used in turn, so that an owner that
	// timed out cannot write into a later transfer.
	slots [4]xproto.Atom
}

// clipboard implements screen.Clipboard with the CLIPBOARD selection. It opens its connection when
// it is first used.
type clipboard struct {
	// Static after newClipboard.
	o        screen.Options
	patience time.Duration // clipTimeout, except in tests
	done     chan struct{} // closed by close

	mu sync.Mutex
	// Guarded by mu.
	closed   bool
	open     *clipLink
	watchers []*clipWatcher
}

// clipWatcher is one call of Watch. Its box contains only the newest content.
type clipWatcher struct {
	from func(screen.ClipboardOwner) bool
	box  chan copied
}

// copied is what a program put on the clipboard.
type copied struct {
	text, html string
	png        []byte // as the program encoded it
	owner      screen.ClipboardOwner
}

// clipLink is the clipboard's connection and the state of its goroutine.
type clipLink struct {
	// Static after connect.
	c          *clipboard
	l          *link
	window     xproto.Window
	atoms      clipAtoms
	fixesEvent byte
	events     chan [xHead]byte
	stopped    chan struct{} // closed when serve has ended

	mu sync.Mutex
	// Guarded by mu.
	clip  screen.Clip // what Set has put on the clipboard
	owned bool
	since xproto.Timestamp

	// Owned by serve.
	slot      int
	receiving *reception
	sending   []*transfer
}

var _ screen.Clipboard = (*clipboard)(nil)

func newClipboard(o screen.Options) *clipboard {
	return &clipboard{o: o, patience: clipTimeout, done: make(chan struct{})}
}

// close ends the connection and waits for its goroutine.
func (c *clipboard) close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	close(c.done)
	k := c.open
	c.mu.Unlock()
	if k != nil {
		k.l.close()
		<-k.stopped
	}
	return nil
}

// connect returns the connection, which it opens at the first call.
func (c *clipboard) connect() (_ *clipLink, err error) {
	defer recovered(&err)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, screen.ErrClosed
	}
	if c.open != nil {
		if c.open.l.isGone() {
			return nil, c.open.l.explain(errGone)
		}
		return c.open, nil
	}
	k := &clipLink{c: c, events: make(chan [xHead]byte, clipQueue), stopped: make(chan struct{})}
	k.l, err = dialX(c.o, func(ev []byte) {
		select {
		case k.events <- [xHead]byte(ev):
		default:
			c.o.Logger.Debug("x11: clipboard event dropped")
		}
	})
	if err != nil {
		return nil, err
	}
	if err = k.start(); err != nil {
		k.l.close()
		return nil, err
	}
	go k.serve()
	c.open = k
	return k, nil
}

func (k *clipLink) start() error {
	ext, ok, err := k.l.extension("XFIXES")
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("x11: display %s: the X server has no XFIXES extension, without which the clipboard cannot be followed", k.l.display)
	}
	k.fixesEvent = ext.firstEvent
	if _, err := xfixes.QueryVersion(k.l.Conn, 4, 0).Reply(); err != nil {
		return k.l.explain(err)
	}
	a := &k.atoms
	for name, at := range map[string]*xproto.Atom{
		"CLIPBOARD": &a.clipboard, "TARGETS": &a.targets, "TIMESTAMP": &a.timestamp, "UTF8_STRING": &a.utf8,
		"TEXT": &a.text, "text/plain": &a.plain, "text/plain;charset=utf-8": &a.plainUTF8,
		"text/html": &a.html, "image/png": &a.png, "INCR": &a.incr, "x-kde-passwordManagerHint": &a.secret,
		"LOTSE_CLIP_0": &a.slots[0], "LOTSE_CLIP_1": &a.slots[1], "LOTSE_CLIP_2": &a.slots[2], "LOTSE_CLIP_3": &a.slots[3],
	} {
		if *at, err = k.l.atom(name); err != nil {
			return err
		}
	}
	if k.window, err = xproto.NewWindowId(k.l.Conn); err != nil {
		return k.l.explain(err)
	}
	err = xproto.CreateWindowChecked(k.l.Conn, 0, k.window, k.l.root, 0, 0, 1, 1, 0,
		xproto.WindowClassInputOnly, 0, xproto.CwEventMask, []uint32{xproto.EventMaskPropertyChange}).Check()
	if err != nil {
		return k.l.explain(err)
	}
	return k.l.explain(xfixes.SelectSelectionInputChecked(k.l.Conn, k.window, k.atoms.clipboard,
		xfixes.SelectionEventMaskSetSelectionOwner).Check())
}

// Set implements screen.Clipboard.
func (c *clipboard) Set(clip screen.Clip) (err error) {
	defer recovered(&err)
	if _, tooLong := clip.Within(); tooLong {
		return fmt.Errorf("x11: a text of more than %d bytes is too long for the clipboard", screen.MaxClipText)
	}
	k, err := c.connect()
	if err != nil {
		return err
	}
	clip.Text, clip.HTML = strings.ToValidUTF8(clip.Text, "\uFFFD"), strings.ToValidUTF8(clip.HTML, "\uFFFD")
	k.mu.Lock()
	k.clip, k.owned = clip, true
	k.mu.Unlock()
	if err := xproto.SetSelectionOwnerChecked(k.l.Conn, k.window, k.atoms.clipboard, xproto.TimeCurrentTime).Check(); err != nil {
		return k.l.explain(err)
	}
	return nil
}

// Watch implements screen.Clipboard. Of several contents in quick succession only the latest may be
// reported.
func (c *clipboard) Watch(ctx context.Context, from func(screen.ClipboardOwner) bool, changed func(screen.Clip, screen.ClipboardOwner)) error {
	k, err := c.connect()
	if err != nil {
		return err
	}
	w := &clipWatcher{from: from, box: make(chan copied, 1)}
	c.mu.Lock()
	c.watchers = append(slices.Clone(c.watchers), w)
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.watchers = slices.DeleteFunc(slices.Clone(c.watchers), func(other *clipWatcher) bool { return other == w })
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.done:
			return screen.ErrClosed
		case <-k.l.gone:
			return k.l.explain(errGone)
		case t := <-w.box:
			clip := screen.Clip{Text: t.text, HTML: t.html}
			if t.png != nil {
				if clip.Picture, err = screen.ParsePicture(t.png); err != nil {
					c.o.Logger.Info("x11: a picture was not taken from the clipboard", "reason", err.Error())
				}
			}
			if !clip.Empty() && ctx.Err() == nil {
				changed(clip, t.owner)
			}
		}
	}
}

// wanting returns the watchers that want what a program copies.
func (c *clipboard) wanting(owner screen.ClipboardOwner) []*clipWatcher {
	c.mu.Lock()
	all := c.watchers
	c.mu.Unlock()
	var wanting []*clipWatcher
	for _, w := range all {
		if w.from(owner) {
			wanting = append(wanting, w)
		}
	}
	return wanting
}

// publish hands a content to the watchers that want it. A slow one loses an older content.
func (c *clipboard) publish(content copied) {
	for _, w := range c.wanting(content.owner) {
		select {
		case <-w.box:
		default:
		}
		w.box <- content // the caller is the only one that sends
	}
}

// serve handles events until the connection ends.
func (k *clipLink) serve() {
	defer close(k.stopped)
	tick := time.NewTimer(time.Hour)
	defer tick.Stop()
	for {
		if k.receiving != nil || len(k.sending) > 0 {
			tick.Reset(k.c.patience)
		}
		select {
		case <-k.l.gone:
			return
		case <-tick.C:
		case ev := <-k.events:
			if err := k.handle(ev[:]); err != nil && !k.l.isGone() {
				k.l.log.Info("x11: clipboard", "error", err.Error())
				k.receiving = nil
			}
		}
		now := time.Now()
		if k.receiving != nil && now.After(k.receiving.deadline) {
			k.l.log.Info("x11: the clipboard's owner does not answer")
			k.finish()
		}
		k.sending = slices.DeleteFunc(k.sending, func(t *transfer) bool { return now.After(t.deadline) })
	}
}

func (k *clipLink) handle(ev []byte) (err error) {
	defer recovered(&err)
	sent := ev[0]&xSentFlag != 0
	switch kind := ev[0] &^ xSentFlag; {
	case kind == k.fixesEvent && !sent:
		e, ok := xfixes.SelectionNotifyEventNew(ev).(xfixes.SelectionNotifyEvent)
		if ok && e.Selection == k.atoms.clipboard {
			return k.ownerChanged(e)
		}
	case kind == xproto.SelectionNotify:
		if e, ok := xproto.SelectionNotifyEventNew(ev).(xproto.SelectionNotifyEvent); ok {
			return k.answered(e)
		}
	case kind == xproto.PropertyNotify && !sent:
		if e, ok := xproto.PropertyNotifyEventNew(ev).(xproto.PropertyNotifyEvent); ok {
			return k.propertyChanged(e)
		}
	case kind == xproto.SelectionRequest:
		if e, ok := xproto.SelectionRequestEventNew(ev).(xproto.SelectionRequestEvent); ok {
			k.requested(e)
		}
	}
	return nil
}
