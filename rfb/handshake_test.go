package rfb

import (
	"bytes"
	"context"
	"crypto/des"
	"encoding/binary"
	"errors"
	"image"
	"io"
	"math/bits"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lotse/leaktest"
	"lotse/screen"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// These tests cover, for RFB 3.3, 3.7 and 3.8, with None, and with VncAuth for a relay: the order
// of messages; approval before SecurityResult, or before the security types if there is no
// SecurityResult; the text of a refusal if the version carries one; that a refused viewer gets no
// ServerInit; that a viewer that disconnects withdraws the question; and that the handshake has a
// time limit.

// peer is the other end of a Conn, without any decoding.
type peer struct {
	t testing.TB
	net.Conn
	served chan error
}

// serve starts a Conn on one end of a pipe.
func serve(t testing.TB, cfg Config) (*Conn, *peer) {
	t.Helper()
	a, b := net.Pipe()
	if cfg.Desktop == nil {
		cfg.Desktop = screen.NewFramebuffer(image.Pt(8, 4))
	}
	if cfg.Waiting == nil {
		cfg.Waiting = screen.NewFramebuffer(image.Pt(8, 4))
	}
	c := NewConn(a, cfg)
	p := &peer{t: t, Conn: b, served: make(chan error, 1)}
	go func() { p.served <- c.Serve(context.Background()) }()
	t.Cleanup(func() { b.Close(); c.Close() })
	return c, p
}

func (p *peer) send(b ...byte) {
	p.t.Helper()
	if _, err := p.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) expect(want ...byte) {
	p.t.Helper()
	if got := p.read(len(want)); !bytes.Equal(got, want) {
		p.t.Fatalf("got % x, want % x", got, want)
	}
}

func (p *peer) read(n int) []byte {
	p.t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(p, b); err != nil {
		p.t.Fatalf("want %d bytes: %v", n, err)
	}
	return b
}

// expectEnd checks that the stream ends here.
func (p *peer) expectEnd() {
	p.t.Helper()
	if rest, _ := io.ReadAll(p); len(rest) != 0 {
		p.t.Fatalf("% x after the end", rest)
	}
}

func (p *peer) reason() string {
	p.t.Helper()
	return string(p.read(int(binary.BigEndian.Uint32(p.read(4)))))
}

// serverInit reads ServerInit and returns the desktop's name.
func (p *peer) serverInit() string {
	p.t.Helper()
	head := p.read(20)
	if size := image.Pt(int(binary.BigEndian.Uint16(head)), int(binary.BigEndian.Uint16(head[2:]))); size != image.Pt(8, 4) {
		p.t.Fatalf("size %v", size)
	}
	return p.reason()
}

func (p *peer) version(v string) {
	p.t.Helper()
	p.expect([]byte("RFB 003.008\n")...)
	p.send([]byte("RFB " + v + "\n")...)
}

// login plays a 3.8 viewer up to ServerInit.
func (p *peer) login() {
	p.t.Helper()
	p.version("003.008")
	p.expect(1, 1)
	p.send(1)
	p.expect(0, 0, 0, 0)
	p.send(1)
	p.serverInit()
}

func TestHandshakeNone(t *testing.T) {
	for version, play := range map[string]func(*peer){
		"003.003": func(p *peer) { p.expect(0, 0, 0, 1); p.send(1) },
		"003.005": func(p *peer) { p.expect(0, 0, 0, 1); p.send(1) }, // counts as 3.3
		"003.007": func(p *peer) { p.expect(1, 1); p.send(1); p.send(1) },
		"003.008": func(p *peer) { p.expect(1, 1); p.send(1); p.expect(0, 0, 0, 0); p.send(1) },
		"003.889": func(p *peer) { p.expect(1, 1); p.send(1); p.expect(0, 0, 0, 0); p.send(1) }, // Apple
		"005.000": func(p *peer) { p.expect(1, 1); p.send(1); p.expect(0, 0, 0, 0); p.send(0) }, // RealVNC
	} {
		asked := 0
		_, p := serve(t, Config{Name: "Grüße", Approve: func(context.Context, Viewer) error { asked++; return nil }})
		p.version(version)
		play(p)
		if name := p.serverInit(); name != "Grüße" {
			t.Errorf("%s: name %q", version, name)
		}
		if asked != 1 {
			t.Errorf("%s: the customer was asked %d times", version, asked)
		}
		p.Close()
		if err := <-p.served; err != nil {
			t.Errorf("%s: orderly end gave %v", version, err)
		}
	}
}

func TestRefusalBeforeEachVersionsLastWord(t *testing.T) {
	refuse := func(context.Context, Viewer) error { return Refusal{Reason: "Nein danke."} }
	for version, play := range map[string]func(*peer) string{
		"003.003": func(p *peer) string { p.expect(0, 0, 0, 0); return p.reason() },
		"003.007": func(p *peer) string { p.expect(0); return p.reason() },
		"003.008": func(p *peer) string { p.expect(1, 1); p.send(1); p.expect(0, 0, 0, 1); return p.reason() },
	} {
		_, p := serve(t, Config{Approve: refuse})
		p.version(version)
		if reason := play(p); reason != "Nein danke." {
			t.Errorf("%s: reason %q", version, reason)
		}
		p.expectEnd()
		if err := <-p.served; !errors.As(err, new(Refusal)) {
			t.Errorf("%s: %v", version, err)
		}
	}
}

// An internal error is reported to the viewer in neutral words.
func TestRefusalHidesInternals(t *testing.T) {
	_, p := serve(t, Config{Approve: func(context.Context, Viewer) error { return errors.New("secret detail") }})
	p.version("003.008")
	p.expect(1, 1)
	p.send(1)
	p.expect(0, 0, 0, 1)
	if reason := p.reason(); strings.Contains(reason, "secret") || reason == "" {
		t.Errorf("reason %q", reason)
	}
}

// vncResponse is independent of the server's code: DES with the bits of each key byte reversed.
func vncResponse(t *testing.T, challenge []byte, password string) []byte {
	t.Helper()
	key := make([]byte, 8)
	copy(key, password)
	for i := range key {
		key[i] = bits.Reverse8(key[i])
	}
	block, err := des.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]byte, 16)
	block.Encrypt(out, challenge)
	block.Encrypt(out[8:], challenge[8:])
	return out
}

