package agent

import (
	"errors"
	"io"
	"testing"

	"lotse/seal"
	"lotse/tunnel"
)

// doorRig is an agent in a session with an evil gateway and an honest advisor. wishes is the
// advisor's control stream.
type doorRig struct {
	*evilGateway
	session *Session
	link    *tunnel.Link
	wishes  *tunnel.ControlConn
	streams int
}

func newDoorRig(t *testing.T) *doorRig {
	r := &doorRig{evilGateway: newEvilGateway(t)}
	r.session, _, _ = runAgent(t, r.client)
	r.link = r.evilGateway.link()
	r.say(r.link, callEntering)
	conn, err := r.seal(testNumber, "control")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	r.wishes = tunnel.NewControlConn(conn)
	r.say(r.link, sayJoined)
	await(t, r.session, "joined", func(s Snapshot) bool { return s.Phase == PhaseJoined })
	return r
}

// told waits for the agent's next message about a door.
func (r *doorRig) told() tunnel.DoorNumber {
	r.t.Helper()
	for {
		m, err := r.wishes.Receive()
		if err != nil {
			r.t.Fatal(err)
		}
		if n, ok := m.(tunnel.DoorNumber); ok {
			return n
		}
	}
}

// wish requests a door's number over the sealed stream, as an advisor's end does.
func (r *doorRig) wish(door string) string {
	r.t.Helper()
	if err := r.wishes.Send(tunnel.AskDoor{Door: door}); err != nil {
		r.t.Fatal(err)
	}
	n := r.told()
	if n.Door != door || n.Seconds != 300 || n.Gone != "" || len(n.Number) != 9 || n.Number[:4] != testNumber[:4] || n.Number == testNumber {
		r.t.Fatalf("door %s: %+v", door, n)
	}
	return n.Number
}

// call opens a stream under a door's name and seals it with a number.
func (r *doorRig) call(kind, door, digits string) error {
	r.t.Helper()
	r.streams++
	r.say(r.link, tunnel.GatewayMessage{Type: tunnel.TypeCall, Stream: streamID(500 + r.streams), Kind: kind, Door: door})
	conn, err := r.seal(digits, kind)
	if err != nil {
		return err
	}
	defer conn.Close()
	// The agent closes a sealed stream at once if it does not serve it.
	_, err = io.ReadFull(conn, make([]byte, 1))
	return err
}

// TestDoorNumber checks what a gateway can do with a door's number: open one view stream by
// that door, under that door's name. It cannot open a stream that is called sealed, a stream of
// another kind, or a second stream. The session's number opens none of these doors.
func TestDoorNumber(t *testing.T) {
	for _, door := range []string{tunnel.DoorVNC, tunnel.DoorRepeater, tunnel.DoorWebsockify} {
		t.Run(door, func(t *testing.T) {
			r := newDoorRig(t)
			if err := r.call("view", door, testNumber); !errors.Is(err, seal.ErrBurnt) {
				t.Errorf("before a wish: %v", err)
			}
			n := r.wish(door)
			for _, other := range []string{tunnel.DoorVNC, tunnel.DoorRepeater, tunnel.DoorWebsockify, "", "Page", "entering "} {
				if other == door {
					continue
				}
				if err := r.call("view", other, n); !errors.Is(err, seal.ErrBurnt) {
					t.Errorf("as %q: %v", other, err)
				}
			}
			if err := r.call("control", door, n); !errors.Is(err, seal.ErrBurnt) {
				t.Errorf("wishes: %v", err)
			}
			if err := r.call("view", door, testNumber); !errors.Is(err, seal.ErrWrongNumber) {
				t.Errorf("with the session's number: %v", err)
			}
			if err := r.call("view", door, n); err != nil {
				t.Errorf("the one viewer: %v", err)
			}
			if err := r.call("view", door, n); !errors.Is(err, seal.ErrBurnt) {
				t.Errorf("a second viewer: %v", err)
			}
			if err := r.call("view", tunnel.DoorPage, testNumber); err != nil {
				t.Errorf("the page: %v", err)
			}
		})
	}
}

