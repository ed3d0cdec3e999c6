package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"lotse/logs"
)

// logLines is how many lines may wait for a reader of the log. Further lines are left out.
const logLines = 1000

// logWriter passes the lines of the log on to a writer that may block, such as a pipe that the
// parent program does not read. Write never blocks, because a log that nobody reads must not
// delay the reaction to F12.
type logWriter struct {
	to      io.Writer
	missing string // says how many lines were left out; a format for fmt.Fprintf
	lines   chan []byte
	leftOut atomic.Int64
	quit    chan struct{}
	done    chan struct{} // closed when run has returned
}

func newLogWriter(to io.Writer) *logWriter {
	return &logWriter{to: to, missing: "%d lines of the log were left out, as nobody read them\n", lines: make(chan []byte, logLines), quit: make(chan struct{}), done: make(chan struct{})}
}

// Write implements io.Writer. b must be one line.
func (l *logWriter) Write(b []byte) (int, error) {
	select {
	case l.lines <- bytes.Clone(b):
	default:
		l.leftOut.Add(1)
	}
	return len(b), nil
}

// run writes lines until close is called, and then the lines that are still queued.
func (l *logWriter) run() {
	defer close(l.done)
	for {
		select {
		case line := <-l.lines:
			l.write(line)
			continue
		case <-l.quit:
		}
		for {
			select {
			case line := <-l.lines:
				l.write(line)
			default:
				return
			}
		}
	}
}

func (l *logWriter) write(line []byte) {
	_, _ = l.to.Write(line)
	if n := l.leftOut.Swap(0); n > 0 {
		fmt.Fprintf(l.to, l.missing, n)
	}
}

// close writes the queued lines, but waits at most one second.
func (l *logWriter) close() {
	close(l.quit)
	select {
	case <-l.done:
	case <-time.After(time.Second):
	}
}

// newLogger returns a logger that writes to w as the options say. Until stop is called, a
// signal switches all areas to debug and back; see logs.Levels.FollowSignal.
func newLogger(o *options, w io.Writer) (l *slog.Logger, stop func(), err error) {
	levels, err := logs.Parse(o.Log.Level, logs.AgentAreas)
	if err != nil {
		return nil, nil, fmt.Errorf("--log: %w", err)
	}
	if l, err = logs.New(w, o.Log.Format, levels); err != nil {
		return nil, nil, fmt.Errorf("--log-format: %w", err)
	}
	return l, levels.FollowSignal(logs.Area(l, logs.Agent)), nil
}
