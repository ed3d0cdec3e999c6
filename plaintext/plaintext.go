// Package plaintext makes text that somebody else wrote safe to show: in a terminal, a
// log, a page or an error. Use it wherever a gateway's, a peer's or a system's words
// leave the place where they were read.
package plaintext

import (
	"strings"
	"unicode"
)

// Line returns s as one line of at most max characters, with … behind it where it was
// cut. Control characters, characters that turn the direction of the text around them,
// invisible ones and invalid UTF-8 are left out; every other kind of space becomes a
// plain one. max below 1 gives "".
func Line(s string, max int) string {
	if max < 1 {
		return ""
	}
	var b strings.Builder
	n := 0
	for i, r := range s {
		r, keep := visible(r, s[i:])
		if !keep {
			continue
		}
		if n == max {
			b.WriteRune('…')
			break
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// visible returns the character to show for the one at the beginning of rest.
func visible(r rune, rest string) (shown rune, keep bool) {
	switch {
	case r == unicode.ReplacementChar:
		// A real one may stay; what was no UTF-8 may not.
		return r, strings.HasPrefix(rest, string(unicode.ReplacementChar))
	case unicode.IsSpace(r):
		return ' ', true
	case unicode.IsPrint(r):
		return r, true
	}
	return 0, false // control, format (bidi among them), private, unassigned
}
