package rfb

import (
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"time"
)

// Offer is for a relay that lets viewers in: it authenticates the viewer itself and hands
// on the server's result. It says which security types are offered, in this order:
// VeNCrypt, VncAuth, None. At least one must be set.
type Offer struct {
	TLS     *tls.Config // VeNCrypt X509Plain with this certificate
	VncAuth bool
	None    bool // only where the way here has authenticated the viewer

	Step time.Duration // for what the viewer's program does by itself
	Ask  time.Duration // for what it may have to ask its user
}

// Receive exchanges versions with a viewer and takes its credentials; nothing
// is decided yet. It sets conn's deadlines and leaves the last one behind. A
// viewer that cannot use what is offered is told so in words.
func (o Offer) Receive(conn net.Conn) (*ServerHandshake, error) {
	_ = conn.SetDeadline(time.Now().Add(o.Step))
	h := &ServerHandshake{Conn: conn}
	if err := h.greet(); err != nil {
		return nil, err
	}
	types := o.types(h.minor)
	if len(types) == 0 {
		why := Refusal{Reason: "This viewer is too old for this door: it needs VeNCrypt X509Plain. Use lotse view, or another viewer."}
		h.refuseSecurity(why)
		return nil, why
	}
	err := h.choose(types...)
	switch {
	case err != nil:
	case h.secType == secVeNCrypt:
		err = h.veNCrypt(o.TLS, o.Ask)
	case h.secType == secVncAuth:
		err = h.vncAuth(o.Ask)
	}
	if err != nil {
		return nil, err
	}
	return h, nil
}

// types lists what a viewer of that version can use. Before 3.8 None has no
// SecurityResult, and so no way to wait for the customer's answer.
func (o Offer) types(minor int) (types []byte) {
	if o.TLS != nil && minor >= minor37 {
		types = append(types, secVeNCrypt)
	}
	if o.VncAuth {
		types = append(types, secVncAuth)
	}
	if o.None && minor >= minor38 {
		types = append(types, secNone)
	}
	return types
}

func (h *ServerHandshake) vncAuth(ask time.Duration) error {
	r := &VncResponse{}
	rand.Read(r.challenge[:]) // never fails
	if _, err := h.Conn.Write(r.challenge[:]); err != nil {
		return err
	}
	_ = h.Conn.SetDeadline(time.Now().Add(ask))
	if _, err := io.ReadFull(h.Conn, r.response[:]); err != nil {
		return fmt.Errorf("rfb: no response from the viewer: %w", err)
	}
	h.Response = r
	return nil
}
