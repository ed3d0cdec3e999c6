package gateway

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"lotse/seal"
	"lotse/tunnel"
)

// TestWrongNumber compares a wrong and an unknown number: the messages to the customer's end, their
// order, and how early they arrive.
func TestWrongNumber(t *testing.T) {
	t.Parallel()
	r := start(t, withRealHolds)
	a := r.signIn("anna")
	o := r.open(a)
	unknown := "1000"
	if o.place == unknown {
		unknown = "1001"
	}
	for name, digits := range map[string]string{"wrong": wrongSecret(o.number), "unknown": unknown + "12345"} {
		c := r.customer()
		begin := time.Now()
		_, m, err := c.try(digits)
		took := time.Since(begin)
		if !errors.Is(err, seal.ErrWrongNumber) || m.Type != tunnel.TypeRefused || m.Code != tunnel.RefusedNumber || m.RetryAfter != 0 {
			t.Errorf("%s: seal %v, gateway %+v", name, err, m)
		}
		// One hold for the owner's share, one for the refusal.
		if took < 2*enteringHold {
			t.Errorf("%s: refused after %v", name, took)
		}
		if _, err := c.c.DialAgentStream(t.Context(), "AAAAAAAAAAAAAAAAAAAAAA"); !hasCode(err, tunnel.CodeNotFound) {
			t.Errorf("%s: invented stream: %v", name, err)
		}
	}
	// The number is still valid: one try is used.
	c := r.customer()
	c.join(o.number)
	o.state(tunnel.StateJoined)
}

// TestSameTime: a wrong number, an unknown number and the number of an occupied place get the same
// answers at the same time. The clock is stopped, so each hold of the gateway must start for all
// three and end at the same moment, or the test does not continue.
func TestSameTime(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	r := start(t, withClock(clock))
	a := r.signIn("anna")
	o, used := r.open(a), r.open(a)
	release := make(chan struct{})
	go func() { // the customer whose place is entered a second time
		for {
			select {
			case <-release:
				return
			case <-time.After(time.Millisecond):
				if clock.pending(enteringHold) > 0 { // otherwise its key exchange would time out
					clock.advance(enteringHold)
				}
			}
		}
	}()
	r.customer().join(used.number)
	release <- struct{}{}
	unknown := "1000"
	for unknown == o.place || unknown == used.place {
		unknown = "1001"
	}
	kinds := map[string]string{"wrong": wrongSecret(o.number), "unknown": unknown + "12345", "in use": used.number.Digits()}
	type result struct {
		name string
		m    tunnel.GatewayMessage
		err  error
	}
	results := make(chan result, len(kinds))
	for name, digits := range kinds {
		c := r.customer()
		go func() { _, m, err := c.try(digits); results <- result{name, m, err} }()
	}
	refuse := enteringHold + enteringHold/5
	for holds := 0; clock.pending(refuse) < len(kinds); holds++ {
		eventually(t, "all held or all refused", func() bool {
			return clock.pending(enteringHold) == len(kinds) || clock.pending(refuse) == len(kinds)
		})
		if len(results) > 0 || holds > 10 {
			t.Fatalf("%d answered after %d holds", len(results), holds)
		}
		if clock.pending(enteringHold) > 0 {
			clock.advance(enteringHold)
		}
	}
	clock.advance(refuse)
	for range kinds {
		if got := receive(t, results, "refusal"); got.m.Code != tunnel.RefusedNumber || got.m.RetryAfter != 0 || !errors.Is(got.err, seal.ErrWrongNumber) {
			t.Errorf("%s: %+v, %v", got.name, got.m, got.err)
		}
	}
}

func TestThreeTriesPerLink(t *testing.T) {
	t.Parallel()
	r := start(t)
	c := r.customer()
	for range maxEntersPerLink {
		if _, m, err := c.try("999912345"); err == nil || m.Code != tunnel.RefusedNumber {
			t.Fatalf("%+v, %v", m, err)
		}
	}
	if m, err := c.link.Recv(); err != io.EOF {
		t.Errorf("link still open: %+v, %v", m, err)
	}
}

