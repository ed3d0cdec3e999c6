package gateway

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"lotse/tunnel"
)

// proxies are those that the operator trusts, whose X-Forwarded-For is believed.
type proxies []netip.Prefix

// clientAddr returns who is asking: the peer, or what a proxy that the operator
// trusts says of it.
func (p proxies) clientAddr(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.IPv4Unspecified()
	}
	return forwarded(peer.Addr().Unmap(), r.Header.Values("X-Forwarded-For"), p.trusted)
}

// trusted reports whether the operator trusts what a proxy at a says.
func (p proxies) trusted(a netip.Addr) bool {
	return slices.ContainsFunc(p, func(one netip.Prefix) bool { return one.Contains(a) })
}

// seen is how a request arrived.
func (p proxies) seen(r *http.Request) tunnel.Seen {
	client := p.clientAddr(r)
	out := tunnel.Seen{
		Address: client.String(), Proxy: p.trusted(client),
		Forwarded: r.Header.Get("X-Forwarded-For") != "",
	}
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		out.Port, out.Trusted = peer.Port(), p.trusted(peer.Addr().Unmap())
	}
	return out
}

// maxForwarded bounds how many proxies in a row are looked at.
const maxForwarded = 10

// forwarded walks the header from its end, where trusted proxies wrote, to the
// first address that is not one of them.
func forwarded(peer netip.Addr, headers []string, trusted func(netip.Addr) bool) netip.Addr {
	if len(headers) == 0 || !trusted(peer) {
		return peer
	}
	list := strings.Join(headers, ",")
	for range maxForwarded {
		i := strings.LastIndexByte(list, ',')
		a, err := netip.ParseAddr(strings.TrimSpace(list[i+1:]))
		if err != nil {
			return peer
		}
		if peer = a.Unmap().WithZone(""); !trusted(peer) || i < 0 {
			return peer
		}
		list = list[:i]
	}
	return peer
}
