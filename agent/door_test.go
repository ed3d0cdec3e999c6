package agent

import (
	"errors"
	"io"
	"testing"
	"time"

	"lotse/seal"
	"lotse/tunnel"
)

// doorRig is an agent in a session with a gateway that is evil and an advisor
// who is not: his control stream is wishes.
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

// told waits for what the agent says of a door.
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

// wish asks for a door's number, sealed, as an advisor's end does.
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
	// A seal that was made but is not served is closed at once.
	_, err = io.ReadFull(conn, make([]byte, 1))
	return err
}

// A gateway that was given a door's number gets one view stream by that door
// for it, under that door's name: none that is called sealed, none of another
// kind, and no second one. The session's number opens none of these doors.
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

// A door's number does not open a stream that is called sealed: that is a wrong try
// at the session's number, which burns it.
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

// The customer is shown the line of a door's viewer for what it is.
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

// Three wrong tries burn a door's number, and all are told; the session and its
// own number go on, and another number can be asked for.
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

// Of streams that seal with one number at the same time one is served.
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

// A number waits five minutes for its viewer, and a newer one replaces it; the
// numbers that are out at the same time differ.
func TestDoorNumberLife(t *testing.T) {
	var d doorNumbers
	session, now := number(t, testNumber), time.Now()
	first := d.issue("vnc", session, now)
	if n := d.find("vnc", now.Add(tunnel.DoorNumberLife-1)); n == nil || n.number != first {
		t.Error("gone too early")
	}
	old := d.find("vnc", now)
	second := d.issue("vnc", session, now)
	if n := d.find("vnc", now); n == nil || n.number != second || d.spend("vnc", old) {
		t.Error("the older number is still good")
	}
	if other := d.issue("repeater", session, now); other == second || other == session {
		t.Error("two doors share a number")
	}
	if d.find("vnc", now.Add(tunnel.DoorNumberLife)) != nil || len(d.open) != 1 {
		t.Error("good for ever")
	}
	if n := d.issue("vnc", tunnel.Number{}, now); !n.IsZero() {
		t.Error("a number without a session")
	}
}
