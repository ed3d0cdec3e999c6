package gateway

import "net/netip"

// crowd limits how many things strangers hold, per client and in all. A new item is always
// admitted. If its network holds too many, the oldest item of that network is dropped; if there are
// too many in all, the oldest of the network that holds most. The caller holds a lock.
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

// newCrowd makes a crowd. perAddress is the limit of one address. Items for which idle returns true
// are dropped first.
func newCrowd[T comparable](most, perAddress int, idle func(T) bool) *crowd[T] {
	return &crowd[T]{most: most, counts: newCounts(perAddress), idle: idle}
}

// add adds item. If that exceeds a limit, add removes another item and returns it as victim.
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

// remove removes item if it is present.
func (k *crowd[T]) remove(item T) {
	for i, m := range k.order {
		if m.item == item {
			k.order = append(k.order[:i], k.order[i+1:]...)
			k.counts.remove(m.c)
			return
		}
	}
}

// mostCrowded returns the site that holds most items.
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

// oldest returns the oldest idle item of a network, or its oldest item if none is idle.
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
