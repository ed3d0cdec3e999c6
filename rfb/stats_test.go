package rfb_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
)

// TestStats: what a viewer negotiated, and the bytes that it was sent by encoding. They are
// the same that the viewer counts.
func TestStats(t *testing.T) {
	picture := paint(image.Pt(320, 200), page(1, image.Pt(320, 200)))
	for name, c := range map[string]struct {
		encodings []int32
		used      func(*rfb.Sent) []*uint64
	}{
		"raw":     {[]int32{rfbtest.Raw}, func(s *rfb.Sent) []*uint64 { return []*uint64{&s.Raw} }},
		"hextile": {[]int32{rfbtest.Hextile}, func(s *rfb.Sent) []*uint64 { return []*uint64{&s.Hextile} }},
		"zlib":    {[]int32{rfbtest.Zlib}, func(s *rfb.Sent) []*uint64 { return []*uint64{&s.Zlib} }},
		"zrle":    {[]int32{rfbtest.ZRLE}, func(s *rfb.Sent) []*uint64 { return []*uint64{&s.ZRLE} }},
		"tight": {[]int32{rfbtest.Tight, rfbtest.Quality(6), rfbtest.Fence},
			func(s *rfb.Sent) []*uint64 { return []*uint64{&s.Tight, &s.JPEG} }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := open(t, rfb.Config{Rights: rfb.RightView}, picture)
				if got := s.conn.Stats(); got.Version != "3.8" || got.Frames != 0 || got.Bytes != 0 || got.Quality != -1 || got.MaxQuality != -1 || got.End != rfb.EndOpen {
					t.Errorf("at first %+v", got)
				}
				behindHandshake := s.v.BytesRead()
				s.must(s.v.SetPixelFormat(formats["888 big"]))
				s.must(s.v.SetEncodings(c.encodings...))
				var updates, frames int64
				for range 2 {
					s.must(s.v.Request(false, s.v.Bounds()))
					u, err := s.v.NextUpdate()
					s.must(err)
					updates, frames = updates+u.Bytes, frames+1
				}
				if name == "tight" { // the answer of the fence behind the last update
					_, err := s.v.Next()
					s.must(err)
				}
				synctest.Wait()
				got := s.conn.Stats()
				fences := strings.Contains(got.Extensions, "Fence")
				if got.Encoding != name || got.Frames != uint64(frames) || got.Bytes != uint64(s.v.BytesRead()-behindHandshake) ||
					fences != (name == "tight") || (got.Window > 0) != fences || (got.Quality >= 0) != (name == "tight") ||
					got.Format.BitsPerPixel != 32 {
					t.Errorf("%+v; the viewer got %d frames, %d bytes", got, frames, s.v.BytesRead()-behindHandshake)
				}
				if got != s.conn.Stats() {
					t.Error("nothing has happened, and the numbers differ")
				}
				// All is in the encodings that were used, and nothing in others.
				rest, sum := got.Sent, int64(0)
				for _, n := range c.used(&rest) {
					if *n == 0 {
						t.Errorf("nothing in an encoding that was used: %+v", got.Sent)
					}
					sum += int64(*n)
					*n = 0
				}
				const header = 4 // of each update
				if rest != (rfb.Sent{}) || sum != updates-header*frames {
					t.Errorf("%+v; the viewer got %d bytes in rectangles", got.Sent, updates-header*frames)
				}
				s.close()
				if end := s.conn.Stats().End; end != rfb.EndViewer {
					t.Errorf("the end is %v", end)
				}
			})
		})
	}
}

// TestStatsInLog: one line says it all, with what is not used left out.
func TestStatsInLog(t *testing.T) {
	var b bytes.Buffer
	s := rfb.Stats{Version: "3.8", Encoding: "tight", Sent: rfb.Sent{Tight: 7}, RoundTrip: time.Millisecond, End: rfb.EndSlow}
	slog.New(slog.NewTextHandler(&b, nil)).Info("viewer", "stats", s)
	for _, want := range []string{"stats.version=3.8", "stats.sent.tight=7", "stats.round_trip_us=1000", "stats.end=slow"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in %s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "jpeg") || strings.Count(b.String(), "\n") != 1 {
		t.Error(b.String())
	}
}

// brokenConn breaks when it is told to.
type brokenConn struct {
	net.Conn
	broken chan struct{}
}

func (b *brokenConn) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	select {
	case <-b.broken:
		return 0, errors.New("the cable is cut")
	default:
		return n, err
	}
}

// goneInput is a display that is gone.
type goneInput struct{ screen.Input }

func (goneInput) Key(screen.Key) error { return screen.ErrClosed }
func (goneInput) ReleaseAll() error    { return nil }

// TestWhyStreamsEnd: each end has its own word, whatever it makes fail afterwards.
func TestWhyStreamsEnd(t *testing.T) {
	refuse := func(context.Context, rfb.Viewer) error { return rfb.ErrDenied }
	for want, c := range map[rfb.End]struct {
		cfg rfb.Config
		end func(s *endedSession)
	}{
		rfb.EndViewer:   {end: func(s *endedSession) { s.v.Close() }},
		rfb.EndClosed:   {end: func(s *endedSession) { s.conn.Close() }},
		rfb.EndRefused:  {cfg: rfb.Config{Approve: refuse}, end: func(*endedSession) {}},
		rfb.EndSlow:     {end: func(s *endedSession) { _, _ = s.raw.Write([]byte("RFB 003.008\n")); time.Sleep(time.Hour) }},
		rfb.EndLine:     {end: func(s *endedSession) { close(s.broken); s.v.Close() }},
		rfb.EndDisplay:  {cfg: rfb.Config{Rights: rfb.RightControl, Input: goneInput{}}, end: func(s *endedSession) { _ = s.v.SendKey('a', true) }},
		rfb.EndProtocol: {end: func(s *endedSession) { _, _ = s.raw.Write([]byte{99}) }},
	} {
		t.Run(want.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for _, byContext := range []bool{false, true} {
					if byContext && want != rfb.EndClosed {
						continue
					}
					a, b := net.Pipe()
					s := &endedSession{raw: b, broken: make(chan struct{})}
					c.cfg.Desktop, c.cfg.Waiting = screen.NewFramebuffer(image.Pt(8, 8)), screen.NewFramebuffer(image.Pt(8, 8))
					s.conn = rfb.NewConn(&brokenConn{a, s.broken}, c.cfg)
					ctx, cancel := context.WithCancelCause(t.Context())
					served := make(chan struct{})
					go func() { defer close(served); _ = s.conn.Serve(ctx) }()
					if want == rfb.EndSlow {
						go func() { _, _ = io.Copy(io.Discard, b) }()
					} else {
						s.v, _ = rfbtest.New(b, rfbtest.Config{})
					}
					synctest.Wait()
					if byContext {
						cancel(errors.New("somebody ended the session"))
					} else {
						c.end(s)
					}
					<-served
					if got := s.conn.Stats().End; got != want {
						t.Errorf("the end is %v", got)
					}
					cancel(nil)
					b.Close()
				}
			})
		})
	}
}

type endedSession struct {
	conn   *rfb.Conn
	raw    net.Conn
	v      *rfbtest.Viewer
	broken chan struct{}
}
