package seal

import (
	"context"
	"sync"
)

// maxTries is how many wrong tries burn a number; SPEC.md, section 3.
const maxTries = 3

// Tries counts the wrong tries against one number. The zero value is ready.
// Methods may be called concurrently.
type Tries struct {
	mu   sync.Mutex
	used int // Guarded by mu.
	// pending is how many tries wait for their outcome; settled is closed and
	// replaced when one has it. Guarded by mu.
	pending int
	settled chan struct{}
}

// Burnt reports whether the number must not be used any more.
func (t *Tries) Burnt() bool {
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.used >= maxTries
}

// begin counts a try before its outcome is known; false when none is left or
// ctx ended. While the last ones that are left have no outcome yet it waits for
// theirs: right ones at once must not burn the number for each other. settle
// must follow.
func (t *Tries) begin(ctx context.Context) bool {
	if t == nil {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.used+t.pending >= maxTries {
		if t.pending == 0 {
			return false
		}
		if t.settled == nil {
			t.settled = make(chan struct{})
		}
		settled := t.settled
		t.mu.Unlock()
		select {
		case <-settled:
		case <-ctx.Done():
		}
		t.mu.Lock()
		if ctx.Err() != nil {
			return false
		}
	}
	t.pending++
	return true
}

// settle tells the outcome of a try that was begun.
func (t *Tries) settle(right bool) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending--
	if !right {
		t.used++
	}
	if t.settled != nil {
		close(t.settled)
		t.settled = nil
	}
}

// test makes a try whose outcome is known at once and counts it when it fails;
// false when none is left. Tries wait for each other: otherwise many at once
// would get more than three answers, or a right one would count for a moment
// and burn the number for the others.
func (t *Tries) test(try func() bool) bool {
	if t == nil {
		try()
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.used >= maxTries {
		return false
	}
	if !try() {
		t.used++
	}
	return true
}
