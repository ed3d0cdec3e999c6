package agent

import (
	"context"
	"time"

	"lotse/agent/choices"
	"lotse/consent"
	"lotse/screen"
)

// choicesEvery is the interval at which the list of what can be shared is read while the
// customer may choose.
const choicesEvery = 2 * time.Second

// sharing is what is shared, and what can be shared. The loop owns it.
type sharing struct {
	shown   screen.Share
	choices *choices.Choices // replaced, never changed; nil until first read
}

// choosing reports whether the customer may choose now what is shown.
func (st *state) choosing() bool {
	c := st.consent
	return st.session.cfg.Display.Windows != nil && (c.Question == consent.View || c.Question == consent.Share || c.Given.Has(consent.View))
}

// choicesReader reads the list of what can be shared again and again while it is needed.
type choicesReader struct{ session *Session }

func (r *choicesReader) run(ctx context.Context) {
	needed := func(m *moment) bool { return m.choosing }
	for {
		if _, ok := r.session.await(ctx, nil, needed); !ok {
			return
		}
		r.session.send(choicesRead{r.read()})
		timer := time.NewTimer(choicesEvery)
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// read reads the list once.
func (r *choicesReader) read() *choices.Choices {
	got, err := r.session.cfg.Display.Windows.Choices()
	if err != nil {
		r.session.log.capture.Info("the programs could not be listed", "reason", err)
	}
	return choices.Of(got)
}

// choicesRead delivers a newer list.
type choicesRead struct{ choices *choices.Choices }

func (e choicesRead) in(st *state) { st.sharing.choices = e.choices }
