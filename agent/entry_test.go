package agent

import (
	"bytes"
	"context"
	"errors"
	"image"
	"testing"

	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/tunnel"
)

// TestOfferWaitsForTheCustomer checks that the offer of a link is shown, and that nothing
// connects before the customer has confirmed it.
func TestOfferWaitsForTheCustomer(t *testing.T) {
	g := newEvilGateway(t)
	s, _, _ := runAgent(t, g.client, func(c *Config) {
		c.Entry = Entry{Confirm: true, OfferedNumber: c.Entry.Number}
	})
	snap, _ := s.Snapshot()
	if snap.Phase != PhaseNumber || !snap.Confirm || snap.Offer != "482 193 057" || snap.Number != "" {
		t.Errorf("the customer is shown %+v", snap)
	}
	if len(g.links) != 0 {
		t.Fatal("connected before the customer said so")
	}
	if err := s.Do(Enter{"100000001"}); err != nil { // something else, as a barrier
		t.Fatal(err)
	}
	l := take(t, g.links, "the link that the customer wanted")
	if m, err := l.Receive(); err != nil || !bytes.Contains(m, []byte(`"place":"1000"`)) {
		t.Errorf("the first link enters %s, %v", m, err)
	}
}

// TestPinnedGateways checks that a build for certain gateways connects to no other gateway, no
// matter where that is named.
func TestPinnedGateways(t *testing.T) {
	d := screentest.NewDisplay(image.Pt(64, 48))
	display := screen.Parts{Screen: d, Input: d}
	only := []string{"https://a.example", "https://b.example:8443"}
	s, _ := startSession(t, Config{Client: &tunnel.Client{}, Display: display, Entry: Entry{Gateways: only}})
	for _, other := range []string{"c.example", "b.example", "a.example.evil.example"} {
		if err := s.Do(Enter{"482193057@" + other}); !errors.Is(err, errPinned) {
			t.Errorf("%s: %v", other, err)
		}
	}
	if err := s.Do(Enter{"482193057@B.example:8443"}); err != nil {
		t.Error(err)
	}
	err := Run(context.Background(), Config{
		Client: &tunnel.Client{Gateway: "https://c.example"}, Display: display, Panel: &watcher{},
		Entry: Entry{Gateways: only},
	})
	if !errors.Is(err, errPinned) {
		t.Errorf("Run: %v", err)
	}
}
