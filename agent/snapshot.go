package agent

import (
	"time"

	"lotse/agent/choices"
	"lotse/agent/files"
	"lotse/consent"
	"lotse/i18n"
	"lotse/plaintext"
	"lotse/screen"
	"lotse/tunnel"
)

// Failure tells the customer what went wrong; PANEL.md. Message is one line without control
// characters.
type Failure struct {
	Code       string `json:"code"`
	Message    string `json:"message"`
	RetryAfter int    `json:"retry_after,omitempty"` // in seconds
	// Terms must be accepted before the number can be entered again; only with the code "terms".
	Terms *TermsAsked `json:"terms,omitempty"`
}

// newFailure creates a Failure from a text that a stranger may have written.
func newFailure(code, message string) *Failure {
	return &Failure{Code: code, Message: plaintext.Line(message, maxMessage)}
}

// Question is the question that the customer is asked; PANEL.md.
type Question struct {
	ID      string `json:"id"`
	Right   string `json:"right"`
	Seconds int    `json:"seconds"` // until no answer counts as a refusal
	Armed   bool   `json:"armed"`
	// Window means that the question window asks; then a panel can only refuse.
	Window bool `json:"window"`
	// Proposal is the share that the customer proposed himself.
	Proposal *choices.Selection `json:"proposal"`
	// File is the file that is asked for; only with consent.Files.
	File *files.OfferedFile `json:"file"`
	// Colleague is the one who is asked for; only with consent.Colleague.
	Colleague *tunnel.AskColleague `json:"colleague,omitempty"`
	// By is the colleague who asks; nil: the advisor.
	By *tunnel.Person `json:"by,omitempty"`
}

// Snapshot is the session as a panel shows it; PANEL.md. It contains the session number, so it
// must go only to the customer's own panel.
type Snapshot struct {
	Type       string        `json:"type"`
	Seq        uint64        `json:"seq"`
	Lang       i18n.Language `json:"lang"`
	Version    string        `json:"version"`
	Gateway    string        `json:"gateway"`
	Phase      string        `json:"phase"`
	Error      *Failure      `json:"error"`
	Reason     string        `json:"reason"`
	LocalInput bool          `json:"hands"`
	Notice     string        `json:"notice"` // what the system keeps to itself
	Key        string        `json:"key"`
	Record     string        `json:"record,omitempty"`     // for people, at the end
	RecordJSON string        `json:"recordJSON,omitempty"` // the same as JSON lines
	Survey     *Survey       `json:"survey,omitempty"`     // at the end

	// In JSON, their fields are beside the others.
	SnapshotEntry
	SnapshotAdvisor
	SnapshotConsent
}

// SnapshotEntry is the part of a Snapshot about the session number.
type SnapshotEntry struct {
	Number string `json:"number"`
	// Confirm means that anybody may have written the gateway's name or the offer. The agent
	// connects only after the customer has confirmed.
	Confirm bool `json:"confirm"`
	// Offer is shown in the number's field at first: a number, or only its place.
	Offer string `json:"offer"`
}

// SnapshotAdvisor is the part of a Snapshot about the advisor: who he is, how he is connected,
// and what he sees.
type SnapshotAdvisor struct {
	Advisor   *tunnel.Person  `json:"advisor"`
	Compare   string          `json:"compare"`
	Line      string          `json:"line"`
	Direction string          `json:"direction"`
	Viewers   []tunnel.Viewer `json:"viewers"`
	// Chat are the latest lines that both have written, oldest first. It must not be changed.
	Chat []tunnel.ChatLine `json:"-"`
	// Colleagues are further advisors whom the customer has admitted.
	Colleagues []tunnel.Colleague `json:"colleagues,omitempty"`
	// Holder is the account name of the colleague who may have control; "": the advisor.
	Holder string `json:"holder,omitempty"`
}

// SnapshotConsent is the part of a Snapshot about what is asked, allowed and shared.
type SnapshotConsent struct {
	Rights   tunnel.Rights      `json:"rights"`
	Paused   bool               `json:"paused"`
	Question *Question          `json:"question"`
	Answer   Answer             `json:"answer"`
	Choices  *choices.Choices   `json:"choices"`
	Share    *choices.Selection `json:"share"`
	// Silenced are the rights for which the customer does not want to be asked again.
	Silenced []string `json:"silenced"`
	// Files are what the advisor has offered, oldest first.
	Files []files.OfferedFile `json:"files,omitempty"`
	// Recording is what the advisor records; nil: nothing was recorded.
	Recording *Recording `json:"recording,omitempty"`
	// Preset is what is shown if Answer is set.
	Preset choices.Selection `json:"-"`
}

