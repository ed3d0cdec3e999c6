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

// Limits of downloads.
const (
	maxTransfers    = 512
	maxTransfersOne = 32 // of one address; client.share multiplies it for networks
	// chunkTimeout limits the writing of joinBuffer bytes.
	chunkTimeout = 30 * time.Second
	// transferRate is the maximum rate of all downloads together; each gets an equal share.
	transferRate = 64 << 20 // bytes per second
	// maxAhead is how far a download may be ahead of its share before it waits.
	maxAhead = 5 * time.Millisecond
	// After slowAfter, a download slower than slowTransfer is cut off. The client can resume it.
	slowTransfer = 4 << 10 // bytes per second
	slowAfter    = time.Minute
)

var (
	errSlow      = errors.New("gateway: the download is too slow")
	errDisplaced = errors.New("gateway: the download went for others")
)

// transfers are the downloads in progress. Methods may be called concurrently.
type transfers struct {
	clock clock.Clock

	mu    sync.Mutex
	crowd *crowd[*transfer] // Guarded by mu.
}

func newTransfers(clock clock.Clock) *transfers {
	return &transfers{clock: clock, crowd: newCrowd(maxTransfers, maxTransfersOne, (*transfer).slow)}
}

// begin counts a download. It returns nil if the client, or its network unless it is exempt, has
// too many. If there are too many in all, begin displaces one of the network that has most.
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

// pace returns the time that n bytes of one download take at its share of transferRate.
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

// transfer is the response of one download. Other goroutines than the writer may call slow and
// displace.
type transfer struct {
	http.ResponseWriter
	all     *transfers
	control *http.ResponseController
	clock   clock.Clock
	began   time.Time
	next    time.Time // Owned by the writer; until then the download is ahead of its share.

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

// displace ends the download to make room for others.
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

// Write sets a deadline for each write, and then waits so that the download does not exceed its
// share of the line and the processor.
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
