package terminal

import (
	"bytes"
	"context"
	"errors"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lotse/agent"
	"lotse/agent/choices"
	"lotse/agent/files"
	"lotse/consent"
	"lotse/i18n"
	"lotse/leaktest"
	"lotse/tunnel"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// fakeSession shows what the test wants and records the commands.
type fakeSession struct {
	mu      sync.Mutex
	snap    agent.Snapshot  // Guarded by mu.
	changed chan struct{}   // Guarded by mu; closed and replaced at each change.
	done    []agent.Command // Guarded by mu.
	err     error           // Guarded by mu; the result of Do.

	file  string   // content of the file that SaveFile writes
	fails error    // what SaveFile returns
	saved []string // Guarded by mu; keys of SaveFile
	gives func(ctx context.Context, name string, size int64, source io.ReaderAt, accepted func(id string)) error
}

func (f *fakeSession) GiveFile(ctx context.Context, name string, size int64, source io.ReaderAt, accepted func(id string)) error {
	return f.gives(ctx, name, size, source, accepted)
}

func (f *fakeSession) SaveFile(_ context.Context, key string, begin func(files.OfferedFile) io.Writer, _ func()) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.saved = append(f.saved, key)
	_, err := io.WriteString(begin(files.OfferedFile{Name: "notes.txt"}), f.file)
	return errors.Join(err, f.fails)
}

func (f *fakeSession) Snapshot() (agent.Snapshot, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.snap, f.changed
}

func (f *fakeSession) Do(c agent.Command) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done = append(f.done, c)
	return f.err
}

// customer is a customer at a terminal. It must be used inside a synctest bubble.
type customer struct {
	*fakeSession
	panel    *Panel
	keyboard *io.PipeWriter
	read     bytes.Buffer // owned by the panel until it is idle
	discards int          // how often input typed before a question was discarded
}

// sit starts a panel that shows a session. The panel ends with the bubble.
func sit(t *testing.T, snap agent.Snapshot) *customer {
	t.Helper()
	in, keyboard := io.Pipe()
	session := &fakeSession{snap: snap, changed: make(chan struct{})}
	c := &customer{keyboard: keyboard, fakeSession: session}
	c.panel = &Panel{In: in, Out: &c.read, Discard: func() { c.discards++ }}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.panel.run(ctx, c.fakeSession) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		keyboard.Close()
	})
	synctest.Wait()
	return c
}

// show changes the session and returns what the panel then writes.
func (c *customer) show(change func(*agent.Snapshot)) string {
	c.read.Reset()
	c.mu.Lock()
	change(&c.snap)
	close(c.changed)
	c.changed = make(chan struct{})
	c.mu.Unlock()
	synctest.Wait()
	return c.read.String()
}

// types types a line after one second, and returns the resulting commands.
func (c *customer) types(line string) []agent.Command {
	time.Sleep(time.Second)
	c.mu.Lock()
	c.done = nil
	c.mu.Unlock()
	_, _ = io.WriteString(c.keyboard, line+"\n")
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.done
}

// joined returns a session with an advisor.
func joined(l i18n.Language) agent.Snapshot {
	return agent.Snapshot{
		Lang: l, Phase: agent.PhaseJoined, Gateway: "support.example.com",
		SnapshotAdvisor: agent.SnapshotAdvisor{
			Advisor: &tunnel.Person{Name: "anna", Display: "Anna Berg", Company: "Example"},
		},
	}
}

// asks returns a function that opens a question.
func asks(right consent.Right, window bool) func(*agent.Snapshot) {
	return func(s *agent.Snapshot) {
		s.Question = &agent.Question{
			ID: "7", Right: right.String(), Seconds: 60, Armed: true, Window: window,
		}
		s.Choices = &choices.Choices{
			Whole:    true,
			Monitors: []choices.MonitorChoice{{ID: 4, Name: "left", Width: 640, Height: 480}},
			Apps: []choices.AppChoice{
				{ID: "a", Name: "Mail", Titles: []string{"Inbox"}}, {ID: "b", Name: "xterm", Powerful: true},
			},
		}
	}
}