// snapshot returns the snapshot for panels. moment.panelSnapshot adds the remaining time of a
// question later.
func (st *state) snapshot() Snapshot {
	cfg := &st.session.cfg
	snap := Snapshot{
		Type: "state", Lang: cfg.Language, Version: cfg.Version, Gateway: hostOf(st.client.Gateway),
		Phase: st.phase, Error: st.failure, Reason: st.reason,
		LocalInput: st.localInputActive(), Notice: noticeNames[st.devices.notice],
		SnapshotAdvisor: SnapshotAdvisor{
			Advisor: st.advisor, Compare: st.compare, Line: st.viewers.line(st.consent.Phase),
			Direction: st.viewers.direction(st.consent), Viewers: st.viewers.list(st.controls.parties.Lead),
			Chat: st.controls.chat.All(), Colleagues: st.controls.parties.list(st), Holder: st.controls.parties.holderName(),
		},
		SnapshotConsent: SnapshotConsent{
			Rights: toldRights(st.consent.Given), Paused: st.consent.Paused, Answer: cfg.Answer,
			Silenced: namesOf(unwanted(st.consent.Silenced, cfg.Display)), Preset: st.sharing.choices.Describe(cfg.Share),
			Files: st.controls.offers.list.Shown(), Recording: st.viewers.recordings.shown(st.consent),
		},
	}
	if st.choosing() {
		snap.Choices = st.sharing.choices
	}
	if st.consent.Given.Has(consent.View) {
		share := st.sharing.choices.Describe(st.sharing.shown)
		snap.Share = &share
	}
	if st.phase == PhaseEnded {
		snap.Survey = st.pages.survey
	}
	if st.phase == PhaseEnded && (st.consent.Serial > 0 || snap.Files != nil) {
		snap.Record, snap.RecordJSON = st.notes.Log.InWords(st.session.lang, time.Local), st.notes.Log.JSON()
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
		if o := st.controls.offers.asked; o != nil && a.right == consent.Files {
			file := o.OfferedFile
			snap.Question.File = &file
		}
		if p := st.controls.parties.Asked; p != nil && a.right == consent.Colleague {
			snap.Question.Colleague = &tunnel.AskColleague{Who: p.Who, For: p.May}
		}
		if by := st.controls.parties.asking(st, a.right); by != st.advisor && !a.resume {
			snap.Question.By = by
		}
		if p := st.questions.proposal; p != nil {
			share := st.sharing.choices.Describe(*p)
			snap.Question.Proposal = &share
		}
	}
	return snap
}

// unwanted returns what the customer has silenced. A display that can show no arrow has none to
// silence.
func unwanted(silenced consent.Rights, display screen.Parts) consent.Rights {
	if display.Marker == nil {
		silenced &^= consent.Rights(consent.Point)
	}
	return silenced
}

// namesOf returns the names of rights, never nil.
func namesOf(set consent.Rights) []string {
	names := []string{}
	for _, r := range consent.All {
		if set.Has(r) {
			names = append(names, r.String())
		}
	}
	return names
}

// forAdvisors returns the state as an advisor's end receives it; tunnel/PROTOCOL.md, section 6.
func (st *state) forAdvisors() tunnel.State {
	told := tunnel.State{
		Direction: st.viewers.direction(st.consent), Rights: toldRights(st.consent.Given), Asked: namesOf(st.consent.Asked),
		Paused: st.consent.Paused, Viewers: st.viewers.list(st.controls.parties.Lead), LocalInput: st.localInputActive(), Notice: noticeNames[st.devices.notice],
		PanelClosed: st.pages.closed, Held: st.consent.Held, Colleagues: st.controls.parties.list(st), Holder: st.controls.parties.holderName(),
	}
	if st.consent.Effective().Has(consent.View) {
		d := st.sharing.choices.Describe(st.sharing.shown)
		told.Share = &tunnel.Share{Kind: d.Kind, Names: d.Names} // without identifiers
	}
	return told
}

// toldRights converts rights to those of both protocols.
func toldRights(r consent.Rights) tunnel.Rights {
	return tunnel.Rights{View: r.Has(consent.View), Control: r.Has(consent.Control), Clipboard: r.Has(consent.Clipboard), Show: r.Has(consent.Show), Point: r.Has(consent.Point), Record: r.Has(consent.Record)}
}

// localInputActive reports whether the customer's own input blocks remote input while control is
// given.
func (st *state) localInputActive() bool {
	return st.consent.Given.Has(consent.Control) && st.session.guard.HeldBack()
}
