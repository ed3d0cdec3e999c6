//go:build windows

package windows

import (
	"unsafe"

	"errors"
	"runtime"
	"sync"

	"golang.org/x/sys/windows"
)

// messageThread is a thread with a message loop. Hooks and windows belong to the thread that
// created them and are called on it. do runs functions on the thread; it must not be called on the
// thread itself.
type messageThread struct {
	id   uint32
	gone chan struct{}

	mu sync.Mutex
	// Guarded by mu.
	tasks  []func()
	closed bool

	// filter gets each message first and may consume it; nil: none. Owned by the thread.
	filter func(*message) (taken bool)
}

var errThreadGone = errors.New("windows: the thread has ended")

const (
	wmApp  = 0x8000
	wmQuit = 0x0012
)

// startThread starts the thread; begin and end run on it.
func startThread(begin func() error, end func()) (*messageThread, error) {
	t := &messageThread{gone: make(chan struct{})}
	ready := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked, so the thread ends with the goroutine
		defer close(t.gone)
		t.id = windows.GetCurrentThreadId()
		var m message
		call(procPeekMessage, uintptr(unsafe.Pointer(&m)), 0, 0, 0, 0) // creates the queue
		if err := begin(); err != nil {
			ready <- err
			return
		}
		ready <- nil
		defer end()
		for int32(call(procGetMessage, uintptr(unsafe.Pointer(&m)), 0, 0, 0)) > 0 {
			if m.Window == 0 && m.Message == wmApp {
				t.runTasks()
				continue
			}
			if t.filter != nil && t.filter(&m) {
				continue
			}
			call(procDispatchMessage, uintptr(unsafe.Pointer(&m)))
		}
		t.runTasks()
	}()
	if err := <-ready; err != nil {
		<-t.gone
		return nil, err
	}
	return t, nil
}

func (t *messageThread) runTasks() {
	for {
		t.mu.Lock()
		tasks := t.tasks
		t.tasks = nil
		t.mu.Unlock()
		if len(tasks) == 0 {
			return
		}
		for _, f := range tasks {
			f()
		}
	}
}

// do runs f on the thread and waits for it.
func (t *messageThread) do(f func()) error {
	done := make(chan struct{})
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return errThreadGone
	}
	t.tasks = append(t.tasks, func() { defer close(done); f() })
	t.mu.Unlock()
	call(procPostThreadMessage, uintptr(t.id), wmApp, 0, 0)
	<-done
	return nil
}

// close ends the thread and waits for it. It may be called twice.
func (t *messageThread) close() {
	t.mu.Lock()
	first := !t.closed
	t.closed = true
	t.mu.Unlock()
	if first {
		call(procPostThreadMessage, uintptr(t.id), wmQuit, 0, 0)
	}
	<-t.gone
}