// TestNeedsTheWord checks that only the word that is shown with the question counts as a yes.
func TestNeedsTheWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := sit(t, joined("en"))
		text := c.show(asks(consent.View, false))
		if !strings.Contains(text, c.panel.word+": the whole screen") || c.discards != 1 {
			t.Fatalf("asked %q; discarded %d times", text, c.discards)
		}
		for _, guess := range []func(word int) string{
			func(int) string { return "y" }, func(int) string { return "yes" },
			func(int) string { return "ja" }, func(int) string { return "1" },
			func(int) string { return "m1" }, func(int) string { return "a1" },
			func(word int) string { return strconv.Itoa(word + 1) },
			func(word int) string { return strconv.Itoa(word) + "m9" },
			func(word int) string { return strconv.Itoa(word) + "a" },
			func(word int) string { return strconv.Itoa(word) + "x" },
		} {
			word, err := strconv.Atoi(c.panel.word)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.types(guess(word)); got != nil {
				t.Errorf("%q is taken for %v", guess(word), got)
			}
			if again, _ := strconv.Atoi(c.panel.word); again == 0 {
				t.Error("the question is not put again")
			}
		}
		for answer, share := range map[string]*choices.Selection{
			"": nil, "m1": {Kind: "monitor", Monitor: 4}, "a2": {Kind: "apps", Apps: []string{"b"}},
			"a1, 2": {Kind: "apps", Apps: []string{"a", "b"}},
		} {
			got := c.types(c.panel.word + answer)
			if want := []agent.Command{agent.Allow{ID: "7", Share: share}}; !reflect.DeepEqual(got, want) {
				t.Errorf("the word and %q are taken for %v", answer, got)
			}
		}
		c.mu.Lock()
		c.err = errors.New("another question")
		c.mu.Unlock()
		c.read.Reset()
		c.types(c.panel.word)
		if !strings.HasPrefix(c.read.String(), "That is none of the answers.") {
			t.Errorf("a yes that does not count: %q", c.read.String())
		}
	})
}

// TestTypedAhead checks that a line that was read before the question could be read is not an
// answer.
func TestTypedAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := sit(t, joined("en"))
		c.show(asks(consent.View, false))
		for _, line := range []string{c.panel.word, "n", ""} {
			c.panel.answer(c.fakeSession, c.snap, line, c.panel.asked)
		}
		if c.done != nil {
			t.Errorf("an early line is taken for %v", c.done)
		}
		for _, early := range []agent.Question{
			{ID: "8", Right: "view"}, {ID: "9", Right: "view", Armed: true, Window: true},
		} {
			c.show(func(s *agent.Snapshot) { s.Question = &early })
			if got := c.types(c.panel.word); got != nil {
				t.Errorf("%+v: the word of another question is taken for %v", early, got)
			}
		}
	})
}

// TestRefuses checks that no is understood in every language, whatever the session's language
// is, even if the question window asks.
func TestRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := sit(t, joined("fr"))
		for _, window := range []bool{false, true} {
			c.show(asks(consent.View, window))
			for _, l := range i18n.Languages {
				for _, word := range noWords(l) {
					got := c.types(strings.ToUpper(word))
					if want := []agent.Command{agent.Refuse{ID: "7"}}; !slices.Equal(got, want) {
						t.Errorf("window %v: %q is taken for %v", window, word, got)
					}
				}
				for _, word := range yesWords(l) {
					if got := c.types(word); got != nil {
						t.Errorf("window %v: %q is taken for %v", window, word, got)
					}
				}
			}
		}
		c.show(asks(consent.Show, false))
		if got := c.types(c.panel.word); !slices.Equal(got, []agent.Command{agent.Refuse{ID: "7"}}) {
			t.Errorf("a screen that cannot be shown: %v", got)
		}
	})
}

func TestCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := sit(t, joined("de"))
		for _, test := range []struct {
			paused bool
			line   string
			want   agent.Command
		}{
			{false, "t", agent.Take{Right: consent.Control}}, {false, "V", agent.Take{Right: consent.View}},
			{false, "p", agent.Pause{}}, {true, " p ", agent.Resume{}}, {true, "e", agent.End{}},
			{false, "x", nil}, {false, "", nil}, {false, "ja", nil},
			{false, strings.Repeat("p", 5000), nil}, // and later lines are still read
			{false, "t", agent.Take{Right: consent.Control}},
		} {
			c.show(func(s *agent.Snapshot) { s.Paused = test.paused })
			var want []agent.Command
			if test.want != nil {
				want = []agent.Command{test.want}
			}
			if got := c.types(test.line); !slices.Equal(got, want) {
				t.Errorf("%.10q is taken for %v, want %v", test.line, got, test.want)
			}
		}
	})
}

// TestConfirms checks that the offer of a link is entered when the customer says yes, in any
// language.
func TestConfirms(t *testing.T) {
	type test struct{ offer, typed, entered string }
	tests := []test{
		{"482 193 057", "", ""}, {"482 193 057", "y", "y"}, {"482 193 057", "100 000 001", "100 000 001"},
		{"4821", "482193057", "482193057"},
	}
	for _, l := range i18n.Languages {
		for _, yes := range yesWords(l) {
			tests = append(tests, test{"482 193 057", yes, "482 193 057"}, test{"4821", yes, "4821"})
		}
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			c := sit(t, agent.Snapshot{
				Phase: agent.PhaseNumber, Gateway: "b.example",
				SnapshotEntry: agent.SnapshotEntry{Confirm: true, Offer: test.offer},
			})
			if text := c.read.String(); !strings.HasPrefix(text, "Connect to b.example?") ||
				!strings.Contains(text, test.offer) {
				t.Errorf("asked %q", text)
			}
			want := []agent.Command{agent.Enter{Typed: test.entered}}
			if got := c.types(test.typed); !slices.Equal(got, want) {
				t.Errorf("%+v: %v", test, got)
			}
		})
	}
}

// TestTermsInATerminal checks that the customer accepts the terms by a yes, and that anything else
// is a number.
func TestTermsInATerminal(t *testing.T) {
	asked := agent.Failure{Code: tunnel.RefusedTerms, Terms: &agent.TermsAsked{Version: "7", Address: "https://b.example/terms"}}
	for typed, want := range map[string]agent.Command{
		"yes": agent.AcceptTerms{Version: "7"}, "JA": agent.AcceptTerms{Version: "7"},
		"482 193 057": agent.Enter{Typed: "482 193 057"}, "no": agent.Enter{Typed: "no"},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := sit(t, agent.Snapshot{Phase: agent.PhaseNumber, Gateway: "b.example", Error: &asked})
			if text := c.read.String(); !strings.Contains(text, "https://b.example/terms") || !strings.Contains(text, "version 7") {
				t.Errorf("asked %q", text)
			}
			if got := c.types(typed); !slices.Equal(got, []agent.Command{want}) {
				t.Errorf("%s: %v", typed, got)
			}
		})
	}
}

