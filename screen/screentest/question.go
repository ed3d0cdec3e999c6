package screentest

import (
	"context"
	"fmt"
	"image"
	"slices"
	"sync"
	"testing"
	"time"

	"lotse/screen"
)

// AskedQuestion is a question on the screen in a test.
type AskedQuestion struct {
	T      testing.TB
	Stop   func()
	result chan Result

	mu       sync.Mutex
	view     screen.QuestionView // as last reported
	disarmed int                 // how often the question became unarmed
}

// Result is what an Asker returned for a question.
type Result struct {
	Answer screen.Answer
	Err    error
}

// AnyQuestion returns a question that uses every feature of a question.
func AnyQuestion() screen.Question {
	return screen.Question{
		Who: "Anna Berg, Example GmbH", Wish: "would like to see your screen.", Line: "support.example.com", Allow: "Show my screen", Refuse: "No",
		Never: "No, and do not ask again", Silence: "No answer means No (%d s).", Timeout: 2 * Patience, More: "Only one program …", ChooseHint: "What would you like to show?",
		AllowChosen: "Show", Back: "Back", Earlier: "Earlier", Later: "Later",
		Choices: func() []screen.Choice {
			return []screen.Choice{{ID: "monitor", Name: "Monitor", Alone: true}, {ID: "one", Name: "One"}, {ID: "two", Name: "Two", Warning: "Danger"}}
		},
	}
}

// Ask shows a question and returns when it is on the screen.
func Ask(t testing.TB, asker screen.Asker, q screen.Question) *AskedQuestion {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	a := &AskedQuestion{T: t, Stop: cancel, result: make(chan Result, 1)}
	q.Seen = func(v screen.QuestionView) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.view.Armed && !v.Armed {
			a.disarmed++
		}
		a.view = v
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		answer, err := asker.Ask(ctx, q)
		a.result <- Result{answer, err}
	}()
	t.Cleanup(func() { cancel(); <-done })
	Eventually(t, "the question", func() bool {
		select {
		case r := <-a.result:
			t.Fatalf("no question: %v", r.Err)
		default:
		}
		return !a.Seen().Until.IsZero()
	})
	return a
}

// Seen returns what is on the screen.
func (a *AskedQuestion) Seen() screen.QuestionView {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.view
}

// Middle returns the middle of a button.
func (a *AskedQuestion) Middle(name string) image.Point {
	a.T.Helper()
	Eventually(a.T, "the button "+name, func() bool { return !a.Seen().Buttons[name].Empty() })
	r := a.Seen().Buttons[name]
	return r.Min.Add(r.Size().Div(2))
}

// AwaitArmed returns when allowing counts. The test fails if that takes longer than Patience.
func (a *AskedQuestion) AwaitArmed() {
	a.T.Helper()
	Eventually(a.T, "the question is armed", func() bool { return a.Seen().Armed })
}

// Rearmed calls act, which must unarm an armed question, and returns when the question is armed
// again. Seen counts that it was unarmed, so no poll can miss it.
func (a *AskedQuestion) Rearmed(act func()) {
	a.T.Helper()
	before := a.Disarmed()
	act()
	Eventually(a.T, "the question is armed again", func() bool { return a.Disarmed() > before })
	a.AwaitArmed()
}

// Disarmed returns how often the question became unarmed.
func (a *AskedQuestion) Disarmed() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.disarmed
}

// clickAgain is the time after which a click that had no effect is repeated. A click has no effect
// while the question is not armed, and the system may cover the window at any moment.
const clickAgain = 5 * time.Second

// Until clicks until the question shows what it should.
func (a *AskedQuestion) Until(what string, shown func(screen.QuestionView) bool, click func()) {
	a.T.Helper()
	deadline := time.Now().Add(Patience)
	for done := false; !done; {
		if time.Now().After(deadline) {
			a.T.Fatalf("not in %v: %s", Patience, what)
		}
		a.AwaitArmed()
		click()
		again := time.Now().Add(clickAgain)
		for done = shown(a.Seen()); !done && time.Now().Before(again); time.Sleep(5 * time.Millisecond) {
			done = shown(a.Seen())
		}
	}
}

// Choose clicks until these choices are chosen and the question is armed.
func (a *AskedQuestion) Choose(want []string, click func()) {
	a.T.Helper()
	chosen := func(v screen.QuestionView) bool { return v.Armed && slices.Equal(v.Chosen, want) }
	a.Until(fmt.Sprint("the choice of ", want), chosen, click)
}

// Answer clicks until the question is answered, and returns the result.
func (a *AskedQuestion) Answer(click func()) Result {
	a.T.Helper()
	for deadline := time.Now().Add(Patience); time.Now().Before(deadline); {
		if a.Seen().Armed {
			click()
		}
		select {
		case r := <-a.result:
			return r
		case <-time.After(clickAgain):
		}
	}
	a.T.Fatal("no answer")
	return Result{}
}

// Wait returns the result of the question. The test fails if there is none within Patience.
func (a *AskedQuestion) Wait() Result {
	a.T.Helper()
	select {
	case r := <-a.result:
		return r
	case <-time.After(Patience):
		a.T.Fatal("no answer")
		return Result{}
	}
}

// Soon returns the result of the question, and false if there is none within a few seconds. Only a
// test that then asks again may use it.
func (a *AskedQuestion) Soon() (Result, bool) {
	select {
	case r := <-a.result:
		return r, true
	case <-time.After(2 * clickAgain):
		return Result{}, false
	}
}

// Unanswered fails the test if the question was answered.
func (a *AskedQuestion) Unanswered() {
	a.T.Helper()
	select {
	case r := <-a.result:
		a.T.Fatalf("answered: %+v", r)
	default:
	}
}

// ClickedEarly returns a question that was clicked before it was armed. On slow machines it retries
// with a longer ArmAfter.
func ClickedEarly(t testing.TB, asker screen.Asker, click func(*AskedQuestion)) *AskedQuestion {
	t.Helper()
	for q := AnyQuestion(); ; q.ArmAfter *= 4 {
		q.ArmAfter = max(q.ArmAfter, 3*time.Second)
		q.Timeout = 2*Patience + q.ArmAfter
		a := Ask(t, asker, q)
		if click(a); !a.Seen().Armed && len(a.result) == 0 {
			return a
		}
		a.Stop()
		a.Wait()
	}
}
