//go:build linux

package x11

import (
	"bytes"
	"context"
	"encoding/binary"
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
	// maxClipboard is the maximum size of a text in bytes, in both directions.
	maxClipboard = 1 << 20
	// clipChunk is the maximum that is sent at once, ICCCM section 2.7.2.
	clipChunk = 64 << 10
	// clipTimeout is how long another program may take for one step.
	clipTimeout = 5 * time.Second

	clipQueue    = 256
	clipMailbox  = 8
	maxTransfers = 16
)

// clipAtoms are the atoms of the exchange of selections.
type clipAtoms struct {
	clipboard, targets, timestamp, utf8, text, plain, plainUTF8, incr xproto.Atom
	// secret is the target by which password managers mark a text as a password: "secret" in
	// x-kde-passwordManagerHint, introduced by KDE's Klipper.
	secret xproto.Atom

	// slots are the properties in which texts are received, used in turn, so that an owner that
	// timed out cannot write into a later transfer.
	slots [4]xproto.Atom
}

// clipboard implements screen.Clipboard with the CLIPBOARD selection. It opens its connection when
// it is first used.
type clipboard struct {
	// Static after newClipboard.
	o    screen.Options
	done chan struct{} // closed by close

	mu sync.Mutex
	// Guarded by mu.
	closed   bool
	open     *clipLink
	watchers []chan ownedText
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
	text  string
	owned bool
	since xproto.Timestamp

	// Owned by serve.
	slot      int
	receiving *reception
	sending   []*transfer
}

// reception is a text that is being received.
type reception struct {
	target   xproto.Atom
	property xproto.Atom
	time     xproto.Timestamp
	owner    xproto.Window // a change of owner ends the reception, so the text is from this one
	incr     bool
	tooBig   bool
	data     []byte
	deadline time.Time
}

// ownedText is a text and the program that put it on the clipboard.
type ownedText struct {
	text  string
	owner screen.ClipboardOwner
}

// transfer is a long text that is being sent to another program.
type transfer struct {
	window         xproto.Window
	property, kind xproto.Atom
	data           []byte
	deadline       time.Time
}

var _ screen.Clipboard = (*clipboard)(nil)

func newClipboard(o screen.Options) *clipboard {
	return &clipboard{o: o, done: make(chan struct{})}
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
		"TEXT": &a.text, "text/plain": &a.plain, "text/plain;charset=utf-8": &a.plainUTF8, "INCR": &a.incr, "x-kde-passwordManagerHint": &a.secret,
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

// SetText implements screen.Clipboard. A text longer than 1 MiB is refused.
func (c *clipboard) SetText(text string) (err error) {
	defer recovered(&err)
	if len(text) > maxClipboard {
		return fmt.Errorf("x11: a text of %d bytes is too long for the clipboard (at most %d)", len(text), maxClipboard)
	}
	k, err := c.connect()
	if err != nil {
		return err
	}
	k.mu.Lock()
	k.text, k.owned = strings.ToValidUTF8(text, "\uFFFD"), true
	k.mu.Unlock()
	if err := xproto.SetSelectionOwnerChecked(k.l.Conn, k.window, k.atoms.clipboard, xproto.TimeCurrentTime).Check(); err != nil {
		return k.l.explain(err)
	}
	return nil
}

// Watch implements screen.Clipboard. Texts longer than 1 MiB are not reported; of several texts in
// quick succession only the latest may be.
func (c *clipboard) Watch(ctx context.Context, changed func(text string, owner screen.ClipboardOwner)) error {
	k, err := c.connect()
	if err != nil {
		return err
	}
	box := make(chan ownedText, clipMailbox)
	c.mu.Lock()
	c.watchers = append(c.watchers, box)
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.watchers = slices.DeleteFunc(c.watchers, func(b chan ownedText) bool { return b == box })
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.done:
			return screen.ErrClosed
		case <-k.l.gone:
			return k.l.explain(errGone)
		case t := <-box:
			changed(t.text, t.owner)
		}
	}
}

// publish sends a text to the watchers; a slow one loses its oldest text.
func (c *clipboard) publish(text ownedText) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, box := range c.watchers {
		for sent := false; !sent; {
			select {
			case box <- text:
				sent = true
			default:
				select {
				case <-box:
				default:
				}
			}
		}
	}
}

func (c *clipboard) watched() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.watchers) > 0
}

