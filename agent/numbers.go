package agent

import (
	"context"
	"log/slog"
	"time"

	"lotse/rfb"
)

// numbersEvery is the interval at which a viewer's numbers are logged, while they change.
const numbersEvery = 10 * time.Second

// serveCounted serves a viewer until its stream ends. Meanwhile its numbers are logged. When
// it returns, logEnd logs how it ended, with the last numbers.
func (s *Session) serveCounted(ctx context.Context, v *viewer) (logEnd func()) {
	log := s.log.rfb.With("door", v.door)
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		followNumbers(v.conn, log, over)
	}()
	err := v.conn.Serve(ctx)
	close(over)
	<-done
	return func() {
		if err != nil {
			log = log.With("reason", err)
		}
		log.Info("viewer gone", "stats", v.conn.Stats())
	}
}

// followNumbers logs the numbers of a viewer, at level debug and while they change, until over
// is closed.
func followNumbers(c *rfb.Conn, log *slog.Logger, over <-chan struct{}) {
	ticker := time.NewTicker(numbersEvery)
	defer ticker.Stop()
	var last rfb.Stats
	for {
		select {
		case <-ticker.C:
		case <-over:
			return
		}
		if !log.Enabled(context.Background(), slog.LevelDebug) {
			continue
		}
		if now := c.Stats(); now != last {
			log.Debug("viewer", "stats", now)
			last = now
		}
	}
}
