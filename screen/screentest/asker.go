package screentest

import (
	"context"
	"time"

	"lotse/screen"
)

// Asker is a screen.Asker whose questions a test answers. Make it with NewAsker. All methods may be
// called concurrently.
type Asker struct {
	turn    chan struct{}        // contains a token while no question is shown
	shown   chan screen.Question // one at a time
	answers chan screen.Answer
}

var _ screen.Asker = (*Asker)(nil)

// NewAsker makes an Asker that shows nothing.
func NewAsker() *Asker {
	a := &Asker{turn: make(chan struct{}, 1), shown: make(chan screen.Question, 1), answers: make(chan screen.Answer)}
	a.turn <- struct{}{}
	return a
}

// Ask implements screen.Asker.
func (a *Asker) Ask(ctx context.Context, q screen.Question) (screen.Answer, error) {
	select {
	case <-a.turn:
	case <-ctx.Done():
		return screen.Answer{}, ctx.Err()
	}
	defer func() { a.turn <- struct{}{} }()
	a.shown <- q
	defer func() {
		select {
		case <-a.shown: // the test has not read it
		default:
		}
	}()
	if q.Seen != nil {
		q.Seen(screen.QuestionView{Until: time.Now().Add(q.Timeout), Armed: true})
	}
	over := time.NewTimer(q.Timeout)
	defer over.Stop()
	select {
	case answer := <-a.answers:
		return answer, nil
	case <-over.C:
		return screen.Answer{}, screen.ErrNoAnswer
	case <-ctx.Done():
		return screen.Answer{}, ctx.Err()
	}
}

// Question returns the question that is shown, once; ok is false if there is none that has not been
// returned.
func (a *Asker) Question() (q screen.Question, ok bool) {
	select {
	case q = <-a.shown:
		return q, true
	default:
		return q, false
	}
}

// Answer answers the question that is shown and returns when Ask has received the answer.
func (a *Asker) Answer(answer screen.Answer) { a.answers <- answer }
