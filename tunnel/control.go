package tunnel

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// MaxControlLine is the maximum length in bytes of one JSON object of the control stream, including
// its line feed; PROTOCOL.md, section 6.
const MaxControlLine = 16 << 10

// maxIgnored is the maximum number of messages of unknown type in a row, so that a peer cannot keep
// a reader busy for ever.
const maxIgnored = 1000

// ControlMessage is a message of the control stream. The agent sends AgentHello, State, Event,
// DoorNumber, ChatLine, ChatRefused, FileOffer, FileState, RecordLines, ColleagueState, Pong and
// Bye; the advisor sends AdvisorHello, Ask, AskDoor, Return, Remind, Chat, FileOffer, FileCancel,
// AskColleague, DropColleague, PassControl, PassSession, Ping and End.
type ControlMessage interface {
	controlType() string
}

// Customer is what the agent reports about the customer and his computer. System is such as
// "linux/amd64", and SystemName such as "Debian GNU/Linux 12" or "" if it is not known.
type Customer struct {
	User       string `json:"user"`
	Host       string `json:"host"`
	System     string `json:"system"`
	SystemName string `json:"systemName,omitempty"`
}

// AgentHello is the agent's first message. The agent sends it again with the customer's names once
// the customer has allowed something. Program is ProgramAgent or ProgramBrowser. Can lists the
// rights that the advisor may ask for. Answer is "view", "control" or "deny" if the program answers
// questions by itself.
type AgentHello struct {
	Version  string   `json:"version"`
	Customer Customer `json:"customer"`
	Program  string   `json:"program"`
	Can      []string `json:"can"`
	Answer   string   `json:"answer"`
	Pong     bool     `json:"pong,omitempty"`    // the agent answers Ping
	Reminds  bool     `json:"reminds,omitempty"` // the agent understands Remind
	Chat     bool     `json:"chat,omitempty"`    // the agent understands Chat
	Files    bool     `json:"files,omitempty"`   // the agent understands FileOffer
	// Colleagues means that the agent understands AskColleague from this end.
	Colleagues bool `json:"colleagues,omitempty"`
	// Key is the public key with which the agent signs recordings in this session; "": it makes
	// none.
	Key string `json:"key,omitempty"`
}

// Values of AgentHello.Program.
const (
	ProgramAgent   = "agent"
	ProgramBrowser = "browser"
)

// AdvisorHello is the advisor's first message; Client is "page" or "lotse".
type AdvisorHello struct {
	Version string `json:"version"`
	Client  string `json:"client"`
	// Key is the public key with which this end signs recordings; "": it takes none.
	Key string `json:"key,omitempty"`
	// Leads means that this end can lead the session if it is passed on to its advisor.
	Leads bool `json:"leads,omitempty"`
}

// Rights are the rights in force.
type Rights struct {
	View      bool `json:"view"`
	Control   bool `json:"control"`
	Clipboard bool `json:"clipboard"`
	Files     bool `json:"files"`  // always false: each file is asked for on its own
	Show      bool `json:"show"`   // the customer sees the advisor's screen
	Point     bool `json:"point"`  // the advisor's pointer is an arrow on the customer's screen
	Record    bool `json:"record"` // the advisor's end keeps a recording
}

// Share is what a customer shows. Kind is "screen", "monitor" or "apps"; Names are the chosen
// monitor or programs.
type Share struct {
	Kind  string   `json:"kind"`
	Names []string `json:"names"`
}

// Viewer is one view stream as the customer sees it. Line is "sealed", "partly" (not encrypted
// beyond the advisor's computer) or "gateway". Code is the four-digit comparison code of the key
// exchange from which its stream is derived; it is "" where the gateway opens the seal.
type Viewer struct {
	Door string `json:"door"`
	Line string `json:"line"`
	From string `json:"from"`
	Code string `json:"code"`
	// Who is the colleague who sees it; "": the advisor who leads the session.
	Who string `json:"who,omitempty"`
}

// State is the complete state of the session. The agent sends it at the start and at each change.
// Direction is "none", "customer" or "advisor". Share is nil while nothing is shown. LocalInput is
// set while the customer uses mouse or keyboard and remote input waits. PanelClosed is set while
// the customer has closed the window of his program; he is still asked.
type State struct {
	Seq         uint64   `json:"seq"`
	Direction   string   `json:"direction"`
	Rights      Rights   `json:"rights"`
	Asked       []string `json:"asked"`
	Share       *Share   `json:"share"`
	Paused      bool     `json:"paused"`
	LocalInput  bool     `json:"hands"`
	Notice      string   `json:"notice"` // "hidden", "shielded" or ""
	Viewers     []Viewer `json:"viewers"`
	PanelClosed bool     `json:"panelClosed,omitempty"`
	// Held is set while the customer holds the recording.
	Held bool `json:"held,omitempty"`
	// You is the name of the colleague to whom this is sent; "": the advisor who leads the session.
	// A colleague's Rights are his own.
	You string `json:"you,omitempty"`
	// Advisor is the one who leads the session, sent to colleagues.
	Advisor *Person `json:"advisor,omitempty"`
	// Colleagues are those whom the customer has admitted.
	Colleagues []Colleague `json:"colleagues,omitempty"`
	// Holder is the name of the colleague who may ask for control; "": the advisor who leads.
	Holder string `json:"holder,omitempty"`
}

