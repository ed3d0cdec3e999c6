package tunnel

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"lotse/plaintext"
)

// MaxLinkMessage is the maximum size in bytes of a message on an agent's or owner's link;
// PROTOCOL.md, section 8.
const MaxLinkMessage = 4 << 10

// Kinds of a stream.
const (
	KindControl = "control"
	KindView    = "view"
	KindShow    = "show" // the advisor's screen; section 7
)

// StreamKinds are all kinds of streams.
var StreamKinds = [...]string{KindControl, KindView, KindShow, KindFile, KindRecord}

// ValidKind reports whether kind is a known kind of stream.
func ValidKind(kind string) bool {
	return slices.Contains(StreamKinds[:], kind)
}

// Doors through which an advisor's end connects; PROTOCOL.md, section 5.
const (
	DoorEntering   = "entering"
	DoorPage       = "page"
	DoorHelper     = "helper"
	DoorVNC        = "vnc"
	DoorRepeater   = "repeater"
	DoorWebsockify = "websockify"
	// DoorColleague is how every stream of a colleague enters; section 7c. An advisor's end never
	// asks for it.
	DoorColleague = "colleague"
)

// States of a session; PROTOCOL.md, section 3.
const (
	StateWaiting = "waiting"
	StateJoined  = "joined"
	StateAway    = "away"
	StateEnded   = "ended"
)

// Values of OwnerMessage.Foreign; PROTOCOL.md, section 10.
const (
	ForeignWaiting = "waiting" // waiting for the foreign server
	ForeignHere    = "here"    // the foreign server is connected
)

// Reasons why a session ended; PROTOCOL.md, section 3.
const (
	ReasonAdvisor  = "advisor"
	ReasonCustomer = "customer"
	ReasonExpired  = "expired"
	ReasonBurnt    = "burnt"
	ReasonLost     = "lost"
	ReasonShutdown = "shutdown"
	// ReasonPassed is said to an advisor's end only: the session goes on without it.
	ReasonPassed = "passed"
)

// Codes of TypeRefused; PROTOCOL.md, section 5.
const (
	RefusedNumber = "number"
	RefusedBusy   = "busy"
	RefusedRate   = "rate"
	RefusedLost   = "lost"
	RefusedTerms  = "terms" // with GatewayMessage.Terms
)

// Types of messages on the links; PROTOCOL.md, sections 3 and 5.
const (
	TypeState    = "state"
	TypeEntering = "entering"
	TypeReplaced = "replaced"
	TypeVerdict  = "verdict"
	TypeBurnt    = "burnt"
	TypeEnd      = "end"
	TypeEnter    = "enter"
	TypeCall     = "call"
	TypeJoined   = "joined"
	TypeRefused  = "refused"
	TypeEnded    = "ended"
	TypePuzzle   = "puzzle"
	TypePassed   = "passed"
)

// Person is what the customer learns about the advisor.
type Person struct {
	Name    string `json:"name"`
	Display string `json:"display"`
	Company string `json:"company"`
}

// SignInRequest is the body of POST /api/v1/signin.
type SignInRequest struct {
	Name     string `json:"name"`
	Password string `json:"password"`
	Proof    string `json:"proof,omitempty"` // of work, after CodePuzzle; section 11
}

// Me is the answer to signing in and to GET /api/v1/me.
type Me struct {
	Person
	CSRF string `json:"csrf"`
}

// Info is the answer to GET /api/v1/info.
type Info struct {
	Name      string     `json:"name"`
	Version   string     `json:"version"`
	Downloads []Download `json:"downloads"`
	Doors     []Door     `json:"doors"`
}

// Seen is the answer to GET /api/v1/check. It describes how the request arrived at the gateway.
type Seen struct {
	Address   string `json:"address"`   // the client's address for the limits per address
	Port      uint16 `json:"port"`      // of the connection's remote end
	Forwarded bool   `json:"forwarded"` // the request had an X-Forwarded-For header
	Trusted   bool   `json:"trusted"`   // the connection came from a trusted proxy
	Proxy     bool   `json:"proxy"`     // Address itself belongs to a trusted proxy
}

// CheckTime is the longest duration of the WebSocket of GET /api/v1/check.
const CheckTime = 5 * time.Minute

// Door is an open door. If the door has a port of its own, Address is what a user types into a
// viewer.
type Door struct {
	Door    string `json:"door"`
	Address string `json:"address,omitempty"` // host:port
	Servers string `json:"servers,omitempty"` // host:port for foreign servers
}

