package logs

import (
	"log/slog"
	"os"
	"os/signal"
)

// FollowSignal calls ToggleDebug whenever this process receives SIGUSR1, and writes the new
// levels to log as a warning. On systems without that signal, such as Windows, it does nothing.
// stop ends this and returns after the goroutine has ended.
func (l *Levels) FollowSignal(log *slog.Logger) (stop func()) {
	if len(toggleSignals) == 0 {
		return func() {} // signal.Notify without signals would mean all signals
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
