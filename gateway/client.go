package gateway

import "net/netip"

// clientLevels is the number of prefixes by which an IPv6 client is counted; IPv4 has one less.
const clientLevels = 3

// client is the unit of rate limits: an address and the networks around it that one attacker may
// control. For IPv4: the address and its /24. For IPv6: the /64, which any single machine owns, the
// /56 and the /48. The narrowest comes first.
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
		c.prefixes[i], _ = addr.Prefix(lengths[i]) // the zero Prefix if there is no address
	}
	return c
}

// unit returns the narrowest prefix, under which a client is remembered as known.
func (c client) unit() netip.Prefix { return c.prefixes[0] }

// site returns the widest prefix, by which queues distribute turns.
func (c client) site() netip.Prefix { return c.prefixes[c.n-1] }

// share returns by what factor the limit of one address is multiplied for a prefix. Unrelated
// people share an IPv4 network, so its factor is larger.
func (c client) share(level int) int {
	if c.n == 2 {
		return [...]int{1, 8}[level]
	}
	return [...]int{1, 2, 4}[level]
}

// counts are the numbers of things that each client holds. The caller holds a lock.
type counts struct {
	most   int // of one address; multiplied by client.share for prefixes
	byPart [clientLevels]map[netip.Prefix]int
}

func newCounts(most int) *counts {
	n := &counts{most: most}
	for i := range n.byPart {
		n.byPart[i] = map[netip.Prefix]int{}
	}
	return n
}

// full returns the narrowest prefix of c that has reached its limit. ok is false if there is none.
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

// of returns how many c's address holds.
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
