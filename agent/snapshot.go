package agent

import (
	"time"

	"lotse/consent"
	"lotse/i18n"
	"lotse/plaintext"
	"lotse/tunnel"
)

// Failure is what went wrong, for the customer; PANEL.md. Message is one line without control
// characters.
type Failure struct {
	Code       string `json:"code"`
	Message    string `json:"message"`
	RetryAfter int    `json:"retry_after,omitempty"` // in seconds
}

// newFailure makes a stranger's message safe to show.
func newFailure(code, message string) *Failure {
	return &Failure{Code: code, Message: plaintext.Line(message, maxMessage)}
}

// Question is one that the customer is asked; PANEL.md.
type Question struct {
	ID      string `json:"id"`
	Right   string `json:"right"`
	Seconds int    `json:"seconds"` // until silence refuses
	Armed   bool   `json:"armed"`
	// Window: the question window asks; a panel can refuse and nothing more.
	Window bool `json:"window"`
	// Proposal is the share that the customer himself proposed.
	Proposal *Share `json:"proposal"`
}

// Snapshot is the session as a panel shows it; PANEL.md. It holds the session number:
// it goes to the customer's own panel and nowhere else.
type Snapshot struct {
	Type    string        `json:"type"`
	Seq     uint64        `json:"seq"`
	Lang    i18n.Language `json:"lang"`
	Version string        `json:"version"`
	Gateway string        `json:"gateway"`
	Phase   string        `json:"phase"`
	Error   *Failure      `json:"error"`
	Reason  string        `json:"reason"`
	Hands   bool          `json:"hands"`
	Notice  string        `json:"notice"` // what the system keeps to itself
	Key     string        `json:"key"`
	Record  string        `json:"record,omitempty"`

	// In JSON their fields stand beside the others.
	SnapshotEntry
	SnapshotAdvisor
	SnapshotConsent
}

// SnapshotEntry is the part of a Snapshot about the session number.
type SnapshotEntry struct {
	Number string `json:"number"`
	// Confirm: the gateway or the offer may have been written by anybody. Nothing
	// connects before the customer says so.
	Confirm bool `json:"confirm"`
	// Offer is what stands in the number's field at first: a number or its place.
	Offer string `json:"offer"`
}

// SnapshotAdvisor is the part of a Snapshot about the advisor's end: who it is, how it is
// connected and what it sees.
type SnapshotAdvisor struct {
	Advisor   *tunnel.Person  `json:"advisor"`
	Compare   string          `json:"compare"`
	Line      string          `json:"line"`
	Direction string          `json:"direction"`
	Viewers   []tunnel.Viewer `json:"viewers"`
}

// SnapshotConsent is the part of a Snapshot about what is asked, allowed and shared.
type SnapshotConsent struct {
	Rights   tunnel.Rights `json:"rights"`
	Paused   bool          `json:"paused"`
	Question *Question     `json:"question"`
	Answer   Answer        `json:"answer"`
	Choices  *Choices      `json:"choices"`
	Share    *Share        `json:"share"`
	// Silenced are the rights that the customer does not want to be asked for.
	Silenced []string `json:"silenced"`
	// Preset is what is shown when questions are answered without the customer.
	Preset Share `json:"-"`
}

// snapshot is what panels are shown. The time left of a question is filled in later,
// by moment.panelSnapshot.
func (st *state) snapshot() Snapshot {
	cfg := &st.session.cfg
	snap := Snapshot{
		Type: "state", Lang: cfg.Language, Version: cfg.Version, Gateway: hostOf(st.client.Gateway),
		Phase: st.phase, Error: st.failure, Reason: st.reason,
		Hands: st.handsActive(), Notice: noticeNames[st.devices.notice],
		SnapshotAdvisor: SnapshotAdvisor{
			Advisor: st.advisor, Compare: st.compare, Line: st.viewers.line(st.consent.Phase),
			Direction: st.viewers.direction(st.consent), Viewers: st.viewers.list(),
		},
		SnapshotConsent: SnapshotConsent{
			Rights: toldRights(st.consent.Given), Paused: st.consent.Paused, Answer: cfg.Answer,
			Silenced: namesOf(st.consent.Silenced), Preset: st.sharing.choices.describe(cfg.Share),
		},
	}
	if st.choosing() {
		snap.Choices = st.sharing.choices
	}
	if st.consent.Given.Has(consent.View) {
		share := st.sharing.choices.describe(st.sharing.shown)
		snap.Share = &share
	}
	if st.phase == PhaseEnded && st.consent.Serial > 0 {
		snap.Record = st.record.text(snap.Gateway, st.advisor)
	}
	if !st.number.IsZero() {
		snap.Number = st.number.Grouped()
	}
	if st.phase == PhaseNumber {
		snap.Confirm, snap.Offer = cfg.Entry.Confirm, cfg.Entry.OfferedPlace
		if n := cfg.Entry.OfferedNumber; !n.IsZero() {
			snap.Offer = n.Grouped()
		}
	}
	if st.devices.hotkeyWorks {
		snap.Key = string(cfg.Hotkey)
	}
	if a := st.pending(); a != (asked{}) {
		snap.Question = &Question{
			ID: a.id(), Right: a.name(), Window: cfg.Display.Asker != nil,
			Seconds: int(cfg.timeout(a.right) / time.Second), Armed: st.questions.open.armed,
		}
		if p := st.questions.proposal; p != nil {
			share := st.sharing.choices.describe(*p)
			snap.Question.Proposal = &share
		}
	}
	return snap
}

// namesOf lists rights by their names, never nil.
func namesOf(set consent.Rights) []string {
	names := []string{}
	for _, r := range consent.All {
		if set.Has(r) {
			names = append(names, r.String())
		}
	}
	return names
}

// forAdvisors is the state as an advisor's end gets it; tunnel/PROTOCOL.md, section 6.
func (st *state) forAdvisors() tunnel.State {
	told := tunnel.State{
		Direction: st.viewers.direction(st.consent), Rights: toldRights(st.consent.Given), Asked: namesOf(st.consent.Asked),
		Paused: st.consent.Paused, Viewers: st.viewers.list(), Hands: st.handsActive(), Notice: noticeNames[st.devices.notice],
	}
	if st.consent.Effective().Has(consent.View) {
		d := st.sharing.choices.describe(st.sharing.shown)
		told.Share = &tunnel.Share{Kind: d.Kind, Names: d.Names} // no identifiers
	}
	return told
}

// toldRights are rights as both protocols have them.
func toldRights(r consent.Rights) tunnel.Rights {
	return tunnel.Rights{View: r.Has(consent.View), Control: r.Has(consent.Control), Clipboard: r.Has(consent.Clipboard), Show: r.Has(consent.Show)}
}

// handsActive reports whether the customer's own input holds remote input back.
func (st *state) handsActive() bool {
	return st.consent.Given.Has(consent.Control) && st.session.guard.heldBack()
}
