package agent

import (
	"bytes"
	"context"
	"image"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lotse/agent/input"
	"lotse/agent/pictures"
	"lotse/consent"
	"lotse/rfb"
	"lotse/rfb/rfbtest"
	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/seal"
	"lotse/tunnel"
)

// nopConn is a connection that is never used.
type nopConn struct{ net.Conn }

func (nopConn) Close() error { return nil }

// slowClose is a connection whose Close takes long, like that of a WebSocket whose peer does
// not read.
type slowClose struct{ net.Conn }

func (c slowClose) Close() error {
	time.Sleep(3 * time.Second)
	return c.Conn.Close()
}

// sealedPair returns both ends of a sealed connection. Close of the first end takes long.
func sealedPair(t *testing.T, kind string) (agent, advisor *seal.Conn) {
	t.Helper()
	a, b := net.Pipe()
	p := seal.Params{Number: testNumber, Kind: kind, Stream: streamID(1)}
	done := make(chan *seal.Conn, 1)
	go func() {
		c, err := seal.Handshake(context.Background(), b, seal.Advisor, p)
		if err != nil {
			t.Error(err)
		}
		done <- c
	}()
	agent, err := seal.Handshake(context.Background(), slowClose{a}, seal.Agent, p)
	if err != nil {
		t.Fatal(err)
	}
	return agent, <-done
}

func (s *Session) allow(t *testing.T, r consent.Right) {
	t.Helper()
	s.apply(consent.Event{Kind: consent.Ask, Right: r}, byAdvisor)
	s.apply(consent.Event{Kind: consent.Allow, Serial: s.now().consent.Serial}, byCustomer)
}

// addViewer adds a viewer without a connection. in says whether it has completed the handshake.
func (s *Session) addViewer(in bool) *viewer {
	v := &viewer{party: leadOf(s)}
	s.send(&viewerCame{viewer: v, connect: func(name string, r rfb.Rights) *rfb.Conn {
		return rfb.NewConn(nopConn{}, rfb.Config{Name: name, Rights: r})
	}})
	if in {
		s.send(viewerIn{v})
	}
	return v
}

// told is an event that sends a message to all advisors.
type told struct{}

func (told) in(st *state) { st.controls.send(tunnel.Event{}) }

// TestKeyIsNotDelayedByAStuckAdvisor checks that an advisor's end that reads nothing does not
// delay the reaction to F12.
func TestKeyIsNotDelayedByAStuckAdvisor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := joinedSession(t, Config{})
		ours, theirs := sealedPair(t, "control")
		ctx, cancel := context.WithCancel(context.Background())
		served := make(chan struct{})
		go func() { s.serveControl(ctx, ours, tunnel.DoorPage, leadOf(s)); close(served) }()
		synctest.Wait()
		s.allow(t, consent.View)
		s.allow(t, consent.Control)
		began := time.Now()         // in synctest, time stands still unless all goroutines wait
		for range maxControlQueue { // fills the queue, and more
			s.send(told{})
		}
		s.apply(consent.Event{Kind: consent.Key}, byKey)
		if took := time.Since(began); took > 0 || s.rights().Control {
			t.Errorf("F12 took %v, rights %+v", took, s.rights())
		}
		synctest.Wait()
		if took := time.Since(began); took > 0 || !slices.Contains(d.Events(), any(screentest.Released{})) {
			t.Errorf("the keys were released after %v", took)
		}
		<-served // and his stream is closed
		cancel()
		theirs.Close()
	})
}

// TestViewersAreClosedAside checks that closing the connection to a viewer does not delay the
// session.
func TestViewersAreClosedAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		q := newQuickClose(slowClose{a})
		began := time.Now()
		q.Close()
		q.Close()
		if took := time.Since(began); took > 0 {
			t.Errorf("Close took %v", took)
		}
		q.wait()
		if _, err := b.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("not closed: %v", err)
		}
	})
}