// Event reports what happened to a right. Event is "given", "refused", "timeout", "taken",
// "returned", EventDelayed or EventAsked; By is "customer", "advisor", "key" or "auto".
type Event struct {
	Event string `json:"event"`
	Right string `json:"right"`
	By    string `json:"by"`
	// Seconds is the time until the question is asked with EventDelayed, and until no answer counts
	// as a refusal with EventAsked; otherwise 0.
	Seconds int `json:"seconds,omitempty"`
}

// EventDelayed is Event.Event for a request that waits because the customer has just refused one.
const EventDelayed = "delayed"

// EventAsked is Event.Event when the customer is shown the question that the advisor asked for.
const EventAsked = "asked"

// Bye is the agent's last message.
type Bye struct {
	Reason string `json:"reason"`
}

// Ask asks for a right: "view", "control", "clipboard" or "record", or for another "share".
type Ask struct {
	Right string `json:"right"`
}

// AskDoor asks for a number for a viewer that cannot seal. Door is DoorVNC, DoorRepeater or
// DoorWebsockify. The gateway receives this number instead of the session's own; section 9.
type AskDoor struct {
	Door string `json:"door"`
}

// GoneBurnt is DoorNumber.Gone after three wrong tries with the number.
const GoneBurnt = "burnt"

// DoorNumber answers AskDoor with a number that admits one view stream through that door within
// Seconds. If Gone is set, Number is empty and the number last issued is no longer valid.
type DoorNumber struct {
	Door    string `json:"door"`
	Number  string `json:"number"`
	Seconds int    `json:"seconds,omitempty"`
	Gone    string `json:"gone,omitempty"`
}

// Return gives up a right.
type Return struct {
	Right string `json:"right"`
}

// Remind asks the agent to draw the customer's attention to the question that is open. An end sends
// it only to an agent whose hello has Reminds.
type Remind struct{}

// Chat is a line that the advisor has written to the customer: at most MaxChatText characters, with
// at least one that can be seen. An end sends it only to an agent whose hello has Chat. Tag is any
// number; the answer, a ChatLine or a ChatRefused, has the same.
type Chat struct {
	Text string `json:"text"`
	Tag  uint32 `json:"tag"`
}

// ChatLine is a line of the chat that the agent has accepted. The agent sends it to all ends, and
// to an end that connects later it sends the latest MaxChatLines. ID counts from 1. By is
// ChatByAdvisor or ChatByCustomer. Tag is that of the Chat; it is 0 if the customer has written
// the line.
type ChatLine struct {
	ID   uint32    `json:"id"`
	By   string    `json:"by"`
	Time time.Time `json:"time"`
	Text string    `json:"text"`
	Tag  uint32    `json:"tag,omitempty"`
	// Who is the advisor who has written it, if that is another one than the receiver.
	Who string `json:"who,omitempty"`
}

// Values of ChatLine.By.
const (
	ChatByAdvisor  = "advisor"
	ChatByCustomer = "customer"
)

// ChatRefused reports to the end that sent a Chat that its text was not passed on, and why.
type ChatRefused struct {
	Tag uint32 `json:"tag"`
	Why string `json:"why"`
}

// Values of ChatRefused.Why.
const (
	ChatTooLong = "long" // more than MaxChatText characters
	ChatEmpty   = "empty"
	ChatTooMany = "rate" // more than MaxChatBurst lines at once, or one each ChatPause
	ChatNobody  = "nobody"
)

// RecordLines are lines of the session's record; PROTOCOL.md, section 6. First is the number of the
// first of them, counted from 0. The agent sends all lines to an end that connects, and later each
// new one; the last ones come before Bye.
type RecordLines struct {
	First int      `json:"first"`
	Lines []string `json:"lines"`
}

// Ping asks the agent for a Pong with the same ID, so that the advisor's end knows how long a
// message takes. An end sends it only to an agent whose hello has Pong.
type Ping struct {
	ID uint32 `json:"id"`
}

// Pong answers a Ping, to the end that sent it.
type Pong struct {
	ID uint32 `json:"id"`
}

// End ends the session for both.
type End struct{}

func (AgentHello) controlType() string   { return "hello" }
func (AdvisorHello) controlType() string { return "hello" }
func (State) controlType() string        { return "state" }
func (Event) controlType() string        { return "event" }
func (Bye) controlType() string          { return "bye" }
func (Ask) controlType() string          { return "ask" }
func (AskDoor) controlType() string      { return "door" }
func (DoorNumber) controlType() string   { return "door" }
func (Return) controlType() string       { return "return" }
func (Remind) controlType() string       { return "remind" }
func (Chat) controlType() string         { return "chat" }
func (ChatLine) controlType() string     { return "chatLine" }
func (ChatRefused) controlType() string  { return "chatRefused" }
func (RecordLines) controlType() string  { return "record" }
func (Ping) controlType() string         { return "ping" }
func (Pong) controlType() string         { return "pong" }
func (End) controlType() string          { return "end" }