// Download is one file that the gateway offers under /download/.
type Download struct {
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	File   string `json:"file"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	Name   string `json:"name"`             // the name under which the browser saves it
	Signer string `json:"signer,omitempty"` // of a Windows program; "": not signed
}

// NewSession is the answer to POST /api/v1/sessions.
type NewSession struct {
	Place   string    `json:"place"`
	Expires time.Time `json:"expires"`
}

// Session is one entry of GET /api/v1/sessions.
type Session struct {
	Place   string    `json:"place"`
	State   string    `json:"state"`
	Since   time.Time `json:"since"`
	Expires time.Time `json:"expires"`
	// Advisor leads the session, if that is not the caller, who may join as a colleague.
	Advisor *Person `json:"advisor,omitempty"`
}

// Sessions is the answer to GET /api/v1/sessions.
type Sessions struct {
	Sessions []Session `json:"sessions"`
}

// OpenStreamRequest is the body of POST /api/v1/sessions/PLACE/streams.
type OpenStreamRequest struct {
	Kind string `json:"kind"`
	Door string `json:"door"`
}

// OpenStreamAnswer is the answer to an OpenStreamRequest.
type OpenStreamAnswer struct {
	Stream string `json:"stream"`
}

// HandOver is the body of the requests that give a number to the gateway: the number of a door,
// section 9, or of a foreign server, section 10. In a request for a password Door is DoorVNC or
// DoorRepeater; otherwise it is empty.
type HandOver struct {
	Number string `json:"number"`
	Door   string `json:"door,omitempty"`
}

// ViewerPassword is the answer to POST /api/v1/sessions/PLACE/password.
type ViewerPassword struct {
	User     string    `json:"user"`
	Password string    `json:"password"`
	Expires  time.Time `json:"expires"`
	Doors    []Door    `json:"doors"`
}

// ViewerAddress is the answer to POST /api/v1/sessions/PLACE/websockify.
type ViewerAddress struct {
	URL     string    `json:"url"`
	Expires time.Time `json:"expires"`
}

// OwnerState is the state message of the gateway to an owner; section 3. The gateway sends it;
// owners read it as OwnerMessage.
type OwnerState struct {
	Type    string    `json:"type"`
	State   string    `json:"state"`
	Reason  string    `json:"reason"`
	Foreign string    `json:"foreign,omitempty"`
	Since   time.Time `json:"since"`
	Expires time.Time `json:"expires"`
}

// OwnerMessage is a message of the gateway to an owner. Type determines which other fields are set.
// TypeState: State, Reason, Foreign, Since, Expires. TypeEntering: Stream. TypeReplaced: none.
type OwnerMessage struct {
	Type    string    `json:"type"`
	State   string    `json:"state,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	Foreign string    `json:"foreign,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	Expires time.Time `json:"expires,omitzero"`
	Stream  string    `json:"stream,omitempty"`
}

// OwnerRequest is a message of an owner to the gateway: TypeVerdict (Stream,
// OK), TypeBurnt, TypeEnd.
type OwnerRequest struct {
	Type   string `json:"type"`
	Stream string `json:"stream,omitempty"`
	OK     *bool  `json:"ok,omitempty"`
}

// GatewayMessage is a message of the gateway to an agent. Type determines which other fields are
// set.
//
//	TypeCall     Stream, Kind, Door, From, Advisor (nil while entering)
//	TypeJoined   Advisor, Resume, Grace, Files, Question and Answer
//	TypeRefused  Code, RetryAfter, Terms
//	TypeEnded    Reason
//	TypePuzzle   Puzzle; the agent sends the enter again with its proof
type GatewayMessage struct {
	Type       string  `json:"type"`
	Stream     string  `json:"stream,omitempty"`
	Kind       string  `json:"kind,omitempty"`
	Door       string  `json:"door,omitempty"`
	From       string  `json:"from,omitempty"`
	Advisor    *Person `json:"advisor,omitempty"`
	Resume     string  `json:"resume,omitempty"`
	Grace      int     `json:"grace,omitempty"` // seconds
	Code       string  `json:"code,omitempty"`
	RetryAfter int     `json:"retry_after,omitempty"` // seconds
	Reason     string  `json:"reason,omitempty"`
	Puzzle     string  `json:"puzzle,omitempty"`
	Terms      *Terms  `json:"terms,omitempty"` // with RefusedTerms
	// Files are the operator's limits of files, with TypeJoined; nil: none.
	Files *FileLimits `json:"files,omitempty"`
	// Question is what the customer is asked after the session; he answers it at the gateway's
	// address /answer/ followed by Answer. Both are "" if there is no question.
	Question string `json:"question,omitempty"`
	Answer   string `json:"answer,omitempty"`
}

