package seal

import (
	"fmt"
	"log/slog"
	"slices"
	"sync"
)

// Sizes of what an exchange over the number exports; SPEC.md, section 5.
const (
	originIDSize     = 16
	originSecretSize = 32
)

// maxOrigins bounds the exchanges that an agent remembers.
const maxOrigins = 64

const maskedOrigin = "[secret of an exchange]"

// Origin is what both ends keep of an exchange over the number alone: a secret
// that seals later streams of the same advisor's end, and an identifier for it.
// It is not changed after it was made. It prints itself masked.
type Origin struct {
	id      [originIDSize]byte
	secret  [originSecretSize]byte
	compare string
}

// Compare returns the four digits of that exchange.
func (o *Origin) Compare() string { return o.compare }

// String is masked.
func (o *Origin) String() string { return maskedOrigin }

// Format is masked for every verb.
func (o *Origin) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(maskedOrigin)) }

// LogValue is masked.
func (o *Origin) LogValue() slog.Value { return slog.StringValue(maskedOrigin) }

// Origins are the exchanges that an agent made over one number. The zero value is
// ready. Methods may be called concurrently.
type Origins struct {
	mu sync.Mutex
	// list begins with the first exchange, which is kept for ever; the others
	// follow by their last use. Guarded by mu.
	list []*Origin
}

// add remembers o. When there are too many, the one that was used longest ago is
// forgotten, but never the first: the session's owner goes back to that one.
func (s *Origins) add(o *Origin) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) == maxOrigins {
		s.list = slices.Delete(s.list, 1, 2)
	}
	s.list = append(s.list, o)
}

// find returns the exchange with that identifier; nil when it is not known.
func (s *Origins) find(id []byte) *Origin {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.list, func(o *Origin) bool { return string(o.id[:]) == string(id) })
	if i < 0 {
		return nil
	}
	o := s.list[i]
	if i > 0 {
		s.list = append(slices.Delete(s.list, i, i+1), o)
	}
	return o
}
