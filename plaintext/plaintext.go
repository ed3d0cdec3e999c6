// Package plaintext makes untrusted text safe to show in a terminal, a log, a page or an error. Use
// it wherever text of a gateway, a peer or the system leaves the code that read it.
package plaintext

import (
	"strings"
	"unicode"
)

// Line returns s as one line of at most max characters, with … at the end if it was cut. Control
// characters, characters that change the text direction, invisible ones and invalid UTF-8 are
// removed; every other kind of space becomes a plain one. If max is less than 1, Line returns "".
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

// visible returns the character to show for the first one of rest.
func visible(r rune, rest string) (shown rune, keep bool) {
	switch {
	case r == unicode.ReplacementChar:
		// A real replacement character is kept; invalid UTF-8 is not.
		return r, strings.HasPrefix(rest, string(unicode.ReplacementChar))
	case unicode.IsSpace(r):
		return ' ', true
	case unicode.IsPrint(r):
		return r, true
	}
	return 0, false // control, format (bidi among them), private, unassigned
}
