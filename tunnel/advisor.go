package tunnel

import (
	"context"
	"errors"
	"net"
	"net/http"
)

// CookieName is the cookie of a signed-in advisor; PROTOCOL.md, section 2.
const CookieName = "__Host-lotse"

// DeviceCookieName is the cookie by which a gateway recognizes a browser in which somebody signed
// in before; PROTOCOL.md, section 2.
const DeviceCookieName = "__Host-lotse-device"

// CSRFHeader is needed on every request that changes something.
const CSRFHeader = "X-Lotse-CSRF"

// Advisor is a signed-in advisor. Methods may be called concurrently.
type Advisor struct {
	client *Client
	cookie string
	me     Me
}

// SignIn signs in. If the name or password is wrong, the error is an *APIError with
// CodeUnauthorized. SignIn solves the puzzles that a gateway under pressure asks for.
func (c *Client) SignIn(ctx context.Context, name, password string) (*Advisor, error) {
	a := &Advisor{client: c}
	err := c.signIn(ctx, a, SignInRequest{Name: name, Password: password})
	if err != nil {
		return nil, err
	}
	if a.cookie == "" || a.me.CSRF == "" {
		return nil, errors.New("tunnel: the gateway let us in without a cookie; something between may be removing it")
	}
	return a, nil
}

// signIn repeats the request with a proof of work if the gateway asks for one.
func (c *Client) signIn(ctx context.Context, a *Advisor, req SignInRequest) error {
	seen := func(h http.Header) {
		for _, cookie := range (&http.Response{Header: h}).Cookies() {
			if cookie.Name == CookieName {
				a.cookie = cookie.Value
			}
		}
	}
	for range MaxPuzzles + 1 {
		err := c.request(ctx, http.MethodPost, "/api/v1/signin", nil, req, &a.me, seen)
		var api *APIError
		if !errors.As(err, &api) || api.Code != CodePuzzle {
			return err
		}
		if req.Proof, err = SolvePuzzle(ctx, api.Puzzle); err != nil {
			return err
		}
	}
	return errPuzzles
}

// Token returns the secret of this sign-in. A program that knows it is signed in until the
// sign-in ends.
func (a *Advisor) Token() string { return a.cookie }

// Resume uses the sign-in that a token belongs to. If it has ended, the error is an *APIError with
// CodeUnauthorized.
func (c *Client) Resume(ctx context.Context, token string) (*Advisor, error) {
	a := &Advisor{client: c, cookie: token}
	if err := a.request(ctx, http.MethodGet, "/api/v1/me", nil, &a.me); err != nil {
		return nil, err
	}
	if a.me.CSRF == "" {
		return nil, errors.New("tunnel: the gateway did not tell who is signed in")
	}
	return a, nil
}

// Me returns what the gateway tells the customer about this advisor.
func (a *Advisor) Me() Person { return a.me.Person }

func (a *Advisor) header() http.Header {
	h := http.Header{}
	h.Set("Cookie", CookieName+"="+a.cookie)
	return h
}

func (a *Advisor) request(ctx context.Context, method, path string, body, answer any) error {
	h := a.header()
	if method != http.MethodGet {
		h.Set(CSRFHeader, a.me.CSRF)
	}
	return a.client.request(ctx, method, path, h, body, answer, nil)
}

// SignOut ends the sign-in; sessions stay.
func (a *Advisor) SignOut(ctx context.Context) error {
	return a.request(ctx, http.MethodPost, "/api/v1/signout", nil, nil)
}

// NewSession asks for a place. The caller makes the session number with NewNumber and opens Owner
// before it tells anyone the number.
func (a *Advisor) NewSession(ctx context.Context) (*NewSession, error) {
	var s NewSession
	if err := a.request(ctx, http.MethodPost, "/api/v1/sessions", struct{}{}, &s); err != nil {
		return nil, err
	}
	if !ValidPlace(s.Place) {
		return nil, errors.New("tunnel: the gateway gave a place that is not four digits")
	}
	return &s, nil
}

// Sessions lists the caller's own open sessions.
func (a *Advisor) Sessions(ctx context.Context) ([]Session, error) {
	var s Sessions
	if err := a.request(ctx, http.MethodGet, "/api/v1/sessions", nil, &s); err != nil {
		return nil, err
	}
	return s.Sessions, nil
}

// EndSession ends the session for both.
func (a *Advisor) EndSession(ctx context.Context, place string) error {
	if !ValidPlace(place) {
		return errors.New("tunnel: a place is four digits")
	}
	return a.request(ctx, http.MethodDelete, "/api/v1/sessions/"+place, nil, nil)
}

