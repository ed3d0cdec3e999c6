package gateway

import (
	"testing"
	"testing/synctest"
)

// TestTasks: wait returns after tasks that were started by tasks, and nothing can begin after it.
func TestTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s tasks
		first, second := make(chan struct{}), make(chan struct{})
		if !s.start(func() {
			<-first
			if !s.start(func() { <-second }) {
				t.Error("a task that runs cannot begin another")
			}
		}) {
			t.Fatal("does not begin")
		}
		waited := make(chan struct{})
		go func() { s.wait(); close(waited) }()
		close(first)
		synctest.Wait()
		select {
		case <-waited:
			t.Fatal("wait left a task behind")
		default:
		}
		close(second)
		<-waited
		if s.begin() || s.start(func() { t.Error("ran after the wait") }) {
			t.Error("a task begins after the wait")
		}
	})
}

// TestTasksAtOnce begins tasks while wait runs, for the race detector; this would be a misuse of
// sync.WaitGroup.
func TestTasksAtOnce(t *testing.T) {
	var s tasks
	begun := make(chan bool, 100)
	for range cap(begun) {
		go func() { begun <- s.start(func() {}) }()
	}
	s.wait()
	for range cap(begun) {
		<-begun
	}
	if s.begin() {
		t.Error("a task begins after the wait")
	}
}
