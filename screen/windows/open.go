//go:build windows

package windows

import (
	"errors"

	"lotse/screen"
	"lotse/screen/ownwindow"
)

// Open opens the display. The error says what failed, where, and what to do.
func Open(o screen.Options) (*screen.Desktop, error) {
	o = o.WithDefaults()
	awareOnce()
	own := &ownwindow.Places{}
	s, err := openWholeScreen(o, own)
	if err != nil {
		return nil, err
	}
	in := newInput(o, own)
	clip := newClipboard(o)
	hot := newHotkey(o)
	badge := newBadge(o, own)
	asker := newAsker(o, own)
	marks := newMarker(o)
	parts := screen.Parts{
		Screen: s, Input: in, Clipboard: clip, Hotkey: hot, InputWatcher: inputWatcher{hot},
		Windows: &windowList{o: o, screen: s, input: in}, Badge: badge, Asker: asker, Notices: notices{hot.done}, Marker: marks,
	}
	return screen.NewDesktop(parts, func() error {
		return errors.Join(in.close(), marks.close(), badge.close(), asker.Close(), hot.close(), clip.close(), s.Close())
	}), nil
}