// Terms names the terms that a customer must accept before he joins. Their text is at the gateway's
// address TermsPath.
type Terms struct {
	Version string `json:"version"` // at most MaxTermsVersion characters
	SHA256  string `json:"sha256"`  // of the text, in hexadecimal
}

// Where customers read the terms, and where they answer the question at the end.
const (
	TermsPath  = "/terms"
	AnswerPath = "/answer/"
)

// Limits of what a gateway asks a customer, in characters.
const (
	MaxTermsVersion     = 40
	MaxCustomerQuestion = 200
)

// AgentRequest is a message of an agent to the gateway: TypeEnter (Place,
// Resume, Proof, Terms), TypePassed (Name), TypeEnd (Reason).
type AgentRequest struct {
	Type   string `json:"type"`
	Place  string `json:"place,omitempty"`
	Resume string `json:"resume,omitempty"`
	Proof  string `json:"proof,omitempty"` // of work, after TypePuzzle; section 11
	Terms  string `json:"terms,omitempty"` // the version of the terms that the customer has accepted
	Reason string `json:"reason,omitempty"`
	Name   string `json:"name,omitempty"` // of the account that leads the session from now on
}

// errNotMessage deliberately has no detail, so that it never repeats untrusted input.
var errNotMessage = errors.New("tunnel: not a message of the protocol")

// ParseOwnerRequest reads a message of an owner. An unknown type is not an error.
func ParseOwnerRequest(b []byte) (m OwnerRequest, err error) {
	if err = parseMessage(b, &m); err != nil {
		return OwnerRequest{}, err
	}
	if m.Type == TypeVerdict && (!ValidStreamID(m.Stream) || m.OK == nil) {
		return OwnerRequest{}, fmt.Errorf("%w: verdict without stream or ok", errNotMessage)
	}
	return m, nil
}

// ParseAgentRequest reads a message of an agent. An unknown type is not an error.
func ParseAgentRequest(b []byte) (m AgentRequest, err error) {
	if err = parseMessage(b, &m); err != nil {
		return AgentRequest{}, err
	}
	if m.Type == TypeEnter && !ValidPlace(m.Place) {
		return AgentRequest{}, fmt.Errorf("%w: place is not four digits", errNotMessage)
	}
	return m, nil
}

// ParseGatewayMessage reads a message of the gateway to an agent.
func ParseGatewayMessage(b []byte) (m GatewayMessage, err error) {
	if err = parseMessage(b, &m); err != nil {
		return GatewayMessage{}, err
	}
	switch {
	case m.Type == TypeCall && (!ValidStreamID(m.Stream) || !ValidKind(m.Kind)):
		return GatewayMessage{}, fmt.Errorf("%w: call without stream or kind", errNotMessage)
	case m.Type == TypeJoined && m.Advisor == nil:
		return GatewayMessage{}, fmt.Errorf("%w: joined without advisor", errNotMessage)
	}
	return m, nil
}

// maxWord is the maximum length in characters of State, Reason and Foreign; all known values are
// shorter.
const maxWord = 40

// ParseOwnerMessage reads a message of the gateway to an owner. Its strings are safe to show.
func ParseOwnerMessage(b []byte) (m OwnerMessage, err error) {
	if err = parseMessage(b, &m); err != nil {
		return OwnerMessage{}, err
	}
	if m.Type == TypeEntering && !ValidStreamID(m.Stream) {
		return OwnerMessage{}, fmt.Errorf("%w: entering without stream", errNotMessage)
	}
	// These strings are shown to people and compared with known values.
	for _, word := range []*string{&m.State, &m.Reason, &m.Foreign} {
		*word = plaintext.Line(*word, maxWord)
	}
	return m, nil
}

func parseMessage(b []byte, m any) error {
	if len(b) > MaxLinkMessage {
		return fmt.Errorf("%w: %d bytes", errNotMessage, len(b))
	}
	if err := json.Unmarshal(b, m); err != nil {
		return errNotMessage
	}
	return nil
}

// streamIDLength is the length of 16 bytes in base64url; PROTOCOL.md, section 4.
const streamIDLength = 22

// ValidStreamID reports whether s has the form of a stream's identifier.
func ValidStreamID(s string) bool {
	if len(s) != streamIDLength {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}
