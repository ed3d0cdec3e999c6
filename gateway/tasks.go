package gateway

import "sync"

// tasks counts what outlives a request. It differs from sync.WaitGroup in that
// a task may ask to begin at any time: after wait has returned it may not. The
// zero value is ready; methods may be called concurrently.
type tasks struct {
	mu     sync.Mutex
	n      int           // Guarded by mu.
	closed bool          // Guarded by mu; set by wait when n is 0.
	idle   chan struct{} // Guarded by mu; while wait waits: closed when n becomes 0.
}

// begin counts a task; false when the gateway has waited for its last one.
func (t *tasks) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.n++
	return true
}

// end is called once for each begin that returned true.
func (t *tasks) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n--; t.n == 0 && t.idle != nil {
		close(t.idle)
		t.idle = nil
	}
}

// start runs f on a goroutine of its own; false when it is too late for it.
func (t *tasks) start(f func()) bool {
	if !t.begin() {
		return false
	}
	go func() {
		defer t.end()
		f()
	}()
	return true
}

// wait returns when no task is left and lets none begin from then on. Tasks that
// run may begin others. It is called once at a time.
func (t *tasks) wait() {
	for {
		t.mu.Lock()
		if t.n == 0 {
			t.closed = true
			t.mu.Unlock()
			return
		}
		idle := make(chan struct{})
		t.idle = idle
		t.mu.Unlock()
		<-idle
	}
}
