//go:build linux

package x11

import (
	"slices"
	"sync"
)

// windowQueue holds the events about windows from their arrival, on the connection's reading
// goroutine, until Next handles them. It may be used concurrently.
type windowQueue struct {
	mu sync.Mutex
	// Guarded by mu.
	events   [][xHead]byte
	overflow bool // events were lost since reset
}

// add appends an event. Beyond maxWindowEvents it only records that events were lost.
func (q *windowQueue) add(ev []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.events) < maxWindowEvents {
		q.events = append(q.events, [xHead]byte(ev[:xHead]))
	} else {
		q.overflow = true
	}
}

// take empties the queue. overflow reports whether events were lost since reset.
func (q *windowQueue) take() (events [][xHead]byte, overflow bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	events, q.events = q.events, nil
	return events, q.overflow
}

// reset empties the queue and clears overflow.
func (q *windowQueue) reset() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.events, q.overflow = nil, false
}

// clear empties the queue but keeps overflow.
func (q *windowQueue) clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.events = nil
}

// drop removes the events for which which returns true.
func (q *windowQueue) drop(which func(ev []byte) bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.events = slices.DeleteFunc(q.events, func(ev [xHead]byte) bool { return which(ev[:]) })
}

// each calls f for the queued events, which stay in the queue. It reports whether events were lost
// since reset.
func (q *windowQueue) each(f func(ev []byte)) (overflow bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.events {
		f(q.events[i][:])
	}
	return q.overflow
}
