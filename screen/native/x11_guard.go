//go:build linux

package native

import (
	"fmt"
	"os"
	"syscall"

	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"
)

// guardSignals are those that the first process gets and its guard outlives.
var guardSignals = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}

// guardProcess keeps the terminal's signals from the guard.
func guardProcess() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// letGo releases what is down and takes lent keys back.
func letGo(o Options, down map[note]bool) (err error) {
	defer recovered(&err)
	l, err := dialX(o, func([]byte) {})
	if err != nil {
		return err
	}
	defer l.close()
	if _, ok, err := l.extension("XTEST"); err != nil || !ok {
		return fmt.Errorf("native: no XTEST: %w", err)
	}
	for n := range down {
		switch n.kind {
		case guardKey:
			xtest.FakeInput(l.Conn, xKeyRelease, n.detail, 0, 0, 0, 0, 0)
		case guardButton:
			xtest.FakeInput(l.Conn, xButtonRelease, n.detail, 0, 0, 0, 0, 0)
		case guardLent:
			xproto.ChangeKeyboardMapping(l.Conn, 1, xproto.Keycode(n.detail), 2, []xproto.Keysym{0, 0})
		}
	}
	return l.sync()
}
