// Package trace writes what a field report of the customer's program needs.
package trace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"time"

	"lotse/agent/doornumbers"
	"lotse/logs"
	"lotse/rfb"
	"lotse/screen"
	"lotse/seal"
	"lotse/tunnel"
)

// Log writes what a field report needs, as JSON lines: time, area, event, and words and
// sizes. It never contains session numbers, secrets, contents, or names of people, computers,
// programs or windows. It contains no text that others wrote, either. A nil Log writes
// nothing and costs nothing. Create one with New. Methods may be called concurrently.
type Log struct{ log *slog.Logger }

// New writes to w, which must not block: otherwise the handling of F12 would wait, too.
// After limit bytes, one last line says that the trace is full.
func New(w io.Writer, limit int64) *Log {
	h := slog.NewJSONHandler(&bounded{to: w, left: limit}, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			switch {
			case len(groups) > 0:
			case a.Key == slog.LevelKey:
				return slog.Attr{}
			case a.Key == slog.MessageKey:
				a.Key = "event"
			}
			return a
		},
	})
	return &Log{slog.New(h)}
}

// Event writes a line. All values must be words of this program, or numbers.
func (t *Log) Event(area, name string, attrs ...slog.Attr) {
	if t == nil {
		return
	}
	t.log.LogAttrs(context.Background(), slog.LevelInfo, name, append([]slog.Attr{slog.String("area", area)}, attrs...)...)
}

// Start writes which program this is.
func (t *Log) Start(version string) {
	t.Event(logs.Agent, "start", slog.String("version", version), slog.String("system", runtime.GOOS+"/"+runtime.GOARCH))
}

// Phase writes a new phase, and at the end the reason.
func (t *Log) Phase(phase, reason string) {
	t.Event(logs.Agent, "phase", slog.String("phase", phase), slog.String("reason", reason))
}

// Stream writes what happened to a stream, and why: err.
func (t *Log) Stream(event string, m tunnel.GatewayMessage, err error) {
	if t == nil {
		return
	}
	t.Event(logs.Tunnel, event, slog.String("kind", oneOf(m.Kind, tunnel.KindControl, tunnel.KindView, tunnel.KindShow)),
		slog.String("door", doorWord(m.Door)), slog.String("why", whyWord(err)))
}

// Viewer writes a viewer's statistics.
func (t *Log) Viewer(event, door string, s rfb.Stats) {
	t.Event(logs.RFB, event, slog.String("door", doorWord(door)), slog.Any("stats", s))
}

// Picture writes a captured frame: how long reading it took, how much had changed according to
// the system, and how long it took to find out what really had changed.
func (t *Log) Picture(u screen.Update, differ time.Duration) {
	damage := 0
	rects := u.Damage.Rects()
	for _, r := range rects {
		damage += r.Dx() * r.Dy()
	}
	t.Event(logs.Capture, "picture", slog.Int("width", u.Frame.Size.X), slog.Int("height", u.Frame.Size.Y),
		slog.Int64("capture_us", u.Took.Microseconds()), slog.Int("damage_pixels", damage), slog.Int("damage_rects", len(rects)),
		slog.Int64("differ_us", differ.Microseconds()))
}

// Question writes what happened to a question.
func (t *Log) Question(event string, name string) {
	if t == nil {
		return
	}
	t.Event(logs.Consent, event, slog.String("right", name))
}

// Armed writes whether a question can be answered now.
func (t *Log) Armed(name string, armed bool) {
	if armed {
		t.Question("question armed", name)
	} else {
		t.Question("question disarmed", name)
	}
}

// doorWord returns the door's name if it exists, because a gateway chooses the text.
func doorWord(door string) string {
	return oneOf(door, tunnel.DoorEntering, tunnel.DoorPage, tunnel.DoorHelper, tunnel.DoorVNC, tunnel.DoorRepeater, tunnel.DoorWebsockify)
}

// oneOf returns word if it is one of words, otherwise "other".
func oneOf(word string, words ...string) string {
	if slices.Contains(words, word) {
		return word
	}
	return "other"
}

// whyWord returns one word for an error; "" for nil. The error's own text could contain what
// others wrote.
func whyWord(err error) string {
	var late interface{ Timeout() bool }
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.Canceled):
		return "session"
	case errors.Is(err, seal.ErrWrongNumber), errors.Is(err, doornumbers.ErrNone):
		return "number"
	case errors.Is(err, seal.ErrBurnt), errors.Is(err, seal.ErrUsed):
		return "used"
	case errors.Is(err, seal.ErrForged), errors.Is(err, seal.ErrOpened), errors.Is(err, seal.ErrOrigin):
		return "forged"
	case errors.As(err, &late) && late.Timeout():
		return "timeout"
	}
	return "line"
}

// bounded passes lines on up to a number of bytes. Write must not be called concurrently.
type bounded struct {
	to   io.Writer
	left int64
	full bool
}

// Write implements io.Writer. It never fails, because nobody depends on the lines.
func (b *bounded) Write(line []byte) (int, error) {
	if b.left -= int64(len(line)); b.left >= 0 {
		_, _ = b.to.Write(line)
	} else if !b.full {
		b.full = true
		now := time.Now().Format(time.RFC3339Nano)
		_, _ = fmt.Fprintf(b.to, `{"time":%q,"event":"trace is full","area":%q}`+"\n", now, logs.Agent)
	}
	return len(line), nil
}
