package gateway

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"lotse/rfb"
	"lotse/tunnel"
)

// websockifyPath is where a noVNC on another site connects with a one-time token.
const websockifyPath = "/websockify"

// websockifyAddress is POST /api/v1/sessions/PLACE/websockify.
func (s *doors) websockifyAddress(w http.ResponseWriter, r *http.Request, c caller) {
	if !slices.Contains(s.cfg.Doors.OnPort, tunnel.DoorWebsockify) {
		doorClosed(s.server, w)
		return
	}
	n, _, ok := s.handedOver(w, r)
	if !ok {
		return
	}
	token, expires, err := grants{s.dir}.grant(c.account.Name, r.PathValue("place"), n, grantToken, s.clientAddr(r).String())
	if err != nil {
		s.failDirectory(w, err)
		return
	}
	u := url.URL{Scheme: "wss", Host: r.Host, Path: websockifyPath, RawQuery: url.Values{"token": {token}}.Encode()}
	s.answer(w, http.StatusCreated, tunnel.ViewerAddress{URL: u.String(), Expires: expires.UTC().Truncate(time.Second)})
}

// websockify is GET /websockify?token=…: RFB in binary messages, as the program websockify sends
// it. Pages of any origin may connect: the token admits them, and cookies are ignored. An invalid
// token is refused in RFB, because a browser shows no reason for a refused upgrade.
func (s *doors) websockify(w http.ResponseWriter, r *http.Request) {
	if !slices.Contains(s.cfg.Doors.OnPort, tunnel.DoorWebsockify) {
		doorClosed(s.server, w)
		return
	}
	from, token := s.clientAddr(r), r.URL.Query().Get("token")
	if wait := s.viewers.closedFor(clientOf(from), s.now()); wait > 0 {
		s.fail(w, http.StatusTooManyRequests, tunnel.CodeTooMany, errTooManyTries(wait).Reason, wait)
		return
	}
	ws, err := s.upgrade(w, r, joinBuffer, tunnel.Subprotocol)
	if err != nil {
		return
	}
	ctx := s.dir.ctx
	conn := tunnel.NewStream(ws, tunnel.PingEvery)
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = ws.Close() })
	defer stop()
	k, err := rfb.Offer{None: true, Step: viewerStep, Ask: viewerStep}.Receive(conn)
	if err != nil {
		s.log.rfb.Debug("viewer gave up", "door", tunnel.DoorWebsockify, "from", from.String(),
			"reason", err)
		return
	}
	sess, number, err := s.test(ctx, grantToken, tunnel.DoorWebsockify, from, attempt{secret: []byte(token)})
	if err != nil {
		k.Refuse(err)
		return
	}
	s.serveViewer(ctx, k, sess, number, tunnel.DoorWebsockify, from)
}
