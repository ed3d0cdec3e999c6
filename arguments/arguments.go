// Package arguments keeps session numbers on this program's command line from other users
// of the computer. Every user may read the command lines of all programs; Linux reads them
// out of the program's own memory, where this package overwrites the digits.
//
// Importing the package does that, before main runs. From the start of the program until
// then the number can still be read: some milliseconds. Who cannot accept that has the
// program read the number from standard input; ReadLine.
package arguments

import (
	"errors"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Stdin in the place of a number says that standard input has it, in its first line.
const Stdin = "-"

// maxLine bounds a line on standard input in bytes.
const maxLine = 256

// minDigits is the least number of digits that a session number has.
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

// Masked returns s with an x for each digit of what can be a session number: nine digits
// or more with nothing but spaces, dashes and dots between them. It has the length of s.
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

// ReadLine returns the next line of r without its end. It reads no byte behind the line, so
// that another reader can take what follows. A line is at most 256 bytes long.
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
