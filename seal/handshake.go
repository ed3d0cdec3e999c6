package seal

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Role is a side of the exchange.
type Role byte

// The two roles; SPEC.md, first paragraph.
const (
	Agent   Role = 'A' // the customer's end
	Advisor Role = 'B' // sends first
)

const (
	version      = 2
	confirmSize  = 32
	label        = "lotse seal 2"
	numberDigits = 9
	placeDigits  = 4
	maxStreamID  = 64
)

// Timeouts of an exchange; SPEC.md, section 2.
const (
	handshakeTimeout = 20 * time.Second
	// commitTimeout is how long an agent waits for the advisor's Commit. An advisor's end of
	// version 1 never sends one; it receives a Refuse before its own timeout.
	commitTimeout = 15 * time.Second
	refuseTimeout = 2 * time.Second
)

// Codes of a Refuse frame.
const (
	refuseNumber  = 1
	refuseVersion = 2
	refuseBurnt   = 3
	refuseOrigin  = 4
)

// Errors that a caller may test for with errors.Is.
var (
	ErrWrongNumber = errors.New("seal: the other end has another session number")
	ErrVersion     = errors.New("seal: the other end speaks another version of the encryption; update the older program")
	ErrBurnt       = errors.New("seal: this session number was tried wrongly and is not used any more; make a new one")
	ErrUsed        = errors.New("seal: somebody else has entered by this session number already")
	// ErrOpened counts as a wrong try.
	ErrOpened = errors.New("seal: the other end did not keep to the share it had committed to; somebody between is changing what is sent")
	ErrOrigin = errors.New("seal: the other end does not know the earlier exchange that this stream goes back to")
)

// errSilent reports an advisor's end that sends nothing, as one of version 1 does.
var errSilent = errors.New("seal: the other end did not begin the key exchange in time; its line is slow, or its program is older and must be updated")

// Params are the inputs of an exchange; SPEC.md, section 1.
type Params struct {
	Number string // nine digits
	Kind   string // "control", "view" or "show"
	Stream string // the stream's identifier
	Tries  *Tries // nil: tries are not counted

	// Origin, at the advisor's end, is the exchange that the stream is based on. nil: over the
	// number alone.
	Origin *Origin
	// Once, at the advisor's end, is set for the stream of a customer who enters. Of all exchanges
	// that share Tries, only the first right one then succeeds.
	Once bool
	// Onward, at the advisor's end, reports that the stream leaves this computer again unsealed.
	// The agent reads it with Conn.Onward.
	Onward bool
	// Origins, at the agent, are the exchanges that streams may be based on. Each exchange over the
	// number alone is added. nil: none is accepted or added.
	Origins *Origins

	random io.Reader // nil: the system's; test vectors fix it
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
	switch p.Kind {
	case "control", "view", "show", "file", "record":
	default:
		return fmt.Errorf("seal: unknown kind of stream %q", p.Kind)
	}
	if p.Stream == "" || len(p.Stream) > maxStreamID {
		return fmt.Errorf("seal: stream identifier of %d bytes, want 1 to %d", len(p.Stream), maxStreamID)
	}
	return nil
}

// exchange is one side's state during a handshake.
type exchange struct {
	Params
	conn    net.Conn
	sid, ci []byte
	ada     []byte
	own     *share // nil until share is called
	buf     [bodyShareConfirm]byte
}

func newExchange(conn net.Conn, p Params) *exchange {
	if p.random == nil {
		p.random = rand.Reader
	}
	return &exchange{
		Params: p, conn: conn, sid: []byte(p.Stream),
		ci:  appendLV(nil, []byte(label), []byte(p.Number[:placeDigits]), []byte(p.Kind), []byte("agent"), []byte("advisor")),
		ada: append([]byte("agent"), version),
	}
}

// share draws this side's share. origin is the exchange that the stream is based on, or nil.
func (x *exchange) share(origin *Origin) (err error) {
	prs := []byte(x.Number)
	if origin != nil {
		prs = append(prs, origin.secret[:]...)
		defer clear(prs)
	}
	x.own, err = newShare(x.random, generator(prs, x.ci, x.sid))
	return err
}

func (x *exchange) wipe() {
	if x.own != nil {
		x.own.wipe()
	}
}

