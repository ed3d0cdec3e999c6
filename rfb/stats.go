package rfb

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"lotse/screen"
)

// Stats is what a viewer negotiated, how its line is, and what it was sent. Two are equal if
// nothing has changed. There is no name, text or address in it.
type Stats struct {
	Version    string      // of the protocol, such as "3.8"; "": the viewer has not said it
	Encoding   string      // the viewer's preferred one that this server speaks
	Extensions string      // what else the viewer understands, with blanks between
	Format     PixelFormat // of the viewer's pixels
	MaxQuality int         // the viewer's bound of quality, 0 to 9; -1: no loss allowed
	Quality    int         // the level of the last photograph; -1: there was none

	Window         int           // how many bytes may be under way; 0: the viewer asks for each update
	InFlight       int           // how many are
	RoundTrip      time.Duration // the line's own; 0: unknown
	BytesPerSecond float64       // the line's rate; 0: unknown

	Frames uint64 // updates that were written
	Bytes  uint64 // that were written behind the handshake, messages included
	Sent   Sent
	End    End
}

// Sent is how many bytes of updates were in each encoding, headers included.
type Sent struct{ Raw, CopyRect, Hextile, Zlib, ZRLE, Tight, JPEG uint64 }

// LogValue implements slog.LogValuer.
func (s Stats) LogValue() slog.Value {
	f := &s.Format
	format := strconv.Itoa(int(f.BitsPerPixel)) + "/" + strconv.Itoa(int(f.Depth))
	if !f.TrueColour {
		format += " map"
	}
	return slog.GroupValue(
		slog.String("version", s.Version), slog.String("encoding", s.Encoding), slog.String("extensions", s.Extensions),
		slog.String("format", format), slog.Int("max_quality", s.MaxQuality), slog.Int("quality", s.Quality),
		slog.Int("window", s.Window), slog.Int("in_flight", s.InFlight), slog.Int64("round_trip_us", s.RoundTrip.Microseconds()),
		slog.Int64("bytes_per_second", int64(s.BytesPerSecond)), slog.Uint64("frames", s.Frames),
		slog.Uint64("bytes", s.Bytes), slog.Any("sent", s.Sent), slog.String("end", s.End.String()),
	)
}

// LogValue implements slog.LogValuer: encodings that were not used are left out.
func (s Sent) LogValue() slog.Value {
	var used []slog.Attr
	for kind, bytes := range [kinds]uint64{s.Raw, s.CopyRect, s.Hextile, s.Zlib, s.ZRLE, s.Tight, s.JPEG} {
		if bytes > 0 {
			used = append(used, slog.Uint64(kindNames[kind], bytes))
		}
	}
	return slog.GroupValue(used...)
}

// End says why a viewer's stream ended.
type End uint8

// The reasons of an end.
const (
	EndOpen     End = iota // it has not ended
	EndViewer              // the viewer closed it in good order
	EndClosed              // this side closed it
	EndRefused             // the viewer was refused
	EndSlow                // the viewer took too long, or did not read
	EndLine                // the connection broke
	EndDisplay             // the display that takes input is gone
	EndProtocol            // the viewer did not keep to the protocol
)

// String returns one word.
func (e End) String() string {
	return [...]string{"open", "viewer", "closed", "refused", "slow", "line", "display", "protocol"}[e]
}

// endOf tells why a stream ended by the first error.
func endOf(cause error) End {
	var refusal Refusal
	var late interface{ Timeout() bool }
	var stopped stoppedError
	switch {
	case errors.As(cause, &stopped), cause == nil, errors.Is(cause, net.ErrClosed), errors.Is(cause, context.Canceled):
		return EndClosed
	case errors.As(cause, &refusal):
		return EndRefused
	case errors.Is(cause, io.EOF):
		return EndViewer
	case errors.As(cause, &late) && late.Timeout():
		return EndSlow
	case errors.Is(cause, screen.ErrClosed):
		return EndDisplay
	}
	for inner := cause; inner != nil; inner = errors.Unwrap(inner) {
		cause = inner
	}
	if strings.HasPrefix(cause.Error(), "rfb: ") {
		return EndProtocol // nothing but the viewer's bytes is wrong
	}
	return EndLine
}

