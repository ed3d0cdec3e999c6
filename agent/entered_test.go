package agent

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"lotse/seal"
	"lotse/tried"
	"lotse/tunnel"
)

// enterWrong enters a number, and lets the gateway make a wrong guess at it.
func (g *evilGateway) enterWrong(s *Session, digits, guess string) {
	g.t.Helper()
	_ = s.Do(EnterNumber{number(g.t, digits)})
	l := g.link()
	g.say(l, callEntering)
	if conn, err := g.seal(guess, "control"); err == nil {
		conn.Close()
		g.t.Fatal("sealed with a wrong number")
	}
	g.say(l, tunnel.GatewayMessage{Type: tunnel.TypeRefused, Code: tunnel.RefusedNumber})
	await(g.t, s, "refused", func(s Snapshot) bool { return s.Phase == PhaseNumber && s.Error != nil })
}

// notTried enters a number and checks that the agent refuses it without connecting to the
// gateway.
func (g *evilGateway) notTried(s *Session, digits string) {
	g.t.Helper()
	_, changed := s.Snapshot()
	_ = s.Do(EnterNumber{number(g.t, digits)})
	<-changed
	await(g.t, s, "refused without asking", func(s Snapshot) bool { return s.Phase == PhaseNumber && s.Error != nil && s.Error.Code == "number" })
	select {
	case <-g.links:
		g.t.Error("a number that failed was tried again")
	default:
	}
}

func byHand(c *Config) { c.Entry.Number = tunnel.Number{} }

// TestNumberThatFailedOnce checks that a number that did not match once is not tried again in
// this run, no matter how often it is typed. Another number is tried.
func TestNumberThatFailedOnce(t *testing.T) {
	g := newEvilGateway(t)
	s, _, _ := runAgent(t, g.client, byHand)
	g.enterWrong(s, testNumber, "482100000")
	g.notTried(s, testNumber)
	g.enterWrong(s, "482193058", "482100000")
	g.notTried(s, "482193058")
	g.notTried(s, testNumber)
}

// TestNumberThatFailedInAnEarlierRun checks that a number that did not match is not tried again
// after a restart of the program. A number at which nobody guessed can be typed any number of
// times.
func TestNumberThatFailedInAnEarlierRun(t *testing.T) {
	memory := &tried.Memory{Folder: filepath.Join(t.TempDir(), "tried")}
	remember := func(c *Config) { c.Tried = memory }
	g := newEvilGateway(t)
	for range 2 { // the connection is lost before a guess can be made
		s, _, _ := runAgent(t, g.client, byHand, remember)
		_ = s.Do(EnterNumber{number(t, testNumber)})
		g.link().Close()
		await(t, s, "refused", func(s Snapshot) bool { return s.Phase == PhaseNumber && s.Error != nil })
	}
	s, _, _ := runAgent(t, g.client, byHand, remember)
	g.enterWrong(s, testNumber, "482100000")
	s, _, _ = runAgent(t, g.client, byHand, remember)
	g.notTried(s, testNumber)
	g.enterWrong(s, "482193058", "482100000")
}

// TestGuessIsTold checks that the customer is told of a guess even if the gateway sends
// nothing.
func TestGuessIsTold(t *testing.T) {
	t.Parallel()
	g := newEvilGateway(t)
	s, _, _ := runAgent(t, g.client)
	l := g.link()
	g.say(l, callEntering)
	if _, err := g.seal("482100000", "control"); !errors.Is(err, seal.ErrWrongNumber) {
		t.Fatal(err)
	}
	await(t, s, "the failure", func(s Snapshot) bool { return s.Phase == PhaseNumber && s.Error != nil && s.Error.Code == "number" })
}

// TestFailureIsRememberedFirst checks that a failed number is remembered before the guesser
// learns of the failure. Otherwise he could kill the program at that moment and guess again.
func TestFailureIsRememberedFirst(t *testing.T) {
	memory := &tried.Memory{Folder: filepath.Join(t.TempDir(), "tried")}
	g := newEvilGateway(t)
	s, _, _ := runAgent(t, g.client, byHand, func(c *Config) { c.Tried = memory })
	_ = s.Do(EnterNumber{number(t, testNumber)})
	l := g.link()
	g.say(l, callEntering)
	if _, err := g.seal("482100000", "control"); !errors.Is(err, seal.ErrWrongNumber) {
		t.Fatal(err)
	}
	if !memory.Has(t.Context(), testNumber) {
		t.Error("the guesser knew it first")
	}
}

