package gateway

import (
	"container/heap"
	"context"
	"errors"
	"sync"
)

// turnstile admits a limited number of clients at a time, and orders waiting clients fairly by
// lane: a lane waits longer the more turns it has had and the more they cost (self-clocked fair
// queueing). A flood from one network therefore delays mostly itself, and a newcomer waits for at
// most one turn of each other lane. Methods may be called concurrently.
type turnstile struct {
	// Static after newTurnstile.
	slots int // at a time
	most  int // waiting

	mu    sync.Mutex
	busy  int              // Guarded by mu.
	clock float64          // Guarded by mu; the tag of the last turn given.
	queue turnQueue        // Guarded by mu.
	lanes map[string]*lane // Guarded by mu; lanes with waiting turns.
}

type lane struct {
	last    float64 // tag of its last turn
	waiting int
}

type turn struct {
	lane  string
	tag   float64
	at    int        // index in the queue; -1: removed
	ready chan error // buffered; receives nil when it is this turn, or errCrowded
}

// errCrowded means that the queue was full and this turn was dropped. The client may try again.
var errCrowded = errors.New("gateway: too many are waiting")

func newTurnstile(slots, most int) *turnstile {
	return &turnstile{slots: slots, most: most, lanes: map[string]*lane{}}
}

// enter waits until it is the lane's turn. cost is greater than 0; a client without failures has
// cost 1. If err is nil, the caller must call leave exactly once. The error is errCrowded or the
// context's.
func (t *turnstile) enter(ctx context.Context, p string, cost float64) (leave func(), err error) {
	t.mu.Lock()
	if t.busy < t.slots {
		t.busy++
		t.mu.Unlock()
		return t.leave, nil
	}
	w := t.queueLocked(p, cost)
	t.mu.Unlock()
	select {
	case err := <-w.ready:
		if err != nil {
			return nil, err
		}
		return t.leave, nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	if w.at >= 0 {
		t.removeLocked(w)
		t.mu.Unlock()
		return nil, context.Cause(ctx)
	}
	t.mu.Unlock()
	if err := <-w.ready; err == nil { // the turn was given at the same moment
		t.leave()
	}
	return nil, context.Cause(ctx)
}

// queueLocked adds a turn. If too many wait, it drops the turn that is farthest back, which may be
// the new one.
func (t *turnstile) queueLocked(p string, cost float64) *turn {
	l := t.lanes[p]
	if l == nil {
		l = &lane{}
		t.lanes[p] = l
	}
	l.last = max(t.clock, l.last) + cost
	l.waiting++
	w := &turn{lane: p, tag: l.last, ready: make(chan error, 1)}
	heap.Push(&t.queue, w)
	if len(t.queue) > t.most {
		last := w
		for _, other := range t.queue {
			if other.tag > last.tag {
				last = other
			}
		}
		t.removeLocked(last)
		last.ready <- errCrowded
	}
	return w
}

func (t *turnstile) removeLocked(w *turn) {
	heap.Remove(&t.queue, w.at)
	l := t.lanes[w.lane]
	if l.waiting--; l.waiting == 0 {
		delete(t.lanes, w.lane)
	}
}

// leave gives the turn to the next in the queue.
func (t *turnstile) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.queue) == 0 {
		t.busy--
		if t.busy == 0 {
			t.clock = 0
		}
		return
	}
	w := t.queue[0]
	t.removeLocked(w)
	t.clock = w.tag
	w.ready <- nil
}

// turnQueue is a heap ordered by tag.
type turnQueue []*turn

func (q turnQueue) Len() int           { return len(q) }
func (q turnQueue) Less(i, j int) bool { return q[i].tag < q[j].tag }
func (q turnQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].at, q[j].at = i, j
}

func (q *turnQueue) Push(x any) {
	w := x.(*turn)
	w.at = len(*q)
	*q = append(*q, w)
}

func (q *turnQueue) Pop() any {
	last := len(*q) - 1
	w := (*q)[last]
	(*q)[last], w.at = nil, -1
	*q = (*q)[:last]
	return w
}