func TestVncAuth(t *testing.T) {
	for version, choose := range map[string]func(*peer){
		"003.003": func(p *peer) { p.expect(0, 0, 0, 2) },
		"003.007": func(p *peer) { p.expect(1, 2); p.send(2) },
		"003.008": func(p *peer) { p.expect(1, 2); p.send(2) },
	} {
		for password, ok := range map[string]bool{"geheim12": true, "geheim12 and what follows does not count": true, "geheim13": false, "": false} {
			p, out := receive(t, Offer{VncAuth: true})
			p.version(version)
			choose(p)
			p.send(vncResponse(t, p.read(16), password)...)
			r := <-out
			if r.err != nil {
				t.Fatal(r.err)
			}
			if got := r.k.Response.Matches([]byte("geheim12")); got != ok {
				t.Errorf("%s: %q matches: %v", version, password, got)
			}
			if r.k.Response.Matches(nil) {
				t.Errorf("%s: %q matches an empty password", version, password)
			}
			answered := make(chan struct{})
			go func() {
				defer close(answered)
				if ok {
					_ = r.k.Result()
				} else {
					r.k.Refuse(Refusal{Reason: "Wrong password."})
				}
			}()
			if ok {
				p.expect(0, 0, 0, 0)
			} else if p.expect(0, 0, 0, 1); version == "003.008" && p.reason() != "Wrong password." {
				t.Errorf("%s: no reason", version)
			}
			<-answered
		}
	}
}

func TestNotAViewer(t *testing.T) {
	for _, greeting := range []string{"GET / HTTP/1", "RFB 002.000\n", "RFB 003.00x\n", "RFB 003.008 ", "RFB-003.008\n"} {
		_, p := serve(t, Config{})
		p.expect([]byte("RFB 003.008\n")...)
		p.send([]byte(greeting)...)
		if err := <-p.served; err == nil {
			t.Errorf("%q was accepted", greeting)
		}
	}
}

func TestSecurityTypeNotOffered(t *testing.T) {
	_, p := serve(t, Config{})
	p.version("003.008")
	p.expect(1, 1)
	p.send(2)
	p.expect(0, 0, 0, 1)
	if p.reason() == "" {
		t.Error("no reason")
	}
	if err := <-p.served; err == nil {
		t.Error("accepted")
	}
}

func TestHangUpEndsTheQuestion(t *testing.T) {
	for _, version := range []string{"003.003", "003.007", "003.008"} {
		asked := make(chan struct{})
		withdrawn := make(chan error, 1)
		_, p := serve(t, Config{Approve: func(ctx context.Context, _ Viewer) error {
			close(asked)
			<-ctx.Done()
			withdrawn <- context.Cause(ctx)
			return ctx.Err()
		}})
		p.version(version)
		if version == "003.008" {
			p.expect(1, 1)
			p.send(1)
		}
		<-asked
		p.Close()
		if err := <-withdrawn; err == nil {
			t.Errorf("%s: no cause", version)
		}
		<-p.served
	}
}

func TestSlowHandshakeEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := serve(t, Config{})
		p.expect([]byte("RFB 003.008\n")...)
		began := time.Now()
		err := <-p.served // the viewer sends nothing
		if err == nil || time.Since(began) < handshakeTimeout {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// The customer may take longer than a handshake may.
func TestConsentIsNotHurried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := serve(t, Config{Approve: func(context.Context, Viewer) error { time.Sleep(10 * handshakeTimeout); return nil }})
		p.login()
		p.Close()
		<-p.served
	})
}
