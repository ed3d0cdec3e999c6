//go:build linux

package x11

import (
	"errors"
	"fmt"
	"time"

	"lotse/screen"
	"lotse/screen/ownwindow"

	"github.com/jezek/xgb/xproto"
)

// compositorLinger is how long a compositing manager may still show a window that has gone, because
// it draws the screen itself and fades windows out.
const compositorLinger = 700 * time.Millisecond

// Open opens an X display. The error says what failed, where, and what to do.
func Open(o screen.Options) (*screen.Desktop, error) {
	o = o.WithDefaults()
	own := &ownwindow.Places{}
	s, err := openRootScreen(o, own)
	if err != nil {
		return nil, err
	}
	if hasCompositor(s.l) {
		own.Linger = compositorLinger
	}
	in, err := openInput(o, own)
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	clip := newClipboard(o)
	hot := newHotkey(o)
	badge := newBadge(o, own)
	asker := newAsker(o, own)
	marks := newMarker(o)
	parts := screen.Parts{
		Screen: s, Input: in, Clipboard: clip, Hotkey: hot, InputWatcher: inputWatcher{hot},
		Windows: &windowList{o: o, screen: s, input: in, marks: marks}, Badge: badge, Asker: asker, Marker: marks,
	}
	return screen.NewDesktop(parts, func() error {
		return errors.Join(in.close(), marks.close(), badge.close(), asker.Close(), hot.close(), clip.close(), s.Close())
	}), nil
}

// hasCompositor reports whether a compositing manager draws the screen; EWMH,
// section "_NET_WM_CM_Sn Manager Selection".
func hasCompositor(l *link) bool {
	atom, err := l.atom(fmt.Sprintf("_NET_WM_CM_S%d", l.DefaultScreen))
	if err != nil {
		return false
	}
	r, err := xproto.GetSelectionOwner(l.Conn, atom).Reply()
	return err == nil && r.Owner != xproto.WindowNone
}
