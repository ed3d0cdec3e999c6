package gateway

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"sync/atomic"
	"time"
)

// histogram counts values by size, for Prometheus. Methods may be called concurrently.
type histogram struct {
	// Static after newHistogram.
	name, labels, help string
	bounds             []float64 // the largest value of each bucket, ascending

	counts []atomic.Int64 // one for each bucket, and one for what is larger
	sum    atomicFloat    // of all values
}

// atomicFloat is a sum that many goroutines add to.
type atomicFloat struct{ bits atomic.Uint64 }

func (f *atomicFloat) add(v float64) {
	for {
		old := f.bits.Load()
		if f.bits.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+v)) {
			return
		}
	}
}

func (f *atomicFloat) value() float64 { return math.Float64frombits(f.bits.Load()) }

// newHistogram makes a histogram. labels is "" or in the form `kind="view"`.
func newHistogram(name, labels, help string, bounds ...float64) *histogram {
	return &histogram{name: name, labels: labels, help: help, bounds: bounds,
		counts: make([]atomic.Int64, len(bounds)+1)}
}

func (h *histogram) observe(v float64) {
	i := 0
	for i < len(h.bounds) && v > h.bounds[i] {
		i++
	}
	h.counts[i].Add(1)
	h.sum.add(v)
}

func (h *histogram) observeTime(d time.Duration) { h.observe(max(0, d.Seconds())) }

// writeHead writes the lines that precede all histograms of one name.
func (h *histogram) writeHead(w io.Writer) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s histogram\n", h.name, h.help, h.name)
}

// write writes the histogram in Prometheus's text format.
func (h *histogram) write(w io.Writer) {
	before, alone := "", ""
	if h.labels != "" {
		before, alone = h.labels+",", "{"+h.labels+"}"
	}
	total := int64(0)
	for i := range h.counts {
		total += h.counts[i].Load()
		le := "+Inf"
		if i < len(h.bounds) {
			le = strconv.FormatFloat(h.bounds[i], 'g', -1, 64)
		}
		fmt.Fprintf(w, "%s_bucket{%sle=\"%s\"} %d\n", h.name, before, le, total)
	}
	fmt.Fprintf(w, "%s_sum%s %g\n%s_count%s %d\n", h.name, alone, h.sum.value(), h.name, alone, total)
}

// histograms are the gateway's histograms.
type histograms struct {
	join      *histogram
	firstView *histogram
	session   *histogram
	signIn    *histogram
	puzzle    *histogram
	stream    map[string]*histogram // by kind; static
}

// foreignKind is the kind of the streams of foreign servers, which are not sealed.
const foreignKind = "foreign"

// firstViewBytes is how many bytes an agent has sent on a view stream when the gateway assumes that
// the advisor sees something. It is more than the handshakes of seal and RFB and less than a frame.
const firstViewBytes = 4 << 10
