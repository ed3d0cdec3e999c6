package agent

import (
	"context"

	"lotse/seal"
	"lotse/tunnel"
)

// maxTries is how many wrong tries an agent accepts against one number. An honest advisor's end
// knows the number. So the first wrong try means that somebody is guessing, or that the
// customer mistyped the number; seal/SPEC.md, section 6.
const maxTries = 1

// entered is a number that the customer typed, and what belongs to it. It is kept until the
// program ends, even if the number is typed again or the connection is lost. Its fields do not
// change after newEntered.
type entered struct {
	number  tunnel.Number
	tries   *seal.Tries
	origins *seal.Origins // of the advisor's ends that proved the number
}

// newEntered creates an entered. It looks up whether the number failed in an earlier run of the
// program. A wrong try is remembered before the other end can learn of it.
func (s *Session) newEntered(ctx context.Context, number tunnel.Number) *entered {
	used := 0
	if s.cfg.Tried.Has(ctx, number.Digits()) {
		used = maxTries
	}
	return &entered{
		number: number, origins: new(seal.Origins),
		tries: seal.NewTries(maxTries, used, func(used int) error {
			if used > 0 {
				s.cfg.Tried.Wrong(number.Digits())
			}
			return nil
		}),
	}
}