// TestWrongTryInASession checks wrong tries on sealed streams after the number was proved. The
// first one ends the session, and both sides learn the reason.
func TestWrongTryInASession(t *testing.T) {
	for _, kind := range []string{tunnel.KindView, tunnel.KindControl, tunnel.KindShow} {
		for _, door := range []string{tunnel.DoorPage, tunnel.DoorHelper} {
			r := newDoorRig(t)
			if err := r.call(kind, door, "482193058"); !errors.Is(err, seal.ErrWrongNumber) {
				t.Fatal(err)
			}
			snap := await(t, r.session, "the end", func(s Snapshot) bool { return s.Phase == PhaseEnded })
			if snap.Reason != tunnel.ReasonBurnt || snap.Rights != (tunnel.Rights{}) {
				t.Errorf("%s by %s: ended with %q, rights %+v", kind, door, snap.Reason, snap.Rights)
			}
			for {
				m, err := r.wishes.Receive()
				if err != nil {
					t.Errorf("%s by %s: the advisor is not told: %v", kind, door, err)
					break
				}
				if bye, ok := m.(tunnel.Bye); ok {
					if bye.Reason != tunnel.ReasonBurnt {
						t.Errorf("the advisor is told %q", bye.Reason)
					}
					break
				}
			}
		}
	}
}

// sealAs seals the agent's next stream with changed parameters.
func (g *evilGateway) sealAs(kind string, change func(*seal.Params)) (*seal.Conn, error) {
	g.t.Helper()
	st := take(g.t, g.streams, "the agent's stream")
	p := seal.Params{Number: testNumber, Kind: kind, Stream: st.id}
	change(&p)
	conn, err := seal.Handshake(context.Background(), st, seal.Advisor, p)
	if err == nil {
		g.t.Cleanup(func() { conn.Close() })
	}
	return conn, err
}

// TestViewersHaveCodes checks the line and the code of each viewer in the list. The line is the
// one that the advisor's end reported. The code is that of the exchange on which the stream is
// based. So an attacker who seals a later stream with the number alone has a different code.
func TestViewersHaveCodes(t *testing.T) {
	g := newEvilGateway(t)
	s, _, _ := runAgent(t, g.client)
	l := g.link()
	g.say(l, callEntering)
	control, err := g.sealAs("control", func(*seal.Params) {})
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, control)
	g.say(l, sayJoined)
	snap := await(t, s, "joined", func(s Snapshot) bool { return s.Phase == PhaseJoined })
	if snap.Compare != control.Compare() {
		t.Errorf("code %s, the advisor has %s", snap.Compare, control.Compare())
	}
	origin := control.Origin()
	view := func(i int, change func(*seal.Params)) *seal.Conn {
		g.say(l, tunnel.GatewayMessage{Type: tunnel.TypeCall, Stream: streamID(800 + i), Kind: "view", Door: tunnel.DoorHelper, From: "192.0.2.1"})
		conn, err := g.sealAs("view", change)
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	for i, test := range []struct {
		name   string
		line   string
		bound  bool
		onward bool
	}{
		{"bound", LineSealed, true, false},
		{"bound, in the clear from there", LinePartly, true, true},
		{"number alone", LineSealed, false, false},
		{"number alone, in the clear from there", LinePartly, false, true},
	} {
		conn := view(i, func(p *seal.Params) {
			if p.Onward = test.onward; test.bound {
				p.Origin = origin
			}
		})
		snap := await(t, s, "the viewer", func(s Snapshot) bool { return len(s.Viewers) == 1 })
		want := tunnel.Viewer{Door: "helper", Line: test.line, From: "192.0.2.1", Code: conn.Compare()}
		if snap.Viewers[0] != want || snap.Line != test.line {
			t.Errorf("%s: %+v, line %s", test.name, snap.Viewers[0], snap.Line)
		}
		if same := conn.Compare() == control.Compare(); same != test.bound {
			t.Errorf("%s: code %s beside %s", test.name, conn.Compare(), control.Compare())
		}
		conn.Close()
		await(t, s, "no viewer", func(s Snapshot) bool { return len(s.Viewers) == 0 })
	}
	if snap, _ := s.Snapshot(); snap.Compare != control.Compare() || snap.Line != LineSealed {
		t.Errorf("afterwards code %s, line %s", snap.Compare, snap.Line)
	}
}

// TestEnteringIsNotBound checks that the entering stream cannot be based on an earlier
// exchange.
func TestEnteringIsNotBound(t *testing.T) {
	g := newEvilGateway(t)
	_, _, _ = runAgent(t, g.client)
	l := g.link()
	g.say(l, callEntering)
	other := newEvilGateway(t)
	_, _, _ = runAgent(t, other.client)
	m := other.link()
	other.say(m, callEntering)
	conn, err := other.sealAs("control", func(*seal.Params) {})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.sealAs("control", func(p *seal.Params) { p.Origin = conn.Origin() }); !errors.Is(err, seal.ErrOrigin) {
		t.Errorf("another session's exchange: %v", err)
	}
}
