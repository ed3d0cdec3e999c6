//go:build linux

package x11

import (
	"testing"

	"github.com/jezek/xgb/xproto"
)

func TestShareOwners(t *testing.T) {
	l := &link{setup: &xproto.SetupInfo{ResourceIdMask: 0xffff}}
	o := shareOwners{apps: &apps{l: l}}
	framed := &topWindow{id: 0x10001, shared: true, contents: []xproto.Window{0x20002}}
	menu := &topWindow{id: 0x30003, shared: true}
	foreign := &topWindow{id: 0x40004, contents: []xproto.Window{0x50005}}
	o.publish([]*topWindow{framed, menu, foreign})
	tops := map[xproto.Window]bool{
		0: false, 0x10001: true, 0x10002: false, 0x30003: true, 0x40004: false,
	}
	for w, want := range tops {
		if got := o.isTop(w); got != want {
			t.Errorf("isTop(%#x) = %v", w, got)
		}
	}
	// The frame's connection is the window manager's.
	bases := map[xproto.Window]bool{
		0: false, 1: false, 0x10001: false, 0x20009: true, 0x30009: true, 0x40004: false, 0x50005: false,
	}
	for w, want := range bases {
		if got := o.isBase(w); got != want {
			t.Errorf("isBase(%#x) = %v", w, got)
		}
	}
	o.publish(nil)
	if o.isTop(0x10001) || o.isBase(0x20009) {
		t.Error("something is shared after all windows have gone")
	}
}
