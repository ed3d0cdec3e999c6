package ownwindow

import (
	"context"
	"sync"
	"time"

	"lotse/screen"
)

// Rest is how long no question window appears where another of our buttons was,
// and how long after the last question the next one waits.
const Rest = 2 * time.Second

// Turn lets one question be on the screen at a time, and the next only a rest
// after the last was gone: nobody answers one with a press that was meant for another.
type Turn struct {
	Done chan struct{} // closed by Close
	once sync.Once
	free chan struct{} // holds a token while no question is shown

	last time.Time // when the last question was gone; owned by the holder of the token
}

// NewTurn returns a Turn that nobody has.
func NewTurn() *Turn {
	t := &Turn{Done: make(chan struct{}), free: make(chan struct{}, 1)}
	t.free <- struct{}{}
	return t
}

// Close ends all waits with screen.ErrClosed, those for an answer as well.
func (t *Turn) Close() error {
	t.once.Do(func() { close(t.Done) })
	return nil
}

// Take waits until a question may be shown. The caller calls gone when it is not shown
// any more, or never was.
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
