//go:build linux

package x11

import (
	"testing"
)

// queued returns the first bytes of the queued events.
func queued(q *windowQueue) (kinds string, overflow bool) {
	overflow = q.each(func(ev []byte) { kinds += string(ev[0]) })
	return kinds, overflow
}

func TestWindowQueue(t *testing.T) {
	var q windowQueue
	event := func(kind byte) []byte { return append([]byte{kind}, make([]byte, xHead-1)...) }
	for _, kind := range "abca" {
		q.add(event(byte(kind)))
	}
	q.drop(func(ev []byte) bool { return ev[0] == 'b' })
	if kinds, overflow := queued(&q); kinds != "aca" || overflow {
		t.Errorf("queue %q, overflow %v", kinds, overflow)
	}
	if events, overflow := q.take(); len(events) != 3 || events[1][0] != 'c' || overflow {
		t.Errorf("taken %v, overflow %v", events, overflow)
	}
	if kinds, _ := queued(&q); kinds != "" {
		t.Errorf("%q is left after take", kinds)
	}
	for range maxWindowEvents + 1 {
		q.add(event('a'))
	}
	if events, overflow := q.take(); len(events) != maxWindowEvents || !overflow {
		t.Errorf("%d events, overflow %v", len(events), overflow)
	}
	q.clear()
	if _, overflow := queued(&q); !overflow {
		t.Error("clear forgot that events were lost")
	}
	q.reset()
	if kinds, overflow := queued(&q); kinds != "" || overflow {
		t.Errorf("queue %q, overflow %v after reset", kinds, overflow)
	}
}
