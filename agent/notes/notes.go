// Package notes writes the record of a session at the customer's side.
package notes

import (
	"time"

	"lotse/agent/choices"
	"lotse/agent/files"
	"lotse/consent"
	"lotse/fbs"
	"lotse/record"
	"lotse/tunnel"
)

// Notes writes the record, and sends each new line to the advisor's ends. Methods must not be
// called concurrently.
type Notes struct {
	Log  record.Log
	Send func(tunnel.ControlMessage) // to all ends that are connected
	// Terms are what the customer has accepted before he joined; nil: nothing. TermsOf is the
	// address of the gateway whose terms they are.
	Terms   *record.Terms
	TermsOf string
}

func (n *Notes) add(e record.Entry) {
	e.Time = time.Now()
	first := n.Log.Len()
	if lines := n.Log.Add(e); lines != nil {
		n.Send(tunnel.RecordLines{First: first, Lines: lines})
	}
}

// SendAll sends the whole record to an end that has just connected.
func (n *Notes) SendAll(send func(tunnel.ControlMessage)) {
	first := 0
	for _, lines := range n.Log.Batches() {
		send(tunnel.RecordLines{First: first, Lines: lines})
		first += len(lines)
	}
}

// Joined writes how the record begins. address is that of the gateway, and gateway its name for
// people. advisor may be nil.
func (n *Notes) Joined(address, gateway string, advisor *tunnel.Person, code string) {
	begin := record.Entry{Event: record.Begin, Version: 1, Gateway: gateway}
	if advisor != nil {
		begin.Who = &record.Person{Name: advisor.Name, Display: advisor.Display, Company: advisor.Company}
	}
	n.add(begin)
	if n.Terms != nil && n.TermsOf == address {
		n.add(record.Entry{Event: record.Accepted, Terms: n.Terms})
	}
	n.add(record.Entry{Event: record.Joined, Code: code})
}

// Named writes that the advisor learns the names of the customer and the computer.
func (n *Notes) Named(c tunnel.Customer) {
	n.add(record.Entry{Event: record.Named, Who: &record.Person{User: c.User, Host: c.Host, System: c.System}})
}

// Shown writes what the advisor sees from now on.
func (n *Notes) Shown(what choices.Selection) {
	n.add(record.Entry{Event: record.Shown, Share: &record.Share{Kind: what.Kind, Names: what.Names}})
}

// Over writes the last line.
func (n *Notes) Over(reason string) { n.add(record.Entry{Event: record.Over, Reason: reason}) }

// outcomes are the record's words for what happens to a right. A request that is withdrawn before
// its answer leaves no second line.
var outcomes = map[consent.Outcome]string{
	consent.Opened: record.Asked, consent.Given: record.Given, consent.Refused: record.Refused,
	consent.TimedOut: record.TimedOut, consent.Taken: record.Taken, consent.Returned: record.Returned,
}

// Change writes what happened to a right, and who caused it. shown is what a given view shows.
func (n *Notes) Change(c consent.Change, by string, shown choices.Selection) {
	if c.Outcome == consent.Given && (c.Right == consent.View || c.Right == consent.Share) {
		n.Shown(shown)
	}
	event := outcomes[c.Outcome]
	if event == "" {
		return
	}
	if c.Outcome == consent.Opened || c.Outcome == consent.TimedOut {
		by = ""
	}
	n.add(record.Entry{Event: event, Right: c.Right.String(), By: by})
}

// Interruption writes that the customer has paused or resumed, or that the connection was lost or
// is there again.
func (n *Notes) Interruption(before, after consent.State) {
	switch {
	case after.Phase == consent.Over:
	case before.Phase == consent.Joined && after.Phase == consent.Away:
		n.add(record.Entry{Event: record.Away})
	case before.Phase == consent.Away && after.Phase == consent.Joined:
		n.add(record.Entry{Event: record.Back})
	case !before.Paused && after.Paused:
		n.add(record.Entry{Event: record.Paused})
	case before.Paused && !after.Paused:
		n.add(record.Entry{Event: record.Resumed})
	}
}

// Held writes that the customer holds the recording, or lets it go on.
func (n *Notes) Held(on bool) {
	if on {
		n.add(record.Entry{Event: record.Held})
	} else {
		n.add(record.Entry{Event: record.Continued})
	}
}

// Recording writes the proof of a recording that is over.
func (n *Notes) Recording(p fbs.Proof) {
	n.add(record.Entry{Event: record.Recorded, Recording: p.Entry()})
}

// Colleague writes what became of a colleague. who may be nil: the advisor who leads.
func (n *Notes) Colleague(event string, who *tunnel.Person, may, why string) {
	e := record.Entry{Event: event, Why: why, For: may}
	if who != nil {
		e.Who = &record.Person{Name: who.Name, Display: who.Display, Company: who.Company}
	}
	n.add(e)
}

// File writes what became of a file that the customer was asked for, or gives.
func (n *Notes) File(f files.OfferedFile) {
	e := record.Entry{File: &record.File{Name: f.Name, Size: f.Size, To: "customer", SHA256: f.SHA256, Why: f.Why}}
	if f.Given {
		e.File.To = "advisor"
	}
	switch f.State {
	case files.Accepted:
		e.Event = record.FileAccepted
	case files.Done:
		e.Event = record.FileSaved
	case files.Ended:
		e.Event = record.FileNotSaved
	default:
		return
	}
	n.add(e)
}