// OpenStream asks the gateway to call the agent to a new stream. The caller dials the stream with
// DialStream within 30 seconds. CodeNotJoined means that no customer has entered the number.
func (a *Advisor) OpenStream(ctx context.Context, place, kind, door string) (id string, err error) {
	if !ValidPlace(place) {
		return "", errors.New("tunnel: a place is four digits")
	}
	var s OpenStreamAnswer
	err = a.request(ctx, http.MethodPost, "/api/v1/sessions/"+place+"/streams", OpenStreamRequest{Kind: kind, Door: door}, &s)
	return s.Stream, err
}

// DialStream opens the advisor's side of a stream. ctx applies to the dialling only. The caller
// then runs seal.Handshake on the result.
func (a *Advisor) DialStream(ctx context.Context, id string) (net.Conn, error) {
	return a.client.dialStream(ctx, "/api/v1/streams/", id, a.header())
}

// ViewerPassword asks for a one-time password that lets a VNC viewer in through a door of the
// gateway, DoorVNC or DoorRepeater. The gateway receives n, so n must be the number that the agent
// issued for that door (AskDoor), never the session's own number; PROTOCOL.md, section 9.
func (a *Advisor) ViewerPassword(ctx context.Context, n Number, door string) (*ViewerPassword, error) {
	var p ViewerPassword
	return &p, a.handOver(ctx, n, door, "/password", &p)
}

// Websockify asks for an address that lets a noVNC on another site in once. n is the agent's number
// for DoorWebsockify, as in ViewerPassword.
func (a *Advisor) Websockify(ctx context.Context, n Number) (*ViewerAddress, error) {
	var u ViewerAddress
	return &u, a.handOver(ctx, n, "", "/websockify", &u)
}

// OpenForeign opens the session for a VNC server that connects through the repeater door instead of
// a customer's agent; PROTOCOL.md, section 10.
func (a *Advisor) OpenForeign(ctx context.Context, n Number) error {
	return a.handOver(ctx, n, "", "/foreign", nil)
}

// DialForeign connects to the foreign server of a session as its viewer. The connection carries RFB
// without a seal. DialForeign waits until the server is connected.
func (a *Advisor) DialForeign(ctx context.Context, place string) (net.Conn, error) {
	if !ValidPlace(place) {
		return nil, errors.New("tunnel: a place is four digits")
	}
	ws, err := a.client.dial(ctx, "/api/v1/sessions/"+place+"/foreign/view", a.header(), streamBuffer, Subprotocol)
	if err != nil {
		return nil, err
	}
	return NewStream(ws, 0), nil
}

func (a *Advisor) handOver(ctx context.Context, n Number, door, what string, answer any) error {
	if n.IsZero() {
		return errors.New("tunnel: no session number")
	}
	return a.request(ctx, http.MethodPost, "/api/v1/sessions/"+n.Place()+what, HandOver{Number: n.Digits(), Door: door}, answer)
}

// OwnerLink is the link of the end that made the number; PROTOCOL.md, section 3. One goroutine must
// call Recv all the time; the other methods may be called concurrently.
type OwnerLink struct {
	link *Link
}

// Owner opens the owner's link of a session. ctx applies to the dialling only. An older link of the
// same session receives TypeReplaced.
func (a *Advisor) Owner(ctx context.Context, place string) (*OwnerLink, error) {
	if !ValidPlace(place) {
		return nil, errors.New("tunnel: a place is four digits")
	}
	link, err := a.client.dialLink(ctx, "/api/v1/sessions/"+place+"/owner", a.header())
	if err != nil {
		return nil, err
	}
	return &OwnerLink{link: link}, nil
}

// Recv returns the next message of a known type, and io.EOF after the gateway closed normally. Any
// error is final.
func (l *OwnerLink) Recv() (OwnerMessage, error) {
	for {
		b, err := l.link.Receive()
		if err != nil {
			return OwnerMessage{}, err
		}
		m, err := ParseOwnerMessage(b)
		if err != nil {
			return OwnerMessage{}, err
		}
		switch m.Type {
		case TypeState, TypeEntering, TypeReplaced:
			return m, nil
		}
	}
}

// Verdict reports whether the seal's handshake succeeded on the stream of a TypeEntering.
func (l *OwnerLink) Verdict(stream string, ok bool) error {
	return l.link.Send(OwnerRequest{Type: TypeVerdict, Stream: stream, OK: &ok})
}

// Burnt reports that three tries were wrong. The gateway then ends the session.
func (l *OwnerLink) Burnt() error { return l.link.Send(OwnerRequest{Type: TypeBurnt}) }

// End ends the session for both.
func (l *OwnerLink) End() error { return l.link.Send(OwnerRequest{Type: TypeEnd}) }

// Close closes the link. The gateway keeps the session for a minute.
func (l *OwnerLink) Close() error { return l.link.Close() }
