package screentest

import (
	"context"

	"lotse/screen"
)

// Notices is a screen.Notices controlled by a test. Make it with NewNotices.
type Notices struct{ told chan screen.Notice }

var _ screen.Notices = (*Notices)(nil)

// NewNotices makes a Notices with nothing to report.
func NewNotices() *Notices { return &Notices{told: make(chan screen.Notice)} }

// Tell sets the current notice; it returns when Watch has received it.
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
