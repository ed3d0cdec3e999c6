package agent

import (
	"strings"
	"testing"

	"lotse/record"
	"lotse/tunnel"
)

const termsHash = "56ef56ef56ef56ef56ef56ef56ef56ef56ef56ef56ef56ef56ef56ef56ef56ef"

// enters returns the agent's next message on a new link, and the link.
func (g *evilGateway) enters() (*tunnel.Link, tunnel.AgentRequest) {
	g.t.Helper()
	l := take(g.t, g.links, "the agent's link")
	b, err := l.Receive()
	if err != nil {
		g.t.Fatal(err)
	}
	m, err := tunnel.ParseAgentRequest(b)
	if err != nil {
		g.t.Fatal(err)
	}
	return l, m
}

// TestTerms checks that the customer is asked to accept the gateway's terms, that nothing is
// entered before he does, and that the record says what he accepted. The question after the
// session is shown at its end.
func TestTerms(t *testing.T) {
	g := newEvilGateway(t)
	s, _, _ := runAgent(t, g.client, byHand)
	_ = s.Do(AcceptTerms{"2026-11"}) // nobody has asked
	_ = s.Do(EnterNumber{number(t, testNumber)})
	l, m := g.enters()
	if m.Terms != "" {
		t.Errorf("%+v", m)
	}
	g.say(l, tunnel.GatewayMessage{Type: tunnel.TypeRefused, Code: tunnel.RefusedTerms, Terms: &tunnel.Terms{Version: "2026-11", SHA256: termsHash}})
	snap := await(t, s, "terms", func(s Snapshot) bool { return s.Phase == PhaseNumber && s.Error != nil && s.Error.Terms != nil })
	if got := *snap.Error.Terms; got.Version != "2026-11" || got.Address != g.client.Gateway+"/terms" {
		t.Errorf("%+v", got)
	}
	_ = s.Do(AcceptTerms{"2026-10"})
	_ = s.Do(AcceptTerms{"2026-11"})
	l, m = g.enters()
	if m.Terms != "2026-11" || m.Place != testNumber[:4] {
		t.Errorf("%+v", m)
	}
	g.say(l, callEntering)
	conn, err := g.seal(testNumber, "control")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	control := tunnel.NewControlConn(conn)
	said := sayJoined
	said.Question, said.Answer = "Did we help?\u202e", "AAAA/../BBBB"
	g.say(l, said)
	lines := make(chan record.Entry, 10)
	go func() {
		var log record.Log
		for {
			m, err := control.Receive()
			if err != nil {
				close(lines)
				return
			}
			if m, ok := m.(tunnel.RecordLines); ok {
				entries, _ := log.Take(m.First, m.Lines)
				for _, e := range entries {
					lines <- e
				}
			}
			if _, ok := m.(tunnel.Bye); ok {
				control.Close()
			}
		}
	}()
	if e := take(t, lines, "the first line"); e.Event != record.Begin {
		t.Errorf("%+v", e)
	}
	if e := take(t, lines, "the terms"); e.Event != record.Accepted || e.Terms == nil || e.Terms.Version != "2026-11" || e.Terms.SHA256 != termsHash || e.Terms.At.IsZero() {
		t.Errorf("%+v", e)
	}
	await(t, s, "joined", func(s Snapshot) bool { return s.Phase == PhaseJoined })
	_ = s.Do(End{})
	snap = await(t, s, "ended", func(s Snapshot) bool { return s.Phase == PhaseEnded })
	if q := snap.Survey; q == nil || q.Question != "Did we help?" || q.Address != g.client.Gateway+"/answer/AAAA%2F..%2FBBBB" {
		t.Errorf("%+v", q)
	}
}

// TestOddTerms checks that terms which cannot be shown are a refusal like others.
func TestOddTerms(t *testing.T) {
	g := newEvilGateway(t)
	s, _, _ := runAgent(t, g.client, byHand)
	for name, terms := range map[string]*tunnel.Terms{
		"none":       nil,
		"no version": {SHA256: termsHash},
		"direction":  {Version: "2026\u202e11", SHA256: termsHash},
		"too long":   {Version: strings.Repeat("x", tunnel.MaxTermsVersion+1), SHA256: termsHash},
		"no hash":    {Version: "1"},
		"odd hash":   {Version: "1", SHA256: strings.Repeat("z", 64)},
	} {
		_ = s.Do(EnterNumber{number(t, testNumber)})
		l, _ := g.enters()
		g.say(l, tunnel.GatewayMessage{Type: tunnel.TypeRefused, Code: tunnel.RefusedTerms, Terms: terms})
		snap := await(t, s, name, func(s Snapshot) bool { return s.Phase == PhaseNumber && s.Error != nil })
		if snap.Error.Code != tunnel.RefusedTerms || snap.Error.Terms != nil {
			t.Errorf("%s: %+v", name, snap.Error)
		}
		_ = s.Do(AcceptTerms{"1"})
	}
}
