package tunnel

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"unicode"
)

// PROTOCOL.md, section 1.
const (
	numberDigits = 9
	placeDigits  = 4
	secretSpace  = 100_000
	// forbiddenNumber is never issued: numbers must stay clearly within the signed 32-bit integers
	// that other viewers parse.
	forbiddenNumber = "999999999"
	maxNumberInput  = 100
)

const maskedNumber = "[session number]"

// Number is a session number. The zero value is no number. Every way of printing it is masked, so
// that it cannot reach a log by accident; use Digits or Grouped where a person or the seal needs
// the digits.
type Number struct {
	digits string
}

// ParseNumber reads a session number as people write it: with spaces, dashes, dots and a leading
// "ID:". Its errors are for the person who typed the number and do not repeat it.
func ParseNumber(s string) (Number, error) {
	if len(s) > maxNumberInput {
		return Number{}, errors.New("this is too long for a session number; it has nine digits")
	}
	s = strings.TrimSpace(s)
	for len(s) >= 3 && strings.EqualFold(s[:3], "id:") {
		s = strings.TrimSpace(s[3:])
	}
	digits := make([]byte, 0, numberDigits)
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits = append(digits, byte(r))
		case unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == '.':
		default:
			return Number{}, errors.New("a session number consists of nine digits, with spaces, dashes or dots between them at most")
		}
	}
	switch {
	case len(digits) == 0:
		return Number{}, errors.New("the session number is missing; it has nine digits")
	case len(digits) != numberDigits:
		return Number{}, fmt.Errorf("a session number has nine digits, this one has %d", len(digits))
	case digits[0] == '0':
		return Number{}, errors.New("a session number does not begin with 0")
	case string(digits) == forbiddenNumber:
		return Number{}, errors.New("this session number is not given out; please compare it again")
	}
	return Number{digits: string(digits)}, nil
}

// NewNumber makes a session number from the gateway's place and a secret that it draws uniformly.
// It fails only if place is not four digits.
func NewNumber(place string) (Number, error) {
	if !ValidPlace(place) {
		return Number{}, errors.New("tunnel: the gateway gave a place that is not four digits")
	}
	for {
		n := Number{digits: place + fmt.Sprintf("%05d", uniform(secretSpace))}
		if n.digits != forbiddenNumber {
			return n, nil
		}
	}
}

// uniform draws an integer below n; all have the same probability.
func uniform(n uint32) uint32 {
	limit := (1 << 32) / uint64(n) * uint64(n)
	for {
		var b [4]byte
		rand.Read(b[:]) // never fails: on an error crypto/rand ends the program
		if v := binary.BigEndian.Uint32(b[:]); uint64(v) < limit {
			return v % n
		}
	}
}

// ValidPlace reports whether s can be a place: four digits, the first not 0.
func ValidPlace(s string) bool {
	if len(s) != placeDigits || s[0] == '0' {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// IsZero reports whether n is no number.
func (n Number) IsZero() bool { return n.digits == "" }

// Place returns the first four digits, which the gateway knows.
func (n Number) Place() string {
	if n.IsZero() {
		return ""
	}
	return n.digits[:placeDigits]
}

// Digits returns the nine digits, secret included.
func (n Number) Digits() string { return n.digits }

// Grouped returns the nine digits as people read them: "482 193 057".
func (n Number) Grouped() string {
	if n.IsZero() {
		return ""
	}
	return n.digits[:3] + " " + n.digits[3:6] + " " + n.digits[6:]
}

// String returns a mask, not the digits.
func (n Number) String() string { return maskedNumber }

// Format prints a mask for every verb.
func (n Number) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(maskedNumber)) }

// LogValue returns a mask, not the digits.
func (n Number) LogValue() slog.Value { return slog.StringValue(maskedNumber) }

// MarshalText returns a mask. Code that must send the number uses Digits.
func (n Number) MarshalText() ([]byte, error) { return []byte(maskedNumber), nil }
