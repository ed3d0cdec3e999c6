package gateway

import (
	"errors"
	"io"
	"testing"
	"time"

	"lotse/tunnel"
)

// TestFirstWord: the first message to an entering customer is the owner's. It arrives no earlier
// than enteringHold after he connected, whether an owner sends it or the gateway itself for a place
// without a session. The next one arrives no earlier than enteringHold after his own; PROTOCOL.md,
// section 4.
func TestFirstWord(t *testing.T) {
	t.Parallel()
	r := start(t, withRealHolds, func(c *Config) { c.Limits.EnterWrong = 1000; c.Limits.EnterPerMinute = 1000 })
	o := r.open(r.signIn("anna"))
	unknown := "1000"
	if o.place == unknown {
		unknown = "1001"
	}
	const commit, share, opening = 3 + 50, 3 + 33, 3 + 97 // seal/SPEC.md, section 2
	for name, place := range map[string]string{"held": o.place, "unknown": unknown} {
		c := r.customer()
		if err := c.link.Enter(place, "", ""); err != nil {
			t.Fatal(err)
		}
		m := c.recv()
		began := time.Now()
		conn, err := c.c.DialAgentStream(t.Context(), m.Stream)
		if err != nil {
			t.Fatal(err)
		}
		word := make([]byte, commit)
		if _, err := io.ReadFull(conn, word); err != nil || word[0] != 0x10 {
			t.Fatalf("%s: first word % x, %v", name, word, err)
		}
		if took := time.Since(began); took < enteringHold {
			t.Errorf("%s: answered after %v", name, took)
		}
		// The generator itself is a valid share.
		began = time.Now()
		answer := append([]byte{0x11, 0, share - 3, 2}, []byte(
			"\xe2\xf2\xae\x0a\x6a\xbc\x4e\x71\xa8\x84\xa9\x61\xc5\x00\x51\x5f\x58\xe3\x0b\x6a\xa5\x82\xdd\x8d\xb6\xa6\x59\x45\xe0\x8d\x2d\x76")...)
		if _, err := conn.Write(answer); err != nil {
			t.Fatal(err)
		}
		word = make([]byte, opening)
		if _, err := io.ReadFull(conn, word); err != nil || word[0] != 0x12 {
			t.Fatalf("%s: second word % x, %v", name, word, err)
		}
		if took := time.Since(began); took < enteringHold {
			t.Errorf("%s: opened after %v", name, took)
		}
		conn.Close()
		if m := c.recv(); m.Type != tunnel.TypeRefused || m.Code != tunnel.RefusedNumber {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

// TestOldAgent: an agent of version 1 sends first. It is refused like a wrong number, at a place
// with and without a session.
func TestOldAgent(t *testing.T) {
	t.Parallel()
	r := start(t)
	o := r.open(r.signIn("anna"))
	for _, place := range []string{o.place, "1000"} {
		c := r.customer()
		if err := c.link.Enter(place, "", ""); err != nil {
			t.Fatal(err)
		}
		conn, err := c.c.DialAgentStream(t.Context(), c.recv().Stream)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write(append([]byte{0x11, 0, 33, 1}, make([]byte, 32)...)); err != nil {
			t.Fatal(err)
		}
		if all, err := io.ReadAll(conn); len(all) < 3+50+4 || all[len(all)-1] != 2 || err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("answered % x, %v; want a Commit and Refuse 2", all, err)
		}
		if m := c.recv(); m.Type != tunnel.TypeRefused || m.Code != tunnel.RefusedNumber {
			t.Errorf("%+v", m)
		}
	}
	if o.tries.Used() != 0 {
		t.Error("an older agent is no guess")
	}
}
