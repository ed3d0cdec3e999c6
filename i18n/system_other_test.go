//go:build !windows

package i18n

import "testing"

func TestSystem(t *testing.T) {
	for _, test := range []struct {
		all, messages, lang string
		want                Language
	}{
		{"", "", "", "en"},
		{"", "", "fr_CA.UTF-8", "fr"},
		{"", "de_CH", "fr_CA.UTF-8", "de"},
		{"C", "de_CH", "fr_CA.UTF-8", "en"},
		{"fr_FR", "de_CH", "en", "fr"},
	} {
		t.Setenv("LC_ALL", test.all)
		t.Setenv("LC_MESSAGES", test.messages)
		t.Setenv("LANG", test.lang)
		if got := System(); got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
}
