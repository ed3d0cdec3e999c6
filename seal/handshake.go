package seal

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"
)

// Role is a side of the exchange.
type Role byte

// The two roles; SPEC.md, first paragraph.
const (
	Agent   Role = 'A' // the customer's end; speaks first
	Advisor Role = 'B'
)

const (
	version          = 1
	confirmSize      = 32
	handshakeTimeout = 20 * time.Second
	label            = "lotse seal 1"
	numberDigits     = 9
	placeDigits      = 4
	maxStreamID      = 64
)

// Codes of a Refuse frame.
const (
	refuseNumber  = 1
	refuseVersion = 2
	refuseBurnt   = 3
)

// Errors a caller branches on; test with errors.Is.
var (
	ErrWrongNumber = errors.New("seal: the other end has another session number")
	ErrVersion     = errors.New("seal: the other end speaks another version of the encryption; update the older program")
	ErrBurnt       = errors.New("seal: this session number was tried wrongly three times and is not used any more; make a new one")
)

// Params are the inputs of an exchange; SPEC.md, section 1.
type Params struct {
	Number string // nine digits
	Kind   string // "control" or "view"
	Stream string // the stream's identifier
	Tries  *Tries // nil: do not count
}

func (p *Params) check() error {
	if len(p.Number) != numberDigits {
		return fmt.Errorf("seal: a session number has %d digits, not %d characters", numberDigits, len(p.Number))
	}
	for _, c := range []byte(p.Number) {
		if c < '0' || c > '9' {
			return errors.New("seal: a session number consists of digits only")
		}
	}
	if p.Kind != "control" && p.Kind != "view" && p.Kind != "show" {
		return fmt.Errorf("seal: unknown kind of stream %q", p.Kind)
	}
	if p.Stream == "" || len(p.Stream) > maxStreamID {
		return fmt.Errorf("seal: stream identifier of %d bytes, want 1 to %d", len(p.Stream), maxStreamID)
	}
	return nil
}

// exchange holds what one side knows during a handshake.
type exchange struct {
	sid, ci  []byte
	ada, adb []byte
	own      *share
}

func newExchange(p Params) (*exchange, error) {
	x := &exchange{
		sid: []byte(p.Stream),
		ci:  appendLV(nil, []byte(label), []byte(p.Number[:placeDigits]), []byte(p.Kind), []byte("agent"), []byte("advisor")),
		ada: append([]byte("agent"), version),
		adb: append([]byte("advisor"), version),
	}
	var err error
	x.own, err = newShare(random, generator([]byte(p.Number), x.ci, x.sid))
	return x, err
}

// keys are what both ends derive; SPEC.md, section 3.
type keys struct {
	confirmAgent, confirmAdvisor []byte // tags, not keys
	dataAgent, dataAdvisor       []byte
	compare                      string
}

func deriveKeys(isk, transcript []byte) (*keys, error) {
	prk, err := hkdf.Extract(sha256.New, isk, []byte(label))
	if err != nil {
		return nil, err
	}
	defer clear(prk)
	expand := func(info string, n int) []byte {
		out, e := hkdf.Expand(sha256.New, prk, info, n)
		if e != nil && err == nil {
			err = e
		}
		return out
	}
	tag := func(info string) []byte {
		m := hmac.New(sha256.New, expand(info, confirmSize))
		m.Write(transcript)
		return m.Sum(nil)
	}
	k := &keys{
		confirmAgent:   tag("confirm agent"),
		confirmAdvisor: tag("confirm advisor"),
		dataAgent:      expand("data agent", secretSize),
		dataAdvisor:    expand("data advisor", secretSize),
	}
	if err != nil {
		return nil, err
	}
	k.compare = fmt.Sprintf("%04d", binary.BigEndian.Uint32(expand("compare", 4))%10000)
	return k, err
}

// Handshake runs the exchange on conn in the given role and returns the sealed
// connection, which owns conn from then on. It takes at most 20 seconds, or as
// long as ctx lasts. On an error conn is closed; ErrWrongNumber, ErrVersion and
// ErrBurnt tell the reasons a user can do something about.
func Handshake(ctx context.Context, conn net.Conn, role Role, p Params) (sealed *Conn, err error) {
	defer func() {
		if err != nil {
			conn.Close()
		}
	}()
	if err := p.check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	// A cancelled read is the end of this connection: closing is the only way
	// to wake it that every net.Conn understands.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer func() {
		if !stop() && err != nil {
			err = fmt.Errorf("seal: key exchange given up: %w", context.Cause(ctx))
		} else if ctx.Err() != nil && err == nil {
			sealed, err = nil, fmt.Errorf("seal: key exchange given up: %w", context.Cause(ctx))
		}
	}()
	if role == Agent && p.Tries.Burnt() {
		refuse(conn, refuseBurnt)
		return nil, ErrBurnt
	}
	x, err := newExchange(p)
	if err != nil {
		return nil, err
	}
	defer x.own.wipe()
	var k *keys
	if role == Agent {
		k, err = x.initiate(conn, p.Tries)
	} else {
		k, err = x.respond(ctx, conn, p.Tries)
	}
	if err != nil {
		return nil, err
	}
	if role == Agent {
		return newConn(conn, k.dataAgent, k.dataAdvisor, k.compare)
	}
	return newConn(conn, k.dataAdvisor, k.dataAgent, k.compare)
}

