package ownwindow

import (
	"context"
	"sync"
	"time"

	"lotse/screen"
)

// Rest is how long no question window appears where another of our buttons was, and the minimum
// time between two questions.
const Rest = 2 * time.Second

// Turn lets one question be on the screen at a time, with a rest between two, so that nobody
// answers a question with a press that was meant for another.
type Turn struct {
	Done chan struct{} // closed by Close
	once sync.Once
	free chan struct{} // contains a token while no question is shown

	last time.Time // when the last question disappeared; owned by the holder of the token
}

// NewTurn returns a Turn that is free.
func NewTurn() *Turn {
	t := &Turn{Done: make(chan struct{}), free: make(chan struct{}, 1)}
	t.free <- struct{}{}
	return t
}

// Close makes all waits return screen.ErrClosed, including those for an answer.
func (t *Turn) Close() error {
	t.once.Do(func() { close(t.Done) })
	return nil
}

// Take waits until a question may be shown. The caller calls gone when the question has
// disappeared, or was not shown at all.
func (t *Turn) Take(ctx context.Context) (gone func(), err error) {
	select {
	case <-t.free:
	case <-t.Done:
		return nil, screen.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if !t.last.IsZero() {
		rest := time.NewTimer(time.Until(t.last.Add(Rest)))
		defer rest.Stop()
		select {
		case <-rest.C:
		case <-t.Done:
			err = screen.ErrClosed
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	if err != nil {
		t.free <- struct{}{}
		return nil, err
	}
	return func() {
		t.last = time.Now()
		t.free <- struct{}{}
	}, nil
}