// TestEndTakesRightsFirst checks that End takes the rights before it tells anybody.
func TestEndTakesRightsFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := joinedSession(t, Config{})
		s.addViewer(true)
		s.allow(t, consent.View)
		s.allow(t, consent.Control)
		s.apply(consent.Event{Kind: consent.Ask, Right: consent.Clipboard}, byAdvisor)
		id := s.questionID()
		time.Sleep(panelArmAfter)
		synctest.Wait()
		_ = s.Do(End{})
		atEnd := s.rights()
		synctest.Wait()
		if atEnd != (tunnel.Rights{}) || !slices.Contains(d.Events(), any(screentest.Released{})) {
			t.Errorf("the end was on its way with %+v", atEnd)
		}
		if s.Do(Allow{id, nil}) == nil || s.rights() != (tunnel.Rights{}) {
			t.Error("an answer counted after the end")
		}
		s.send(joined{advisor: &tunnel.Person{Name: "late"}})
		if snap, _ := s.Snapshot(); snap.Phase == PhaseJoined && snap.Advisor.Name == "late" || snap.Reason != tunnel.ReasonCustomer {
			t.Errorf("joined after the end: %+v", snap)
		}
	})
}

// TestByeIsSaid checks that the end is the last message on the control streams.
func TestByeIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := joinedSession(t, Config{})
		ours, theirs := sealedPair(t, "control")
		served := make(chan struct{})
		go func() { s.serveControl(context.Background(), ours, tunnel.DoorPage, leadOf(s)); close(served) }()
		var last tunnel.ControlMessage
		read := make(chan struct{})
		go func() {
			defer close(read)
			c := tunnel.NewControlConn(theirs)
			for {
				m, err := c.Receive()
				if err != nil {
					return
				}
				last = m
			}
		}()
		synctest.Wait()
		_ = s.Do(End{})
		<-served
		<-read
		theirs.Close()
		if last != (tunnel.Bye{Reason: tunnel.ReasonCustomer}) {
			t.Errorf("the last message is %#v", last)
		}
	})
}

// TestWishBeforeTheGatewayHasSaidJoined checks that no request is lost if the advisor's control
// stream is ready before the gateway has said that the customer has joined. This can happen at
// first and after a lost connection.
func TestWishBeforeTheGatewayHasSaidJoined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := aloneSession(t, Config{})
		ctx, cancel := context.WithCancel(t.Context())
		wish := func() (served chan struct{}) {
			ours, theirs := sealedPair(t, "control")
			served = make(chan struct{})
			go func() { s.serveControl(ctx, ours, tunnel.DoorPage, leadOf(s)); close(served) }()
			go io.Copy(io.Discard, theirs)
			go func() { _ = tunnel.NewControlConn(theirs).Send(tunnel.Ask{Right: "view"}) }()
			synctest.Wait()
			return served
		}
		asked := func(when string, want bool) {
			t.Helper()
			synctest.Wait()
			if got := s.questionID() != ""; got != want {
				t.Fatalf("%s: a question: %v", when, got)
			}
		}
		first := wish()
		asked("before the customer is in", false)
		s.send(joined{advisor: nil})
		asked("when he is in", true)
		s.send(lost{})
		asked("when the line is lost", false)
		second := wish()
		asked("before the line is back", false)
		s.send(joined{advisor: nil})
		asked("when it is back", true)
		s.send(lost{})
		third := wish()
		cancel()
		for _, served := range []chan struct{}{first, second, third} {
			<-served
		}
	})
}

// TestWishesNeedSomebody checks that control cannot be requested without a viewer, and that a
// request ends when the end that made it disconnects.
func TestWishesNeedSomebody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := joinedSession(t, Config{})
		s.allow(t, consent.View)
		s.send(wished{consent.Control, leadEnd(s)})
		s.send(wished{consent.Clipboard, leadEnd(s)})
		if id := s.questionID(); id != "" {
			t.Error("control was asked for with nobody watching")
		}
		s.apply(consent.Event{Kind: consent.Take, Right: consent.View}, byCustomer)
		ours, theirs := sealedPair(t, "control")
		served := make(chan struct{})
		go func() { s.serveControl(context.Background(), ours, tunnel.DoorPage, leadOf(s)); close(served) }()
		go io.Copy(io.Discard, theirs)
		_ = tunnel.NewControlConn(theirs).Send(tunnel.Ask{Right: "view"})
		synctest.Wait()
		if s.questionID() == "" {
			t.Fatal("no question")
		}
		theirs.Close()
		<-served
		if s.questionID() != "" {
			t.Error("the question outlived the advisor's last end")
		}
	})
}

