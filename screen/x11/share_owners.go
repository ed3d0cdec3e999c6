//go:build linux

package x11

import (
	"sync"

	"github.com/jezek/xgb/xproto"
)

// shareOwners tells input and the clipboard what is shared. It may be used concurrently.
type shareOwners struct {
	apps *apps // only base is used here

	mu sync.Mutex
	// Guarded by mu.
	tops  map[xproto.Window]bool // shared top-level windows
	bases map[uint32]bool        // connections of shared programs
}

// publish sets which of the windows are shared.
func (o *shareOwners) publish(order []*topWindow) {
	tops, bases := map[xproto.Window]bool{}, map[uint32]bool{}
	for _, w := range order {
		if !w.shared {
			continue
		}
		tops[w.id] = true
		for _, c := range w.contents {
			bases[o.apps.base(c)] = true
		}
		if len(w.contents) == 0 {
			bases[o.apps.base(w.id)] = true
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tops, o.bases = tops, bases
}

// isTop reports whether w is a shared top-level window.
func (o *shareOwners) isTop(w xproto.Window) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.tops[w]
}

// isBase reports whether a shared program created w.
func (o *shareOwners) isBase(w xproto.Window) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return w > 1 && o.bases[o.apps.base(w)]
}
