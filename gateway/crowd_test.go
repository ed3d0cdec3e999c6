package gateway

import (
	"net/netip"
	"testing"
)

// TestCrowd: a flood from one address, from one /48 and from many networks displaces itself. The
// newcomer and clients that hold little stay.
func TestCrowd(t *testing.T) {
	busy := map[int]bool{}
	k := newCrowd(100, 8, func(i int) bool { return !busy[i] })
	held := map[int]bool{}
	next := 0
	add := func(c client) int {
		next++
		victim, drop := k.add(next, c)
		held[next] = true
		if drop {
			if !held[victim] || victim == next {
				t.Fatalf("%d goes for %d", victim, next)
			}
			delete(held, victim)
		}
		if len(k.order) > 100 || len(k.order) != len(held) {
			t.Fatalf("%d held, %d known", len(k.order), len(held))
		}
		return next
	}
	honest := add(addr("198.51.100.7"))
	for range 50 {
		add(addr("192.0.2.1"))
	}
	if n := k.counts.of(addr("192.0.2.1")); n != 8 {
		t.Errorf("one address holds %d", n)
	}
	for i := range 500 {
		add(address64("2001:db8:bad::", i))
	}
	if n := k.counts.byPart[2][netip.MustParsePrefix("2001:db8:bad::/48")]; n != 32 {
		t.Errorf("one /48 holds %d", n)
	}
	if !held[honest] {
		t.Error("the honest one had to go")
	}
	last := 0
	for i := range 500 {
		last = add(clientOf(netip.AddrFrom4([4]byte{10, byte(i), byte(i / 100), 1})))
	}
	if !held[last] {
		t.Error("the newcomer had to go")
	}
	// Among those of one network, idle ones are dropped first.
	c := addr("203.0.113.5")
	working := add(c)
	busy[working] = true
	for range 20 {
		add(c)
	}
	if !held[working] {
		t.Error("one that works went before idle ones")
	}
	for i := range next + 1 {
		k.remove(i)
	}
	if len(k.order) != 0 || k.counts.of(c) != 0 {
		t.Error("left behind")
	}
}
