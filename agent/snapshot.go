package agent

import (
	"time"

	"lotse/consent"
	"lotse/tunnel"
)

// Failure is what went wrong, for the customer; PANEL.md.
type Failure struct {
	Code       string `json:"code"`
	Message    string `json:"message"`
	RetryAfter int    `json:"retry_after,omitempty"`
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

// Snapshot is the whole truth as a panel shows it; PANEL.md. It holds the
// session number: it goes to the customer's own panel and nowhere else.
type Snapshot struct {
	Type    string   `json:"type"`
	Seq     uint64   `json:"seq"`
	Lang    Language `json:"lang"`
	Version string   `json:"version"`
	Gateway string   `json:"gateway"`
	Phase   string   `json:"phase"`
	Error   *Failure `json:"error"`
	Number  string   `json:"number"`
	// Confirm: the gateway or the offer may have been written by anybody. Nothing
	// connects before the customer says so.
	Confirm bool `json:"confirm"`
	// Offer is what stands in the number's field at first: a number or its place.
	Offer     string          `json:"offer"`
	Advisor   *tunnel.Person  `json:"advisor"`
	Compare   string          `json:"compare"`
	Line      string          `json:"line"`
	Direction string          `json:"direction"`
	Rights    tunnel.Rights   `json:"rights"`
	Paused    bool            `json:"paused"`
	Hands     bool            `json:"hands"`
	Notice    string          `json:"notice"` // what the system keeps to itself
	Question  *Question       `json:"question"`
	Viewers   []tunnel.Viewer `json:"viewers"`
	Answer    Answer          `json:"answer"`
	Choices   *Choices        `json:"choices"`
	Share     *Share          `json:"share"`
	Reason    string          `json:"reason"`
	Key       string          `json:"key"`
	Record    string          `json:"record,omitempty"`
	// Silenced are the rights that the customer does not want to be asked for.
	Silenced []string `json:"silenced"`
}

// Snapshot returns the present truth and a channel that is closed when it has
// changed.
func (s *Session) Snapshot() (Snapshot, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	snap := Snapshot{
		Type: "state", Seq: s.seq, Lang: s.lang, Version: s.cfg.Version, Gateway: hostOf(s.client.Gateway),
		Phase: s.phase, Error: s.failure, Advisor: s.advisor, Compare: s.compare, Line: s.lineLocked(),
		Direction: s.directionLocked(), Rights: s.rightsLocked(), Paused: s.state.Paused,
		Viewers: s.viewerListLocked(), Answer: s.cfg.Answer, Reason: s.reason, Hands: s.guard.heldBack(), Notice: noticeNames[s.notice],
	}
	if s.choosingLocked() {
		snap.Choices = &s.choices
	}
	if s.state.Given.Has(consent.View) {
		d := s.describeShareLocked(s.share.chosen())
		snap.Share = &d
	}
	if s.phase == phaseEnded && s.state.Serial > 0 {
		snap.Record = s.recordTextLocked()
	}
	if !s.number.IsZero() {
		snap.Number = s.number.Grouped()
	}
	if s.phase == phaseNumber {
		snap.Confirm, snap.Offer = s.cfg.Confirm, s.cfg.OfferedPlace
		if n := s.cfg.OfferedNumber; !n.IsZero() {
			snap.Offer = n.Grouped()
		}
	}
	snap.Silenced = []string{}
	for _, r := range consent.All {
		if s.state.Silenced.Has(r) {
			snap.Silenced = append(snap.Silenced, r.String())
		}
	}
	if s.hotkeyWorks {
		snap.Key = string(s.cfg.Hotkey)
	}
	if a, ok := s.pendingLocked(); ok {
		left := s.timeout(a.right)
		if !s.question.until.IsZero() {
			left = time.Until(s.question.until)
		}
		snap.Question = &Question{
			ID: a.id(), Right: rightName(a.right), Window: s.cfg.Display.Asker != nil,
			Seconds: max(0, int(left.Round(time.Second)/time.Second)), Armed: s.question.armed,
		}
		if s.proposal != nil {
			d := s.describeShareLocked(*s.proposal)
			snap.Question.Proposal = &d
		}
	}
	return snap, s.changed
}

func (s *Session) rightsLocked() tunnel.Rights {
	r := s.state.Given
	return tunnel.Rights{View: r.Has(consent.View), Control: r.Has(consent.Control), Clipboard: r.Has(consent.Clipboard), Show: r.Has(consent.Show)}
}

func (s *Session) directionLocked() string {
	d := s.state.Direction()
	if d == consent.Customer && len(s.viewers) == 0 {
		d = consent.Nobody
	}
	return d.String()
}

// lineLocked is the weakest line in use.
func (s *Session) lineLocked() string {
	if s.state.Phase == consent.Alone {
		return ""
	}
	weakest := lineSealed
	for v := range s.viewers {
		switch {
		case v.line == lineGateway:
			return lineGateway
		case v.line == linePartly:
			weakest = linePartly
		}
	}
	return weakest
}

func (s *Session) viewerListLocked() []tunnel.Viewer {
	list := make([]tunnel.Viewer, 0, len(s.viewers))
	for v := range s.viewers {
		list = append(list, tunnel.Viewer{Door: v.door, Line: v.line, From: v.from, Code: v.code})
	}
	return list
}

// stateLocked is the truth as the advisor gets it; tunnel/PROTOCOL.md, section 6.
func (s *Session) stateLocked() tunnel.State {
	state := tunnel.State{
		Seq: s.seq, Direction: s.directionLocked(), Rights: s.rightsLocked(),
		Asked: []string{}, Paused: s.state.Paused, Viewers: s.viewerListLocked(),
		Share: s.tunnelShareLocked(), Hands: s.state.Given.Has(consent.Control) && s.guard.heldBack(), Notice: noticeNames[s.notice],
	}
	for _, r := range consent.All {
		if s.state.Asked.Has(r) {
			state.Asked = append(state.Asked, r.String())
		}
	}
	return state
}

func (s *Session) publish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.publishLocked()
}

// publishLocked tells panels and advisors that something changed.
func (s *Session) publishLocked() {
	s.seq++
	close(s.changed)
	s.changed = make(chan struct{})
	if len(s.controls) > 0 {
		state := s.stateLocked()
		for ctl := range s.controls {
			ctl.send(state)
		}
	}
	s.share.describe(s.state)
}