// Handshake runs the exchange on conn in the given role and returns the sealed connection, which
// then owns conn. It takes at most 20 seconds and stops when ctx ends. On an error it closes conn.
// The exported errors above are the ones that a user can do something about.
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
	// Closing conn is the only way to wake a blocked read that every net.Conn supports.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer func() {
		if !stop() && err != nil {
			err = fmt.Errorf("seal: key exchange given up: %w", context.Cause(ctx))
		} else if ctx.Err() != nil && err == nil {
			sealed, err = nil, fmt.Errorf("seal: key exchange given up: %w", context.Cause(ctx))
		}
	}()
	x := newExchange(conn, p)
	defer x.wipe()
	if role == Agent {
		return x.agent()
	}
	return x.advisor(ctx)
}

// agent runs the customer's side.
func (x *exchange) agent() (*Conn, error) {
	c, origin, err := x.receiveCommitment()
	if err != nil {
		return nil, err
	}
	if err := x.share(origin); err != nil {
		return nil, err
	}
	if err := x.send(frameShare, []byte{version}, x.own.public); err != nil {
		return nil, err
	}
	body, err := x.receive(frameShareConfirm)
	if err != nil {
		return nil, err
	}
	if body[0] != version {
		return nil, x.refuse(refuseVersion)
	}
	public, nonce, tag := body[1:1+shareSize], body[1+shareSize:1+shareSize+nonceSize], body[1+shareSize+nonceSize:]
	var k *keys
	wrong := error(ErrOpened) // the reason if the check fails
	left := x.Tries.test(func() bool {
		if !c.opens(x.sid, public, nonce) {
			return false
		}
		var ok bool
		k, ok, err = x.finish(x.own.public, public, public, c.advisorData(nonce))
		if wrong = ErrWrongNumber; ok && hmac.Equal(tag, k.confirmAdvisor) {
			wrong = nil
		}
		return wrong == nil
	})
	switch {
	case !left:
		return nil, x.refuse(refuseBurnt)
	case err != nil:
		return nil, err
	case wrong != nil:
		_ = x.refuse(refuseNumber)
		return nil, wrong
	}
	if origin == nil {
		origin = &k.origin
		// The other end may use it as soon as it has the tag.
		x.Origins.add(origin)
	}
	if err := x.send(frameConfirm, k.confirmAgent); err != nil {
		return nil, err
	}
	return newConn(x.conn, k.dataAgent, k.dataAdvisor, origin, c.onward())
}

// receiveCommitment receives the advisor's first frame. origin is the exchange that it names, or
// nil.
func (x *exchange) receiveCommitment() (c *commitment, origin *Origin, err error) {
	silent := make(chan struct{})
	timer := time.AfterFunc(commitTimeout, func() {
		defer close(silent)
		refuse(x.conn, refuseVersion)
		x.conn.Close()
	})
	body, err := x.receive(frameCommit)
	if !timer.Stop() {
		<-silent
		return nil, nil, errSilent
	}
	switch {
	case err != nil:
		return nil, nil, err
	case x.Tries.Burnt():
		return nil, nil, x.refuse(refuseBurnt)
	}
	if c, err = parseCommitment(body); err != nil {
		if errors.Is(err, ErrVersion) {
			_ = x.refuse(refuseVersion)
		}
		return nil, nil, err
	}
	if c.bound() {
		if origin = x.Origins.find(c.originID()); origin == nil {
			return nil, nil, x.refuse(refuseOrigin)
		}
	}
	return c, origin, nil
}

// advisor runs the advisor's side.
func (x *exchange) advisor(ctx context.Context) (*Conn, error) {
	if x.Tries.Burnt() || x.Once && x.Tries.isProven() {
		return nil, x.noTryLeft()
	}
	if err := x.share(x.Origin); err != nil {
		return nil, err
	}
	nonce := make([]byte, nonceSize)
	if _, err := io.ReadFull(x.random, nonce); err != nil {
		return nil, err
	}
	c := newCommitment(x.sid, x.own.public, nonce, x.Origin, x.Onward)
	if err := x.send(frameCommit, c[:]); err != nil {
		return nil, err
	}
	body, err := x.receive(frameShare)
	if err != nil {
		return nil, err
	}
	if body[0] != version {
		return nil, x.refuse(refuseVersion)
	}
	ya := body[1:]
	k, ok, err := x.finish(ya, x.own.public, ya, c.advisorData(nonce))
	if err != nil {
		return nil, err
	}
	settle, err := x.begin(ctx)
	if err != nil {
		return nil, err
	}
	if err := settle(x.confirm(k, ok, nonce)); err != nil {
		return nil, err
	}
	origin := x.Origin
	if origin == nil {
		origin = &k.origin
	}
	return newConn(x.conn, k.dataAdvisor, k.dataAgent, origin, x.Onward)
}

