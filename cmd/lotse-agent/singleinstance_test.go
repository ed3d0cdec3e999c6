package main

import (
	"slices"
	"testing"
)

func TestSameWish(t *testing.T) {
	const a, b = "https://a.example", "https://b.example"
	type wish struct{ gateway, number string }
	for name, test := range map[string]struct {
		first, second wish
		same          bool
	}{
		"twice the same file":           {wish{a, ""}, wish{a, ""}, true},
		"written otherwise":             {wish{a, ""}, wish{"https://A.example/", ""}, true},
		"nothing in particular":         {wish{a, "123456789"}, wish{}, true},
		"twice nothing":                 {wish{}, wish{}, true},
		"the same link twice":           {wish{a, "123456789"}, wish{a, "123456789"}, true},
		"the file beside the link":      {wish{a, "123456789"}, wish{a, ""}, true},
		"another number":                {wish{a, "123456789"}, wish{a, "123456780"}, false},
		"a number that it did not get":  {wish{a, ""}, wish{a, "123456789"}, false},
		"another gateway":               {wish{a, ""}, wish{b, ""}, false},
		"another gateway, same number":  {wish{a, "123456789"}, wish{b, "123456789"}, false},
		"a gateway that it did not get": {wish{}, wish{a, ""}, false},
		"number without gateway":        {wish{"", "123456789"}, wish{"", "123456789"}, true},
	} {
		held := wishNames(test.first.gateway, test.first.number)
		if got := sameWish(test.second.gateway, test.second.number, func(name string) bool { return slices.Contains(held, name) }); got != test.same {
			t.Errorf("%s: %v", name, got)
		}
	}
}
