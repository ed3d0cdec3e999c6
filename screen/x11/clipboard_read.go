//go:build linux

package x11

import (
	"bytes"
	"encoding/binary"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/jezek/xgb/xfixes"
	"github.com/jezek/xgb/xproto"

	"lotse/screen"
)

// reception is a content that is being received, one target after the other. What the owner does
// not deliver in time, or too long, is left out.
type reception struct {
	owner  xproto.Window // a change of owner ends the reception, so everything is from this one
	time   xproto.Timestamp
	todo   []xproto.Atom // the targets that are still to be requested
	got    copied
	latest time.Time // when the whole reception ends

	// Of the target that is requested now.
	target   xproto.Atom
	property xproto.Atom
	incr     bool
	tooBig   bool
	data     []byte
	deadline time.Time
}

// extend gives the owner time for one more step.
func (r *reception) extend(patience time.Duration) {
	r.deadline = time.Now().Add(patience)
	if r.latest.Before(r.deadline) {
		r.deadline = r.latest
	}
}

// ownerChanged asks a new owner for what it offers.
func (k *clipLink) ownerChanged(e xfixes.SelectionNotifyEvent) error {
	k.mu.Lock()
	k.owned = e.Owner == k.window
	if k.owned {
		k.since = e.SelectionTimestamp
	} else {
		k.clip = screen.Clip{}
	}
	k.mu.Unlock()
	k.receiving = nil
	owner := screen.ClipboardOwner(e.Owner)
	if e.Owner == k.window || e.Owner == 0 || len(k.c.wanting(owner)) == 0 {
		return nil
	}
	k.receiving = &reception{
		owner: e.Owner, time: e.SelectionTimestamp, todo: []xproto.Atom{k.atoms.targets},
		got: copied{owner: owner}, latest: time.Now().Add(clipLongest),
	}
	k.next()
	return nil
}

// next requests the next target from the owner, or finishes.
func (k *clipLink) next() {
	r := k.receiving
	if len(r.todo) == 0 {
		k.finish()
		return
	}
	k.slot = (k.slot + 1) % len(k.atoms.slots)
	r.target, r.todo, r.property = r.todo[0], r.todo[1:], k.atoms.slots[k.slot]
	r.incr, r.tooBig, r.data = false, false, nil
	r.extend(k.c.patience)
	xproto.DeleteProperty(k.l.Conn, k.window, r.property)
	xproto.ConvertSelection(k.l.Conn, k.window, k.atoms.clipboard, r.target, r.property, r.time)
}

// finish reports what has arrived. It also ends a reception whose owner does not answer.
func (k *clipLink) finish() {
	r := k.receiving
	k.receiving = nil
	if got := &r.got; got.text != "" || got.html != "" || got.png != nil {
		k.c.publish(*got)
	}
}

// answered handles the owner's answer.
func (k *clipLink) answered(e xproto.SelectionNotifyEvent) error {
	r := k.receiving
	if r == nil || e.Requestor != k.window || e.Selection != k.atoms.clipboard || e.Target != r.target || r.incr {
		return nil
	}
	if e.Property == 0 {
		switch r.target {
		case k.atoms.targets: // the owner does not list its targets
			r.todo = []xproto.Atom{k.atoms.utf8}
		case k.atoms.utf8:
			r.todo = append([]xproto.Atom{xproto.AtomString}, r.todo...)
		}
		k.next()
		return nil
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
		r.incr = true
		r.extend(k.c.patience)
		return nil
	}
	r.data = data
	k.received(kind)
	return nil
}

// received uses the data of one target and requests the next.
func (k *clipLink) received(kind xproto.Atom) {
	a, r := &k.atoms, k.receiving
	if r.tooBig {
		k.l.log.Info("x11: a content too long for the clipboard was left out", "limit", k.limit(r.target))
		k.next()
		return
	}
	switch r.target {
	case a.targets:
		r.todo = k.choose(r.data)
	case a.secret:
		if string(bytes.TrimRight(r.data, "\x00")) == "secret" {
			k.receiving = nil
			return
		}
	case a.html:
		r.got.html = strings.TrimRight(decodeHTML(r.data), "\x00")
	case a.png:
		r.got.png = r.data
	default:
		text := strings.ToValidUTF8(string(r.data), "\uFFFD")
		if r.target == xproto.AtomString && kind != a.utf8 {
			text = fromLatin1(r.data)
		}
		r.got.text = strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\x00")
	}
	k.next()
}

// choose returns what is requested of the targets that the owner lists. Whether the content is a
// secret comes first. A text need not be listed if nothing else is.
func (k *clipLink) choose(list []byte) (todo []xproto.Atom) {
	a := &k.atoms
	has := func(target xproto.Atom) bool { return hasAtom(list, target) }
	html, png := has(a.html), has(a.png)
	if has(a.secret) {
		todo = append(todo, a.secret)
	}
	switch {
	case has(a.utf8):
		todo = append(todo, a.utf8)
	case has(a.plainUTF8):
		todo = append(todo, a.plainUTF8)
	case has(xproto.AtomString), has(a.text), has(a.plain), !html && !png:
		todo = append(todo, a.utf8) // then STRING
	}
	if html {
		todo = append(todo, a.html)
	}
	if png {
		todo = append(todo, a.png)
	}
	return todo
}

// limit returns the maximum size of a target in bytes.
func (k *clipLink) limit(target xproto.Atom) int {
	if target == k.atoms.png {
		return screen.MaxPictureBytes
	}
	return screen.MaxClipText
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

// take reads and deletes the property in which a content arrives.
func (k *clipLink) take(r *reception) (xproto.Atom, []byte, error) {
	limit := k.limit(r.target)
	p, err := xproto.GetProperty(k.l.Conn, true, k.window, r.property, xproto.GetPropertyTypeAny, 0, uint32(limit/4+1)).Reply()
	if err != nil {
		return 0, nil, k.l.explain(err)
	}
	if p.BytesAfter > 0 || len(p.Value) > limit {
		xproto.DeleteProperty(k.l.Conn, k.window, r.property)
		r.tooBig = true
		return p.Type, nil, nil
	}
	return p.Type, p.Value, nil
}

// arrived takes the next piece of an incremental transfer.
func (k *clipLink) arrived() error {
	r := k.receiving
	kind, piece, err := k.take(r)
	if err != nil {
		return err
	}
	r.extend(k.c.patience)
	if len(r.data)+len(piece) > k.limit(r.target) {
		r.tooBig, r.data = true, nil
	}
	if len(piece) == 0 { // the end
		k.received(kind)
	} else if !r.tooBig {
		r.data = append(r.data, piece...)
	}
	return nil
}

// decodeHTML decodes UTF-8, or UTF-16 with a byte order mark, which old browsers use.
func decodeHTML(b []byte) string {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	default:
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	units := make([]uint16, 0, len(b)/2)
	for b = b[2:]; len(b) >= 2; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	return string(utf16.Decode(units))
}

func fromLatin1(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}
