package clock

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		Pause(t.Context(), System{}, time.Hour)
		Pause(t.Context(), System{}, -time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		Pause(ctx, System{}, time.Hour)
		if d := time.Since(began); d != time.Hour+time.Minute {
			t.Errorf("paused for %v", d)
		}
	})
}

// TestTicker: one value for each Arm, and none after Stop.
func TestTicker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tick := NewTicker(System{}, time.Second)
		began := time.Now()
		for range 3 {
			<-tick.C
			tick.Arm()
		}
		if d := time.Since(began); d != 3*time.Second {
			t.Errorf("three ticks in %v", d)
		}
		tick.Stop()
		time.Sleep(time.Minute)
		select {
		case <-tick.C:
			t.Error("a tick after Stop")
		default:
		}
	})
}
