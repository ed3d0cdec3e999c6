package main

import (
	"flag"
	"image"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"lotse/rfb/rfbtest"
)

var (
	soakFor  = flag.Duration("soak", 10*time.Second, "how long TestSoak draws and compares")
	soakSeed = flag.Uint64("seed", 0, "the order of TestSoak's workloads; 0: another one each time")
)

// watcher is a viewer that compares its picture with the expected one.
type watcher struct {
	name string
	v    *rfbtest.Viewer
	mu   sync.Mutex
	// Guarded by mu.
	want  []byte // nil: nothing to compare with
	since time.Time
	exact chan time.Duration // receives one value for each want
	last  error
}

// watch decodes until the connection ends.
func (w *watcher) watch(list []int32) error {
	if err := w.v.SetEncodings(list...); err != nil {
		return err
	}
	for incremental := false; ; incremental = true {
		if err := w.v.Request(incremental, w.v.Bounds()); err != nil {
			return err
		}
		for {
			m, err := w.v.Next()
			if err != nil {
				return err
			}
			if _, ok := m.(*rfbtest.Update); ok {
				break
			}
		}
		w.mu.Lock()
		if w.want != nil {
			if w.last = differing(w.v.Canvas(), w.want); w.last == nil {
				w.exact <- time.Since(w.since)
				w.want = nil
			}
		}
		w.mu.Unlock()
	}
}

// expect sets the picture that the viewer should show.
func (w *watcher) expect(want []byte) error {
	w.mu.Lock()
	w.want, w.since = want, time.Now()
	w.mu.Unlock()
	return w.v.Request(false, image.Rect(0, 0, 1, 1)) // forces an update even if everything has arrived
}

// TestSoak checks that three viewers of different speed show the screen pixel for pixel each
// time it becomes static. Workloads run one after the other in random order, without a restart.
// The agent's memory must not grow. -soak 10m gives a long run. The log says how long each
// viewer took.
func TestSoak(t *testing.T) {
	x, srv := startSoak(t, "1920x1080")
	watchers := []*watcher{
		soakViewer(t, srv, "fast Tight 6", shapes[0], rfbtest.Tight, rfbtest.CopyRect, rfbtest.Quality(6), rfbtest.LastRect, rfbtest.Fence, rfbtest.ContinuousUpdates),
		soakViewer(t, srv, "fast ZRLE", shapes[0], rfbtest.ZRLE, rfbtest.CopyRect),
		soakViewer(t, srv, "5M Tight 6", shapes[2], rfbtest.Tight, rfbtest.CopyRect, rfbtest.Quality(6), rfbtest.Fence),
	}
	seed := *soakSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	took := map[string][]time.Duration{}
	var resident []int
	for end := time.Now().Add(*soakFor); time.Now().Before(end); {
		w := workloads[random.IntN(len(workloads))]
		if w.every == 0 || w.keys > 0 || w.lossless {
			continue
		}
		x.clear()
		draw, _ := w.setup(x)
		for n := range 10 + random.IntN(40) {
			draw(n + 1)
			time.Sleep(min(w.every, time.Second/20))
		}
		x.sync()
		want := x.picture()
		for _, v := range watchers {
			if err := v.expect(want); err != nil {
				t.Fatal(err)
			}
		}
		for _, v := range watchers {
			select {
			case d := <-v.exact:
				took[v.name+", "+w.name] = append(took[v.name+", "+w.name], d)
			case <-time.After(5 * time.Minute):
				v.mu.Lock()
				t.Fatalf("%s after %s, -seed %d: %v", v.name, w.name, seed, v.last)
			}
		}
		resident = append(resident, memory(srv.pids)>>10)
	}
	rests := 0
	for _, key := range slices.Sorted(mapKeys(took)) {
		d := slices.Sorted(slices.Values(took[key]))
		rests += len(d)
		t.Logf("%-24s exact %2d times, after %v to %v", key, len(d), d[0].Round(time.Millisecond), d[len(d)-1].Round(time.Millisecond))
	}
	t.Logf("%d rests; the agent's memory in MB: %v", rests, resident)
	if n := len(resident) / 3; n > 4 {
		if first, last := slices.Max(resident[n/2:n]), slices.Max(resident[2*n:]); last > first+first/5 {
			t.Errorf("the agent grew from %d MB to %d MB", first, last)
		}
	}
}

func mapKeys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func startSoak(t *testing.T, size string) (*xclient, *server) {
	t.Helper()
	bin, err := filepath.Abs("../bin")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lotse", "lotse-agent"} {
		if _, err := os.Stat(filepath.Join(bin, name)); err != nil {
			t.Fatalf("%s is not built: make build", name)
		}
	}
	xserver, display, err := startX(size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(xserver.stop)
	x, err := newXClient(display)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.close)
	srv, err := startLotse(bin, display)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.stop)
	return x, srv
}

// soakViewer connects a viewer that is closed at the end of the test.
func soakViewer(t *testing.T, srv *server, name string, link shape, list ...int32) *watcher {
	t.Helper()
	conn, shut, err := dialThrough(link, srv.address)
	if err != nil {
		t.Fatal(err)
	}
	v, err := rfbtest.New(conn, rfbtest.Config{})
	if err != nil {
		shut()
		t.Fatal(err)
	}
	w := &watcher{name: name, v: v, exact: make(chan time.Duration, 1)}
	done := make(chan error, 1)
	go func() { done <- w.watch(append(list, rfbtest.DesktopSize, rfbtest.Cursor)) }()
	t.Cleanup(func() {
		select {
		case err := <-done:
			t.Errorf("%s: %v", name, err)
		default:
			shut()
			<-done
		}
	})
	return w
}

// TestMemory checks the agent's memory with one viewer after photographs, a film and text have
// filled its caches. The limit is 80 MB at 1920×1080 and, in a run of a minute or more, 200 MB
// at 3840×2160.
func TestMemory(t *testing.T) {
	bounds := map[string]int{"1920x1080": 80}
	if *soakFor >= time.Minute {
		bounds["3840x2160"] = 200
	}
	for size, most := range bounds {
		t.Run(size, func(t *testing.T) {
			x, srv := startSoak(t, size)
			viewer := soakViewer(t, srv, "viewer", shapes[0], rfbtest.Tight, rfbtest.CopyRect, rfbtest.Quality(6), rfbtest.Fence, rfbtest.ContinuousUpdates)
			peak := 0
			for _, name := range []string{"full", "video720", "drag", "scroll", "full"} {
				w := workloads[slices.IndexFunc(workloads, func(w workload) bool { return w.name == name })]
				x.clear()
				draw, _ := w.setup(x)
				for n := range 24 {
					draw(n + 1)
					time.Sleep(min(w.every, time.Second/20))
					peak = max(peak, memory(srv.pids)>>10)
				}
				x.sync()
				if err := viewer.expect(x.picture()); err != nil {
					t.Fatal(err)
				}
				select {
				case <-viewer.exact:
				case <-time.After(5 * time.Minute):
					t.Fatalf("%s never became exact: %v", name, viewer.last)
				}
			}
			t.Logf("%d MB at most", peak)
			if peak > most {
				t.Errorf("%d MB, want at most %d", peak, most)
			}
		})
	}
}
