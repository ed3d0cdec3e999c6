//go:build linux

package x11

import (
	"testing"
	"time"
)

func TestPolling(t *testing.T) {
	p := newPolling()
	now := time.Unix(1e9, 0)
	if p.same(now, []byte{1}, false) || p.at != now.Add(pollFast) {
		t.Error("the first capture equals one before")
	}
	if p.same(now, []byte{1}, true) {
		t.Error("a fresh capture equals one before")
	}
	for range 100 {
		if !p.same(now, []byte{1}, false) {
			t.Fatal("two equal captures differ")
		}
	}
	if p.at != now.Add(pollSlow) {
		t.Errorf("the interval is %v after a long rest", p.at.Sub(now))
	}
	if p.same(now, []byte{2}, false) || p.at != now.Add(pollFast) {
		t.Error("a change is not followed by fast captures")
	}
}
