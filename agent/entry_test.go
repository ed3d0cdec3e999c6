package agent

import (
	"bytes"
	"context"
	"errors"
	"image"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"lotse/screen/screentest"
	"lotse/tunnel"
)

// What a link offers is shown, and connects to nothing before the customer says so.
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

func TestTerminalConfirms(t *testing.T) {
	for _, c := range []struct {
		offer, typed, want string // want: the number that is entered
	}{
		{"482193057", "yes", "482 193 057"}, {"482193057", "ja", "482 193 057"}, {"482193057", "", ""}, {"482193057", "y", ""},
		{"482193057", "100 000 001", "100 000 001"}, {"4821", "yes", ""}, {"4821", "482193057", "482 193 057"},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := screentest.NewDisplay(image.Pt(64, 48))
			cfg := Config{Client: &tunnel.Client{Gateway: "https://b.example"}, Display: Display{Screen: d, Input: d}, Entry: Entry{Confirm: true}}
			if n, err := tunnel.ParseNumber(c.offer); err == nil {
				cfg.Entry.OfferedNumber = n
			} else {
				cfg.Entry.OfferedPlace = c.offer
			}
			s, _ := startSession(t, cfg)
			in, keyboard := io.Pipe()
			var out bytes.Buffer
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- (&TerminalPanel{In: in, Out: &out}).Run(ctx, s) }()
			io.WriteString(keyboard, c.typed+"\n")
			synctest.Wait()
			if snap, _ := s.Snapshot(); snap.Number != c.want {
				t.Errorf("%+v: entered %q", c, snap.Number)
			}
			cancel()
			<-done
			keyboard.Close()
			if !strings.HasPrefix(out.String(), "Connect to b.example?") {
				t.Errorf("asked %q", out.String())
			}
		})
	}
}

// A build for some gateways connects to no other, wherever the other is named.
func TestPinnedGateways(t *testing.T) {
	d := screentest.NewDisplay(image.Pt(64, 48))
	display := Display{Screen: d, Input: d}
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
	err := Run(context.Background(), Config{Client: &tunnel.Client{Gateway: "https://c.example"}, Display: display, Panel: &TerminalPanel{Out: io.Discard}, Entry: Entry{Gateways: only}})
	if !errors.Is(err, errPinned) {
		t.Errorf("Run: %v", err)
	}
}
