package gateway

import (
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"lotse/seal"
	"lotse/tunnel"
)

// TestWrongNumber holds a wrong and an unknown number side by side: what the
// customer's end is told, in which order, and how early.
func TestWrongNumber(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *Config) { c.Limits.EnterPerMinuteAddress = 1000; c.Limits.EnterPerMinute = 1000 })
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
		// Once until the owner's share, once from the refusal.
		if took < 2*enteringHold {
			t.Errorf("%s: refused after %v", name, took)
		}
		if _, err := c.c.DialAgentStream(t.Context(), "AAAAAAAAAAAAAAAAAAAAAA"); !hasCode(err, tunnel.CodeNotFound) {
			t.Errorf("%s: invented stream: %v", name, err)
		}
	}
	// The number still lives: one try is used.
	c := r.customer()
	c.join(o.number)
	o.state(tunnel.StateJoined)
}

// TestSameTime compares many wrong numbers with many unknown ones, entered at the
// same moments. The bound is generous: it finds a missing hold, not microseconds.
func TestSameTime(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const n = 12
	r := start(t, func(c *Config) { c.Limits.EnterPerMinuteAddress = 1000; c.Limits.EnterPerMinute = 1000 })
	a := r.signIn("anna")
	type result struct {
		known bool
		took  [2]time.Duration // until the owner's share, until the refusal
	}
	results := make(chan result)
	enter := func(known bool, digits string) {
		c := r.customer()
		if err := c.link.Enter(digits[:4], ""); err != nil {
			t.Error(err)
		}
		m := c.recv()
		conn, err := c.c.DialAgentStream(t.Context(), m.Stream)
		if err != nil {
			t.Error(err)
			results <- result{}
			return
		}
		begin := time.Now()
		_, _ = seal.Handshake(t.Context(), conn, seal.Agent, seal.Params{Number: digits, Kind: "control", Stream: m.Stream})
		first := time.Since(begin)
		c.recv()
		results <- result{known, [2]time.Duration{first, time.Since(begin)}}
	}
	for i := range n {
		o := r.open(a)
		go enter(true, wrongSecret(o.number))
		place := string([]byte{o.place[0], o.place[1], o.place[2], '0' + (o.place[3]-'0'+byte(i%8)+1)%10})
		go enter(false, place+"12345")
	}
	var took [2][2][]time.Duration
	for range 2 * n {
		res := receive(t, results, "result")
		k := 0
		if res.known {
			k = 1
		}
		for i, d := range res.took {
			took[k][i] = append(took[k][i], d)
		}
	}
	for i, what := range []string{"share", "refusal"} {
		for k := range took {
			slices.Sort(took[k][i])
			if took[k][i][0] < enteringHold*time.Duration(i+1) {
				t.Errorf("%s: told after %v", what, took[k][i][0])
			}
		}
		if d := (took[0][i][n/2] - took[1][i][n/2]).Abs(); d > enteringHold/2 {
			t.Errorf("%s: medians %v apart: unknown %v, wrong %v", what, d, took[0][i], took[1][i])
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
	// Now the place is as unknown as any other.
	if _, m, err := r.customer().try(o.number.Digits()); m.Code != tunnel.RefusedNumber || !errors.Is(err, seal.ErrWrongNumber) {
		t.Errorf("burnt number: %+v, %v", m, err)
	}
}

func TestEnterLimits(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *Config) { c.Limits.EnterPerMinuteAddress = 2 })
	for i := range 3 {
		c := r.customer()
		if err := c.link.Enter("9999", ""); err != nil {
			t.Fatal(err)
		}
		m := c.recv()
		if i < 2 && m.Type != tunnel.TypeCall || i == 2 && (m.Type != tunnel.TypeRefused || m.Code != tunnel.RefusedRate || m.RetryAfter < 1) {
			t.Errorf("enter %d: %+v", i+1, m)
		}
		c.link.Close()
	}
}

func TestBusy(t *testing.T) {
	t.Parallel()
	r := start(t)
	a := r.signIn("anna")
	o := r.open(a)
	c := r.customer()
	c.join(o.number)
	other := r.customer()
	if _, m, err := other.try(o.number.Digits()); err == nil || m.Code != tunnel.RefusedBusy {
		t.Errorf("%+v, %v", m, err)
	}
}

// TestTwoAtOnce: of two who know the number, one gets in.
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
	if got[0] != tunnel.TypeJoined || got[1] != tunnel.TypeRefused+tunnel.RefusedBusy && got[1] != tunnel.TypeRefused+tunnel.RefusedNumber {
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
		if err := thief.link.Enter(o.place, token); err != nil {
			t.Fatal(err)
		}
		if m := thief.recv(); m.Code != tunnel.RefusedLost {
			t.Errorf("stolen place: %+v", m)
		}
	}
	back := r.customer()
	if err := back.link.Enter(o.place, joined.Resume); err != nil {
		t.Fatal(err)
	}
	if m := back.recv(); m.Type != tunnel.TypeJoined || m.Resume != joined.Resume {
		t.Fatalf("%+v", m)
	}
	o.state(tunnel.StateJoined)
	view, shown, _ := openSealed(t, o, back, "view")
	echo(t, view, shown)
	// A link that nobody noticed to be dead is replaced.
	again := r.customer()
	if err := again.link.Enter(o.place, joined.Resume); err != nil {
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
	r := start(t, func(c *Config) { c.Times.AgentGrace = time.Millisecond })
	o := r.open(r.signIn("anna"))
	c := r.customer()
	_, joined := c.join(o.number)
	c.link.Close()
	if m := o.state(tunnel.StateEnded); m.Reason != tunnel.ReasonLost {
		t.Errorf("%+v", m)
	}
	late := r.customer()
	if err := late.link.Enter(o.place, joined.Resume); err != nil {
		t.Fatal(err)
	}
	if m := late.recv(); m.Code != tunnel.RefusedLost {
		t.Errorf("%+v", m)
	}
}

func TestOwnerGrace(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *Config) { c.Times.OwnerGrace = time.Millisecond })
	o := r.open(r.signIn("anna"))
	c := r.customer()
	c.join(o.number)
	o.link.Close()
	if m := c.recv(); m.Type != tunnel.TypeEnded || m.Reason != tunnel.ReasonLost {
		t.Errorf("%+v", m)
	}
}

// TestOwnerReplaced: a reloaded page takes the session up; the old link is told,
// and no longer listened to.
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

// TestOwnerAway: who enters while the page is reloading is not turned away.
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
	r := start(t, func(c *Config) { c.Times.Number = time.Millisecond })
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

func TestShutdown(t *testing.T) {
	t.Parallel()
	r := start(t)
	o := r.open(r.signIn("anna"))
	c := r.customer()
	control, _ := c.join(o.number)
	idle := r.customer()
	trying := r.customer()
	if err := trying.link.Enter("9998", ""); err != nil {
		t.Fatal(err)
	}
	trying.recv()
	stopped := make(chan struct{})
	go func() { r.stop(); close(stopped) }()
	if m := c.recv(); m.Type != tunnel.TypeEnded || m.Reason != tunnel.ReasonShutdown {
		t.Errorf("%+v", m)
	}
	if m := o.state(tunnel.StateEnded); m.Reason != tunnel.ReasonShutdown {
		t.Errorf("%+v", m)
	}
	if _, err := control.Read(make([]byte, 1)); err == nil {
		t.Error("stream goes on")
	}
	for _, l := range []*customer{idle, trying} {
		for err := error(nil); err == nil; {
			_, err = l.link.Recv()
		}
	}
	receive(t, stopped, "stop")
}
