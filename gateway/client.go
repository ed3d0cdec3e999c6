package gateway

import "net/netip"

// clientLevels is how many prefixes an IPv6 client is counted by; IPv4 has one less.
const clientLevels = 3

// client is whom budgets count: an address and the networks around it that one
// stranger may have to himself. IPv4: the address and its /24. IPv6: the /64, which
// any single machine has whole, the /56 and the /48. The narrowest comes first.
type client struct {
	prefixes [clientLevels]netip.Prefix
	n        int
}

func clientOf(addr netip.Addr) (c client) {
	addr = addr.Unmap().WithZone("")
	lengths := [clientLevels]int{64, 56, 48}
	c.n = clientLevels
	if addr.Is4() {
		lengths, c.n = [clientLevels]int{32, 24}, 2
	}
	for i := range c.n {
		c.prefixes[i], _ = addr.Prefix(lengths[i]) // the zero Prefix for no address
	}
	return c
}

// unit is the narrowest prefix: what is remembered of a client that did well.
func (c client) unit() netip.Prefix { return c.prefixes[0] }

// site is the widest prefix: whose turns in a queue are counted together.
func (c client) site() netip.Prefix { return c.prefixes[c.n-1] }

// share is how many times the bound of one address a prefix has. Networks of IPv4
// are shared by strangers to each other, so theirs is larger.
func (c client) share(level int) int {
	if c.n == 2 {
		return [...]int{1, 8}[level]
	}
	return [...]int{1, 2, 4}[level]
}

// counts are how many of something each client holds. The caller locks.
type counts struct {
	most   int // of one address; prefixes have their share
	byPart [clientLevels]map[netip.Prefix]int
}

func newCounts(most int) *counts {
	n := &counts{most: most}
	for i := range n.byPart {
		n.byPart[i] = map[netip.Prefix]int{}
	}
	return n
}

// full returns the narrowest prefix of c that holds all it may; ok is false when
// there is none.
func (n *counts) full(c client) (p netip.Prefix, ok bool) {
	for i := range c.n {
		if n.byPart[i][c.prefixes[i]] >= n.most*c.share(i) {
			return c.prefixes[i], true
		}
	}
	return p, false
}

func (n *counts) add(c client) {
	for i := range c.n {
		n.byPart[i][c.prefixes[i]]++
	}
}

func (n *counts) remove(c client) {
	for i := range c.n {
		p := c.prefixes[i]
		if n.byPart[i][p]--; n.byPart[i][p] <= 0 {
			delete(n.byPart[i], p)
		}
	}
}

// of is how many c's address holds.
func (n *counts) of(c client) int { return n.byPart[0][c.unit()] }

// within reports whether p is one of c's prefixes.
func (c client) within(p netip.Prefix) bool {
	for i := range c.n {
		if c.prefixes[i] == p {
			return true
		}
	}
	return false
}
