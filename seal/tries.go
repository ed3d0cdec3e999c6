package seal

import (
	"context"
	"sync"
)

// MaxTries is how many wrong tries before the first right one burn a number at
// the end that drew it; SPEC.md, section 6.
const MaxTries = 3

// Tries counts the wrong tries against one number at one end. So many wrong tries
// burn the number before the first right one, and a single one after it: both
// ends have proved the number by then. The zero value counts to MaxTries. Methods
// may be called concurrently.
type Tries struct {
	// Static after NewTries.
	most int // 0: MaxTries
	keep func(used int) error

	mu     sync.Mutex
	used   int  // Guarded by mu.
	proven bool // Guarded by mu; there was a right try.
	// early and late are how many tries wait for their outcome that were begun
	// before and after the first right one. Guarded by mu.
	early, late int
	settled     chan struct{} // Guarded by mu; closed and replaced when one has its outcome.
}

// NewTries counts to most, of which used are gone already. keep, if not nil, is
// told each change of the count before a peer can learn the outcome of the try: a
// try without an outcome counts. Where it fails before a try, there is none. It is
// called under a lock and must not call back.
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

// Used returns how many wrong tries there were.
func (t *Tries) Used() int {
	if t == nil {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.used
}

// leftLocked is how many tries may be under way at once.
func (t *Tries) leftLocked() int {
	left := t.limit() - t.used
	if t.proven {
		left = min(left, 1)
	}
	return left
}

// countLocked is the count after so many more wrong tries. One that was begun
// before the first right one does not burn the number after it.
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

// try is one whose outcome is not known yet; the zero value counts nothing.
type try struct {
	tries *Tries
	late  bool // begun after the first right one
	once  bool // only the first right one counts
}

// begin counts a try before its outcome is known; false when none is left or
// ctx ended. While the last ones that are left have no outcome yet it waits for
// theirs: right ones at once must not burn the number for each other. once: there
// is none after the first right one. settle must follow.
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

// settle tells the outcome. It returns whether the try was right, and the first
// where that matters.
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
	_ = t.keepLocked() // the outcome stands
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

// wrong counts a wrong try without a guess in it: a wrong tag on a stream that is
// bound to an earlier exchange.
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

// test makes a try whose outcome is known at once and counts it when it fails;
// false when none is left. Tries wait for each other: otherwise many at once
// would get more answers than are left, or a right one would count for a moment
// and burn the number for the others.
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