// begin counts a try: from here on the peer can test one guess, even if it does not answer. On a
// stream based on an earlier exchange no guess can be tested, so only a wrong answer counts there
// and a lost line does not. The caller passes the outcome to settle, which returns the error of the
// handshake.
func (x *exchange) begin(ctx context.Context) (settle func(outcome error) error, err error) {
	if x.Origin != nil {
		return func(outcome error) error {
			if errors.Is(outcome, ErrWrongNumber) {
				x.Tries.wrong()
			}
			return outcome
		}, nil
	}
	try, ok := x.Tries.begin(ctx, x.Once)
	if !ok {
		return nil, x.noTryLeft()
	}
	return func(outcome error) error {
		if counts := try.settle(outcome == nil); !counts && outcome == nil {
			return x.noTryLeft()
		}
		return outcome
	}, nil
}

// noTryLeft returns whether the number is burnt or somebody else has entered with it. The agent
// receives the same Refuse in both cases.
func (x *exchange) noTryLeft() error {
	err := x.refuse(refuseBurnt)
	if x.Once && !x.Tries.Burnt() {
		return ErrUsed
	}
	return err
}

// confirm opens the commitment and checks the agent's tag. ok is false if the agent's share is
// invalid.
func (x *exchange) confirm(k *keys, ok bool, nonce []byte) error {
	if !ok {
		return x.refuse(refuseNumber)
	}
	if err := x.send(frameShareConfirm, []byte{version}, x.own.public, nonce, k.confirmAdvisor); err != nil {
		return err
	}
	tag, err := x.receive(frameConfirm)
	if err != nil {
		return err
	}
	if !hmac.Equal(tag, k.confirmAgent) {
		return x.refuse(refuseNumber)
	}
	return nil
}

// finish derives the keys from both shares. ok is false if the peer's share is invalid.
func (x *exchange) finish(ya, yb, peer, adb []byte) (k *keys, ok bool, err error) {
	point, ok := x.own.secretPoint(peer)
	if !ok {
		return nil, false, nil
	}
	transcript := transcriptIR(ya, x.ada, yb, adb)
	isk := intermediateKey(x.sid, point, transcript)
	defer clear(isk)
	clear(point)
	k, err = deriveKeys(isk, transcript)
	return k, err == nil, err
}

// send writes one frame of the exchange.
func (x *exchange) send(typ byte, parts ...[]byte) error {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	out := appendHeader(make([]byte, 0, frameHeader+size), typ, size)
	for _, p := range parts {
		out = append(out, p...)
	}
	if _, err := x.conn.Write(out); err != nil {
		return fmt.Errorf("seal: line lost during the key exchange: %w", err)
	}
	return nil
}

// receive reads the next frame, which must have type due. Its body is valid until the next call.
func (x *exchange) receive(due byte) ([]byte, error) {
	typ, body, err := readHandshakeFrame(x.conn, x.buf[:])
	switch {
	case err != nil:
		return nil, err
	case typ == frameRefuse:
		return nil, refusal(body[0])
	case typ != due:
		return nil, fmt.Errorf("seal: frame 0x%02x where 0x%02x was due", typ, due)
	}
	return body, nil
}

// refuse sends the reason to the peer and returns this end's error.
func (x *exchange) refuse(code byte) error {
	refuse(x.conn, code)
	return refusal(code)
}

// Refuse tells the advisor's end, instead of an exchange, that its number is no longer valid, and
// closes conn. It waits for that end to send first, at most 15 seconds and until ctx ends. An agent
// calls it if its number was valid for one stream only.
func Refuse(ctx context.Context, conn net.Conn) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	begun := make(chan struct{})
	go func() {
		defer close(begun)
		var buf [bodyShareConfirm]byte
		_, _, _ = readHandshakeFrame(conn, buf[:])
	}()
	select {
	case <-begun:
	case <-ctx.Done():
	}
	refuse(conn, refuseBurnt)
	conn.Close()
	<-begun
}

// refuse writes a Refuse frame; nothing may follow it. Errors are ignored because the peer may be
// gone.
func refuse(conn net.Conn, code byte) {
	_ = conn.SetWriteDeadline(time.Now().Add(refuseTimeout))
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
	case refuseOrigin:
		return ErrOrigin
	}
	return fmt.Errorf("seal: refused for an unknown reason (%d)", code)
}
