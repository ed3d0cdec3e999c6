//go:build linux

package native

import (
	"errors"
	"fmt"
	"time"

	"github.com/jezek/xgb/xproto"
)

// compositorLinger is how long a compositing manager may still show a window that
// has gone: such managers draw the screen themselves and fade windows out.
const compositorLinger = 700 * time.Millisecond

func open(o Options) (*Desktop, error) {
	own := &covers{}
	s, err := openX11Screen(o, own)
	if err != nil {
		return nil, err
	}
	if hasCompositor(s.l) {
		own.linger = compositorLinger
	}
	in, err := openX11Input(o, own)
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	clip := newX11Clipboard(o)
	hot := newX11Hotkey(o)
	badge := newX11Badge(o, own)
	asker := newX11Asker(o, own)
	return &Desktop{
		name: hostName(), screen: s, input: in, clipboard: clip, hotkey: hot, hands: x11Hands{hot}, windows: &x11Windows{o: o, screen: s, input: in}, badge: badge,
		asker: asker,
		closing: func() error {
			return errors.Join(in.close(), badge.close(), asker.close(), hot.close(), clip.close(), s.Close())
		},
	}, nil
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