// ControlType returns the field "type" of m on the wire.
func ControlType(m ControlMessage) string { return m.controlType() }

// appendControl appends m as a line.
func appendControl(b []byte, m ControlMessage) ([]byte, error) {
	if s, ok := m.(State); ok {
		// The page iterates over these lists and cannot iterate over null.
		if s.Asked == nil {
			s.Asked = []string{}
		}
		if s.Viewers == nil {
			s.Viewers = []Viewer{}
		}
		m = s
	}
	body, err := json.Marshal(m)
	if err != nil {
		return b, err
	}
	start := len(b)
	b = append(b, `{"type":"`...)
	b = append(b, m.controlType()...)
	b = append(b, '"')
	if len(body) > len("{}") {
		b = append(b, ',')
	}
	b = append(b, body[1:]...)
	b = append(b, '\n')
	if len(b)-start > MaxControlLine {
		return b[:start], fmt.Errorf("tunnel: control message %q of %d bytes, at most %d", m.controlType(), len(b)-start, MaxControlLine)
	}
	return b, nil
}

var errNotControl = errors.New("tunnel: not a message of the control stream")

// parseControl reads one line. It returns nil, nil for an unknown type.
func parseControl(line []byte) (ControlMessage, error) {
	var head struct {
		Type     string          `json:"type"`
		Customer json.RawMessage `json:"customer"`
		Number   json.RawMessage `json:"number"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return nil, errNotControl
	}
	switch head.Type {
	case "hello":
		if head.Customer != nil {
			return decodeControl[AgentHello](line)
		}
		return decodeControl[AdvisorHello](line)
	case "state":
		return decodeControl[State](line)
	case "event":
		return decodeControl[Event](line)
	case "bye":
		return decodeControl[Bye](line)
	case "ask":
		return decodeControl[Ask](line)
	case "door":
		if head.Number != nil {
			return decodeControl[DoorNumber](line)
		}
		return decodeControl[AskDoor](line)
	case "return":
		return decodeControl[Return](line)
	case "remind":
		return Remind{}, nil
	case "chat":
		return decodeControl[Chat](line)
	case "chatLine":
		return decodeControl[ChatLine](line)
	case "chatRefused":
		return decodeControl[ChatRefused](line)
	case "file":
		return decodeControl[FileOffer](line)
	case "fileCancel":
		return decodeControl[FileCancel](line)
	case "fileState":
		return decodeControl[FileState](line)
	case "record":
		return decodeControl[RecordLines](line)
	case "colleague":
		return decodeControl[AskColleague](line)
	case "colleagueState":
		return decodeControl[ColleagueState](line)
	case "colleagueDrop":
		return decodeControl[DropColleague](line)
	case "passControl":
		return decodeControl[PassControl](line)
	case "passSession":
		return decodeControl[PassSession](line)
	case "ping":
		return decodeControl[Ping](line)
	case "pong":
		return decodeControl[Pong](line)
	case "end":
		return End{}, nil
	}
	return nil, nil
}

func decodeControl[M ControlMessage](line []byte) (ControlMessage, error) {
	var m M
	if err := json.Unmarshal(line, &m); err != nil {
		return nil, fmt.Errorf("%w: %s", errNotControl, m.controlType())
	}
	return m, nil
}

// ControlConn reads and writes control messages on a sealed stream. Only one goroutine may call
// Receive at a time; Send may be called concurrently with everything.
type ControlConn struct {
	conn net.Conn
	in   *bufio.Reader // Owned by the caller of Receive.

	writeMu sync.Mutex
	out     []byte // Guarded by writeMu.
}

// NewControlConn makes a control connection of conn and takes ownership of it.
func NewControlConn(conn net.Conn) *ControlConn {
	return &ControlConn{conn: conn, in: bufio.NewReaderSize(conn, MaxControlLine)}
}

// Receive returns the next message of a known type, and io.EOF at the end. Any error is final. To
// limit the wait for the first message, the caller sets a read deadline on the connection passed to
// NewControlConn.
func (c *ControlConn) Receive() (ControlMessage, error) {
	for range maxIgnored {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			switch {
			case errors.Is(err, bufio.ErrBufferFull):
				return nil, fmt.Errorf("%w: line longer than %d bytes", errNotControl, MaxControlLine)
			case errors.Is(err, io.EOF) && len(line) > 0:
				return nil, io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		m, err := parseControl(line)
		if err != nil || m != nil {
			return m, err
		}
	}
	return nil, fmt.Errorf("%w: %d unknown ones in a row", errNotControl, maxIgnored)
}

// Send writes m in one call to the underlying connection.
func (c *ControlConn) Send(m ControlMessage) error {
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	var err error
	if c.out, err = appendControl(c.out[:0], m); err != nil {
		return err
	}
	_, err = c.conn.Write(c.out)
	return err
}

// Close closes the connection. It may be called twice.
func (c *ControlConn) Close() error { return c.conn.Close() }
