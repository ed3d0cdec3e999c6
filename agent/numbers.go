package agent

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"lotse/rfb"
)

// numbersEvery is the interval at which a viewer's statistics are logged while they change.
// tracedEvery is the interval at which they are traced.
const (
	numbersEvery = 10 * time.Second
	tracedEvery  = time.Second
)

// serveCounted serves a viewer until its stream ends; meanwhile it logs and traces the viewer's
// statistics. The returned logEnd logs and traces how it ended, with the last statistics.
func (s *Session) serveCounted(ctx context.Context, v *viewer) (logEnd func()) {
	log := s.log.rfb.With("door", v.door)
	over := make(chan struct{})
	var followers sync.WaitGroup
	followers.Go(func() {
		each(over, numbersEvery, func(last *rfb.Stats) {
			if !log.Enabled(ctx, slog.LevelDebug) {
				return
			}
			if now := v.conn.Stats(); now != *last {
				log.Debug("viewer", "stats", now)
				*last = now
			}
		})
	})
	if trace := s.cfg.Trace; trace != nil {
		followers.Go(func() {
			each(over, tracedEvery, func(*rfb.Stats) { trace.Viewer("viewer", v.door, v.conn.Stats()) })
		})
	}
	err := v.conn.Serve(ctx)
	close(over)
	followers.Wait()
	return func() {
		s.cfg.Trace.Viewer("viewer gone", v.door, v.conn.Stats())
		if err != nil {
			log = log.With("reason", err)
		}
		log.Info("viewer gone", "stats", v.conn.Stats())
	}
}

// each calls f at an interval until over is closed. f may keep what it needs for its next call
// in last.
func each(over <-chan struct{}, interval time.Duration, f func(last *rfb.Stats)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	var last rfb.Stats
	for {
		select {
		case <-ticker.C:
			f(&last)
		case <-over:
			return
		}
	}
}
