package main

import (
	"slices"
	"testing"
)

func TestSameWish(t *testing.T) {
	const a, b = "https://a.example", "https://b.example"
	type wish struct{ gateway, place string }
	for name, test := range map[string]struct {
		first, second wish
		same          bool
	}{
		"twice the same file":           {wish{a, ""}, wish{a, ""}, true},
		"written otherwise":             {wish{a, ""}, wish{"https://A.example/", ""}, true},
		"nothing in particular":         {wish{a, "1234"}, wish{}, true},
		"twice nothing":                 {wish{}, wish{}, true},
		"the same link twice":           {wish{a, "1234"}, wish{a, "1234"}, true},
		"the file beside the link":      {wish{a, "1234"}, wish{a, ""}, true},
		"another place":                 {wish{a, "1234"}, wish{a, "1235"}, false},
		"a place that it did not get":   {wish{a, ""}, wish{a, "1234"}, false},
		"another gateway":               {wish{a, ""}, wish{b, ""}, false},
		"another gateway, same place":   {wish{a, "1234"}, wish{b, "1234"}, false},
		"a gateway that it did not get": {wish{}, wish{a, ""}, false},
		"place without gateway":         {wish{"", "1234"}, wish{"", "1234"}, true},
	} {
		held := wishNames(test.first.gateway, test.first.place)
		if got := sameWish(test.second.gateway, test.second.place, func(name string) bool { return slices.Contains(held, name) }); got != test.same {
			t.Errorf("%s: %v", name, got)
		}
	}
}
