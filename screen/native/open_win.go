//go:build windows

package native

import "errors"

func open(o Options) (*Desktop, error) {
	awareOnce()
	s, err := openWinScreen(o)
	if err != nil {
		return nil, err
	}
	in := newWinInput(o)
	clip := newWinClipboard(o)
	hot := newWinHotkey(o)
	badge := newWinBadge(o)
	in.avoid = badge.Rect
	return &Desktop{
		name: hostName(), screen: s, input: in, clipboard: clip, hotkey: hot, hands: winHands{hot}, windows: &winWindows{o: o, screen: s, input: in}, badge: badge,
		notices: winNotices{hot.done},
		closing: func() error {
			return errors.Join(in.close(), badge.close(), hot.close(), clip.close(), s.Close())
		},
	}, nil
}