// stoppedError is the end by the caller's context.
type stoppedError struct{ error }

func (e stoppedError) Unwrap() error { return e.error }

// lateError is a viewer that takes too long, or does not read.
type lateError string

func (e lateError) Error() string { return string(e) }

// Timeout tells endOf.
func (e lateError) Timeout() bool { return true }

// How the bytes of an update are counted.
const (
	kindRaw = iota
	kindCopyRect
	kindHextile
	kindZlib
	kindZRLE
	kindTight
	kindJPEG // in Tight rectangles
	kinds
)

var kindNames = [kinds]string{"raw", "copyrect", "hextile", "zlib", "zrle", "tight", "jpeg"}

// kindOf is the kind of an encoding's rectangles, but for JPEG.
func kindOf(encoding int32) int {
	switch encoding {
	case encCopyRect:
		return kindCopyRect
	case encHextile:
		return kindHextile
	case encZlib:
		return kindZlib
	case encZRLE:
		return kindZRLE
	case encTight:
		return kindTight
	}
	return kindRaw
}

// counts are what was sent. The writer counts in its own, and lets others see them when it
// has written.
type counts struct {
	minor   int // the protocol's minor version; 0: unknown. Only in Conn.counted.
	frames  uint64
	bytes   uint64
	sent    [kinds]uint64
	quality int // of the last photograph, counted from 1; 0: none
}

// publishLocked lets others see what the writer has counted.
func (c *counts) publishLocked(written *counts) {
	minor := c.minor
	*c = *written
	c.minor = minor
}

// Stats returns the viewer's numbers as they are now. It may be called at any time, also
// after the end.
func (c *Conn) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, caps := &c.counted, &c.viewer.caps
	s := Stats{
		Encoding: kindNames[kindOf(caps.encoding)], Extensions: caps.names(), Format: c.viewer.conv.format,
		MaxQuality: caps.quality, Quality: n.quality - 1, InFlight: c.flow.inFlight, RoundTrip: c.flow.base,
		BytesPerSecond: c.flow.bytesPerSecond(), Frames: n.frames, Bytes: n.bytes,
		Sent: Sent{
			n.sent[kindRaw], n.sent[kindCopyRect], n.sent[kindHextile], n.sent[kindZlib], n.sent[kindZRLE],
			n.sent[kindTight], n.sent[kindJPEG],
		},
	}
	if n.minor != 0 {
		s.Version = "3." + strconv.Itoa(n.minor)
	}
	if caps.fence {
		s.Window = c.flow.window()
	}
	if c.closed {
		s.End = endOf(c.cause)
	}
	return s
}

// names lists the extensions by their names in rfbproto.
func (c *capabilities) names() string {
	var names []string
	for _, e := range []struct {
		has  bool
		name string
	}{
		{c.copyRect, "CopyRect"}, {c.desktopSize, "DesktopSize"}, {c.extDesktop, "ExtendedDesktopSize"},
		{c.lastRect, "LastRect"}, {c.cursor, "Cursor"}, {c.cursorAlpha, "CursorWithAlpha"},
		{c.vmwareCursor, "VMwareCursor"}, {c.qemuKey, "QEMUExtendedKey"}, {c.desktopName, "DesktopName"},
		{c.fence, "Fence"}, {c.continuous, "ContinuousUpdates"}, {c.mouseButtons, "ExtendedMouseButtons"},
		{c.clipboard, "ExtendedClipboard"},
	} {
		if e.has {
			names = append(names, e.name)
		}
	}
	return strings.Join(names, " ")
}
