//go:build linux || windows

package native

import (
	"context"
	"image"
	"sync"
	"testing"
	"time"

	"lotse/screen"
)

// askedQuestion is a question on the screen of a test.
type askedQuestion struct {
	t      testing.TB
	stop   func()
	result chan questionResult

	mu       sync.Mutex
	view     screen.QuestionView // as it was told last
	disarmed int                 // how often it was told that it is not armed any more
}

type questionResult struct {
	answer screen.Answer
	err    error
}

func testQuestion() screen.Question {
	return screen.Question{
		Who: "Anna Berg, Example GmbH", Wish: "would like to see your screen.", Line: "support.example.com", Allow: "Show my screen", Refuse: "No",
		Never: "No, and do not ask again", Silence: "No answer means No (%d s).", Timeout: time.Minute, More: "Only one program …", ChooseHint: "What would you like to show?",
		AllowChosen: "Show", Back: "Back", Earlier: "Earlier", Later: "Later",
		Choices: func() []screen.Choice {
			return []screen.Choice{{ID: "monitor", Name: "Monitor", Alone: true}, {ID: "one", Name: "One"}, {ID: "two", Name: "Two", Warning: "Danger"}}
		},
	}
}

// ask puts a question on the screen and returns when it is there.
func ask(t testing.TB, d *Desktop, q screen.Question) *askedQuestion {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	a := &askedQuestion{t: t, stop: cancel, result: make(chan questionResult, 1)}
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
		answer, err := d.Asker().Ask(ctx, q)
		a.result <- questionResult{answer, err}
	}()
	t.Cleanup(func() { cancel(); <-done })
	eventually(t, "the question", func() bool {
		select {
		case r := <-a.result:
			t.Fatalf("no question: %v", r.err)
		default:
		}
		return !a.seen().Until.IsZero()
	})
	return a
}

// seen is what is on the screen.
func (a *askedQuestion) seen() screen.QuestionView {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.view
}

// middle is the middle of a button.
func (a *askedQuestion) middle(name string) image.Point {
	a.t.Helper()
	eventually(a.t, "the button "+name, func() bool { return !a.seen().Buttons[name].Empty() })
	r := a.seen().Buttons[name]
	return r.Min.Add(r.Size().Div(2))
}

func (a *askedQuestion) awaitArmed() {
	a.t.Helper()
	eventually(a.t, "the question is armed", func() bool { return a.seen().Armed })
}

// rearmed does something to an armed question that has it armed anew, and returns when it
// is. That it was not armed in between is counted: nobody has to look at that moment.
func (a *askedQuestion) rearmed(act func()) {
	a.t.Helper()
	count := func() int {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.disarmed
	}
	before := count()
	act()
	eventually(a.t, "the question is armed anew", func() bool { return count() > before })
	a.awaitArmed()
}

func (a *askedQuestion) wait() questionResult {
	a.t.Helper()
	select {
	case r := <-a.result:
		return r
	case <-time.After(patience):
		a.t.Fatal("no answer")
		return questionResult{}
	}
}

// unanswered fails when something has answered.
func (a *askedQuestion) unanswered() {
	a.t.Helper()
	select {
	case r := <-a.result:
		a.t.Fatalf("answered: %+v", r)
	default:
	}
}

// clickedEarly is a question that was clicked at before it was armed. The slower the
// machine is, the longer the question waits.
func clickedEarly(t testing.TB, d *Desktop, click func(*askedQuestion)) *askedQuestion {
	t.Helper()
	for q := testQuestion(); ; q.ArmAfter *= 4 {
		q.ArmAfter = max(q.ArmAfter, 3*time.Second)
		q.Timeout = time.Minute + q.ArmAfter
		a := ask(t, d, q)
		if click(a); !a.seen().Armed && len(a.result) == 0 {
			return a
		}
		a.stop()
		a.wait()
	}
}
