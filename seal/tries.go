package seal

import "sync"

// maxTries is how many wrong tries burn a number; SPEC.md, section 3.
const maxTries = 3

// Tries counts the wrong tries against one number. The zero value is ready.
// Methods may be called concurrently.
type Tries struct {
	mu   sync.Mutex
	used int
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

// take counts a try before its outcome is known; false when none is left.
func (t *Tries) take() bool {
	if t == nil {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.used >= maxTries {
		return false
	}
	t.used++
	return true
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

// giveBack takes back a count: the peer knew the number.
func (t *Tries) giveBack() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.used--
}
