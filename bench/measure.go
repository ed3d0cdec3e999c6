package main

import (
	"fmt"
	"image"
	"slices"
	"sync"
	"time"

	"lotse/rfb/rfbtest"
)

// result is one measurement of one workload.
type result struct {
	Workload   string  `json:"workload"`
	Link       string  `json:"link"`
	Server     string  `json:"server"`
	Round      int     `json:"round"`
	Seconds    float64 `json:"seconds"`
	Drawn      int     `json:"drawn"`
	Frames     int     `json:"frames"` // distinct and complete
	FPS        float64 `json:"fps"`
	KBPerFrame float64 `json:"kb_per_frame"`
	AgeP50     float64 `json:"age_p50_ms"`
	AgeP95     float64 `json:"age_p95_ms"`
	CPU        float64 `json:"cpu_cores"`
	MemoryMB   float64 `json:"memory_mb"`
	// ExactMS is the time from the last frame until the viewer shows the screen pixel for pixel. -1
	// means that it never did, although no more data came. 0 means that this was not measured.
	ExactMS float64 `json:"exact_ms"`
	Error   string  `json:"error,omitempty"`
}

// quality is the quality level that every viewer requests.
const quality = 6

func encodings(w workload) []int32 {
	list := []int32{rfbtest.Tight, rfbtest.CopyRect, rfbtest.ZRLE, rfbtest.Quality(quality), rfbtest.Compression(2)}
	if w.lossless {
		list = []int32{rfbtest.ZRLE, rfbtest.CopyRect}
	}
	return append(list, rfbtest.LastRect, rfbtest.Cursor, rfbtest.DesktopSize, rfbtest.Fence, rfbtest.ContinuousUpdates)
}

// viewing is a running viewer and what it has seen.
type viewing struct {
	v     *rfbtest.Viewer
	w     workload
	marks func(int) []image.Point
	done  chan error

	mu    sync.Mutex
	drawn map[int]time.Time // when each frame was drawn
	seen  int               // newest complete frame
	ages  []time.Duration
	bytes int64
	news  chan struct{}
	want  []byte // the static screen; nil: it is not static
	exact chan struct{}
}

// restQuiet is the time without data after which a viewer is not expected to become exact.
const restQuiet = 3 * time.Second

// rest waits until the viewer shows the screen, which is static now, pixel for pixel. It
// returns the time in milliseconds, or -1 if the viewer never does.
func (s *viewing) rest(x *xclient) float64 {
	x.sync()
	began := time.Now()
	want := x.picture()
	s.mu.Lock()
	s.want = want
	s.mu.Unlock()
	if s.v.Request(false, image.Rect(0, 0, 1, 1)) != nil { // forces an update even if everything has arrived
		return -1
	}
	quiet := time.NewTicker(restQuiet)
	defer quiet.Stop()
	for before := int64(0); ; {
		select {
		case <-s.exact:
			return float64(time.Since(began).Microseconds()) / 1000
		case <-quiet.C:
		}
		s.mu.Lock()
		now := s.bytes
		s.mu.Unlock()
		if now == before {
			return -1
		}
		before = now
	}
}

// read decodes until the connection ends.
func (s *viewing) read() error {
	v := s.v
	if err := v.SetEncodings(encodings(s.w)...); err != nil {
		return err
	}
	if err := v.Request(false, v.Bounds()); err != nil {
		return err
	}
	continuous, bounds := false, v.Bounds()
	for {
		m, err := v.Next()
		if err != nil {
			return err
		}
		switch m.(type) {
		case rfbtest.EndOfContinuousUpdates:
			if !continuous {
				continuous = true
				bounds = v.Bounds()
				if err := v.EnableContinuousUpdates(true, bounds); err != nil {
					return err
				}
			}
		case *rfbtest.Update:
			if resized := v.Bounds() != bounds; resized && continuous {
				bounds = v.Bounds()
				if err := v.EnableContinuousUpdates(true, bounds); err != nil {
					return err
				}
			}
			if !continuous {
				if err := v.Request(true, v.Bounds()); err != nil {
					return err
				}
			}
			s.look(time.Now())
		}
	}
}

// look determines which frame the decoded picture shows.
func (s *viewing) look(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes = s.v.BytesRead()
	if s.want != nil && differing(s.v.Canvas(), s.want) == nil {
		s.want = nil
		close(s.exact)
	}
	places := s.marks(0)
	if len(places) == 0 {
		return
	}
	n := readMark(s.v.Canvas(), places[0])
	if n <= s.seen {
		return
	}
	at, known := s.drawn[n]
	for _, p := range s.marks(n) {
		known = known && readMark(s.v.Canvas(), p) == n
	}
	if !known {
		return
	}
	s.seen = n
	s.ages = append(s.ages, now.Sub(at))
	select {
	case s.news <- struct{}{}:
	default:
	}
}

func (s *viewing) draws(n int, at time.Time) {
	s.mu.Lock()
	s.drawn[n] = at
	s.mu.Unlock()
}