// TestDoorNumberIsNotTheSessions checks that a door's number does not open a stream that is
// called sealed. It counts as a wrong try against the session's number and burns it.
func TestDoorNumberIsNotTheSessions(t *testing.T) {
	for _, sealed := range []string{tunnel.DoorPage, tunnel.DoorHelper} {
		r := newDoorRig(t)
		n := r.wish(tunnel.DoorVNC)
		if err := r.call("view", sealed, n); !errors.Is(err, seal.ErrWrongNumber) {
			t.Errorf("as %s: %v", sealed, err)
		}
		snap := await(t, r.session, "the end", func(s Snapshot) bool { return s.Phase == PhaseEnded })
		if snap.Reason != tunnel.ReasonBurnt {
			t.Errorf("as %s: ended with %q", sealed, snap.Reason)
		}
	}
}

// TestDoorIsShown checks that the customer is told how the line of a door's viewer is really
// encrypted.
func TestDoorIsShown(t *testing.T) {
	r := newDoorRig(t)
	n := r.wish(tunnel.DoorWebsockify)
	r.say(r.link, tunnel.GatewayMessage{Type: tunnel.TypeCall, Stream: streamID(600), Kind: "view", Door: tunnel.DoorWebsockify, From: "192.0.2.1"})
	conn, err := r.seal(n, "view")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	snap := await(t, r.session, "the viewer", func(s Snapshot) bool { return len(s.Viewers) == 1 })
	if v := snap.Viewers[0]; v.Door != "websockify" || v.Line != LineGateway || snap.Line != LineGateway {
		t.Errorf("shown: %+v, line %s", v, snap.Line)
	}
}

// TestDoorNumberBurnt checks that three wrong tries burn a door's number, and that the advisor
// is told. The session and its own number stay valid, and another door's number can be
// requested.
func TestDoorNumberBurnt(t *testing.T) {
	r := newDoorRig(t)
	n := r.wish(tunnel.DoorVNC)
	for range 3 {
		if err := r.call("view", tunnel.DoorVNC, testNumber); !errors.Is(err, seal.ErrWrongNumber) {
			t.Fatal(err)
		}
	}
	if m := r.told(); m != (tunnel.DoorNumber{Door: tunnel.DoorVNC, Gone: tunnel.GoneBurnt}) {
		t.Errorf("the advisor is told %+v", m)
	}
	if err := r.call("view", tunnel.DoorVNC, n); !errors.Is(err, seal.ErrBurnt) {
		t.Errorf("a burnt number: %v", err)
	}
	if err := r.call("view", tunnel.DoorPage, testNumber); err != nil {
		t.Errorf("the page: %v", err)
	}
	if err := r.call("view", tunnel.DoorVNC, r.wish(tunnel.DoorVNC)); err != nil {
		t.Errorf("the next number: %v", err)
	}
}

// TestDoorNumberAtOnce checks that only one of several streams that seal with the same number
// at the same time is served.
func TestDoorNumberAtOnce(t *testing.T) {
	r := newDoorRig(t)
	n := r.wish(tunnel.DoorVNC)
	var conns []*seal.Conn
	for i := range 4 {
		r.say(r.link, tunnel.GatewayMessage{Type: tunnel.TypeCall, Stream: streamID(700 + i), Kind: "view", Door: tunnel.DoorVNC})
	}
	for range 4 {
		if conn, err := r.seal(n, "view"); err == nil {
			conns = append(conns, conn)
			t.Cleanup(func() { conn.Close() })
		}
	}
	served := 0
	for _, c := range conns {
		if _, err := io.ReadFull(c, make([]byte, 1)); err == nil {
			served++
		}
	}
	if served != 1 {
		t.Errorf("%d of %d sealed streams were served, want 1", served, len(conns))
	}
}
