package program

import (
	"testing"
	"testing/synctest"
	"time"

	"lotse/screen"
)

func TestIconCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Icons
		looked := map[string]int{}
		slow := map[string]bool{}
		has := map[string][]byte{"a": {1}}
		list := func(ids ...string) []screen.App {
			var all []screen.App
			for _, id := range ids {
				all = append(all, screen.App{ID: id})
			}
			c.Fill(all, func(i int) []byte {
				id := all[i].ID
				looked[id]++
				if slow[id] {
					time.Sleep(2 * iconsTime)
				}
				return has[id]
			})
			return all
		}
		if all := list("a", "b"); all[0].Icon == nil || all[1].Icon != nil {
			t.Fatalf("%v", all)
		}
		has["b"] = []byte{2}
		if all := list("a", "b"); looked["a"] != 1 || looked["b"] != 1 || all[0].Icon == nil || all[1].Icon != nil {
			t.Errorf("at once again: looked %v, %v", looked, all)
		}
		time.Sleep(iconMissing + time.Second)
		if all := list("a", "b"); looked["a"] != 1 || looked["b"] != 2 || all[1].Icon == nil {
			t.Errorf("after a while: looked %v, %v", looked, all)
		}
		time.Sleep(iconKept)
		if list("a", "b"); looked["a"] != 2 {
			t.Errorf("icons are kept for ever: %v", looked)
		}
		// A slow icon delays the other ones in this list only, and is not asked for in the next
		// list.
		slow["slow"] = true
		has["late"] = []byte{3}
		if all := list("slow", "a", "late"); all[1].Icon == nil || all[2].Icon != nil {
			t.Errorf("while one is slow: %v", all)
		}
		if all := list("slow", "a", "late"); all[2].Icon == nil || looked["slow"] != 1 {
			t.Errorf("after a slow one: looked %v, %v", looked, all)
		}
		if list("a"); len(c.known) != 1 {
			t.Errorf("%d programs are remembered, one runs", len(c.known))
		}
	})
}
