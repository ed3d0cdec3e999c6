package gateway

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"lotse/tunnel"
)

// proxies are the proxies that the operator trusts, that is, whose X-Forwarded-For is used.
type proxies []netip.Prefix

// clientAddr returns the client's address: the peer's, or the one reported by a trusted proxy.
func (p proxies) clientAddr(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.IPv4Unspecified()
	}
	return forwarded(peer.Addr().Unmap(), r.Header.Values("X-Forwarded-For"), p.trusted)
}

// trusted reports whether the operator trusts a proxy at a.
func (p proxies) trusted(a netip.Addr) bool {
	return slices.ContainsFunc(p, func(one netip.Prefix) bool { return one.Contains(a) })
}

// seen describes how a request arrived.
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

// maxForwarded is the maximum number of proxies in a row that are examined.
const maxForwarded = 10

// forwarded walks the header from its end, where trusted proxies wrote, to the first address that
// is not a trusted proxy.
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
