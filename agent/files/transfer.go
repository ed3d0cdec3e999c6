package files

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"lotse/tunnel"
)

// Transfer passes the bytes of one file from the streams that bring it, one after the other, to the
// download that saves it. Nothing of it is kept.
type Transfer struct {
	tunnel.FileReceiver

	report func()
	chunks chan []byte   // from Receive to Save; the one that completes the file may be empty
	saved  chan error    // from Save: what became of a chunk
	over   chan struct{} // closed by End

	// Owned by the running Receive.
	stop     <-chan struct{}
	reported time.Time

	mu    sync.Mutex
	ended bool   // Guarded by mu.
	cut   func() // Guarded by mu; unblocks Save's writer. nil: Save does not write.
}

// ReportEvery is the shortest time between two reports that bytes have moved.
const ReportEvery = 250 * time.Millisecond

// ErrEnded means that the transfer was ended.
var ErrEnded = errors.New("files: the transfer was ended")

var errStopped = errors.New("files: the stream was stopped")

func newTransfer(size int64, report func()) *Transfer {
	t := &Transfer{report: report, chunks: make(chan []byte), saved: make(chan error, 1), over: make(chan struct{})}
	t.Size, t.FileReceiver.Write = size, t.pass
	return t
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
	for left := t.Size; ; {
		select {
		case b := <-t.chunks:
			err := t.write(w, b)
			t.saved <- err
			if left -= int64(len(b)); err != nil || left == 0 {
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

// Receive takes the file from a stream, as tunnel.FileReceiver does. When stop is closed, nothing
// more is passed on; the caller also closes conn then. Only one Receive may run at a time.
func (t *Transfer) Receive(conn net.Conn, stop <-chan struct{}) error {
	t.stop = stop
	return t.FileReceiver.Receive(conn)
}

// pass gives a chunk to Save, and waits until it is written.
func (t *Transfer) pass(b []byte) error {
	select {
	case t.chunks <- b:
	case <-t.stop:
		return errStopped
	case <-t.over:
		return ErrEnded
	}
	if err := <-t.saved; err != nil {
		t.End() // the download is broken
		return ErrEnded
	}
	if now := time.Now(); now.Sub(t.reported) >= ReportEvery {
		t.reported = now
		t.report()
	}
	return nil
}