func TestBurnt(t *testing.T) {
	t.Parallel()
	r := start(t)
	a := r.signIn("anna")
	o := r.open(a)
	c := r.customer()
	for range 3 {
		if _, m, _ := c.try(wrongSecret(o.number)); m.Code != tunnel.RefusedNumber {
			t.Fatalf("%+v", m)
		}
	}
	if m := o.state(tunnel.StateEnded); m.Reason != tunnel.ReasonBurnt {
		t.Errorf("%+v", m)
	}
	// Now the place is like any unknown one.
	if _, m, err := r.customer().try(o.number.Digits()); m.Code != tunnel.RefusedNumber || !errors.Is(err, seal.ErrWrongNumber) {
		t.Errorf("burnt number: %+v, %v", m, err)
	}
}

func TestEnterLimits(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *Config) { c.Limits.EnterWrong = 2 })
	for i := range 3 {
		c := r.customer()
		if err := c.link.Enter("9999", "", ""); err != nil {
			t.Fatal(err)
		}
		m := c.recv() // recv solves a puzzle
		if i < 2 && m.Type != tunnel.TypeCall || i == 2 && (m.Type != tunnel.TypeRefused || m.Code != tunnel.RefusedRate || m.RetryAfter < 1) {
			t.Errorf("enter %d: %+v", i+1, m)
		}
		c.link.Close()
	}
}

// TestTwoAtOnce: of two customers who know the number, one joins.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	r := start(t)
	o := r.open(r.signIn("anna"))
	out := make(chan tunnel.GatewayMessage, 2)
	for range 2 {
		c := r.customer()
		go func() { _, m, _ := c.try(o.number.Digits()); out <- m }()
	}
	var got []string
	for range 2 {
		m := receive(t, out, "answer")
		got = append(got, m.Type+m.Code)
	}
	slices.Sort(got)
	if got[0] != tunnel.TypeJoined || got[1] != tunnel.TypeRefused+tunnel.RefusedNumber {
		t.Errorf("%v", got)
	}
}

func TestResume(t *testing.T) {
	t.Parallel()
	r := start(t)
	o := r.open(r.signIn("anna"))
	c := r.customer()
	_, joined := c.join(o.number)
	c.link.Close()
	o.state(tunnel.StateAway)
	if _, err := o.a.OpenStream(t.Context(), o.place, "view", "page"); !hasCode(err, tunnel.CodeNotJoined) {
		t.Errorf("stream while away: %v", err)
	}
	for _, token := range []string{"x", joined.Resume[:21] + "!", "AAAAAAAAAAAAAAAAAAAAAA"} {
		thief := r.customer()
		if err := thief.link.Enter(o.place, token, ""); err != nil {
			t.Fatal(err)
		}
		if m := thief.recv(); m.Code != tunnel.RefusedLost {
			t.Errorf("stolen place: %+v", m)
		}
	}
	back := r.customer()
	if err := back.link.Enter(o.place, joined.Resume, ""); err != nil {
		t.Fatal(err)
	}
	if m := back.recv(); m.Type != tunnel.TypeJoined || m.Resume != joined.Resume {
		t.Fatalf("%+v", m)
	}
	o.state(tunnel.StateJoined)
	view, shown, _ := openSealed(t, o, back, "view")
	echo(t, view, shown)
	// A dead link that was not noticed is replaced.
	again := r.customer()
	if err := again.link.Enter(o.place, joined.Resume, ""); err != nil {
		t.Fatal(err)
	}
	if m := again.recv(); m.Type != tunnel.TypeJoined {
		t.Fatalf("%+v", m)
	}
	if _, err := back.link.Recv(); err == nil {
		t.Error("two agents in one session")
	}
	o.state(tunnel.StateJoined)
}

