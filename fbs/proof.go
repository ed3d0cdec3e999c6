package fbs

import (
	"bufio"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"time"
)

// Proof says what a recording was when it ended, with the signatures of both ends. Each end draws
// its key for one session.
type Proof struct {
	Sum
	Agent, Advisor                   ed25519.PublicKey
	AgentSignature, AdvisorSignature []byte // nil: there is none
}

// Message returns what both ends sign: the label "lotse recording signature 1", both keys, the
// size and the number of links (64 bits, big-endian), and the head of the chain.
func (p *Proof) Message() []byte {
	b := append([]byte("lotse recording signature 1"), p.Agent...)
	b = append(b, p.Advisor...)
	b = binary.BigEndian.AppendUint64(b, uint64(p.Size))
	b = binary.BigEndian.AppendUint64(b, uint64(p.Links))
	return append(b, p.Head[:]...)
}

// Errors of Proof.Check.
var (
	ErrNotSame    = errors.New("fbs: the recording was changed")
	ErrAgent      = errors.New("fbs: the signature of the customer's end is missing or wrong")
	ErrAdvisor    = errors.New("fbs: the signature of the advisor's end is missing or wrong")
	errNoEvent    = errors.New("fbs: no recording is in the record")
	errUnreadable = errors.New("fbs: a recording in the record cannot be read")
)

// Check compares the proof with a recording, and checks the signatures. It returns ErrNotSame,
// ErrAgent or ErrAdvisor; with the last two, the recording is the one of the proof.
func (p *Proof) Check(sum Sum) error {
	message := p.Message()
	switch {
	case p.Sum != sum:
		return ErrNotSame
	case len(p.Agent) != ed25519.PublicKeySize || !ed25519.Verify(p.Agent, message, p.AgentSignature):
		return ErrAgent
	case len(p.Advisor) != ed25519.PublicKeySize || !ed25519.Verify(p.Advisor, message, p.AdvisorSignature):
		return ErrAdvisor
	}
	return nil
}

// event is the line of a session's record about a recording.
type event struct {
	Time      time.Time `json:"time"`
	Event     string    `json:"event"`
	Recording *Entry    `json:"recording"`
}

// eventName is event.Event.
const eventName = "recording"

// Entry is a proof as it is in a record.
type Entry struct {
	Size             int64  `json:"size"`
	Head             string `json:"head"`
	Blocks           int    `json:"blocks"`
	AgentKey         string `json:"agentKey"`
	AgentSignature   string `json:"agentSignature,omitempty"`
	AdvisorKey       string `json:"advisorKey"`
	AdvisorSignature string `json:"advisorSignature,omitempty"`
}

var encoding = base64.RawURLEncoding

// Line returns the line of a record that keeps the proof: one JSON object, without a line feed.
func (p *Proof) Line(at time.Time) string {
	line, _ := json.Marshal(event{at.UTC().Truncate(time.Second), eventName, p.Entry()}) // cannot fail
	return string(line)
}

// Entry returns the proof as it is in a record.
func (p *Proof) Entry() *Entry {
	return &Entry{
		Size: p.Size, Head: hex.EncodeToString(p.Head[:]), Blocks: p.Links,
		AgentKey: encoding.EncodeToString(p.Agent), AgentSignature: encoding.EncodeToString(p.AgentSignature),
		AdvisorKey: encoding.EncodeToString(p.Advisor), AdvisorSignature: encoding.EncodeToString(p.AdvisorSignature),
	}
}

// maxRecordLine is the maximum length of a record's line in bytes. maxProofs is how many recordings
// of one record are read.
const (
	maxRecordLine = 64 << 10
	maxProofs     = 1000
)

// Proofs reads the proofs in a record. Lines about other things are passed over. It returns an
// error if there is none.
func Proofs(record io.Reader) ([]Proof, error) {
	var all []Proof
	lines := bufio.NewScanner(record)
	lines.Buffer(nil, maxRecordLine)
	for lines.Scan() && len(all) < maxProofs {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil || e.Event != eventName || e.Recording == nil {
			continue
		}
		p, ok := e.Recording.proof()
		if !ok {
			return nil, errUnreadable
		}
		all = append(all, p)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errNoEvent
	}
	return all, nil
}

func (e *Entry) proof() (p Proof, ok bool) {
	head, err := hex.DecodeString(e.Head)
	if err != nil || len(head) != len(p.Head) {
		return Proof{}, false
	}
	p.Sum = Sum{Size: e.Size, Links: e.Blocks, Head: [len(p.Head)]byte(head)}
	for _, field := range []struct {
		text string
		to   *[]byte
	}{
		{e.AgentKey, (*[]byte)(&p.Agent)}, {e.AgentSignature, &p.AgentSignature},
		{e.AdvisorKey, (*[]byte)(&p.Advisor)}, {e.AdvisorSignature, &p.AdvisorSignature},
	} {
		if *field.to, err = encoding.DecodeString(field.text); err != nil {
			return Proof{}, false
		}
	}
	return p, true
}
