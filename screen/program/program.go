package program

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"lotse/screen"
)

// Program is a running process with windows.
type Program struct {
	PID   int
	Since string // when it started, so that a later process is not taken for it
	Name  string // of its file
}

// ID is screen.App.ID.
func (p Program) ID() string { return fmt.Sprintf("pid:%d:%s", p.PID, p.Since) }

// Chosen is the set of programs in a share. This program is never one of them.
type Chosen struct {
	ids   map[string]bool
	names map[string]bool // lower case
}

// ChosenOf returns the programs that a share names, each by its identifier or by its name.
func ChosenOf(s screen.Share) Chosen {
	c := Chosen{ids: map[string]bool{}, names: map[string]bool{}}
	for _, id := range s.Apps {
		if name, ok := screen.NameOfApp(id); ok {
			c.names[strings.ToLower(name)] = true
		} else {
			c.ids[id] = true
		}
	}
	return c
}

// Has reports whether a program is chosen. A program that is chosen by its
// window's class is remembered, so that its menus, which have none, belong to it.
func (c Chosen) Has(p Program, classes []string) bool {
	if p.PID == os.Getpid() {
		return false
	}
	if c.ids[p.ID()] || c.names[strings.ToLower(p.Name)] {
		return true
	}
	for _, class := range classes {
		if c.names[strings.ToLower(class)] {
			c.ids[p.ID()] = true
			return true
		}
	}
	return false
}

// How long an icon is believed, and how long it is that a program has none: it may
// be about to set one. iconsTime bounds asking within one list; a program that the time does not
// reach come has no icon until the next list.
const (
	iconKept    = time.Minute
	iconMissing = 10 * time.Second
	iconsTime   = 300 * time.Millisecond
)

// Icons keeps the icons of programs from one list to the next.
type Icons struct {
	mu sync.Mutex
	// Guarded by mu.
	known map[string]cachedIcon // by screen.App.ID
}

type cachedIcon struct {
	png   []byte
	until time.Time
}

// Fill sets the icons of all; find looks for the one of all[i].
func (c *Icons) Fill(all []screen.App, find func(i int) []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	kept := make(map[string]cachedIcon, len(all))
	for i := range all {
		id := all[i].ID
		icon, ok := c.known[id]
		if !ok || now.After(icon.until) {
			if time.Since(now) > iconsTime {
				continue
			}
			icon.png, icon.until = find(i), now.Add(iconKept)
			if icon.png == nil {
				icon.until = now.Add(iconMissing)
			}
		}
		kept[id], all[i].Icon = icon, icon.png
	}
	c.known = kept
}
