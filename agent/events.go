package agent

import (
	"context"
	"encoding/json"
	"io"
	"sync"
	"time"

	"lotse/plaintext"
)

// Events writes one JSON line at each change of state, for the program that started this one.
// docs/integration.md is its specification. Create one with NewEvents.
type Events struct {
	mu sync.Mutex
	// Guarded by mu.
	out  *json.Encoder
	last Event
	over bool
}

// Event is one line. It describes the complete present state and never contains the session
// number.
type Event struct {
	Version  int         `json:"v"` // 1; new fields do not change it
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

// EventError is what went wrong, for the log of the program that started this one.
type EventError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// The values of Event.State; docs/integration.md.
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

// NewEvents returns Events that write to out.
func NewEvents(out io.Writer) *Events { return &Events{out: json.NewEncoder(out)} }

// follow writes each change until ctx ends or the session has ended. A reader that does not
// read delays only these lines.
func (e *Events) follow(ctx context.Context, s *Session) {
	for {
		snap, changed := s.Snapshot()
		if snap.Reason == "" || snap.Phase == PhaseEnded { // not while the session is ending
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

// tell writes ev if it differs from the last event. It does not write the end: End does,
// because it knows the exit code.
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

// End writes the last line: the program ends with this exit code because of err, whose code in
// the line is kind. A nil err is a normal end. Later calls do nothing.
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
	_ = e.out.Encode(ev) // a reader that has gone needs no lines
}

// sameEvent compares two events before their time is set.
func sameEvent(a, b Event) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

// eventOf returns the event that describes a snapshot.
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
	}{{s.Rights.View, "view"}, {s.Rights.Control, "control"}, {s.Rights.Clipboard, "clipboard"}, {s.Rights.Show, "show"}, {s.Rights.Point, "point"}} {
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

// stateOf returns the value of Event.State for a snapshot. If several apply, it is the first in
// the order below.
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
