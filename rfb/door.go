package rfb

import (
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"
)

// The server's side of RFC 6143, section 7.1, for a relay that lets viewers
// in: it authenticates the viewer itself and hands on the server's result.

// Door says which security types are offered to a viewer, in this order:
// VeNCrypt, VncAuth, None. At least one must be set.
type Door struct {
	TLS     *tls.Config // VeNCrypt X509Plain with this certificate
	VncAuth bool
	None    bool // only where the way here has authenticated the viewer

	Step time.Duration // for what the viewer's program does by itself
	Ask  time.Duration // for what it may have to ask its user
}

// Knock is a viewer that has said who it is. Conn is what to go on with: with
// VeNCrypt it is the TLS connection. Result or Refuse must follow.
type Knock struct {
	Conn     net.Conn
	TLS      bool
	User     string       // with VeNCrypt
	Password []byte       // with VeNCrypt; the caller wipes it
	Response *VncResponse // with VncAuth
	minor    int
	secType  byte
}

// VncResponse is a viewer's answer to the challenge of RFC 6143, section
// 7.2.2. It tells a password from others without containing it.
type VncResponse struct{ challenge, response [vncChallengeSize]byte }

// Matches tests a password in constant time.
func (r *VncResponse) Matches(password []byte) bool {
	var want [vncChallengeSize]byte
	if err := vncAuthResponse(want[:], r.challenge[:], string(password)); err != nil {
		return false
	}
	match := subtle.ConstantTimeCompare(r.response[:], want[:])
	return match&subtle.ConstantTimeByteEq(boolByte(len(password) != 0), 1) == 1
}

// Receive exchanges versions with a viewer and takes its credentials; nothing
// is decided yet. It sets conn's deadlines and leaves the last one behind. A
// viewer that cannot use what is offered is told so in words.
func (d Door) Receive(conn net.Conn) (*Knock, error) {
	_ = conn.SetDeadline(time.Now().Add(d.Step))
	if _, err := io.WriteString(conn, versionMessage); err != nil {
		return nil, err
	}
	var b [len(versionMessage)]byte
	if _, err := io.ReadFull(conn, b[:]); err != nil {
		return nil, fmt.Errorf("rfb: no version from the viewer: %w", err)
	}
	minor, err := parseVersion(b[:])
	if err != nil {
		return nil, err
	}
	k := &Knock{Conn: conn, minor: minor}
	types := d.types(minor)
	if len(types) == 0 {
		why := Refusal{Reason: "This viewer is too old for this door: it needs VeNCrypt X509Plain. Use lotse view, or another viewer."}
		k.refuseSecurity(why)
		return nil, why
	}
	if k.secType, err = k.choose(types); err != nil {
		return nil, err
	}
	switch k.secType {
	case secVeNCrypt:
		err = k.veNCrypt(d.TLS, d.Ask)
	case secVncAuth:
		err = k.vncAuth(d.Ask)
	}
	if err != nil {
		return nil, err
	}
	return k, nil
}

// types lists what a viewer of that version can use. Before 3.8 None has no
// SecurityResult, and so no way to wait for the customer's answer.
func (d Door) types(minor int) (types []byte) {
	if d.TLS != nil && minor >= minor37 {
		types = append(types, secVeNCrypt)
	}
	if d.VncAuth {
		types = append(types, secVncAuth)
	}
	if d.None && minor >= minor38 {
		types = append(types, secNone)
	}
	return types
}

func (k *Knock) choose(types []byte) (byte, error) {
	if k.minor == minor33 {
		_, err := k.Conn.Write([]byte{0, 0, 0, types[0]})
		return types[0], err
	}
	if _, err := k.Conn.Write(append([]byte{byte(len(types))}, types...)); err != nil {
		return 0, err
	}
	chosen, err := readByte(k.Conn)
	if err != nil {
		return 0, fmt.Errorf("rfb: no security type from the viewer: %w", err)
	}
	for _, t := range types {
		if t == chosen {
			return t, nil
		}
	}
	why := Refusal{Reason: "The viewer chose a kind of security that was not offered."}
	k.secType = chosen
	k.Refuse(why)
	return 0, why
}

func (k *Knock) vncAuth(ask time.Duration) error {
	r := &VncResponse{}
	rand.Read(r.challenge[:]) // never fails
	if _, err := k.Conn.Write(r.challenge[:]); err != nil {
		return err
	}
	_ = k.Conn.SetDeadline(time.Now().Add(ask))
	if _, err := io.ReadFull(k.Conn, r.response[:]); err != nil {
		return fmt.Errorf("rfb: no response from the viewer: %w", err)
	}
	k.Response = r
	return nil
}

// Result tells the viewer that it is let in; ClientInit comes next.
func (k *Knock) Result() error {
	_, err := k.Conn.Write([]byte{0, 0, 0, resultOK})
	return err
}

// Refuse fails SecurityResult with the words of a Refusal; before 3.8 it
// carries none. The caller closes the connection.
func (k *Knock) Refuse(err error) {
	b := []byte{0, 0, 0, resultFailed}
	if k.minor >= minor38 {
		b = appendReason(b, err)
	}
	_, _ = k.Conn.Write(b)
}

func (k *Knock) refuseSecurity(err error) {
	b := []byte{0}
	if k.minor == minor33 {
		b = binary.BigEndian.AppendUint32(nil, secInvalid)
	}
	_, _ = k.Conn.Write(appendReason(b, err))
}

// RefuseViewer tells a viewer in words, before anything is asked of it, why it
// is not let in. The caller bounds the time by conn's deadline.
func RefuseViewer(conn net.Conn, why Refusal) {
	if _, err := io.WriteString(conn, versionMessage); err != nil {
		return
	}
	var b [len(versionMessage)]byte
	if _, err := io.ReadFull(conn, b[:]); err != nil {
		return
	}
	if minor, err := parseVersion(b[:]); err == nil {
		(&Knock{Conn: conn, minor: minor}).refuseSecurity(why)
	}
}
