//go:build linux || windows

package native

import (
	"fmt"
	"strings"

	"lotse/screen"
)

// program is a running process with windows.
type program struct {
	pid   int
	since string // when it started, so that a later process is not taken for it
	name  string // of its file
}

// id is screen.App.ID.
func (p program) id() string { return fmt.Sprintf("pid:%d:%s", p.pid, p.since) }

// chosen is the set of programs in a share.
type chosen struct {
	ids   map[string]bool
	names map[string]bool // lower case
}

func chosenOf(s screen.Share) chosen {
	c := chosen{ids: map[string]bool{}, names: map[string]bool{}}
	for _, id := range s.Apps {
		if name, ok := screen.NameOfApp(id); ok {
			c.names[strings.ToLower(name)] = true
		} else {
			c.ids[id] = true
		}
	}
	return c
}

// has reports whether a program is chosen. A program that is chosen by its
// window's class is remembered, so that its menus, which have none, belong to it.
func (c chosen) has(p program, classes []string) bool {
	if c.ids[p.id()] || c.names[strings.ToLower(p.name)] {
		return true
	}
	for _, class := range classes {
		if c.names[strings.ToLower(class)] {
			c.ids[p.id()] = true
			return true
		}
	}
	return false
}
