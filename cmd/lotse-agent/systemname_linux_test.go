package main

import "testing"

func TestDistribution(t *testing.T) {
	for text, want := range map[string]string{
		"PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n": "Debian GNU/Linux 12",
		"NAME=Fedora\nVERSION_ID=40\n": "Fedora 40",
		"NAME='Arch Linux'\n":          "Arch Linux",
		"":                             "",
		"NAME":                         "",
	} {
		if got := distribution(text); got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
}
