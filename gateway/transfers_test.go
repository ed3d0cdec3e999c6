package gateway

import (
	"errors"
	"io"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lotse/gateway/clock"
)

// deadlineWriter records the deadlines of its connection.
type deadlineWriter struct {
	*httptest.ResponseRecorder
	mu       sync.Mutex
	deadline time.Time
}

func newDeadlineWriter() *deadlineWriter {
	return &deadlineWriter{ResponseRecorder: httptest.NewRecorder()}
}

func (w *deadlineWriter) SetWriteDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deadline = t
	return nil
}

// TestTransferPace: a client with 4 KiB per second may take as long as it needs, a slower one is
// cut off after a minute, and each write has its own deadline.
func TestTransferPace(t *testing.T) {
	for name, c := range map[string]struct {
		every time.Duration // for 32 KiB
		cut   bool
	}{"slow line": {8 * time.Second, false}, "slower": {12 * time.Second, true}, "hardly": {25 * time.Second, true}} {
		clock := newTestClock()
		w := newDeadlineWriter()
		x := newTransfers(clock).begin(w, addr("192.0.2.1"), false)
		var err error
		began := clock.Now()
		for err == nil && clock.Now().Sub(began) < time.Hour {
			before := time.Now()
			if _, err = x.write(make([]byte, 32<<10)); err == nil && !w.deadline.After(before) {
				t.Fatalf("%s: a piece without a time", name)
			}
			clock.advance(c.every)
		}
		if took := clock.Now().Sub(began); c.cut != errors.Is(err, errSlow) || c.cut && took > 5*time.Minute {
			t.Errorf("%s: %v after %v", name, err, took)
		}
	}
}

// TestTransferShare: all downloads together do not exceed the rate.
func TestTransferShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ts := newTransfers(clock.System{})
		var all sync.WaitGroup
		began := time.Now()
		const n, size = 100, 1 << 20
		for i := range n {
			x := ts.begin(newDeadlineWriter(), clientOf(netip.AddrFrom4([4]byte{10, 0, byte(i), 1})), false)
			all.Go(func() {
				if n, err := io.Copy(x, io.LimitReader(zeros{}, size)); n != size || err != nil {
					t.Errorf("%d bytes, %v", n, err)
				}
			})
		}
		all.Wait()
		if rate := n * size / time.Since(began).Seconds(); rate > 1.1*transferRate || rate < 0.9*transferRate {
			t.Errorf("%.0f bytes per second, want about %d", rate, transferRate)
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// TestTransfersBounded: the downloads of an address are limited, a flood from many networks
// displaces itself, and an honest download neither waits nor is dropped.
func TestTransfersBounded(t *testing.T) {
	ts := newTransfers(newTestClock())
	begin := func(c client) (*transfer, *deadlineWriter) {
		w := newDeadlineWriter()
		return ts.begin(w, c, false), w
	}
	for i := range maxTransfersOne + 5 {
		if x, _ := begin(addr("203.0.113.9")); (x != nil) != (i < maxTransfersOne) {
			t.Errorf("download %d of an address: %v", i, x != nil)
		}
	}
	honest, hw := begin(addr("198.51.100.7"))
	var first *deadlineWriter
	for i := range 4 * maxTransfers {
		x, w := begin(clientOf(netip.AddrFrom4([4]byte{10, 0, byte(i % 40), byte(i)})))
		if first == nil {
			first = w
		}
		if x != nil && x.displaced {
			t.Fatal("the newcomer goes")
		}
	}
	if len(ts.crowd.order) != maxTransfers {
		t.Errorf("%d at a time", len(ts.crowd.order))
	}
	if _, err := honest.write([]byte("x")); err != nil || hw.deadline.Before(time.Now()) {
		t.Errorf("the honest download: %v", err)
	}
	if !first.deadline.Equal(time.Unix(1, 0)) {
		t.Error("the oldest of the flood goes on")
	}
	late, _ := begin(addr("198.51.100.99"))
	if late == nil {
		t.Error("a newcomer is refused")
	}
	ts.end(late)
	ts.end(honest)
}