func TestAgentGrace(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *Config) { c.Limits.Times.AgentGrace = time.Millisecond })
	o := r.open(r.signIn("anna"))
	c := r.customer()
	_, joined := c.join(o.number)
	c.link.Close()
	if m := o.state(tunnel.StateEnded); m.Reason != tunnel.ReasonLost {
		t.Errorf("%+v", m)
	}
	late := r.customer()
	if err := late.link.Enter(o.place, joined.Resume, ""); err != nil {
		t.Fatal(err)
	}
	if m := late.recv(); m.Code != tunnel.RefusedLost {
		t.Errorf("%+v", m)
	}
}

func TestOwnerGrace(t *testing.T) {
	t.Parallel()
	clock := new(hastyClock)
	const grace = time.Hour
	r := start(t, withClock(clock), func(c *Config) { c.Limits.Times.OwnerGrace = grace })
	o := r.open(r.signIn("anna"))
	c := r.customer()
	c.join(o.number)
	o.link.Close()
	eventually(t, "the gateway has noticed", func() bool { return strings.Contains(r.logs.String(), "owner link ended") })
	clock.shift(grace + time.Second)
	if m := c.recv(); m.Type != tunnel.TypeEnded || m.Reason != tunnel.ReasonLost {
		t.Errorf("%+v", m)
	}
}

// TestOwnerReplaced: a reloaded page takes the session over; the old link is notified and then
// ignored.
func TestOwnerReplaced(t *testing.T) {
	t.Parallel()
	r := start(t)
	a := r.signIn("anna")
	o := r.open(a)
	o.state(tunnel.StateWaiting)
	second := *o
	second.connect()
	o.state(tunnel.TypeReplaced)
	<-o.done
	second.state(tunnel.StateWaiting)
	c := r.customer()
	c.join(o.number)
	second.state(tunnel.StateJoined)
	if _, err := r.signIn("bert").Owner(t.Context(), o.place); !hasCode(err, tunnel.CodeNotFound) {
		t.Errorf("another advisor took it: %v", err)
	}
}

// TestOwnerAway: a customer who enters while the page is reloading is not refused.
func TestOwnerAway(t *testing.T) {
	t.Parallel()
	r := start(t)
	o := r.open(r.signIn("anna"))
	o.link.Close()
	<-o.done
	c := r.customer()
	out := make(chan tunnel.GatewayMessage, 1)
	go func() { _, m, _ := c.try(o.number.Digits()); out <- m }()
	second := *o
	second.connect()
	if m := receive(t, out, "answer"); m.Type != tunnel.TypeJoined {
		t.Errorf("%+v", m)
	}
}

func TestExpired(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *Config) { c.Limits.Times.Number = time.Millisecond })
	o := r.open(r.signIn("anna"))
	if m := o.state(tunnel.StateEnded); m.Reason != tunnel.ReasonExpired {
		t.Errorf("%+v", m)
	}
}

func TestEndings(t *testing.T) {
	t.Parallel()
	r := start(t)
	a := r.signIn("anna")
	for name, end := range map[string]func(*owner) error{
		"delete": func(o *owner) error { return a.EndSession(t.Context(), o.place) },
		"owner":  func(o *owner) error { return o.link.End() },
	} {
		o := r.open(a)
		c := r.customer()
		control, _ := c.join(o.number)
		if err := end(o); err != nil {
			t.Fatal(err)
		}
		if m := c.recv(); m.Type != tunnel.TypeEnded || m.Reason != tunnel.ReasonAdvisor {
			t.Errorf("%s: %+v", name, m)
		}
		if m := o.state(tunnel.StateEnded); m.Reason != tunnel.ReasonAdvisor {
			t.Errorf("%s: %+v", name, m)
		}
		if _, err := control.Read(make([]byte, 1)); err == nil {
			t.Errorf("%s: stream goes on", name)
		}
	}
}
