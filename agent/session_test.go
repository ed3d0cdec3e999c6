package agent

import (
	"context"
	"errors"
	"image"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"lotse/agent/choices"
	"lotse/consent"
	"lotse/leaktest"
	"lotse/rfb"
	"lotse/screen"
	"lotse/screen/screentest"
	"lotse/tunnel"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// joinedSession returns a session that an advisor has joined, without a gateway.
func joinedSession(t *testing.T, cfg Config) (*Session, *screentest.Display) {
	t.Helper()
	s, d := aloneSession(t, cfg)
	s.send(joined{advisor: &tunnel.Person{Name: "anna", Display: "Anna Berg", Company: "Example"}})
	return s, d
}

// aloneSession returns a session that nobody has joined yet.
func aloneSession(t *testing.T, cfg Config) (*Session, *screentest.Display) {
	t.Helper()
	d := screentest.NewDisplay(image.Pt(64, 48))
	cfg.Display = screen.Parts{Screen: d, Input: d}
	cfg.Client = &tunnel.Client{Gateway: "https://support.example.com"}
	s, _ := startSession(t, cfg)
	return s, d
}

// startSession starts a session as Run does, but without a gateway. The session ends with the
// test or with the returned context.
func startSession(t *testing.T, cfg Config) (*Session, context.Context) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(context.Background())
	s := newSession(cfg.withDefaults(), cancel)
	wait := s.start(ctx)
	t.Cleanup(func() {
		s.send(finished{})
		cancel(nil)
		wait()
	})
	return s, ctx
}

// apply sends an event to the consent table.
func (s *Session) apply(e consent.Event, by string) { s.send(consented{e, by}) }

func (s *Session) questionID() string {
	snap, _ := s.Snapshot()
	if snap.Question == nil {
		return ""
	}
	return snap.Question.ID
}

// allowInPanel allows the open question in a panel, and returns when that has taken effect. It
// must run inside synctest.
func (s *Session) allowInPanel(t *testing.T, share *choices.Selection) {
	t.Helper()
	time.Sleep(panelArmAfter)
	synctest.Wait()
	if s.Do(Allow{s.questionID(), share}) != nil {
		t.Fatal("the answer did not count")
	}
	time.Sleep(refusalWins)
	synctest.Wait()
}

func (s *Session) rights() tunnel.Rights {
	snap, _ := s.Snapshot()
	return snap.Rights
}

func TestConsentByTheCustomer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := joinedSession(t, Config{})
		approved := make(chan error, 1)
		go func() { approved <- s.approveView(context.Background(), leadOf(s)) }()
		synctest.Wait()
		id := s.questionID()
		if id == "" {
			t.Fatal("no question")
		}
		// A click that was made before the question appeared does not count.
		if s.Do(Allow{id, nil}) == nil {
			t.Fatal("answered before the question was armed")
		}
		time.Sleep(panelArmAfter)
		synctest.Wait()
		if s.Do(Allow{"77", nil}) == nil || s.Do(Allow{"x", nil}) == nil || s.rights().View {
			t.Fatal("another question's answer counted")
		}
		s.addViewer(false)
		s.allowInPanel(t, nil)
		if err := <-approved; err != nil || !s.rights().View {
			t.Fatalf("%v, %+v", err, s.rights())
		}
		if s.Do(Allow{id, nil}) == nil {
			t.Fatal("the same answer twice")
		}
		s.apply(consent.Event{Kind: consent.Ask, Right: consent.Control}, byAdvisor)
		s.allowInPanel(t, nil)
		if !s.rights().Control {
			t.Fatal("control was not given")
		}
		d.Events()
		s.apply(consent.Event{Kind: consent.Key}, byKey)
		synctest.Wait()
		if s.rights().Control || !slices.Contains(d.Events(), any(screentest.Released{})) {
			t.Fatal("F12 did not take control and release everything")
		}
	})
}

func TestSilenceRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := joinedSession(t, Config{Timeouts: Timeouts{View: time.Minute}})
		err := s.approveView(context.Background(), leadOf(s))
		if r := (rfb.Refusal{}); !errors.As(err, &r) || r.Reason != "The customer did not answer in time." {
			t.Fatalf("%v", err)
		}
		synctest.Wait() // the waiting viewer is told before the panels
		if s.questionID() != "" || s.rights().View {
			t.Fatal("the question is still open")
		}
	})
}

func TestHangUpWithdrawsTheQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := joinedSession(t, Config{})
		ctx, hangUp := context.WithCancel(context.Background())
		approved := make(chan error, 1)
		go func() { approved <- s.approveView(ctx, leadOf(s)) }()
		synctest.Wait()
		hangUp()
		if err := <-approved; err == nil || s.questionID() != "" {
			t.Fatalf("%v, question %q", err, s.questionID())
		}
	})
}

func TestAnswersByItself(t *testing.T) {
	for answer, want := range map[Answer]tunnel.Rights{
		AnswerView: {View: true}, AnswerControl: {View: true, Control: true, Clipboard: true}, AnswerDeny: {},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, _ := joinedSession(t, Config{Answer: answer})
			for _, r := range []consent.Right{consent.View, consent.Control, consent.Clipboard, consent.Files, consent.Share} {
				s.apply(consent.Event{Kind: consent.Ask, Right: r}, byAdvisor)
			}
			if s.rights() != want {
				t.Errorf("%s: %+v", answer, s.rights())
			}
			if snap, _ := s.Snapshot(); snap.Answer != answer {
				t.Errorf("the panel is not told of %s", answer)
			}
		})
	}
}
