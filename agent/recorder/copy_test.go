package recorder

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"lotse/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// TestCopy saves a copy while it grows, and checks that it has every byte.
func TestCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCopy(100)
		c.Write([]byte("before "))
		var out bytes.Buffer
		saved := make(chan error, 1)
		go func() { saved <- c.Save(t.Context(), &out, func() {}) }()
		for range 50 {
			synctest.Wait()
			c.Write([]byte("and then ")) // more than the limit, but not at once
		}
		c.Finish()
		if err := <-saved; err != nil || out.String() != "before "+string(bytes.Repeat([]byte("and then "), 50)) {
			t.Errorf("%v, %q", err, out.String())
		}
		if err := c.Save(t.Context(), &out, func() {}); !errors.Is(err, ErrCopyGone) {
			t.Errorf("saved twice: %v", err)
		}
	})
}

// stuck is a writer that waits until it is cut.
type stuck struct{ cut chan struct{} }

func (s stuck) Write([]byte) (int, error) {
	<-s.cut
	return 0, io.ErrClosedPipe
}

// TestCopyLimit checks that a copy that nobody takes, or too slowly, uses no more than its limit.
func TestCopyLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCopy(10)
		c.Write(make([]byte, 10))
		c.Write(make([]byte, 1))
		if !c.Lost() || c.kept != nil {
			t.Error("it is kept")
		}
		if err := c.Save(t.Context(), io.Discard, func() {}); !errors.Is(err, ErrCopyLost) {
			t.Errorf("saved: %v", err)
		}
		c = NewCopy(10)
		c.Write(make([]byte, 1))
		w := stuck{make(chan struct{})}
		saved := make(chan error, 1)
		go func() { saved <- c.Save(t.Context(), w, func() { close(w.cut) }) }()
		synctest.Wait()
		c.Write(make([]byte, 11))
		if err := <-saved; !errors.Is(err, ErrCopyLost) {
			t.Errorf("a writer that is too slow: %v", err)
		}
	})
}

// TestCopyStopped checks that a browser that goes away ends the copy.
func TestCopyStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCopy(10)
		ctx, stop := context.WithCancel(t.Context())
		saved := make(chan error, 1)
		go func() { saved <- c.Save(ctx, io.Discard, func() {}) }()
		synctest.Wait()
		stop()
		if err := <-saved; !errors.Is(err, context.Canceled) || !c.Lost() {
			t.Errorf("%v", err)
		}
	})
}
