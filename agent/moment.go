package agent

import (
	"reflect"
	"time"

	"lotse/consent"
	"lotse/tunnel"
)

// moment is the session at one moment, as everybody but the loop sees it. After each event that
// changed something, the loop creates a new one. A moment never changes.
type moment struct {
	snapshot Snapshot // for panels; see panelSnapshot
	told     tunnel.State
	consent  consent.State
	asked    asked // the question to show to the customer; zero: none
	until    time.Time
	choosing bool // the customer may choose what is shown
	watched  bool // a viewer has completed the handshake
	number   tunnel.Number
	client   *tunnel.Client
	link     *tunnel.AgentLink
	replaced chan struct{} // closed when there is a newer moment
}

// momentOf returns the moment that describes st.
func momentOf(st *state) *moment {
	return &moment{
		snapshot: st.snapshot(), told: st.forAdvisors(), consent: st.consent, asked: st.pending(), until: st.questions.open.until,
		choosing: st.choosing(), watched: st.viewers.watched(), number: st.number, client: st.client, link: st.link, replaced: make(chan struct{}),
	}
}

// same reports whether m looks the same as last to everybody.
func (m *moment) same(last *moment) bool {
	a, b := *m, *last
	a.snapshot.Seq, a.told.Seq, a.replaced = 0, 0, nil
	b.snapshot.Seq, b.told.Seq, b.replaced = 0, 0, nil
	return reflect.DeepEqual(a, b)
}

// sameForAdvisors reports whether m and next look the same to advisors: in the state that they
// receive, and in the outcome of their requests.
func (m *moment) sameForAdvisors(next *moment) bool {
	a, b := m.told, next.told
	a.Seq, b.Seq = 0, 0
	return m.watched == next.watched && reflect.DeepEqual(a, b)
}

// panelSnapshot returns the snapshot for panels. It fills in the values that depend on the
// time.
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
