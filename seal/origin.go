package seal

import (
	"fmt"
	"log/slog"
	"slices"
	"sync"
)

// Sizes of what an exchange over the number alone exports; SPEC.md, section 5.
const (
	originIDSize     = 16
	originSecretSize = 32
)

// maxOrigins is the maximum number of exchanges that an agent remembers.
const maxOrigins = 64

const maskedOrigin = "[secret of an exchange]"

// Origin is what both ends keep of an exchange over the number alone: a secret that seals later
// streams of the same advisor's end, and an identifier. It is immutable. Every way of printing it
// is masked.
type Origin struct {
	id      [originIDSize]byte
	secret  [originSecretSize]byte
	compare string
}

// Compare returns the comparison code of the exchange, four digits.
func (o *Origin) Compare() string { return o.compare }

// String returns a mask, not the secret.
func (o *Origin) String() string { return maskedOrigin }

// Format prints a mask for every verb.
func (o *Origin) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(maskedOrigin)) }

// LogValue returns a mask, not the secret.
func (o *Origin) LogValue() slog.Value { return slog.StringValue(maskedOrigin) }

// Origins are the exchanges that an agent made over one number. The zero value is ready to use.
// Methods may be called concurrently.
type Origins struct {
	mu sync.Mutex
	// list starts with the first exchange, which is kept for ever. The others follow in the order
	// of their last use. Guarded by mu.
	list []*Origin
}

// add adds o. If there are too many, it removes the least recently used exchange, but never the
// first, which the session's owner uses.
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

// find returns the exchange with this identifier, or nil.
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
