//go:build linux

package x11

import (
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/jezek/xgb/xproto"

	"lotse/screen"
)

const (
	// clipChunk is the maximum that is sent at once, ICCCM section 2.7.2.
	clipChunk = 64 << 10
	// maxTransfers is how many programs can receive a long content at the same time.
	maxTransfers = 16
)

// htmlCharset tells programs the encoding of HTML that does not say it; many take another one.
const htmlCharset = `<meta http-equiv="content-type" content="text/html; charset=utf-8">`

// transfer is a long content that is being sent to another program.
type transfer struct {
	window         xproto.Window
	property, kind xproto.Atom
	data           []byte
	deadline       time.Time
}

// propertyChanged continues an incremental transfer, in either direction.
func (k *clipLink) propertyChanged(e xproto.PropertyNotifyEvent) error {
	if r := k.receiving; r != nil && r.incr && e.Window == k.window && e.Atom == r.property && e.State == xproto.PropertyNewValue {
		return k.arrived()
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
	t.data, t.deadline = t.data[len(piece):], time.Now().Add(k.c.patience)
	k.put(t.window, t.property, t.kind, 8, piece)
	if len(piece) == 0 {
		xproto.ChangeWindowAttributes(k.l.Conn, t.window, xproto.CwEventMask, []uint32{0})
		k.sending = slices.Delete(k.sending, i, i+1)
	}
	return nil
}

// requested answers a program that requests our content.
func (k *clipLink) requested(e xproto.SelectionRequestEvent) {
	if e.Property == 0 {
		e.Property = e.Target // ICCCM section 2.2: an obsolete program
	}
	k.mu.Lock()
	clip, since := k.clip, k.since
	ok := k.owned && e.Owner == k.window && e.Selection == k.atoms.clipboard
	k.mu.Unlock()
	if !ok || !k.offer(e, clip, since) {
		e.Property = 0
	}
	answer := xproto.SelectionNotifyEvent{
		Time: e.Time, Requestor: e.Requestor, Selection: e.Selection, Target: e.Target, Property: e.Property,
	}
	xproto.SendEvent(k.l.Conn, false, e.Requestor, 0, string(answer.Bytes()))
}

// offer writes the content in the requested target and reports whether it could.
func (k *clipLink) offer(e xproto.SelectionRequestEvent, clip screen.Clip, since xproto.Timestamp) bool {
	a := &k.atoms
	offered := k.offered(clip)
	if !slices.Contains(offered, e.Target) {
		return false
	}
	switch e.Target {
	case a.targets:
		var b []byte
		for _, t := range offered {
			b = binary.LittleEndian.AppendUint32(b, uint32(t))
		}
		k.put(e.Requestor, e.Property, xproto.AtomAtom, 32, b)
		return true
	case a.timestamp:
		k.put(e.Requestor, e.Property, xproto.AtomInteger, 32, binary.LittleEndian.AppendUint32(nil, uint32(since)))
		return true
	case a.text:
		return k.send(e, a.utf8, []byte(clip.Text))
	case xproto.AtomString:
		return k.send(e, xproto.AtomString, toLatin1(clip.Text))
	case a.html:
		return k.send(e, a.html, []byte(withCharset(clip.HTML)))
	case a.png:
		return k.send(e, a.png, clip.Picture.PNG())
	}
	return k.send(e, e.Target, []byte(clip.Text))
}

// offered returns the targets of a content. One without anything is an empty text.
func (k *clipLink) offered(clip screen.Clip) []xproto.Atom {
	a := &k.atoms
	list := []xproto.Atom{a.targets, a.timestamp}
	if clip.Text != "" || clip.Empty() {
		list = append(list, a.utf8, xproto.AtomString, a.text, a.plainUTF8, a.plain)
	}
	if clip.HTML != "" {
		list = append(list, a.html)
	}
	if clip.Picture != nil {
		list = append(list, a.png)
	}
	return list
}

// withCharset adds the encoding to HTML whose beginning does not name one.
func withCharset(html string) string {
	if strings.Contains(strings.ToLower(html[:min(len(html), 1024)]), "charset=") {
		return html
	}
	return htmlCharset + html
}

// send sends a content, in pieces if it is long.
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
		window: e.Requestor, property: e.Property, kind: kind, data: data, deadline: time.Now().Add(k.c.patience),
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
