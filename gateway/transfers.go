package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"lotse/gateway/clock"
)

// Bounds of downloads.
const (
	maxTransfers    = 512
	maxTransfersOne = 32 // of one address, client.share has its networks
	// chunkTimeout bounds one write of joinBuffer.
	chunkTimeout = 30 * time.Second
	// transferRate is what all downloads may take together; each gets an equal part.
	transferRate = 64 << 20 // bytes per second
	// maxAhead is how far ahead of its part a download may be before it waits.
	maxAhead = 5 * time.Millisecond
	// A download that is slower than slowTransfer after slowAfter is cut off; it can be
	// resumed.
	slowTransfer = 4 << 10 // bytes per second
	slowAfter    = time.Minute
)

var (
	errSlow      = errors.New("gateway: the download is too slow")
	errDisplaced = errors.New("gateway: the download went for others")
)

// transfers are the downloads under way. Methods may be called concurrently.
type transfers struct {
	clock clock.Clock

	mu    sync.Mutex
	crowd *crowd[*transfer] // Guarded by mu.
}

func newTransfers(clock clock.Clock) *transfers {
	return &transfers{clock: clock, crowd: newCrowd(maxTransfers, maxTransfersOne, (*transfer).slow)}
}

// begin counts a download; nil when the client, or its network unless it is exempt,
// has too many. Where there are too many of all, one of the network that has most goes.
func (t *transfers) begin(w http.ResponseWriter, c client, exempt bool) *transfer {
	x := &transfer{ResponseWriter: w, all: t, control: http.NewResponseController(w), clock: t.clock, began: t.clock.Now()}
	t.mu.Lock()
	defer t.mu.Unlock()
	if p, full := t.crowd.counts.full(c); full && (p == c.unit() || !exempt) {
		return nil
	}
	if victim, drop := t.crowd.add(x, c); drop {
		victim.displace()
	}
	return x
}

// pace is how long a download waits after n bytes.
func (t *transfers) pace(n int) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Duration(n) * time.Second / transferRate * time.Duration(len(t.crowd.order))
}

func (t *transfers) end(x *transfer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.crowd.remove(x)
}

// transfer is one download: a response that has to get on. Slow and displace may be
// called by others than the writer.
type transfer struct {
	http.ResponseWriter
	all     *transfers
	control *http.ResponseController
	clock   clock.Clock
	began   time.Time
	next    time.Time // Owned by the writer; before that it is ahead of its part.

	mu        sync.Mutex
	sent      int64 // Guarded by mu.
	displaced bool  // Guarded by mu.
}

func (x *transfer) slow() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.slowLocked()
}

func (x *transfer) slowLocked() bool {
	after := x.clock.Now().Sub(x.began) - slowAfter
	return after > 0 && float64(x.sent) < after.Seconds()*slowTransfer
}

// displace ends the download.
func (x *transfer) displace() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.displaced = true
	_ = x.control.SetWriteDeadline(time.Unix(1, 0))
}

// ReadFrom is used by io.Copy.
func (x *transfer) ReadFrom(r io.Reader) (int64, error) {
	buf := joinBuffers.Get().(*[joinBuffer]byte)
	defer joinBuffers.Put(buf)
	return io.CopyBuffer(struct{ io.Writer }{x}, r, buf[:])
}

// Write gives each piece its own time, and waits behind it so that downloads take no
// more than their part of the line and of the processor.
func (x *transfer) Write(p []byte) (int, error) {
	n, err := x.write(p)
	now := x.clock.Now()
	if x.next.Before(now) {
		x.next = now
	}
	x.next = x.next.Add(x.all.pace(n))
	if ahead := x.next.Sub(now); err == nil && ahead > maxAhead {
		clock.Pause(context.Background(), x.clock, ahead)
	}
	return n, err
}

func (x *transfer) write(p []byte) (int, error) {
	x.mu.Lock()
	switch {
	case x.displaced:
		x.mu.Unlock()
		return 0, errDisplaced
	case x.slowLocked():
		x.mu.Unlock()
		return 0, errSlow
	}
	_ = x.control.SetWriteDeadline(time.Now().Add(chunkTimeout))
	x.mu.Unlock()
	n, err := x.ResponseWriter.Write(p)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.sent += int64(n)
	return n, err
}
