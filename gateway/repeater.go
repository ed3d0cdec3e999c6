package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"lotse/gateway/clock"
	"lotse/rfb"
	"lotse/tunnel"
)

// UltraVNC's repeater, mode II (repeater/mode12_listener.cpp there). Both sides send 250 bytes that
// start with "ID:number". The repeater greets the viewer before that and sends nothing to the
// server. Mode I, in which the repeater connects to an address given by the client, is not
// implemented.
const (
	repeaterGreeting  = "RFB 000.000\n"
	repeaterKeepAlive = "REP 000.000\n"
	repeaterIDSize    = 250
	repeaterIDTime    = 5 * time.Second
)

var errRepeaterID = errors.New("gateway: not a session number in the repeater's 250 bytes")

// parseRepeaterID reads a session number in the forms that viewers send: after one or two "ID:",
// with spaces and dashes, optionally followed by a colon and a port, and with any bytes after the
// first NUL.
func parseRepeaterID(b []byte) (tunnel.Number, error) {
	b, _, _ = bytes.Cut(b, []byte{0})
	s := strings.TrimSpace(string(b))
	for len(s) >= 3 && strings.EqualFold(s[:3], "id:") {
		s = strings.TrimSpace(s[3:])
	}
	if number, port, ok := strings.Cut(s, ":"); ok {
		port = strings.TrimPrefix(port, ":")
		if len(port) > 5 || strings.Trim(port, "0123456789") != "" {
			return tunnel.Number{}, errRepeaterID
		}
		s = number
	}
	n, err := tunnel.ParseNumber(s)
	if err != nil {
		return tunnel.Number{}, errRepeaterID
	}
	return n, nil
}

// readRepeaterID reads all 250 bytes, so that none of them is taken for RFB.
func readRepeaterID(conn net.Conn) (tunnel.Number, error) {
	_ = conn.SetDeadline(time.Now().Add(repeaterIDTime))
	var b [repeaterIDSize]byte
	if _, err := io.ReadFull(conn, b[:]); err != nil {
		return tunnel.Number{}, err
	}
	return parseRepeaterID(b[:])
}

// repeaterViewer serves one connection at the repeater's viewer port. A number that was opened for
// a foreign server leads to that server. Any other number, known or not, leads to VncAuth, so that
// a stranger cannot tell them apart. The try is charged before the number is looked up, and is not
// refunded if the viewer disconnects.
func (s *doors) repeaterViewer(ctx context.Context, conn net.Conn, from netip.Addr) {
	_ = conn.SetDeadline(time.Now().Add(repeaterIDTime))
	if _, err := io.WriteString(conn, repeaterGreeting); err != nil {
		return
	}
	number, err := readRepeaterID(conn)
	c := clientOf(from)
	if a := s.viewers.admit(c, "", 0, s.now()); !a.ok() || err != nil {
		s.metrics.viewersWrong.Add(1)
		clock.Pause(ctx, s.cfg.Clock, s.cfg.Limits.Times.WrongPause)
		return
	}
	if f := (meetings{s.dir}).findForeign(number); f != nil {
		s.viewers.right(c, s.now())
		s.meetForeign(f, sideB, conn, from, tunnel.DoorRepeater)
		return
	}
	k, err := rfb.Offer{VncAuth: true, Step: viewerStep, Ask: viewerAsk}.Receive(conn)
	if err != nil {
		s.log.rfb.Debug("viewer gave up", "door", tunnel.DoorRepeater, "from", from.String(),
			"reason", err)
		return
	}
	sess, number, err := s.test(ctx, grantRepeater, tunnel.DoorRepeater, from, attempt{digits: number.Digits(), response: k.Response})
	_ = conn.SetDeadline(time.Now().Add(viewerStep))
	if err != nil {
		k.Refuse(err)
		return
	}
	s.viewers.right(c, s.now())
	s.serveViewer(ctx, k, sess, number, tunnel.DoorRepeater, from)
}

// repeaterServer serves one connection at the repeater's server port. If no advisor has opened the
// number for a foreign server, the connection is closed after a delay and without an answer,
// because the repeater's protocol has none.
func (s *doors) repeaterServer(ctx context.Context, conn net.Conn, from netip.Addr) {
	number, err := readRepeaterID(conn)
	c := clientOf(from)
	if a := s.viewers.admit(c, "", 0, s.now()); a.ok() && err == nil {
		if f := (meetings{s.dir}).findForeign(number); f != nil {
			s.viewers.right(c, s.now())
			s.meetForeign(f, sideA, conn, from, tunnel.DoorRepeater)
			return
		}
	}
	s.metrics.viewersWrong.Add(1)
	clock.Pause(ctx, s.cfg.Clock, s.cfg.Limits.Times.WrongPause)
}
