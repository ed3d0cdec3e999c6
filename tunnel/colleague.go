package tunnel

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// A colleague is a second advisor, whom the customer has admitted by name; PROTOCOL.md, section 7c.

// Limits of colleagues.
const (
	// MaxColleagues is how many colleagues a session has at once, counting those who are expected.
	MaxColleagues = 3
	// ColleagueNumberLife is how long a colleague's number waits for him.
	ColleagueNumberLife = 15 * time.Minute
)

// What a colleague may do: values of AskColleague.For.
const (
	ColleagueSees     = "see"
	ColleaguePoints   = "point"   // and sees
	ColleagueControls = "control" // and sees and points; control needs a question of its own
)

// AskColleague asks the customer whether a second advisor may join. Who is the account as the
// gateway named it when it admitted it. An advisor's end sends it only to an agent whose hello has
// Colleagues.
type AskColleague struct {
	Who Person `json:"who"`
	For string `json:"for"`
}

// ColleagueState says what became of a request for the colleague Name. The agent sends it to the
// ends of the advisor who leads the session.
type ColleagueState struct {
	Name  string `json:"name"`
	State string `json:"state"`
	// Number is the colleague's own session number with ColleagueExpected; it is valid for Seconds
	// until he comes.
	Number  string `json:"number,omitempty"`
	Seconds int    `json:"seconds,omitempty"`
	Why     string `json:"why,omitempty"` // with ColleagueGone
}

// Values of ColleagueState.State.
const (
	ColleagueAsked    = "asked"    // the customer is asked, or will be
	ColleagueExpected = "expected" // the customer said yes; the colleague may come with Number
	ColleagueHere     = "here"
	ColleagueGone     = "gone"
)

// Values of ColleagueState.Why.
const (
	ColleagueRefused = "refused" // by the customer
	ColleagueSilent  = "silence" // nobody answered
	ColleagueLate    = "late"    // he did not come in ColleagueNumberLife
	ColleagueBurnt   = "burnt"   // the number was tried wrongly too often
	ColleagueRemoved = "removed" // by the customer
	ColleagueLeft    = "left"    // by himself, or removed by the advisor
	ColleagueTooMany = "many"    // there are MaxColleagues, or another one is being asked for
	ColleagueNobody  = "nobody"  // the session cannot take anybody now
)

// DropColleague withdraws the request for a colleague, or ends his part in the session.
type DropColleague struct {
	Name string `json:"name"`
}

// PassControl makes the colleague Name the only one who may ask for control and the clipboard; ""
// makes it the advisor who leads the session again. Control that is given ends.
type PassControl struct {
	Name string `json:"name"`
}

// PassSession makes the colleague Name the advisor who leads the session. The one who led it
// leaves.
type PassSession struct {
	Name string `json:"name"`
}

// Colleague is one colleague in a State.
type Colleague struct {
	Person
	For   string `json:"for"`
	Here  bool   `json:"here"`  // he has come, and is connected
	Leads bool   `json:"leads"` // he is connected with an end that can lead the session
}

func (AskColleague) controlType() string   { return "colleague" }
func (ColleagueState) controlType() string { return "colleagueState" }
func (DropColleague) controlType() string  { return "colleagueDrop" }
func (PassControl) controlType() string    { return "passControl" }
func (PassSession) controlType() string    { return "passSession" }

// People is the answer to GET /api/v1/colleagues.
type People struct {
	People []Person `json:"people"`
}

// AdmitRequest is the body of POST /api/v1/sessions/PLACE/colleagues.
type AdmitRequest struct {
	Name string `json:"name"`
}

// Colleagues lists the other advisors of the same company.
func (a *Advisor) Colleagues(ctx context.Context) ([]Person, error) {
	var p People
	err := a.request(ctx, http.MethodGet, "/api/v1/colleagues", nil, &p)
	return p.People, err
}

// Admit lets the account name open streams in the caller's session, and returns who that is. Its
// streams need the number that the agent issues for the colleague after the customer's yes.
func (a *Advisor) Admit(ctx context.Context, place, name string) (*Person, error) {
	if !ValidPlace(place) {
		return nil, errors.New("tunnel: a place is four digits")
	}
	var p Person
	return &p, a.request(ctx, http.MethodPost, "/api/v1/sessions/"+place+"/colleagues", AdmitRequest{name}, &p)
}

// Expel undoes Admit and ends the colleague's streams.
func (a *Advisor) Expel(ctx context.Context, place, name string) error {
	if !ValidPlace(place) {
		return errors.New("tunnel: a place is four digits")
	}
	return a.request(ctx, http.MethodDelete, "/api/v1/sessions/"+place+"/colleagues/"+url.PathEscape(name), nil, nil)
}