// TestStateWhenSomebodyWatches checks that an advisor's end that requested control too early,
// before its viewer completed the handshake, learns when it may request control again.
func TestStateWhenSomebodyWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := joinedSession(t, Config{})
		d := &desk{Session: s}
		v := s.addViewer(false)
		s.allow(t, consent.View)
		advisor := d.listen()
		s.send(wished{consent.Control, leadEnd(s)})
		advisor.each(func(tunnel.ControlMessage) {}) // the refusal
		s.send(viewerIn{v})
		states := 0
		advisor.each(func(m tunnel.ControlMessage) {
			if _, ok := m.(tunnel.State); ok {
				states++
			}
		})
		if states != 1 {
			t.Errorf("%d states", states)
		}
		s.send(wished{consent.Control, leadEnd(s)})
		if s.questionID() == "" {
			t.Error("the wish does not count")
		}
	})
}

// TestNewestWaitingWordsWin checks that after many changes in a short time, the waiting page
// has the last words.
func TestNewestWaitingWordsWin(t *testing.T) {
	s, _ := joinedSession(t, Config{})
	for range 20 {
		_ = s.Do(Pause{})
		_ = s.Do(Resume{})
	}
	s.streams.Wait()
	s.share.paintMu.Lock()
	defer s.share.paintMu.Unlock()
	want := pictures.Waiting(s.share.size, s.share.words)
	s.share.waiting.Read(func(v screen.View) {
		if !bytes.Equal(v.Frame.Pix, want.Pix) {
			t.Error("old words are shown")
		}
	})
}

// TestControlDoesNotWaitAtTheDoor checks that control ends with the last viewer that has
// completed the handshake, even if another one is waiting.
func TestControlDoesNotWaitAtTheDoor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := joinedSession(t, Config{})
		ctx, cancel := context.WithCancel(context.Background())
		var lines []net.Conn
		done := make(chan struct{}, 2)
		for range 2 {
			a, b := net.Pipe()
			lines = append(lines, b)
			go func() {
				s.serveViewer(ctx, a, &viewer{door: "page", line: LineSealed, party: leadOf(s)})
				done <- struct{}{}
			}()
		}
		s.allow(t, consent.View)
		v, err := rfbtest.New(lines[0], rfbtest.Config{})
		if err != nil {
			t.Fatal(err)
		}
		s.send(wished{consent.Control, leadEnd(s)})
		s.allowInPanel(t, nil)
		if !s.rights().Control {
			t.Fatal("no control")
		}
		v.Close()
		<-done
		if s.rights().Control {
			t.Error("control is kept for a viewer that is not in yet")
		}
		cancel()
		lines[1].Close()
		<-done
	})
}

// TestWaitingInputIsNotPermittedAgain checks an event that waits behind another one while
// control is taken. It must have no effect, even if control is given again at once.
func TestWaitingInputIsNotPermittedAgain(t *testing.T) {
	d := screentest.NewDisplay(image.Pt(64, 48))
	g := &input.Guard{Base: d}
	g.Aim(screen.Whole(d, d))
	resume := d.Hang()
	pressed := make(chan error, 2)
	for _, sym := range []uint32{'a', 'b'} {
		go func() { pressed <- g.Key(screen.Key{Sym: sym, Down: true}) }()
	}
	for deadline := time.Now().Add(time.Minute); !waitsForGuard(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no event waits behind the other")
		}
	}
	g.Suspend(true)
	g.Suspend(false)
	resume()
	<-pressed
	<-pressed
	if e := d.Events(); len(e) != 0 {
		t.Errorf("pressed: %v", e)
	}
	if err := g.Key(screen.Key{Sym: 'c', Down: true}); err != nil || len(d.Events()) != 1 {
		t.Errorf("a new event does not act: %v", err)
	}
}

// waitsForGuard reports whether a goroutine waits for the lock of a guard.
func waitsForGuard() bool {
	b := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(b[:runtime.Stack(b, true)]), "\n\n") {
		if strings.Contains(stack, "(*Guard).Key(") && strings.Contains(stack, "sync.(*Mutex).Lock") {
			return true
		}
	}
	return false
}
