//go:build linux

package native

import (
	"testing"

	"github.com/jezek/xgb/xproto"
)

// keysDown returns the keycodes that are down, and 1000+bit for modifiers and
// buttons in effect.
func keysDown(t testing.TB, l *link) (down []int) {
	t.Helper()
	m, err := xproto.QueryKeymap(l.Conn).Reply()
	if err != nil {
		t.Fatal(err)
	}
	for kc := range 256 {
		if m.Keys[kc/8]>>(kc%8)&1 != 0 {
			down = append(down, kc)
		}
	}
	p, err := xproto.QueryPointer(l.Conn, l.root).Reply()
	if err != nil {
		t.Fatal(err)
	}
	for bit := range 16 {
		if p.Mask>>bit&1 != 0 {
			down = append(down, 1000+bit)
		}
	}
	return down
}