// serve handles events until the connection ends.
func (k *clipLink) serve() {
	defer close(k.stopped)
	tick := time.NewTimer(time.Hour)
	defer tick.Stop()
	for {
		if k.receiving != nil || len(k.sending) > 0 {
			tick.Reset(clipTimeout)
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
			k.receiving = nil
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

// ownerChanged asks a new owner for its text.
func (k *clipLink) ownerChanged(e xfixes.SelectionNotifyEvent) error {
	k.mu.Lock()
	k.owned = e.Owner == k.window
	if k.owned {
		k.since = e.SelectionTimestamp
	} else {
		k.text = ""
	}
	k.mu.Unlock()
	k.receiving = nil
	if e.Owner == k.window || e.Owner == 0 || !k.c.watched() {
		return nil
	}
	return k.convert(k.atoms.targets, e.SelectionTimestamp, e.Owner)
}

// convert requests the text from the owner in one target.
func (k *clipLink) convert(target xproto.Atom, at xproto.Timestamp, owner xproto.Window) error {
	k.slot = (k.slot + 1) % len(k.atoms.slots)
	r := &reception{target: target, property: k.atoms.slots[k.slot], time: at, owner: owner, deadline: time.Now().Add(clipTimeout)}
	xproto.DeleteProperty(k.l.Conn, k.window, r.property)
	xproto.ConvertSelection(k.l.Conn, k.window, k.atoms.clipboard, target, r.property, at)
	k.receiving = r
	return nil
}

// answered handles the owner's answer.
func (k *clipLink) answered(e xproto.SelectionNotifyEvent) error {
	r := k.receiving
	if r == nil || e.Requestor != k.window || e.Selection != k.atoms.clipboard || e.Target != r.target || r.incr {
		return nil
	}
	if e.Property == 0 {
		k.receiving = nil
		switch r.target {
		case k.atoms.targets, k.atoms.secret: // the owner does not list its targets
			return k.convert(k.atoms.utf8, r.time, r.owner)
		case k.atoms.utf8:
			return k.convert(xproto.AtomString, r.time, r.owner)
		}
		return nil // not a text but an image, for example
	}
	if e.Property != r.property {
		return nil
	}
	kind, data, err := k.take(r)
	if err != nil {
		return err
	}
	if kind == k.atoms.incr {
		if r.target == k.atoms.targets || r.target == k.atoms.secret { // neither is long
			k.receiving = nil
			return nil
		}
		r.incr, r.deadline = true, time.Now().Add(clipTimeout)
		return nil
	}
	r.data = data
	switch r.target {
	case k.atoms.targets:
		next := k.atoms.utf8
		if hasAtom(data, k.atoms.secret) {
			next = k.atoms.secret
		}
		return k.convert(next, r.time, r.owner)
	case k.atoms.secret:
		if string(bytes.TrimRight(data, "\x00")) == "secret" {
			k.receiving = nil
			return nil
		}
		return k.convert(k.atoms.utf8, r.time, r.owner)
	}
	k.finish(kind)
	return nil
}

// hasAtom reports whether a list of atoms, in a property's format, contains a.
func hasAtom(list []byte, a xproto.Atom) bool {
	for ; len(list) >= 4; list = list[4:] {
		if xproto.Atom(binary.LittleEndian.Uint32(list)) == a {
			return true
		}
	}
	return false
}

// take reads and deletes the property in which a text arrives.
func (k *clipLink) take(r *reception) (xproto.Atom, []byte, error) {
	p, err := xproto.GetProperty(k.l.Conn, true, k.window, r.property, xproto.GetPropertyTypeAny, 0, maxClipboard/4+1).Reply()
	if err != nil {
		return 0, nil, k.l.explain(err)
	}
	if p.BytesAfter > 0 || len(p.Value) > maxClipboard {
		xproto.DeleteProperty(k.l.Conn, k.window, r.property)
		r.tooBig = true
		return p.Type, nil, nil
	}
	return p.Type, p.Value, nil
}

// propertyChanged continues an incremental transfer, in either direction.
func (k *clipLink) propertyChanged(e xproto.PropertyNotifyEvent) error {
	if r := k.receiving; r != nil && r.incr && e.Window == k.window && e.Atom == r.property && e.State == xproto.PropertyNewValue {
		kind, piece, err := k.take(r)
		if err != nil {
			return err
		}
		r.deadline = time.Now().Add(clipTimeout)
		if len(r.data)+len(piece) > maxClipboard {
			r.tooBig, r.data = true, nil
		}
		if len(piece) == 0 {
			k.finish(kind)
		} else if !r.tooBig {
			r.data = append(r.data, piece...)
		}
		return nil
	}
	if e.State != xproto.PropertyDelete {
		return nil
	}
	i := slices.IndexFunc(k.sending, func(t *transfer) bool { return t.window == e.Window && t.property == e.Atom })
	if i < 0 {
		return nil
	}
	t := k.sending[i]
	piece := t.data[:min(len(t.data), clipChunk)]
	t.data, t.deadline = t.data[len(piece):], time.Now().Add(clipTimeout)
	k.put(t.window, t.property, t.kind, 8, piece)
	if len(piece) == 0 {
		xproto.ChangeWindowAttributes(k.l.Conn, t.window, xproto.CwEventMask, []uint32{0})
		k.sending = slices.Delete(k.sending, i, i+1)
	}
	return nil
}

// finish reports the text that has arrived.
func (k *clipLink) finish(kind xproto.Atom) {
	r := k.receiving
	k.receiving = nil
	if r.tooBig {
		k.l.log.Info("x11: a text too long for the clipboard was not taken over", "limit", maxClipboard)
		return
	}
	var text string
	if r.target == xproto.AtomString && kind != k.atoms.utf8 {
		text = fromLatin1(r.data)
	} else {
		text = strings.ToValidUTF8(string(r.data), "\uFFFD")
	}
	k.c.publish(ownedText{strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\x00"), screen.ClipboardOwner(r.owner)})
}

// requested answers a program that requests our text.
func (k *clipLink) requested(e xproto.SelectionRequestEvent) {
	if e.Property == 0 {
		e.Property = e.Target // ICCCM section 2.2: an obsolete program
	}
	k.mu.Lock()
	text, since := k.text, k.since
	ok := k.owned && e.Owner == k.window && e.Selection == k.atoms.clipboard
	k.mu.Unlock()
	if !ok || !k.offer(e, text, since) {
		e.Property = 0
	}
	answer := xproto.SelectionNotifyEvent{
		Time: e.Time, Requestor: e.Requestor, Selection: e.Selection, Target: e.Target, Property: e.Property,
	}
	xproto.SendEvent(k.l.Conn, false, e.Requestor, 0, string(answer.Bytes()))
}

// offer writes the text in the requested target and reports whether it could.
func (k *clipLink) offer(e xproto.SelectionRequestEvent, text string, since xproto.Timestamp) bool {
	a := &k.atoms
	switch e.Target {
	case a.targets:
		var b []byte
		for _, t := range []xproto.Atom{a.targets, a.timestamp, a.utf8, xproto.AtomString, a.text, a.plainUTF8, a.plain} {
			b = binary.LittleEndian.AppendUint32(b, uint32(t))
		}
		k.put(e.Requestor, e.Property, xproto.AtomAtom, 32, b)
	case a.timestamp:
		k.put(e.Requestor, e.Property, xproto.AtomInteger, 32, binary.LittleEndian.AppendUint32(nil, uint32(since)))
	case a.utf8, a.text:
		return k.send(e, a.utf8, []byte(text))
	case a.plain, a.plainUTF8:
		return k.send(e, e.Target, []byte(text))
	case xproto.AtomString:
		return k.send(e, xproto.AtomString, toLatin1(text))
	default:
		return false
	}
	return true
}

// send sends a text, in pieces if it is long.
func (k *clipLink) send(e xproto.SelectionRequestEvent, kind xproto.Atom, data []byte) bool {
	if len(data) <= clipChunk {
		k.put(e.Requestor, e.Property, kind, 8, data)
		return true
	}
	k.sending = slices.DeleteFunc(k.sending, func(t *transfer) bool {
		return t.window == e.Requestor && t.property == e.Property
	})
	if len(k.sending) >= maxTransfers || e.Requestor == k.window {
		return false
	}
	k.sending = append(k.sending, &transfer{
		window: e.Requestor, property: e.Property, kind: kind, data: data, deadline: time.Now().Add(clipTimeout),
	})
	xproto.ChangeWindowAttributes(k.l.Conn, e.Requestor, xproto.CwEventMask, []uint32{xproto.EventMaskPropertyChange})
	k.put(e.Requestor, e.Property, k.atoms.incr, 32, binary.LittleEndian.AppendUint32(nil, uint32(len(data))))
	return true
}

// put sets a property. An error is ignored, because the window may be gone.
func (k *clipLink) put(w xproto.Window, property, kind xproto.Atom, format byte, data []byte) {
	xproto.ChangeProperty(k.l.Conn, xproto.PropModeReplace, w, property, kind, format,
		uint32(len(data)/int(format/8)), data)
}

func fromLatin1(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}

func toLatin1(s string) []byte {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			r = '?'
		}
		b = append(b, byte(r))
	}
	return b
}
