package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"lotse/tunnel"
)

// Transfer passes the bytes of one file from the streams that bring it, one after the other, to the
// download that saves it. Nothing of it is kept.
type Transfer struct {
	size   int64
	report func()

	chunks chan chunk    // from Receive to Save
	saved  chan error    // from Save: what became of a chunk
	over   chan struct{} // closed by End
	taken  atomic.Int64  // how many bytes Save has written
	sum    atomic.Pointer[string]

	// Owned by the running Receive.
	hash     hash.Cloner
	reported time.Time

	mu    sync.Mutex
	ended bool   // Guarded by mu.
	cut   func() // Guarded by mu; unblocks Save's writer. nil: Save has not begun.
}

// chunk is a part of the file. The last one may be empty.
type chunk struct {
	bytes []byte
	last  bool
}

const (
	chunkSize   = 64 << 10
	reportEvery = 250 * time.Millisecond
)

var (
	// ErrEnded means that the transfer was ended.
	ErrEnded = errors.New("files: the transfer was ended")
	// ErrDamaged means that what arrived does not have the hash that its sender gave.
	ErrDamaged = errors.New("files: the file arrived damaged")

	errStopped = errors.New("files: the stream was stopped")
)

func newTransfer(size int64, report func()) *Transfer {
	return &Transfer{
		size: size, report: report, hash: sha256.New().(hash.Cloner),
		chunks: make(chan chunk), saved: make(chan error, 1), over: make(chan struct{}),
	}
}

// Taken returns how many bytes the download has taken.
func (t *Transfer) Taken() int64 { return t.taken.Load() }

// Sum returns the SHA-256 of the file in hexadecimal once it has arrived whole; "": not yet.
func (t *Transfer) Sum() string {
	if s := t.sum.Load(); s != nil {
		return *s
	}
	return ""
}

// End ends the transfer at once. It may be called several times, and never blocks.
func (t *Transfer) End() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return
	}
	t.ended = true
	close(t.over)
	if t.cut != nil {
		t.cut()
	}
}

// Save writes the file to w as it arrives. cut must make a write return that waits; End calls it.
// Save returns nil after the last byte. It may be called only once.
func (t *Transfer) Save(ctx context.Context, w io.Writer, cut func()) error {
	if !t.setCut(cut) {
		return ErrEnded
	}
	defer t.setCut(nil) // what was written may still be on its way
	for {
		select {
		case c := <-t.chunks:
			err := t.write(w, c.bytes)
			if err == nil {
				t.taken.Add(int64(len(c.bytes)))
			}
			t.saved <- err
			if err != nil || c.last {
				return err
			}
		case <-t.over:
			return ErrEnded
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// setCut sets what End calls. It returns false if the transfer has ended.
func (t *Transfer) setCut(cut func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cut = cut
	return !t.ended
}

// write writes a chunk unless the transfer has been ended.
func (t *Transfer) write(w io.Writer, b []byte) error {
	select {
	case <-t.over:
		return ErrEnded
	default:
	}
	_, err := w.Write(b)
	return err
}

// Receive takes the file from where the last stream ended. It returns nil after the last byte, and
// ErrDamaged without passing the last byte on. Any other error means that another stream may bring
// the rest. When stop is closed, nothing more is passed on. The caller closes conn then, and in any
// case at last; only one Receive may run at a time.
func (t *Transfer) Receive(conn net.Conn, stop <-chan struct{}) error {
	if err := t.count(conn); err != nil {
		return err
	}
	buffer := make([]byte, chunkSize)
	// The last byte stays here until the hash is right, so that no browser takes a damaged file for
	// a complete one.
	for t.Taken() < t.size-1 {
		part := buffer[:min(chunkSize, t.size-1-t.Taken())]
		_ = conn.SetReadDeadline(time.Now().Add(tunnel.FileNothing))
		n, err := conn.Read(part)
		if n > 0 {
			if err := t.pass(chunk{bytes: part[:n]}, stop); err != nil {
				return err
			}
			if err := t.count(conn); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
	return t.finish(conn, stop)
}

// finish receives the last byte and the hash.
func (t *Transfer) finish(conn net.Conn, stop <-chan struct{}) error {
	rest := make([]byte, t.size-t.Taken()+sha256.Size)
	_ = conn.SetReadDeadline(time.Now().Add(tunnel.FileNothing))
	if _, err := io.ReadFull(conn, rest); err != nil {
		return err
	}
	last, claimed := rest[:len(rest)-sha256.Size], rest[len(rest)-sha256.Size:]
	sum, err := sumWith(t.hash, last)
	if err != nil {
		return err
	}
	if !bytes.Equal(sum, claimed) {
		return ErrDamaged
	}
	text := hex.EncodeToString(sum)
	t.sum.Store(&text)
	if err := t.pass(chunk{last, true}, stop); err != nil {
		return err
	}
	return t.count(conn)
}

// pass gives a chunk to Save, and waits until it is written.
func (t *Transfer) pass(c chunk, stop <-chan struct{}) error {
	select {
	case t.chunks <- c:
	case <-stop:
		return errStopped
	case <-t.over:
		return ErrEnded
	}
	if err := <-t.saved; err != nil {
		t.End() // the download is broken
		return ErrEnded
	}
	if !c.last {
		t.hash.Write(c.bytes)
	}
	if now := time.Now(); now.Sub(t.reported) >= reportEvery {
		t.reported = now
		t.report()
	}
	return nil
}

// sumWith returns the hash of what h has received and of rest, and leaves h as it is.
func sumWith(h hash.Cloner, rest []byte) ([]byte, error) {
	whole, err := h.Clone()
	if err != nil {
		return nil, err
	}
	whole.Write(rest)
	return whole.Sum(nil), nil
}

// count tells the sender how many bytes were taken.
func (t *Transfer) count(conn net.Conn) error {
	_, err := conn.Write(tunnel.AppendFileCount(nil, t.Taken()))
	return err
}
