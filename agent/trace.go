package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"time"

	"lotse/logs"
	"lotse/rfb"
	"lotse/screen"
	"lotse/seal"
	"lotse/tunnel"
)

// Trace writes what a field report needs, as JSON lines: time, area, event, and words and
// sizes. It never contains session numbers, secrets, contents, or names of people, computers,
// programs or windows. It contains no text that others wrote, either. A nil Trace writes
// nothing and costs nothing. Create one with NewTrace. Methods may be called concurrently.
type Trace struct{ log *slog.Logger }

// NewTrace writes to w, which must not block: otherwise the handling of F12 would wait, too.
// After limit bytes, one last line says that the trace is full.
func NewTrace(w io.Writer, limit int64) *Trace {
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
	return &Trace{slog.New(h)}
}

// event writes a line. All values must be words of this program, or numbers.
func (t *Trace) event(area, name string, attrs ...slog.Attr) {
	if t == nil {
		return
	}
	t.log.LogAttrs(context.Background(), slog.LevelInfo, name, append([]slog.Attr{slog.String("area", area)}, attrs...)...)
}

// start writes which program this is.
func (t *Trace) start(version string) {
	t.event(logs.Agent, "start", slog.String("version", version), slog.String("system", runtime.GOOS+"/"+runtime.GOARCH))
}

// phase writes a new phase, and at the end the reason.
func (t *Trace) phase(s *Snapshot) {
	t.event(logs.Agent, "phase", slog.String("phase", s.Phase), slog.String("reason", s.Reason))
}

// stream writes what happened to a stream, and why: err.
func (t *Trace) stream(event string, m tunnel.GatewayMessage, err error) {
	if t == nil {
		return
	}
	t.event(logs.Tunnel, event, slog.String("kind", oneOf(m.Kind, tunnel.KindControl, tunnel.KindView, tunnel.KindShow)),
		slog.String("door", doorWord(m.Door)), slog.String("why", whyWord(err)))
}

// viewer writes a viewer's statistics.
func (t *Trace) viewer(event, door string, s rfb.Stats) {
	t.event(logs.RFB, event, slog.String("door", doorWord(door)), slog.Any("stats", s))
}

// picture writes a captured frame: how long reading it took, how much had changed according to
// the system, and how long it took to find out what really had changed.
func (t *Trace) picture(u screen.Update, differ time.Duration) {
	damage := 0
	rects := u.Damage.Rects()
	for _, r := range rects {
		damage += r.Dx() * r.Dy()
	}
	t.event(logs.Capture, "picture", slog.Int("width", u.Frame.Size.X), slog.Int("height", u.Frame.Size.Y),
		slog.Int64("capture_us", u.Took.Microseconds()), slog.Int("damage_pixels", damage), slog.Int("damage_rects", len(rects)),
		slog.Int64("differ_us", differ.Microseconds()))
}

// question writes what happened to a question.
func (t *Trace) question(event string, a asked) {
	if t == nil {
		return
	}
	t.event(logs.Consent, event, slog.String("right", a.name()))
}

// armed writes whether a question can be answered now.
func (t *Trace) armed(a asked, armed bool) {
	if armed {
		t.question("question armed", a)
	} else {
		t.question("question disarmed", a)
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
	case errors.Is(err, seal.ErrWrongNumber), errors.Is(err, errNoDoorNumber):
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