// TestLanguages checks that a whole session can be followed in every language: each step has
// its own text.
func TestLanguages(t *testing.T) {
	failure := func(f agent.Failure) func(*agent.Snapshot) {
		return func(s *agent.Snapshot) { s.Gateway, s.Error = "support.example.com", &f }
	}
	notice := func(notice, key string) func(*agent.Snapshot) {
		return func(s *agent.Snapshot) { s.Notice, s.Key = notice, key }
	}
	phase := func(phase, reason string) func(*agent.Snapshot) {
		return func(s *agent.Snapshot) { s.Error, s.Phase, s.Reason = nil, phase, reason }
	}
	for _, l := range i18n.Languages {
		synctest.Test(t, func(t *testing.T) {
			c := sit(t, agent.Snapshot{Lang: l, Phase: agent.PhaseNumber})
			said := map[string]int{c.read.String(): -1}
			for i, change := range []func(*agent.Snapshot){
				failure(agent.Failure{Code: "format", Message: "x"}),
				failure(agent.Failure{Code: "where", Message: "x"}),
				failure(agent.Failure{Code: "source", Message: "x"}),
				failure(agent.Failure{Code: "gateway", Message: "x"}),
				failure(agent.Failure{Code: tunnel.RefusedLost}),
				failure(agent.Failure{Code: tunnel.RefusedNumber}),
				failure(agent.Failure{Code: tunnel.RefusedBusy}),
				failure(agent.Failure{Code: tunnel.RefusedRate, RetryAfter: 1}),
				failure(agent.Failure{Code: tunnel.RefusedRate, RetryAfter: 2}),
				failure(agent.Failure{Code: tunnel.RefusedTerms, Terms: &agent.TermsAsked{Version: "7", Address: "https://b.example/terms"}}),
				phase(agent.PhaseConnecting, ""),
				func(s *agent.Snapshot) { *s = joined(l); s.Compare, s.Line = "4821", agent.LineSealed },
				asks(consent.View, true), asks(consent.Share, false), asks(consent.Control, false),
				asks(consent.Clipboard, false), asks(consent.Show, false), asks(consent.View, false),
				func(s *agent.Snapshot) { s.Question, s.Rights.View, s.Direction = nil, true, "customer" },
				func(s *agent.Snapshot) { s.Paused = true },
				func(s *agent.Snapshot) {
					s.Share, s.Paused = &choices.Selection{Kind: "apps", Names: []string{"Mail"}}, false
				},
				func(s *agent.Snapshot) { s.Rights.Control = true },
				func(s *agent.Snapshot) { s.Rights.Clipboard, s.Key = true, "F12" },
				func(s *agent.Snapshot) { s.Line = agent.LinePartly },
				notice(agent.NoticeShielded, "F12"), notice(agent.NoticeHidden, ""),
				notice(agent.NoticeShielded, ""),
				phase(agent.PhaseAway, ""),
				func(s *agent.Snapshot) {
					s.Phase, s.Reason = agent.PhaseEnded, tunnel.ReasonBurnt
					s.Survey = &agent.Survey{Question: "Well?", Address: "https://b.example/answer/A"}
				},
			} {
				text := c.show(func(s *agent.Snapshot) {
					if change(s); s.Question != nil {
						s.Question.ID = strconv.Itoa(i) // a different question
					}
				})
				if before, twice := said[text]; twice || text == "" || strings.Contains(text, "agent.") {
					t.Errorf("%s, step %d: %q, as in step %d", l, i, text, before)
				}
				if l != "en" && strings.Contains(text, " the ") {
					t.Errorf("%s, step %d is in English: %s", l, i, text)
				}
				said[text] = i
			}
		})
	}
}

// TestUnattended checks that the panel says at the start how questions are answered without the
// customer.
func TestUnattended(t *testing.T) {
	for _, l := range i18n.Languages {
		seen := map[string]bool{}
		for answer, shows := range map[agent.Answer]bool{
			agent.AnswerAsk: false, agent.AnswerDeny: false,
			agent.AnswerView: true, agent.AnswerControl: true,
		} {
			synctest.Test(t, func(t *testing.T) {
				snap := joined(l)
				snap.Answer, snap.Preset = answer, choices.Selection{Kind: "screen"}
				c := sit(t, snap)
				text := c.read.String()
				shown := strings.Contains(text, strings.ToUpper(l.Text("agent.share.screen")))
				if seen[text] || shown != shows {
					t.Errorf("%s, %q: %s", l, answer, text)
				}
				seen[text] = true
			})
		}
	}
}
