package gateway

import "net/netip"

// crowd bounds how many things strangers hold, for each client and in all. The
// newcomer is let in; what goes for it is the oldest of its own network when that
// holds too much, else the oldest of the network that holds most. The caller locks.
type crowd[T comparable] struct {
	most   int // in all
	counts *counts
	order  []member[T] // the oldest first
	idle   func(T) bool
}

type member[T comparable] struct {
	item T
	c    client
}

// newCrowd: perAddress is the bound of one address; those that idle reports go first.
func newCrowd[T comparable](most, perAddress int, idle func(T) bool) *crowd[T] {
	return &crowd[T]{most: most, counts: newCounts(perAddress), idle: idle}
}

// add takes item in; where it is one too many it returns another that has to go, and
// has taken that out already.
func (k *crowd[T]) add(item T, c client) (victim T, drop bool) {
	p, over := k.counts.full(c)
	if !over && len(k.order) >= k.most {
		p, over = k.mostCrowded(), true
	}
	if over {
		victim, drop = k.oldest(p)
		k.remove(victim)
	}
	k.order = append(k.order, member[T]{item, c})
	k.counts.add(c)
	return victim, drop
}

// remove takes item out, if it is in.
func (k *crowd[T]) remove(item T) {
	for i, m := range k.order {
		if m.item == item {
			k.order = append(k.order[:i], k.order[i+1:]...)
			k.counts.remove(m.c)
			return
		}
	}
}

// mostCrowded is the site that holds most.
func (k *crowd[T]) mostCrowded() (site netip.Prefix) {
	n := map[netip.Prefix]int{}
	for _, m := range k.order {
		p := m.c.site()
		if n[p]++; n[p] > n[site] {
			site = p
		}
	}
	return site
}

// oldest is the first that is idle, or else the first, of a network.
func (k *crowd[T]) oldest(p netip.Prefix) (item T, ok bool) {
	for _, m := range k.order {
		if !m.c.within(p) {
			continue
		}
		if k.idle(m.item) {
			return m.item, true
		}
		if !ok {
			item, ok = m.item, true
		}
	}
	return item, ok
}
