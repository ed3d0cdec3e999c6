package gateway

import "sync"

// tasks counts work that outlives a request. Unlike with sync.WaitGroup, begin may be called at any
// time; after wait has returned it returns false. The zero value is ready to use; methods may be
// called concurrently.
type tasks struct {
	mu     sync.Mutex
	n      int           // Guarded by mu.
	closed bool          // Guarded by mu; set by wait when n is 0.
	idle   chan struct{} // Guarded by mu; set during wait and closed when n becomes 0.
}

// begin counts a task. It returns false if wait has returned.
func (t *tasks) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.n++
	return true
}

// end must be called once for each begin that returned true.
func (t *tasks) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n--; t.n == 0 && t.idle != nil {
		close(t.idle)
		t.idle = nil
	}
}

// start runs f in a new goroutine. It returns false if wait has returned.
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

// wait returns when no task is left; afterwards no task can begin. Running tasks may begin others.
// wait must not be called concurrently with itself.
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
