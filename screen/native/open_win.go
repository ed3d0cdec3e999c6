//go:build windows

package native

import "errors"

func open(o Options) (*Desktop, error) {
	awareOnce()
	own := &covers{}
	s, err := openWinScreen(o, own)
	if err != nil {
		return nil, err
	}
	in := newWinInput(o, own)
	clip := newWinClipboard(o)
	hot := newWinHotkey(o)
	badge := newWinBadge(o, own)
	asker := newWinAsker(o, own)
	return &Desktop{
		name: hostName(), screen: s, input: in, clipboard: clip, hotkey: hot, hands: winHands{hot}, windows: &winWindows{o: o, screen: s, input: in}, badge: badge,
		asker: asker, notices: winNotices{hot.done},
		closing: func() error {
			return errors.Join(in.close(), badge.close(), asker.close(), hot.close(), clip.close(), s.Close())
		},
	}, nil
}
