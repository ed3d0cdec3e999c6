// Package arguments hides session numbers on this program's command line from other users of the
// computer. Every user may read the command lines of all programs. Linux reads them from the
// program's own memory, where this package overwrites the digits.
//
// Importing the package does that before main runs. The number can still be read for some
// milliseconds after the program has started. To avoid that, a user passes the number on standard
// input; see ReadLine.
package arguments

import (
	"errors"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Stdin, in the place of a number, means that the number is the first line of standard input.
const Stdin = "-"

// maxLine is the maximum length of a line on standard input in bytes.
const maxLine = 256

// minDigits is the minimum number of digits that are treated as a session number.
const minDigits = 9

// init replaces os.Args by a copy and overwrites the numbers in the original.
func init() {
	original := os.Args
	os.Args = make([]string, len(original))
	for i, a := range original {
		os.Args[i] = strings.Clone(a)
	}
	for i := 1; i < len(original); i++ {
		overwrite(original[i], Masked(os.Args[i]))
	}
}

// Masked returns s with an x for each digit of a possible session number: nine or more digits with
// only spaces, dashes and dots between them. The result has the length of s.
func Masked(s string) string {
	b := []byte(s)
	var digits []int
	end := func() {
		if len(digits) >= minDigits {
			for _, at := range digits {
				b[at] = 'x'
			}
		}
		digits = digits[:0]
	}
	for at, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits = append(digits, at)
		case r == utf8.RuneError || !unicode.IsSpace(r) && !unicode.Is(unicode.Pd, r) && r != '.':
			end()
		}
	}
	end()
	return string(b)
}

// ReadLine returns the next line of r without its line feed. It reads no byte after the line, so
// that another reader can continue there. A line has at most 256 bytes.
func ReadLine(r io.Reader) (string, error) {
	var line []byte
	var one [1]byte
	for len(line) <= maxLine {
		n, err := r.Read(one[:])
		switch {
		case n == 1 && one[0] == '\n':
			return strings.TrimSuffix(string(line), "\r"), nil
		case n == 1:
			line = append(line, one[0])
		case errors.Is(err, io.EOF) && len(line) > 0:
			return string(line), nil
		case err != nil:
			return "", err
		}
	}
	return "", errors.New("the line is too long")
}
