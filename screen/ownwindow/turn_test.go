package ownwindow

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"lotse/screen"
)

func TestQuestionTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turn := NewTurn()
		took := func(ctx context.Context) (gone func(), after time.Duration, err error) {
			began := time.Now()
			gone, err = turn.Take(ctx)
			return gone, time.Since(began), err
		}
		gone, after, err := took(t.Context())
		if err != nil || after != 0 {
			t.Fatalf("the first question waits %v, %v", after, err)
		}
		time.AfterFunc(5*time.Second, gone)
		if gone, after, err = took(t.Context()); err != nil || after != 5*time.Second+Rest {
			t.Fatalf("the second is shown after %v, %v", after, err)
		}

		// A caller that gives up, while a question is shown or during the rest, leaves the turn to
		// others.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, after, err = took(ctx); !errors.Is(err, context.DeadlineExceeded) || after != time.Second {
			t.Fatalf("a caller that gives up while another is shown waits %v, %v", after, err)
		}
		gone()
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, after, err = took(ctx); !errors.Is(err, context.DeadlineExceeded) || after != time.Second {
			t.Fatalf("a caller that gives up during the rest waits %v, %v", after, err)
		}
		if gone, after, err = took(t.Context()); err != nil || after != Rest-time.Second {
			t.Fatalf("the next is shown after %v, %v", after, err)
		}

		// Close reaches callers that wait for the turn or during the rest.
		for range 2 {
			time.AfterFunc(time.Second, func() { _ = turn.Close() })
			if _, after, err = took(t.Context()); !errors.Is(err, screen.ErrClosed) {
				t.Fatalf("closed after %v: %v", after, err)
			}
			gone()
			turn = NewTurn()
			if gone, _, err = took(t.Context()); err != nil {
				t.Fatal(err)
			}
			gone()
			gone = func() {}
		}
	})
}
