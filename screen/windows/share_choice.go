//go:build windows

package windows

import (
	"os"
	"slices"
	"strings"
	"sync"

	"lotse/screen/program"
)

// choice determines which windows belong to the chosen programs. It may be used concurrently.
type choice struct {
	mu sync.Mutex
	// Guarded by mu.
	chosen  program.Chosen
	decided map[uint32]bool // by process
}

// keep forgets all processes but these, because a process ID may be reused.
func (c *choice) keep(processes map[uint32]bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for pid := range c.decided {
		if !processes[pid] {
			delete(c.decided, pid)
		}
	}
}

// isShared reports whether a top-level window belongs to a chosen program.
func (c *choice) isShared(w uintptr) bool {
	if w == 0 {
		return false
	}
	class := classOf(w)
	if slices.Contains(furnitureClasses, class) {
		return false
	}
	return c.isChosen(ownerOf(w, class), class)
}

// isChosen reports whether a process is a chosen program.
func (c *choice) isChosen(pid uint32, class string) bool {
	if pid == 0 || pid == uint32(os.Getpid()) {
		return false
	}
	c.mu.Lock()
	yes, known := c.decided[pid]
	c.mu.Unlock()
	if known {
		return yes
	}
	p, ok := processOf(pid)
	c.mu.Lock()
	defer c.mu.Unlock()
	short := p
	if n := len(p.Name) - len(".exe"); n > 0 && strings.EqualFold(p.Name[n:], ".exe") {
		short.Name = p.Name[:n]
	}
	yes = ok && (c.chosen.Has(p, []string{class}) || c.chosen.Has(short, nil))
	c.decided[pid] = yes
	return yes
}
