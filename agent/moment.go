package agent

import (
	"reflect"
	"time"

	"lotse/consent"
	"lotse/tunnel"
)

// moment is the session at one moment, as everybody but the loop sees it. The loop
// makes a new one after each event that changed something; it is never changed.
type moment struct {
	snapshot Snapshot // for panels; see panelSnapshot
	told     tunnel.State
	consent  consent.State
	asked    asked // the question to be put to the customer; zero: none
	until    time.Time
	choosing bool // the customer may choose what is shown
	watched  bool // a viewer is past the handshake
	number   tunnel.Number
	client   *tunnel.Client
	link     *tunnel.AgentLink
	replaced chan struct{} // closed when there is a newer one
}

// momentOf is what st is now.
func momentOf(st *state) *moment {
	return &moment{
		snapshot: st.snapshot(), told: st.forAdvisors(), consent: st.consent, asked: st.pending(), until: st.questions.open.until,
		choosing: st.choosing(), watched: st.viewers.watched(), number: st.number, client: st.client, link: st.link, replaced: make(chan struct{}),
	}
}

// same reports whether nobody could tell m from last.
func (m *moment) same(last *moment) bool {
	a, b := *m, *last
	a.snapshot.Seq, a.told.Seq, a.replaced = 0, 0, nil
	b.snapshot.Seq, b.told.Seq, b.replaced = 0, 0, nil
	return reflect.DeepEqual(a, b)
}

// sameForAdvisors reports whether advisors could not tell m from next: neither by what
// they are told, nor by what becomes of their wishes.
func (m *moment) sameForAdvisors(next *moment) bool {
	a, b := m.told, next.told
	a.Seq, b.Seq = 0, 0
	return m.watched == next.watched && reflect.DeepEqual(a, b)
}

// panelSnapshot is the snapshot for panels. What depends on the time is filled in.
func (m *moment) panelSnapshot() Snapshot {
	snap := m.snapshot
	if snap.Question == nil {
		return snap
	}
	question := *snap.Question
	if !m.until.IsZero() {
		left := time.Until(m.until)
		question.Seconds = max(0, int(left.Round(time.Second)/time.Second))
	}
	snap.Question = &question
	return snap
}
