//go:build linux

package native

import "errors"

func open(o Options) (*Desktop, error) {
	s, err := openX11Screen(o)
	if err != nil {
		return nil, err
	}
	in, err := openX11Input(o)
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	clip := newX11Clipboard(o)
	hot := newX11Hotkey(o)
	badge := newX11Badge(o)
	in.avoid = badge.Rect
	return &Desktop{
		name: hostName(), screen: s, input: in, clipboard: clip, hotkey: hot, hands: x11Hands{hot}, windows: &x11Windows{o: o, screen: s, input: in}, badge: badge,
		closing: func() error {
			return errors.Join(in.close(), badge.close(), hot.close(), clip.close(), s.Close())
		},
	}, nil
}
