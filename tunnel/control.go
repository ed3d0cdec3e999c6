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
)

// MaxControlLine bounds one JSON object of the control stream with its line
// feed; PROTOCOL.md, section 6.
const MaxControlLine = 16 << 10

// maxIgnored bounds the messages of unknown type in a row, so that a peer
// cannot keep a reader busy for ever without saying anything.
const maxIgnored = 1000

// ControlMessage is one of AgentHello, State, Event, DoorNumber, Bye (agent to
// advisor), AdvisorHello, Ask, AskDoor, Return, End (advisor to agent).
type ControlMessage interface {
	controlType() string
}

// Customer is what the agent says of the customer and his computer.
type Customer struct {
	User   string `json:"user"`
	Host   string `json:"host"`
	System string `json:"system"`
}

// AgentHello is the agent's first message. It comes again, with the customer's names,
// once the customer has allowed something. Program is "agent", or "browser" for
// a customer without download; Can are the rights worth asking for. Answer is
// "view", "control" or "deny" where the program answers questions by itself.
type AgentHello struct {
	Version  string   `json:"version"`
	Customer Customer `json:"customer"`
	Program  string   `json:"program"`
	Can      []string `json:"can"`
	Answer   string   `json:"answer"`
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
}

// Rights are those in force.
type Rights struct {
	View      bool `json:"view"`
	Control   bool `json:"control"`
	Clipboard bool `json:"clipboard"`
	Files     bool `json:"files"` // reserved: never given
	Show      bool `json:"show"`  // the customer sees the advisor's screen
}

// Share is what a customer shows: "screen", "monitor" or "apps". Names are of
// the monitor or the programs that were chosen.
type Share struct {
	Kind  string   `json:"kind"`
	Names []string `json:"names"`
}

// Viewer is one view stream as the customer sees it. Line is "sealed", "partly" (in
// the clear from the advisor's computer on) or "gateway". Code are the four digits
// of the exchange that its stream goes back to, "" where the gateway opens the seal.
type Viewer struct {
	Door string `json:"door"`
	Line string `json:"line"`
	From string `json:"from"`
	Code string `json:"code"`
}

// State is the whole truth about the session, sent at once and at each change.
// Direction is "none", "customer" or "advisor"; Share is nil while nothing can be
// seen; Hands: the customer uses mouse or keyboard himself, remote input waits.
type State struct {
	Seq       uint64   `json:"seq"`
	Direction string   `json:"direction"`
	Rights    Rights   `json:"rights"`
	Asked     []string `json:"asked"`
	Share     *Share   `json:"share"`
	Paused    bool     `json:"paused"`
	Hands     bool     `json:"hands"`
	Notice    string   `json:"notice"` // "hidden", "shielded" or ""
	Viewers   []Viewer `json:"viewers"`
}

// Event tells what happened to a right: "given", "refused", "timeout", "taken",
// "returned" or EventDelayed, by "customer", "advisor", "key" or "auto".
type Event struct {
	Event string `json:"event"`
	Right string `json:"right"`
	By    string `json:"by"`
	// Seconds is how long a question is still put off; with EventDelayed only.
	Seconds int `json:"seconds,omitempty"`
}

// EventDelayed is Event.Event for a wish that waits because the customer refused a
// moment ago.
const EventDelayed = "delayed"

// Bye is the agent's last message.
type Bye struct {
	Reason string `json:"reason"`
}

// Ask asks for a right, "view", "control", "clipboard" or "files", or for
// another "share".
type Ask struct {
	Right string `json:"right"`
}

// AskDoor asks for the number of a viewer that cannot seal: Door is DoorVNC,
// DoorRepeater or DoorWebsockify. It is what the gateway gets, instead of the
// session's own number; section 9.
type AskDoor struct {
	Door string `json:"door"`
}

// GoneBurnt is DoorNumber.Gone after three wrong tries.
const GoneBurnt = "burnt"

// DoorNumber answers AskDoor with a number that is good for one view stream by
// that door, for so many seconds. With Gone it tells that the number last given
// out is not used any more, and has none.
type DoorNumber struct {
	Door    string `json:"door"`
	Number  string `json:"number"`
	Seconds int    `json:"seconds,omitempty"`
	Gone    string `json:"gone,omitempty"`
}

// Return gives a right back.
type Return struct {
	Right string `json:"right"`
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
func (End) controlType() string          { return "end" }

// ControlType is the field "type" of m on the wire.
func ControlType(m ControlMessage) string { return m.controlType() }

// appendControl appends m as a line.
func appendControl(b []byte, m ControlMessage) ([]byte, error) {
	if s, ok := m.(State); ok {
		// The page iterates over these; null is not an empty list there.
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

// parseControl reads one line; nil without an error for a type that is not known.
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

// ControlConn reads and writes control messages on a sealed stream. Receive
// and Send may be called concurrently; Receive by one goroutine at a time.
type ControlConn struct {
	conn net.Conn
	in   *bufio.Reader // Owned by the caller of Receive.

	writeMu sync.Mutex
	out     []byte // Guarded by writeMu.
}

// NewControlConn makes a control connection of conn, which it owns from then on.
func NewControlConn(conn net.Conn) *ControlConn {
	return &ControlConn{conn: conn, in: bufio.NewReaderSize(conn, MaxControlLine)}
}

// Receive returns the next message of a known type. It returns io.EOF at the
// end; any error is final. Who expects a first message in time sets a read
// deadline on the connection below.
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

// Send writes m in one call to the connection below.
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

// Close closes the connection; twice is allowed.
func (c *ControlConn) Close() error { return c.conn.Close() }
