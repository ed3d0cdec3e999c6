package agent

import (
	"context"
	"encoding/json"
	"io"
	"sync"
	"time"

	"lotse/plaintext"
)

// Events writes one JSON line for each change of state, for a program that
// started this one; docs/integration.md is normative. Make it with NewEvents.
type Events struct {
	mu sync.Mutex
	// Guarded by mu.
	out  *json.Encoder
	last Event
	over bool
}

// Event is one line: the whole present state. It never holds the session number.
type Event struct {
	Version  int         `json:"v"` // 1; new fields may come without a new one
	Time     string      `json:"time"`
	State    string      `json:"state"`
	Gateway  string      `json:"gateway,omitempty"`
	Advisor  string      `json:"advisor,omitempty"`
	Company  string      `json:"company,omitempty"`
	Line     string      `json:"line,omitempty"`
	Rights   []string    `json:"rights"`
	Question string      `json:"question,omitempty"`
	Share    string      `json:"share,omitempty"`
	Viewers  int         `json:"viewers"`
	Reason   string      `json:"reason,omitempty"`
	Error    *EventError `json:"error,omitempty"`
	Exit     *int        `json:"exit,omitempty"`
}

// EventError is what went wrong, for the log of who started the program.
type EventError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// The states of Event; docs/integration.md.
const (
	stateNumber     = "number"
	stateConnecting = "connecting"
	stateJoined     = "joined"
	stateQuestion   = "question"
	stateShowing    = "showing"
	stateShared     = "shared"
	stateControlled = "controlled"
	statePaused     = "paused"
	stateAway       = "away"
	stateEnded      = "ended"
)

// NewEvents writes to out.
func NewEvents(out io.Writer) *Events { return &Events{out: json.NewEncoder(out)} }

// follow writes each change until ctx ends or the session has ended. A reader
// that does not read holds up nothing but the lines.
func (e *Events) follow(ctx context.Context, s *Session) {
	for {
		snap, changed := s.Snapshot()
		if snap.Reason == "" || snap.Phase == PhaseEnded { // not the way to the end
			e.tell(eventOf(snap))
		}
		if snap.Phase == PhaseEnded {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// tell writes ev if it says something new. The end is kept for End, which knows
// the exit code.
func (e *Events) tell(ev Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over || sameEvent(ev, e.last) {
		return
	}
	e.last = ev
	if ev.State != stateEnded {
		e.writeLocked(ev)
	}
}

// End writes the last line: the program ends with code, because of err, which is
// called kind; nil: as it should.
func (e *Events) End(code int, kind string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over {
		return
	}
	e.over = true
	ev := Event{State: stateEnded, Gateway: e.last.Gateway, Reason: e.last.Reason, Error: e.last.Error, Exit: &code, Rights: []string{}}
	if ev.Reason == "" && code != 0 {
		ev.Reason = "error"
	}
	if err != nil {
		ev.Error = &EventError{kind, plaintext.Line(err.Error(), maxMessage)}
	}
	e.writeLocked(ev)
}

func (e *Events) writeLocked(ev Event) {
	ev.Version, ev.Time = 1, time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	_ = e.out.Encode(ev) // who does not read any more wants no lines
}

// sameEvent compares without time, which is not set yet.
func sameEvent(a, b Event) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

// eventOf is what a snapshot says to another program.
func eventOf(s Snapshot) Event {
	ev := Event{State: stateOf(s), Gateway: s.Gateway, Line: s.Line, Rights: []string{}, Viewers: len(s.Viewers), Reason: s.Reason}
	if s.Advisor != nil {
		ev.Advisor, ev.Company = s.Advisor.Display, s.Advisor.Company
		if ev.Advisor == "" {
			ev.Advisor = s.Advisor.Name
		}
	}
	for _, r := range []struct {
		has  bool
		name string
	}{{s.Rights.View, "view"}, {s.Rights.Control, "control"}, {s.Rights.Clipboard, "clipboard"}, {s.Rights.Show, "show"}} {
		if r.has {
			ev.Rights = append(ev.Rights, r.name)
		}
	}
	if s.Question != nil {
		ev.Question = s.Question.Right
	}
	if s.Share != nil {
		ev.Share = s.Share.Kind
	}
	if s.Error != nil {
		ev.Error = &EventError{s.Error.Code, s.Error.Message}
	}
	return ev
}

// stateOf is the one word that says most.
func stateOf(s Snapshot) string {
	switch {
	case s.Phase == PhaseNumber:
		return stateNumber
	case s.Phase == PhaseConnecting:
		return stateConnecting
	case s.Phase == PhaseAway:
		return stateAway
	case s.Phase == PhaseEnded:
		return stateEnded
	case s.Question != nil:
		return stateQuestion
	case s.Paused:
		return statePaused
	case s.Rights.Control:
		return stateControlled
	case s.Rights.View:
		return stateShared
	case s.Rights.Show:
		return stateShowing
	}
	return stateJoined
}
