package recorder

import (
	"context"
	"errors"
	"io"
	"sync"
)

// CopyLimit is how many bytes of a recording are kept for the customer until he saves it, and while
// his browser takes it more slowly than it grows.
const CopyLimit = 64 << 20

// Errors of Copy.Save.
var (
	ErrCopyLost = errors.New("recorder: the recording became too large to keep")
	ErrCopyGone = errors.New("recorder: the recording was saved already, or cannot be saved any more")
)

// Copy keeps a recording until the customer saves it: the same bytes that the advisor gets. Create
// one with NewCopy.
type Copy struct {
	limit int

	mu    sync.Mutex
	moved *sync.Cond // of mu
	// Guarded by mu.
	kept   []byte // not saved yet
	saving bool
	whole  bool   // nothing more comes
	lost   bool   // too large
	cut    func() // unblocks the writer of Save; nil: it does not write
}

// NewCopy makes an empty copy that keeps at most limit bytes.
func NewCopy(limit int) *Copy {
	c := &Copy{limit: limit}
	c.moved = sync.NewCond(&c.mu)
	return c
}

// Write adds bytes. It never blocks. Bytes beyond the limit make the copy useless.
func (c *Copy) Write(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost {
		return
	}
	if len(c.kept)+len(b) > c.limit {
		c.loseLocked()
		return
	}
	c.kept = append(c.kept, b...)
	c.moved.Broadcast()
}

func (c *Copy) loseLocked() {
	c.lost, c.kept = true, nil
	if c.cut != nil {
		c.cut()
	}
	c.moved.Broadcast()
}

// Finish says that nothing more comes.
func (c *Copy) Finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.whole = true
	c.moved.Broadcast()
}

// Drop gives up what was not saved.
func (c *Copy) Drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loseLocked()
}

// Lost reports whether the recording became too large, or a writer failed.
func (c *Copy) Lost() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

// Save writes the recording to w from its first byte, as it grows, until it is whole. cut must make
// a write return that waits. It can be saved once. Save returns nil if w has everything.
func (c *Copy) Save(ctx context.Context, w io.Writer, cut func()) error {
	stop := context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.moved.Broadcast()
	})
	defer stop()
	if err := c.begin(cut); err != nil {
		return err
	}
	for {
		b, err := c.next(ctx)
		if err == nil && len(b) == 0 {
			return nil
		}
		if err == nil {
			_, err = w.Write(b)
		}
		if err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.cut = nil
			if !c.lost {
				c.loseLocked()
				return err
			}
			return ErrCopyLost
		}
	}
}

func (c *Copy) begin(cut func()) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.saving:
		return ErrCopyGone
	case c.lost:
		return ErrCopyLost
	}
	c.saving, c.cut = true, cut
	return nil
}

// next returns what is not saved yet; nothing: that was everything.
func (c *Copy) next(ctx context.Context) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.kept) == 0 && !c.whole && !c.lost && ctx.Err() == nil {
		c.moved.Wait()
	}
	b := c.kept
	c.kept = nil
	switch {
	case c.lost:
		return nil, ErrCopyLost
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case len(b) == 0:
		c.cut = nil
	}
	return b, nil
}
