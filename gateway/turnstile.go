package gateway

import (
	"container/heap"
	"context"
	"errors"
	"sync"
)

// turnstile lets a bounded number through at a time, and orders those that wait
// fairly between lanes: a lane's next turn comes the later the more turns it has had
// and the more they cost. (The order is that of self-clocked fair queueing.) So one
// network's flood waits for itself, and a newcomer waits for one turn of each other
// lane at most. Methods may be called concurrently.
type turnstile struct {
	// Static after newTurnstile.
	slots int // at a time
	most  int // waiting

	mu    sync.Mutex
	busy  int              // Guarded by mu.
	clock float64          // Guarded by mu; the tag of the turn that came last.
	queue turnQueue        // Guarded by mu.
	lanes map[string]*lane // Guarded by mu; those that somebody waits in.
}

type lane struct {
	last    float64 // tag of its last turn
	waiting int
}

type turn struct {
	lane  string
	tag   float64
	at    int        // in the queue; -1: not any more
	ready chan error // of one: nil when it is its turn, or errCrowded
}

// errCrowded is a turn that was given up for others; the client may try again.
var errCrowded = errors.New("gateway: too many are waiting")

func newTurnstile(slots, most int) *turnstile {
	return &turnstile{slots: slots, most: most, lanes: map[string]*lane{}}
}

// enter waits for a turn of the lane; cost is above 0, and 1 is what a client
// without guilt pays. leave must be called once, after an error not at all. Errors
// are errCrowded and the context's.
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
	if err := <-w.ready; err == nil { // its turn came at the same moment
		t.leave()
	}
	return nil, context.Cause(ctx)
}

// queueLocked makes a turn; where too many wait, the one with the farthest turn
// off gives up, which may be the new one.
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

// leave hands the place on.
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

// turnQueue is a heap by tag.
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
