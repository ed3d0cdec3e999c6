//go:build linux

package x11

import (
	"fmt"
	"log/slog"

	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"

	"lotse/screen"
	"lotse/screen/watchdog"
)

// Release releases what is down on a display, and takes lent keys back, for watchdog.Main.
func Release(display string, down map[watchdog.Note]bool) (err error) {
	defer recovered(&err)
	o := screen.Options{Display: display, Logger: slog.New(slog.DiscardHandler)}
	l, err := dialX(o.WithDefaults(), func([]byte) {})
	if err != nil {
		return err
	}
	defer l.close()
	if _, ok, err := l.extension("XTEST"); err != nil || !ok {
		return fmt.Errorf("x11: no XTEST: %w", err)
	}
	for n := range down {
		switch n.Kind {
		case watchdog.Key:
			xtest.FakeInput(l.Conn, xKeyRelease, n.Detail, 0, 0, 0, 0, 0)
		case watchdog.Button:
			xtest.FakeInput(l.Conn, xButtonRelease, n.Detail, 0, 0, 0, 0, 0)
		case watchdog.LentKey:
			xproto.ChangeKeyboardMapping(l.Conn, 1, xproto.Keycode(n.Detail), 2, []xproto.Keysym{0, 0})
		}
	}
	return l.sync()
}
