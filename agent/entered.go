package agent

import (
	"context"

	"lotse/seal"
	"lotse/tunnel"
)

// maxTries is how many wrong tries of others an agent takes at one number. An honest
// advisor's end knows it: the first one that does not match is somebody's guess, or
// the customer's own mistake; seal/SPEC.md, section 6.
const maxTries = 1

// entered is a number that was typed, with what belongs to it for as long as the
// program runs, however often it is typed and whatever becomes of the line. Its
// fields are not changed after newEntered.
type entered struct {
	number  tunnel.Number
	tries   *seal.Tries
	origins *seal.Origins // the advisor's ends that proved the number
}

// newEntered looks whether the number failed in an earlier run of the program. That
// it fails is remembered before the other end learns it.
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
