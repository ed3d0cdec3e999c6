package screentest

import (
	"context"

	"lotse/screen"
)

// Notices is a screen.Notices that a test speaks for. The zero value is not
// useful; call NewNotices.
type Notices struct{ told chan screen.Notice }

var _ screen.Notices = (*Notices)(nil)

// NewNotices makes a system that keeps nothing to itself.
func NewNotices() *Notices { return &Notices{told: make(chan screen.Notice)} }

// Tell says what holds now; it returns when Watch has taken it.
func (n *Notices) Tell(what screen.Notice) { n.told <- what }

// Watch implements screen.Notices.
func (n *Notices) Watch(ctx context.Context, changed func(screen.Notice)) error {
	for {
		select {
		case what := <-n.told:
			changed(what)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
