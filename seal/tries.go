package seal

import (
	"context"
	"sync"
)

// MaxTries is how many wrong tries before the first right one burn a number at the end that drew
// it; SPEC.md, section 6.
const MaxTries = 3

// Tries counts the wrong tries against one number at one end. Before the first right try, the given
// number of wrong ones burns the number. After it a single one does, because both ends have proved
// by then that they know the number. The zero value allows MaxTries. Methods may be called
// concurrently.
type Tries struct {
	// Static after NewTries.
	most int // 0: MaxTries
	keep func(used int) error

	mu     sync.Mutex
	used   int  // Guarded by mu.
	proven bool // Guarded by mu; there was a right try.
	// early and late are the numbers of tries without an outcome that were begun before and after
	// the first right one. Guarded by mu.
	early, late int
	settled     chan struct{} // Guarded by mu; closed and replaced when a try gets its outcome.
}

// NewTries allows most wrong tries, of which used have been made already. If keep is not nil, it is
// called with each new count before the peer can learn the outcome of the try; a try without an
// outcome counts. If keep fails before a try, the try is not made. keep is called under a lock and
// must not call methods of Tries.
func NewTries(most, used int, keep func(used int) error) *Tries {
	return &Tries{most: most, used: used, keep: keep}
}

func (t *Tries) limit() int {
	if t.most == 0 {
		return MaxTries
	}
	return t.most
}

// Burnt reports whether the number must not be used any more.
func (t *Tries) Burnt() bool { return t != nil && t.Used() >= t.limit() }

// Used returns the number of wrong tries.
func (t *Tries) Used() int {
	if t == nil {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.used
}

// leftLocked returns how many tries may be in progress at once.
func (t *Tries) leftLocked() int {
	left := t.limit() - t.used
	if t.proven {
		left = min(left, 1)
	}
	return left
}

// countLocked returns the count after the given numbers of further wrong tries. A try that was
// begun before the first right one does not burn the number after it.
func (t *Tries) countLocked(early, late int) int {
	switch {
	case late > 0:
		return t.limit()
	case t.proven && t.used < t.limit():
		return min(t.used+early, t.limit()-1)
	}
	return min(t.used+early, t.limit())
}

func (t *Tries) keepLocked() error {
	if t.keep == nil {
		return nil
	}
	return t.keep(t.countLocked(t.early, t.late))
}

// try is a try without an outcome. The zero value counts nothing.
type try struct {
	tries *Tries
	late  bool // begun after the first right one
	once  bool // only the first right one counts
}

// begin counts a try before its outcome is known. It returns false if no try is left or ctx ended.
// If all tries that are left are in progress, it waits for their outcomes, so that simultaneous
// right tries do not burn the number. If once is set, begin returns false after the first right
// try. After true the caller must call settle.
func (t *Tries) begin(ctx context.Context, once bool) (_ try, ok bool) {
	if t == nil {
		return try{}, true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.early+t.late >= t.leftLocked() {
		if t.early+t.late == 0 {
			return try{}, false
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
			return try{}, false
		}
	}
	if once && t.proven {
		return try{}, false
	}
	y := try{t, t.proven, once}
	t.openLocked(y, 1)
	if t.keepLocked() != nil {
		t.openLocked(y, -1)
		return try{}, false
	}
	return y, true
}

func (t *Tries) openLocked(y try, n int) {
	if y.late {
		t.late += n
	} else {
		t.early += n
	}
}

// settle records the outcome. It returns whether the try was right and, if once is set, the first
// right one.
func (y try) settle(right bool) bool {
	t := y.tries
	if t == nil {
		return right
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	counts := right && !(y.once && t.proven)
	t.openLocked(y, -1)
	switch {
	case right:
		t.proven = true
	case y.late:
		t.used = t.countLocked(0, 1)
	default:
		t.used = t.countLocked(1, 0)
	}
	_ = t.keepLocked() // the outcome is valid even if keep fails
	if t.settled != nil {
		close(t.settled)
		t.settled = nil
	}
	return counts
}

// isProven reports whether there was a right try.
func (t *Tries) isProven() bool {
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.proven
}

// wrong counts a wrong try in which no guess was tested: a wrong tag on a stream that is bound to
// an earlier exchange.
func (t *Tries) wrong() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wrongLocked()
}

func (t *Tries) wrongLocked() {
	if t.proven {
		t.used = t.limit()
	} else {
		t.used = t.countLocked(1, 0)
	}
	_ = t.keepLocked()
}

// test makes a try whose outcome is known at once, and counts it if it fails. It returns false if
// no try is left. Tries are made one after the other. Otherwise many at once would get more answers
// than are left, or a right one would count for a moment and burn the number for the others.
func (t *Tries) test(try func() bool) bool {
	if t == nil {
		try()
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.used >= t.limit() {
		return false
	}
	if try() {
		t.proven = true
	} else {
		t.wrongLocked()
	}
	return true
}
