package gateway

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"lotse/tunnel"
	"lotse/tunnel/tunneltest"
)

// rawStream opens a stream of a joined session without sealing it.
func rawStream(t *testing.T, o *owner, c *customer) (advisor, agent net.Conn, id string) {
	t.Helper()
	id, err := o.a.OpenStream(t.Context(), o.place, "view", "page")
	if err != nil {
		t.Fatal(err)
	}
	c.recv()
	agent, err = c.c.DialAgentStream(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	advisor, err = o.a.DialStream(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { agent.Close(); advisor.Close() })
	return advisor, agent, id
}

func joinedRig(t *testing.T, change ...func(*Config)) (*rig, *owner, *customer) {
	r := start(t, change...)
	o := r.open(r.signIn("anna"))
	c := r.customer()
	c.join(o.number)
	return r, o, c
}

// TestEndOfOneSide: when either side ends, the other ends too, and data sent before arrives.
func TestEndOfOneSide(t *testing.T) {
	t.Parallel()
	_, o, c := joinedRig(t)
	for _, closer := range []int{sideA, sideB} {
		advisor, agent, _ := rawStream(t, o, c)
		from, to := agent, advisor
		if closer == sideB {
			from, to = advisor, agent
		}
		// Data in the other direction must not destroy the last data.
		go func() { _, _ = to.Write(bytes.Repeat([]byte("x"), 100_000)) }()
		last := bytes.Repeat([]byte("last words "), 10_000)
		if _, err := from.Write(last); err != nil {
			t.Fatal(err)
		}
		from.Close()
		got, err := io.ReadAll(to)
		if err != nil || !bytes.Equal(got, last) {
			t.Errorf("side %d: %d bytes of %d, %v", closer, len(got), len(last), err)
		}
	}
}

// TestCutLine: if a side is lost, the other ends with an error, not normally.
func TestCutLine(t *testing.T) {
	t.Parallel()
	_, o, c := joinedRig(t)
	advisor, agent, _ := rawStream(t, o, c)
	if _, err := agent.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := advisor.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	// A text message violates the protocol, which ends the stream.
	if err := agent.SetDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	agent.Close()
	if _, err := advisor.Read(make([]byte, 1)); err == nil {
		t.Error("goes on")
	}
}

func TestStreamIdentifiers(t *testing.T) {
	t.Parallel()
	r, o, c := joinedRig(t, func(c *Config) { c.Limits.StreamsPerSession = 3 })
	_, _, used := rawStream(t, o, c)
	if _, err := o.a.DialStream(t.Context(), used); !hasCode(err, tunnel.CodeNotFound) {
		t.Errorf("advisor's side twice: %v", err)
	}
	if _, err := c.c.DialAgentStream(t.Context(), used); !hasCode(err, tunnel.CodeNotFound) {
		t.Errorf("agent's side twice: %v", err)
	}
	id, err := o.a.OpenStream(t.Context(), o.place, "view", "page")
	if err != nil {
		t.Fatal(err)
	}
	bert := r.signIn("bert")
	if _, err := bert.DialStream(t.Context(), id); !hasCode(err, tunnel.CodeNotFound) {
		t.Errorf("stolen by another advisor: %v", err)
	}
	if _, err := bert.OpenStream(t.Context(), o.place, "view", "page"); !hasCode(err, tunnel.CodeNotFound) {
		t.Errorf("another's session: %v", err)
	}
	if err := bert.EndSession(t.Context(), o.place); !hasCode(err, tunnel.CodeNotFound) {
		t.Errorf("another's session ended: %v", err)
	}
	// The control stream of the entering counts as one of the three.
	if _, err := o.a.OpenStream(t.Context(), o.place, "view", "page"); !hasCode(err, tunnel.CodeLimit) {
		t.Errorf("fourth stream: %v", err)
	}
	for _, bad := range [][2]string{{"sound", "page"}, {"view", "vnc"}, {"view", "entering"}, {"", ""}} {
		if _, err := o.a.OpenStream(t.Context(), o.place, bad[0], bad[1]); !hasCode(err, tunnel.CodeBadRequest) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestClosedDoor(t *testing.T) {
	t.Parallel()
	_, o, _ := joinedRig(t, func(c *Config) { c.Doors.OnPort = []string{tunnel.DoorHelper} })
	if _, err := o.a.OpenStream(t.Context(), o.place, "view", tunnel.DoorPage); !hasCode(err, tunnel.CodeForbidden) {
		t.Errorf("%v", err)
	}
}

// testDirectory is a directory without a network.
func testDirectory(t *testing.T) *directory {
	t.Helper()
	cfg, err := Config{Data: t.TempDir(), TLS: TLSConfig{Mode: TLSDev}}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	r, err := newServer(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.accounts.change(func() error {
		for _, a := range testAccounts() {
			r.accounts.list[a.Name] = a
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.tasks.wait(); r.audit.Close() })
	return r.dir
}

// TestAuditHoldsNobodyUp is M10: while the audit trail writes nothing, sessions are opened
// and ended. gateway/audit bounds what waits. The test ends, so nobody waits.
func TestAuditHoldsNobodyUp(t *testing.T) {
	d := testDirectory(t)
	d.cfg.Limits.SessionsPerAdvisor = 20_000
	for range 10_000 {
		s, err := d.open(testAccounts()[0], "")
		if err == nil {
			err = d.end("anna", s.place)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestIdentifierExpires(t *testing.T) {
	d := testDirectory(t)
	acc := testAccounts()[0]
	s, err := d.open(acc, "")
	if err != nil {
		t.Fatal(err)
	}
	d.mu.Lock()
	st := newStream(d, s, "view", "page")
	d.streams[st.id], s.streams[st.id] = st, st
	d.mu.Unlock()
	st2 := d.claim(st.id, sideA, "")
	if st2 != st || d.claim(st.id, sideA, "") != nil || d.claim(st.id, sideB, "bert") != nil || d.claim("x", sideA, "") != nil {
		t.Fatal("claims")
	}
	d.sweep(time.Now().Add(streamLifetime - time.Second))
	select {
	case <-st.dead:
		t.Fatal("ended early")
	default:
	}
	d.sweep(time.Now().Add(streamLifetime + time.Second))
	<-st.dead
	if d.claim(st.id, sideB, "anna") != nil || len(s.streams) != 0 {
		t.Error("still there")
	}
}

func TestPlaces(t *testing.T) {
	d := testDirectory(t)
	d.cfg.Limits.SessionsPerAdvisor = 3
	acc := testAccounts()[0]
	seen := map[string]bool{}
	for range 3 {
		s, err := d.open(acc, "")
		if err != nil || !tunnel.ValidPlace(s.place) || seen[s.place] {
			t.Fatalf("%v, %v", s, err)
		}
		seen[s.place] = true
	}
	if _, err := d.open(acc, ""); !errors.Is(err, errTooMany) {
		t.Errorf("fourth session: %v", err)
	}
	for place := range seen {
		if err := d.end("anna", place); err != nil {
			t.Fatal(err)
		}
	}
	// Only places of ended sessions are free: they are used as a last resort.
	d.mu.Lock()
	for p := range 9000 {
		d.resting[placeOf(1000+p)] = time.Now().Add(time.Hour)
	}
	d.mu.Unlock()
	if _, err := d.open(acc, ""); err != nil {
		t.Errorf("all places rest: %v", err)
	}
	d.cfg.Limits.SessionsPerAdvisor = 100_000
	d.mu.Lock()
	for p := range maxPlaces {
		if place := placeOf(1000 + p); d.sessions[place] == nil {
			d.sessions[place] = &session{place: place, account: "bert"}
		}
	}
	d.mu.Unlock()
	if _, err := d.open(acc, ""); !errors.Is(err, errNoPlace) {
		t.Errorf("full: %v", err)
	}
}

func placeOf(n int) string {
	return string([]byte{'0' + byte(n/1000), '0' + byte(n/100%10), '0' + byte(n/10%10), '0' + byte(n%10)})
}

func TestRemovedAdvisor(t *testing.T) {
	t.Parallel()
	r, o, c := joinedRig(t)
	accounts, err := OpenAccounts(r.data)
	if err != nil {
		t.Fatal(err)
	}
	if err := accounts.Remove("anna"); err != nil {
		t.Fatal(err)
	}
	if m := c.recv(); m.Type != tunnel.TypeEnded {
		t.Errorf("%+v", m)
	}
	if _, err := o.a.Sessions(t.Context()); !hasCode(err, tunnel.CodeUnauthorized) {
		t.Errorf("removed advisor is still in: %v", err)
	}
}

// TestJoinAllocations measures the allocations per relayed message. The one that is left is
// gorilla's: its NextReader allocates an 8-byte reader.
func TestJoinAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	serverA, clientA := tunneltest.Sockets(t)
	serverB, clientB := tunneltest.Sockets(t)
	d := testDirectory(t)
	st := newStream(d, nil, "view", "page")
	d.streams[st.id] = st
	d.tasks.start(func() { st.run(sideA, tunnel.NewStream(serverA, 0)) })
	d.tasks.start(func() { st.run(sideB, tunnel.NewStream(serverB, 0)) })
	// The clients exchange raw frames, so that only the gateway is measured.
	frame := append([]byte{0x82, 0xfe, 0x20, 0x00, 0, 0, 0, 0}, make([]byte, 8192)...)
	in, out := clientA.NetConn(), clientB.NetConn()
	got := make([]byte, 8192+4)
	per := testing.AllocsPerRun(500, func() {
		if _, err := in.Write(frame); err != nil {
			t.Fatal(err)
		}
		for n := 0; n < 8192; {
			// Headers have two or four bytes, depending on how the data was split into reads.
			if _, err := io.ReadFull(out, got[:2]); err != nil {
				t.Fatal(err)
			}
			size := int(got[1])
			if size == 126 {
				if _, err := io.ReadFull(out, got[:2]); err != nil {
					t.Fatal(err)
				}
				size = int(got[0])<<8 | int(got[1])
			}
			if _, err := io.ReadFull(out, got[:size]); err != nil {
				t.Fatal(err)
			}
			n += size
		}
	})
	if per > 1 {
		t.Errorf("%v allocations per message", per)
	}
	clientA.Close()
	clientB.Close()
}
