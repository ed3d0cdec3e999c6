// Package record keeps what happened in a session: who was there, which right was given and
// taken, what was shown, which files were sent. The customer's program writes the lines, and each
// of the advisor's ends receives them, so that both sides have the same lines with the same hash;
// tunnel/PROTOCOL.md, section 6. Nothing that was on the screen is in it.
package record

import (
	"encoding/json"
	"time"

	"lotse/fbs"
)

// Entry is one line of the record, a JSON object. Which of its fields are set depends on Event. A
// reader must ignore fields and events that it does not know.
type Entry struct {
	Time    time.Time `json:"time"` // UTC, in whole seconds
	Event   string    `json:"event"`
	Version int       `json:"version,omitempty"` // of the format, with Begin: 1
	Gateway string    `json:"gateway,omitempty"` // host and port, with Begin
	Who     *Person   `json:"who,omitempty"`     // the advisor with Begin, the customer with Named, or a colleague
	Code    string    `json:"code,omitempty"`    // the comparison code, with Joined
	Right   string    `json:"right,omitempty"`   // as package consent names it
	By      string    `json:"by,omitempty"`      // "customer", "advisor", "key" or "auto"
	Share   *Share    `json:"share,omitempty"`   // with Shown
	File    *File     `json:"file,omitempty"`    // with FileAccepted, FileSaved and FileNotSaved
	Reason  string    `json:"reason,omitempty"`  // of the end, with Over; tunnel/PROTOCOL.md
	Count   int       `json:"count,omitempty"`   // with LeftOut and Hash, in lines
	SHA256  string    `json:"sha256,omitempty"`  // with Hash, in hexadecimal
	Text    string    `json:"text,omitempty"`    // with Note
	Terms   *Terms    `json:"terms,omitempty"`   // with Accepted
	// For is what a colleague may do: "see", "point" or "control"; with ColleagueAsked.
	For string `json:"for,omitempty"`
	// Why is a word of tunnel/PROTOCOL.md, section 7c, with ColleagueRefused and ColleagueLeft.
	Why string `json:"why,omitempty"`
	// Recording is the proof of a recording, with Recorded.
	Recording *fbs.Entry `json:"recording,omitempty"`
}

// Values of Entry.Event, beside Asked and those that follow it.
const (
	Begin        = "begin"    // the first line
	Accepted     = "terms"    // the customer has accepted the operator's terms before he joined
	Joined       = "joined"   // the customer has joined
	Named        = "customer" // the advisor learns the customer's names
	Shown        = "shown"    // what can be seen from now on
	Away         = "away"     // the connection was lost
	Back         = "back"     // it is there again
	Paused       = "paused"   // by the customer
	Resumed      = "resumed"
	FileAccepted = "fileAccepted" // the customer wants the file, or gives it
	FileSaved    = "fileSaved"    // all of it has arrived
	FileNotSaved = "fileNotSaved"
	Held         = "recordingHeld"      // by the customer: nothing goes into the recording
	Continued    = "recordingContinued" // by the customer
	Recorded     = "recording"          // a recording is over
	// A colleague is a second advisor.
	ColleagueAsked   = "colleagueAsked"
	ColleagueAllowed = "colleagueAllowed" // by the customer
	ColleagueRefused = "colleagueRefused" // by the customer, or nobody answered
	ColleagueCame    = "colleagueCame"
	ColleagueLeft    = "colleagueLeft"
	ControlPassed    = "controlPassed" // who may ask for control from now on
	SessionPassed    = "sessionPassed" // who leads the session from now on; the one who led it has left
	LeftOut          = "leftOut"       // further lines, because there were too many
	Over             = "over"          // the last line
	Hash             = "hash"          // of all lines before; it follows when the record is saved
	Note             = "note"          // of one side, after the hash; the other side does not have it
)

// What happened to a right, as values of Entry.Event.
const (
	Asked    = "asked"
	Given    = "given"
	Refused  = "refused"
	TimedOut = "timeout"
	Taken    = "taken"
	Returned = "returned"
)

// Person is the advisor, as the gateway names him, or the customer, as his computer does.
type Person struct {
	Name    string `json:"name,omitempty"`
	Display string `json:"display,omitempty"`
	Company string `json:"company,omitempty"`
	User    string `json:"user,omitempty"`
	Host    string `json:"host,omitempty"`
	System  string `json:"system,omitempty"`
}

// Share is what the advisor sees: Kind is "screen", "monitor" or "apps".
type Share struct {
	Kind  string   `json:"kind"`
	Names []string `json:"names,omitempty"`
}

// File is a file that one side gives to the other. To is "customer" or "advisor". Why it was not
// saved is a word of tunnel/PROTOCOL.md, or "over".
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"` // in bytes
	To     string `json:"to"`
	SHA256 string `json:"sha256,omitempty"` // in hexadecimal
	Why    string `json:"why,omitempty"`
}

// Terms are what the customer has accepted, and when. SHA256 is that of the text in hexadecimal, as
// the gateway said.
type Terms struct {
	Version string    `json:"version"`
	SHA256  string    `json:"sha256"`
	At      time.Time `json:"at"` // UTC
}

// MaxLine is the maximum length of a line in bytes, without the line feed.
const MaxLine = 4096

// line returns e as a line of at most MaxLine bytes; of a long list of names, only the first ones.
// It returns "" for an entry that is too long for other reasons.
func (e Entry) line() string {
	e.Time = e.Time.UTC().Truncate(time.Second)
	for {
		b, err := json.Marshal(e)
		switch {
		case err != nil:
			return ""
		case len(b) <= MaxLine:
			return string(b)
		case e.Share == nil || len(e.Share.Names) == 0:
			return ""
		}
		e.Share = &Share{Kind: e.Share.Kind, Names: e.Share.Names[:len(e.Share.Names)/2]}
	}
}

// parse reads a line that another program has written.
func parse(line string) (Entry, bool) {
	var e Entry
	if len(line) > MaxLine || json.Unmarshal([]byte(line), &e) != nil {
		return Entry{}, false
	}
	return e, true
}
