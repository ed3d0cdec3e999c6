package plaintext

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"":                          "",
		"Jürgen Groß, 株式会社 👍":       "Jürgen Groß, 株式会社 👍",
		"a\x1b[31mb":                "a[31mb",
		"\r\x1b[2Kforged\n":         " [2Kforged ",
		"a\u009b2Jb\x7f":            "a2Jb",
		"\x1b]52;c;aGk=\x07":        "]52;c;aGk=",
		"a\u202eb\u2066c\u200fd":    "abcd", // direction changed
		"a\u200bb\ufeffc\u00add":    "abcd", // invisible
		"a\tb\u2028c\u00a0d\u3000e": "a b c d e",
		"\xffx\xc3":                 "x",
		"real \ufffd":               "real \ufffd",
		"\U000e0041\ue000":          "", // tags, private use
	} {
		if got := Line(in, 100); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestLineIsCut(t *testing.T) {
	for _, c := range []struct {
		in   string
		max  int
		want string
	}{
		{strings.Repeat("ä", 11), 10, strings.Repeat("ä", 10) + "…"},
		{strings.Repeat("ä", 10), 10, strings.Repeat("ä", 10)},
		{"0123456789\x1b\u202e", 10, "0123456789"}, // not cut
		{"01234\x1b56789", 10, "0123456789"},
		{"a", 0, ""},
		{"a", -1, ""},
		{"ab", 1, "a…"},
	} {
		if got := Line(c.in, c.max); got != c.want {
			t.Errorf("%q, %d: %q, want %q", c.in, c.max, got, c.want)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("support.example.com\x1b]0;x\x07\u202e", 20)
	f.Add("\xf0\x9f\x91", 1)
	f.Fuzz(func(t *testing.T, s string, max int) {
		got := Line(s, max)
		if !utf8.ValidString(got) {
			t.Fatalf("%q is not UTF-8", got)
		}
		n := utf8.RuneCountInString(strings.TrimSuffix(got, "…"))
		if n > max && max > 0 || max < 1 && got != "" {
			t.Fatalf("%d characters, at most %d", n, max)
		}
		for _, r := range got {
			if r != ' ' && !unicode.IsPrint(r) || unicode.In(r, unicode.Bidi_Control, unicode.Cc, unicode.Cf) {
				t.Fatalf("%q holds %U", got, r)
			}
		}
		if again := Line(got, max+1); max > 0 && again != got {
			t.Fatalf("%q becomes %q", got, again)
		}
	})
}