// initiate is the agent's side.
func (x *exchange) initiate(conn net.Conn, tries *Tries) (*keys, error) {
	var buf [bodyShareConfirm]byte
	out := appendHeader(nil, frameShare, bodyShare)
	out = append(append(out, version), x.own.public...)
	if _, err := conn.Write(out); err != nil {
		return nil, fmt.Errorf("seal: line lost during the key exchange: %w", err)
	}
	typ, body, err := readHandshakeFrame(conn, buf[:])
	if err != nil {
		return nil, err
	}
	if typ == frameRefuse {
		return nil, refusal(body[0])
	}
	if typ != frameShareConfirm {
		return nil, fmt.Errorf("seal: frame 0x%02x where the advisor's share was due", typ)
	}
	if body[0] != version {
		refuse(conn, refuseVersion)
		return nil, ErrVersion
	}
	yb, tb := body[1:1+shareSize], body[1+shareSize:]
	var k *keys
	var right bool
	left := tries.test(func() bool {
		var ok bool
		k, ok, err = x.finish(x.own.public, yb, yb)
		right = ok && err == nil && hmac.Equal(tb, k.confirmAdvisor)
		return right
	})
	switch {
	case !left:
		refuse(conn, refuseBurnt)
		return nil, ErrBurnt
	case err != nil:
		return nil, err
	case !right:
		refuse(conn, refuseNumber)
		return nil, ErrWrongNumber
	}
	if _, err := conn.Write(append(appendHeader(nil, frameConfirm, bodyConfirm), k.confirmAgent...)); err != nil {
		return nil, fmt.Errorf("seal: line lost during the key exchange: %w", err)
	}
	return k, nil
}

// respond is the advisor's side.
func (x *exchange) respond(ctx context.Context, conn net.Conn, tries *Tries) (_ *keys, err error) {
	var buf [bodyShareConfirm]byte
	typ, body, err := readHandshakeFrame(conn, buf[:])
	if err != nil {
		return nil, err
	}
	if typ == frameRefuse {
		return nil, refusal(body[0])
	}
	if typ != frameShare {
		return nil, fmt.Errorf("seal: frame 0x%02x where the agent's share was due", typ)
	}
	if body[0] != version {
		refuse(conn, refuseVersion)
		return nil, ErrVersion
	}
	ya := body[1:]
	k, ok, err := x.finish(ya, x.own.public, ya)
	if err != nil {
		return nil, err
	}
	// From here on the peer can test one guess, whether it answers or not.
	if !tries.begin(ctx) {
		refuse(conn, refuseBurnt)
		return nil, ErrBurnt
	}
	defer func() { tries.settle(err == nil) }()
	if !ok {
		refuse(conn, refuseNumber)
		return nil, ErrWrongNumber
	}
	out := appendHeader(nil, frameShareConfirm, bodyShareConfirm)
	out = append(append(append(out, version), x.own.public...), k.confirmAdvisor...)
	if _, err := conn.Write(out); err != nil {
		return nil, fmt.Errorf("seal: line lost during the key exchange: %w", err)
	}
	typ, body, err = readHandshakeFrame(conn, buf[:])
	if err != nil {
		return nil, err
	}
	if typ == frameRefuse {
		return nil, refusal(body[0])
	}
	if typ != frameConfirm {
		return nil, fmt.Errorf("seal: frame 0x%02x where the agent's confirmation was due", typ)
	}
	if !hmac.Equal(body, k.confirmAgent) {
		refuse(conn, refuseNumber)
		return nil, ErrWrongNumber
	}
	return k, nil
}

// finish derives the keys from both shares; ok is false when the peer's share is invalid.
func (x *exchange) finish(ya, yb, peer []byte) (k *keys, ok bool, err error) {
	point, ok := x.own.secretPoint(peer)
	if !ok {
		return nil, false, nil
	}
	transcript := transcriptIR(ya, x.ada, yb, x.adb)
	isk := intermediateKey(x.sid, point, transcript)
	defer clear(isk)
	clear(point)
	k, err = deriveKeys(isk, transcript)
	return k, err == nil, err
}

// Refuse tells the advisor's end, instead of an exchange, that its number is
// not used any more, and closes conn. It is for an agent whose number was good
// for one stream.
func Refuse(conn net.Conn) {
	_ = conn.SetDeadline(time.Now().Add(handshakeTimeout))
	refuse(conn, refuseBurnt)
	conn.Close()
}

func refuse(conn net.Conn, code byte) {
	// The peer may be gone; what it is told matters only to it.
	_, _ = conn.Write(append(appendHeader(nil, frameRefuse, bodyRefuse), code))
}

func refusal(code byte) error {
	switch code {
	case refuseNumber:
		return ErrWrongNumber
	case refuseVersion:
		return ErrVersion
	case refuseBurnt:
		return ErrBurnt
	}
	return fmt.Errorf("seal: refused for an unknown reason (%d)", code)
}
