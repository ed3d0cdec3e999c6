package rfb

import (
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"time"
)

// Offer authenticates viewers for a relay that passes on the server's SecurityResult. It lists the
// security types that are offered, in this order: VeNCrypt, VncAuth, None. At least one must be
// set.
type Offer struct {
	TLS     *tls.Config // VeNCrypt X509Plain with this certificate
	VncAuth bool
	None    bool // only if the viewer has been authenticated in another way

	Step time.Duration // limit for steps that the viewer does without its user
	Ask  time.Duration // limit for steps in which the viewer may ask its user
}

// Receive exchanges versions with a viewer and reads its credentials; it does not check them. It
// sets conn's deadlines and does not remove the last one. A viewer that supports none of the
// offered types is refused with a reason.
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

// types returns the types that a viewer of this version can use. Before 3.8 None has no
// SecurityResult, so the viewer cannot wait for the customer's answer.
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