// run measures one workload with one server.
func run(x *xclient, w workload, link shape, srv *server, seconds float64) (r result, err error) {
	r = result{Workload: w.name, Link: link.name, Seconds: seconds}
	x.clear()
	draw, marks := w.setup(x)
	if w.first {
		return runFirst(r, w, link, srv, draw, marks)
	}
	conn, shut, err := dialThrough(link, srv.address)
	if err != nil {
		return r, err
	}
	defer shut()
	_ = conn.SetReadDeadline(time.Now().Add(patience + time.Duration(seconds)*time.Second + time.Minute))
	v, err := rfbtest.New(conn, rfbtest.Config{})
	if err != nil {
		return r, err
	}
	s := &viewing{v: v, w: w, marks: marks, done: make(chan error, 1), drawn: map[int]time.Time{}, news: make(chan struct{}, 1), exact: make(chan struct{})}
	go func() { s.done <- s.read() }()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	if w.every > 0 {
		wg.Go(func() { animate(s, draw, w, stop) })
	}
	if w.keys > 0 {
		if srv.control != nil {
			if err := srv.control(); err != nil {
				return r, err
			}
			time.Sleep(time.Second)
		}
		wg.Go(func() { press(x, s, draw, w, stop) })
	}
	warm := 2 * time.Second
	if w.every > time.Second {
		warm = w.every + w.every/2
		seconds = max(seconds, 4*w.every.Seconds()) // at least some frames must arrive
	}
	time.Sleep(warm)
	s.mu.Lock()
	from, bytes := len(s.ages), s.bytes
	drawn := len(s.drawn)
	s.mu.Unlock()
	used, began := cpu(srv.pids), time.Now()
	select {
	case err = <-s.done:
		s.done <- err
	case <-time.After(time.Duration(seconds * float64(time.Second))):
	}
	took := time.Since(began).Seconds()
	r.CPU = (cpu(srv.pids) - used).Seconds() / took
	r.MemoryMB = float64(memory(srv.pids)) / 1024
	s.mu.Lock()
	ages := slices.Clone(s.ages[from:])
	r.Drawn = len(s.drawn) - drawn
	kb := float64(s.bytes-bytes) / 1000
	s.mu.Unlock()
	close(stop)
	wg.Wait()
	if w.every > 0 && w.keys == 0 {
		r.ExactMS = s.rest(x)
	}
	shut()
	if end := <-s.done; err == nil && len(ages) == 0 && w.name != "idle" {
		err = fmt.Errorf("no frame came: %v", end)
	}
	r.Frames = len(ages)
	r.FPS = float64(len(ages)) / took
	if len(ages) > 0 {
		r.KBPerFrame = kb / float64(len(ages))
	}
	r.AgeP50, r.AgeP95 = quantile(ages, 0.5), quantile(ages, 0.95)
	return r, err
}

func quantile(ages []time.Duration, q float64) float64 {
	if len(ages) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(ages))
	at := min(len(sorted)-1, int(q*float64(len(sorted))))
	return float64(sorted[at].Microseconds()) / 1000
}

// animate draws a frame every w.every until stop is closed.
func animate(s *viewing, draw func(int), w workload, stop chan struct{}) {
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		if w.keys > 0 {
			draw(-n)
			continue
		}
		s.draws(n, time.Now())
		draw(n)
	}
}

// press presses keys, each after the effect of the previous one was seen. It draws a frame for
// each key that reaches the application.
func press(x *xclient, s *viewing, draw func(int), w workload, stop chan struct{}) {
	for n := 1; ; n++ {
		sent := time.Now()
		if s.v.SendKey('a', true) != nil || s.v.SendKey('a', false) != nil {
			return
		}
		select {
		case <-x.keys:
			s.draws(n, sent)
			draw(n)
		case <-time.After(2 * time.Second):
		case <-stop:
			return
		}
		select {
		case <-s.news:
		case <-time.After(3 * time.Second):
		case <-stop:
			return
		}
		select {
		case <-time.After(w.keys + time.Duration(n*7919%40)*time.Millisecond):
		case <-stop:
			return
		}
	}
}

// runFirst measures the time from dialling to the first complete picture.
func runFirst(r result, w workload, link shape, srv *server, draw func(int), marks func(int) []image.Point) (result, error) {
	const times = 7
	draw(1)
	time.Sleep(300 * time.Millisecond)
	var ages []time.Duration
	for range times {
		began := time.Now()
		conn, shut, err := dialThrough(link, srv.address)
		if err != nil {
			return r, err
		}
		_ = conn.SetDeadline(time.Now().Add(patience))
		v, err := rfbtest.New(conn, rfbtest.Config{})
		if err != nil {
			shut()
			return r, err
		}
		s := &viewing{v: v, w: w, marks: marks, done: make(chan error, 1), drawn: map[int]time.Time{1: began}, news: make(chan struct{}, 1)}
		go func() { s.done <- s.read() }()
		select {
		case <-s.news:
		case err = <-s.done:
			s.done <- err
		}
		shut()
		<-s.done
		if err != nil {
			return r, err
		}
		ages = append(ages, s.ages...)
		r.KBPerFrame = float64(s.bytes) / 1000
		time.Sleep(200 * time.Millisecond)
	}
	r.Frames, r.AgeP50, r.AgeP95 = len(ages), quantile(ages, 0.5), quantile(ages, 0.95)
	return r, nil
}
