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
	Since string // when it started, to distinguish it from a later process
	Name  string // of its file
}

// ID returns the program's screen.App.ID.
func (p Program) ID() string { return fmt.Sprintf("pid:%d:%s", p.PID, p.Since) }

// Chosen is the set of programs in a share. It never contains this program.
type Chosen struct {
	ids   map[string]bool
	names map[string]bool // lower case
}

// ChosenOf returns the programs that a share lists by identifier or by name.
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

// Has reports whether a program is chosen. If a program is chosen by its window's class, that is
// remembered, so that its menus, which have no class, belong to it.
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

// iconKept is how long an icon is reused. iconMissing is the same for the absence of an icon,
// because the program may be about to set one. iconsTime limits the time spent on icons for one
// list; programs beyond that get their icon with the next list.
const (
	iconKept    = time.Minute
	iconMissing = 10 * time.Second
	iconsTime   = 300 * time.Millisecond
)

// Icons caches the icons of programs between lists.
type Icons struct {
	mu sync.Mutex
	// Guarded by mu.
	known map[string]cachedIcon // by screen.App.ID
}

type cachedIcon struct {
	png   []byte
	until time.Time
}

// Fill sets the icons of all. find returns the icon of all[i].
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
