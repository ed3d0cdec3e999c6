package logs

import (
	"log/slog"
	"os"
	"os/signal"
)

// FollowSignal calls ToggleDebug whenever this process gets SIGUSR1, and says the new levels
// to log as a warning. Systems without that signal, such as Windows, have no such switch; there
// nothing happens. stop ends it, and returns after its goroutine.
func (l *Levels) FollowSignal(log *slog.Logger) (stop func()) {
	if len(toggleSignals) == 0 {
		return func() {} // signal.Notify would take none for all
	}
	came, quit, done := make(chan os.Signal, 1), make(chan struct{}), make(chan struct{})
	signal.Notify(came, toggleSignals...)
	go func() {
		defer close(done)
		for {
			select {
			case <-came:
				log.Warn("log levels switched", "levels", l.ToggleDebug())
			case <-quit:
				return
			}
		}
	}()
	return func() {
		signal.Stop(came)
		close(quit)
		<-done
	}
}
