package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lotse/consent"
	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/tunnel"
)

func readEvents(t *testing.T, out *bytes.Buffer) (list []Event, states string) {
	t.Helper()
	for line := range strings.Lines(out.String()) {
		var ev Event
		if err := json.Unmarshal([]byte(line), &ev); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if _, err := time.Parse(time.RFC3339, ev.Time); err != nil || ev.Version != 1 {
			t.Errorf("%q: %v", line, err)
		}
		list = append(list, ev)
		states += ev.State + " "
	}
	return list, states
}

func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := joinedSession(t, Config{})
		var out bytes.Buffer
		events := NewEvents(&out)
		done := make(chan struct{})
		go func() { events.follow(context.Background(), s); close(done) }()
		synctest.Wait()
		step := func(e consent.Event) { s.apply(e, byAdvisor); synctest.Wait() }
		step(consent.Event{Kind: consent.Ask, Right: consent.View})
		s.allowInPanel(t, nil) // the change of armed makes no line
		step(consent.Event{Kind: consent.Ask, Right: consent.Control})
		s.allowInPanel(t, nil)
		_ = s.Do(Pause{})
		synctest.Wait()
		_ = s.Do(Resume{})
		synctest.Wait()
		s.send(ending{tunnel.ReasonAdvisor})
		s.send(finished{})
		<-done
		events.End(0, "", nil)
		events.End(1, "", nil) // has no effect
		list, states := readEvents(t, &out)
		if states != "joined question shared question controlled paused shared ended " {
			t.Errorf("states %s\n%s", states, out.String())
		}
		last := list[len(list)-1]
		if last.Reason != "advisor" || last.Exit == nil || *last.Exit != 0 || last.Error != nil {
			t.Errorf("end %+v", last)
		}
		if c := list[4]; strings.Join(c.Rights, " ") != "view control" || c.Advisor != "Anna Berg" || c.Company != "Example" || c.Gateway != "support.example.com" || c.Share != "screen" {
			t.Errorf("controlled %+v", c)
		}
		if list[1].Question != "view" || list[3].Question != "control" {
			t.Errorf("questions %+v", list)
		}
	})
}

// TestEventsOfAFailure checks that there is a line even if the program ends before anything
// began.
func TestEventsOfAFailure(t *testing.T) {
	var out bytes.Buffer
	NewEvents(&out).End(6, "screen", errors.New("no screen\x1b[2J"))
	list, _ := readEvents(t, &out)
	if len(list) != 1 || list[0].State != "ended" || *list[0].Exit != 6 || list[0].Reason != "error" || list[0].Error.Code != "screen" || list[0].Error.Message != "no screen[2J" {
		t.Errorf("%s", out.String())
	}
}

// TestTypedGateway checks that the agent connects only when a gateway is known.
func TestTypedGateway(t *testing.T) {
	for _, c := range []struct {
		known   string
		fixed   bool
		typed   string
		gateway string // the gateway afterwards
		code    string
	}{
		{"", false, "482193057", "", "where"},
		{"", false, "482193057@support.example.com", "https://support.example.com", ""},
		{"", false, "482193057@http://support.example.com", "", "where"},
		{"", false, "482193057@supp\u043ert.example.com", "", "where"},
		{"", false, "4821930", "", "format"},
		{"https://a.example", false, "482193057", "https://a.example", ""},
		{"https://a.example", false, "482193057@b.example", "https://b.example", ""},
		{"https://a.example", true, "482193057@b.example", "https://a.example", "where"},
		{"https://a.example", true, "482193057@A.example", "https://a.example", ""},
	} {
		d := screentest.NewDisplay(struct{ X, Y int }{64, 48})
		s, _ := startSession(t, Config{Client: &tunnel.Client{Gateway: c.known}, Display: screen.Parts{Screen: d, Input: d}, Entry: Entry{Fixed: c.fixed}})
		err := s.Do(Enter{c.typed})
		snap, _ := s.Snapshot()
		code := ""
		if snap.Error != nil {
			code = snap.Error.Code
		}
		wantPhase := PhaseConnecting
		if c.code != "" {
			wantPhase = PhaseNumber
		}
		if s.now().client.Gateway != c.gateway || code != c.code || (err != nil) != (c.code != "") || snap.Phase != wantPhase {
			t.Errorf("%+v: %q, %q, %v, %s", c, s.now().client.Gateway, code, err, snap.Phase)
		}
	}
}
