//go:build windows

package windows

import (
	"testing"
	"time"
)

func TestPolling(t *testing.T) {
	p := polling{every: pollFast}
	now := time.Now().Add(time.Hour) // so that a capture costs nothing
	if !p.due(now, 0, false) {
		t.Error("the first picture is not due")
	}
	for range 100 {
		p.taken(now, false)
	}
	if p.at != now.Add(pollSlow) {
		t.Errorf("the interval is %v after a long rest", p.at.Sub(now))
	}
	if p.due(now, 1, false) || p.at != now.Add(pollFast) {
		t.Error("a use of the mouse is not followed by fast pictures")
	}
	p.taken(now, false)
	p.at = now.Add(pollSlow)
	if p.due(now, 1, true) || p.at != now.Add(pollFast) {
		t.Error("a change of windows is not followed by fast pictures")
	}
	p.taken(now, true)
	if p.at != now.Add(pollFast) || !p.due(p.at, 1, false) {
		t.Error("a change is not followed by fast pictures")
	}
}
