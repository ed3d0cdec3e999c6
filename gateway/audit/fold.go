package audit

import (
	"net/netip"
	"slices"
	"time"
)

// Limits of folding.
const (
	foldWindow   = time.Minute
	foldFull     = 20 // equal events within a window that are written one by one
	foldNetworks = 16 // networks listed in a line
	foldKinds    = 1024
)

// foldable are the events that strangers can cause, as many as they like.
var foldable = []string{Enter, Refused, SignInRefused, ViewerRefused}

// folding writes the first of equal events as they come and the others of the same
// minute as one line that counts them. Tries at an open session are counted by
// session. It is for one goroutine.
type folding struct {
	network func(netip.Addr) string
	kinds   map[foldKind]*folded
}

type foldKind struct{ event, reason, session, account, door string }

type folded struct {
	since    time.Time
	last     Record
	n        int
	networks map[string]bool // the first foldNetworks
	others   map[string]bool // the next foldKinds
}

func newFolding(network func(netip.Addr) string) *folding {
	return &folding{network: network, kinds: map[foldKind]*folded{}}
}

// add appends what is to be written of r now.
func (f *folding) add(out []Record, r Record, now time.Time) []Record {
	if !slices.Contains(foldable, r.Event) {
		return append(out, r)
	}
	kind := foldKind{r.Event, r.Reason, r.Session, r.Account, r.Door}
	if f.kinds[kind] == nil && len(f.kinds) >= foldKinds {
		kind = foldKind{event: r.Event} // the other kinds of this window share a line
	}
	k := f.kinds[kind]
	if k == nil {
		k = &folded{since: now}
		f.kinds[kind] = k
	}
	if k.n++; k.n <= foldFull {
		return append(out, r)
	}
	k.count(kind, r, f.network)
	return out
}

// count adds r to the line that is told at the end of the window.
func (k *folded) count(kind foldKind, r Record, networkOf func(netip.Addr) string) {
	k.last = Record{Time: r.Time, Event: kind.event, Reason: kind.reason, Session: kind.session, Account: kind.account, Door: kind.door}
	network := r.From
	if a, err := netip.ParseAddr(r.From); err == nil {
		network = networkOf(a)
	}
	if k.networks == nil {
		k.networks, k.others = map[string]bool{}, map[string]bool{}
	}
	switch {
	case k.networks[network] || k.others[network]:
	case len(k.networks) < foldNetworks:
		k.networks[network] = true
	case len(k.others) < foldKinds:
		k.others[network] = true
	}
}

// due returns the lines of windows that are over.
func (f *folding) due(now time.Time) (out []Record) {
	for kind, k := range f.kinds {
		if now.Sub(k.since) >= foldWindow {
			out = k.line(out, now)
			delete(f.kinds, kind)
		}
	}
	return out
}

// all ends every window.
func (f *folding) all(now time.Time) (out []Record) {
	for kind, k := range f.kinds {
		out = k.line(out, now)
		delete(f.kinds, kind)
	}
	return out
}

func (k *folded) line(out []Record, now time.Time) []Record {
	if k.n <= foldFull {
		return out
	}
	r := k.last
	r.Folded, r.Seconds, r.Others = int64(k.n-foldFull), int64(now.Sub(k.since)/time.Second), len(k.others)
	for network := range k.networks {
		r.Networks = append(r.Networks, network)
	}
	slices.Sort(r.Networks)
	return append(out, r)
}
