package gateway

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"time"

	"lotse/gateway/audit"
	"lotse/tunnel"
)

// fail answers with the error body of PROTOCOL.md, section 2.
func (s *server) fail(w http.ResponseWriter, status int, code, message string, retryAfter time.Duration) {
	var body tunnel.ErrorBody
	body.Error.Code, body.Error.Message = code, message
	if retryAfter > 0 {
		body.Error.RetryAfter = seconds(retryAfter)
		w.Header().Set("Retry-After", strconv.Itoa(seconds(retryAfter)))
	}
	s.answer(w, status, body)
}

func (s *server) answer(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		s.log.gateway.Error("answer not encoded", "error", err)
		status, b = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

var errBadBody = errors.New("gateway: request body")

// readBody reads one JSON value of at most maxBody bytes.
func readBody(w http.ResponseWriter, r *http.Request, v any) error {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return errBadBody // an HTML form on another site cannot send this type
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil || json.Unmarshal(b, v) != nil {
		return errBadBody
	}
	return nil
}

func (s *server) badBody(w http.ResponseWriter) {
	s.fail(w, http.StatusBadRequest, tunnel.CodeBadRequest, "The request must be JSON of at most 16 KiB, with Content-Type application/json.", 0)
}

// caller is a signed-in advisor.
type caller struct {
	account Account
	web     webSession
	cookie  string
}

// signedIn calls next for signed-in advisors only. Requests that change something also need the
// CSRF header.
func (s *server) signedIn(next func(http.ResponseWriter, *http.Request, caller)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, ok := s.caller(r)
		if !ok {
			s.fail(w, http.StatusUnauthorized, tunnel.CodeUnauthorized, "Please sign in.", 0)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead &&
			subtle.ConstantTimeCompare([]byte(r.Header.Get(tunnel.CSRFHeader)), []byte(c.web.csrf)) != 1 {
			s.fail(w, http.StatusForbidden, tunnel.CodeForbidden, "The header "+tunnel.CSRFHeader+" is missing or wrong.", 0)
			return
		}
		s.trust(r)
		next(w, r, c)
	}
}

// trust records that the request came from a legitimate client.
func (s *server) trust(r *http.Request) {
	c, now := clientOf(s.clientAddr(r)), s.now()
	prove(connsOf(r))
	s.requests.refund(c, 1, now)
	s.known.add(c, now)
}

func (s *server) caller(r *http.Request) (c caller, ok bool) {
	cookie, err := r.Cookie(tunnel.CookieName)
	if err != nil {
		return c, false
	}
	c.cookie = cookie.Value
	if c.web, ok = s.web.find(c.cookie, s.now()); !ok {
		return c, false
	}
	c.account, ok, err = s.accounts.get(c.web.account)
	if err != nil {
		s.log.gateway.Error("accounts not read", "error", err)
	}
	return c, ok && digestOf(c.account.Password) == c.web.password
}

// sessionCookie makes the cookie. A negative maxAge removes it.
func sessionCookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{Name: tunnel.CookieName, Value: value, Path: "/", MaxAge: maxAge,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode}
}

func (s *signing) meOf(acc Account, web webSession) tunnel.Me {
	return tunnel.Me{Person: acc.person(s.cfg.Company), CSRF: web.csrf}
}

func (s *signing) me(w http.ResponseWriter, _ *http.Request, c caller) {
	s.answer(w, http.StatusOK, s.meOf(c.account, c.web))
}

func (s *signing) signOut(w http.ResponseWriter, r *http.Request, c caller) {
	s.web.remove(c.cookie)
	s.audit.Record(audit.Record{Event: audit.SignOut, Account: c.account.Name, From: s.clientAddr(r).String()})
	http.SetCookie(w, sessionCookie("", -1))
	w.WriteHeader(http.StatusNoContent)
}

func (s *webSite) info(w http.ResponseWriter, r *http.Request) {
	s.answer(w, http.StatusOK, s.serverInfo(r.Host))
}

func (s *sessionAPI) newSession(w http.ResponseWriter, r *http.Request, c caller) {
	made, err := s.dir.open(c.account, s.clientAddr(r).String())
	if err != nil {
		s.failDirectory(w, err)
		return
	}
	s.answer(w, http.StatusCreated, tunnel.NewSession{Place: made.place, Expires: made.created.Add(s.cfg.Limits.Times.Number).UTC().Truncate(time.Second)})
}

func (s *sessionAPI) listSessions(w http.ResponseWriter, _ *http.Request, c caller) {
	s.answer(w, http.StatusOK, tunnel.Sessions{Sessions: s.dir.list(c.account.Name)})
}

func (s *sessionAPI) endSession(w http.ResponseWriter, r *http.Request, c caller) {
	if err := s.dir.end(c.account.Name, r.PathValue("place")); err != nil {
		s.failDirectory(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *sessionAPI) openStream(w http.ResponseWriter, r *http.Request, c caller) {
	var req tunnel.OpenStreamRequest
	if readBody(w, r, &req) != nil {
		s.badBody(w)
		return
	}
	if !tunnel.ValidKind(req.Kind) ||
		req.Door != tunnel.DoorPage && req.Door != tunnel.DoorHelper {
		s.fail(w, http.StatusBadRequest, tunnel.CodeBadRequest, "kind must be control, view or show, door must be page or helper.", 0)
		return
	}
	if !slices.Contains(s.cfg.Doors.OnPort, req.Door) {
		doorClosed(s.server, w)
		return
	}
	id, err := s.dir.openStream(c.account.Name, r.PathValue("place"), req.Kind, req.Door, s.clientAddr(r).String())
	if err != nil {
		s.failDirectory(w, err)
		return
	}
	s.answer(w, http.StatusCreated, tunnel.OpenStreamAnswer{Stream: id})
}

// failDirectory answers with the message for an error of the directory.
func (s *server) failDirectory(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, errNoSession):
		s.fail(w, http.StatusNotFound, tunnel.CodeNotFound, "There is no such session of yours; it may have ended.", 0)
	case errors.Is(err, errNotJoined):
		s.fail(w, http.StatusConflict, tunnel.CodeNotJoined, "No customer is in this session yet, or his line is lost at the moment.", 0)
	case errors.Is(err, errNoColleague):
		s.fail(w, http.StatusNotFound, tunnel.CodeNoColleague, "There is no such colleague.", 0)
	case errors.Is(err, errColleagues):
		s.fail(w, http.StatusTooManyRequests, tunnel.CodeLimit, "There are too many colleagues in this session.", 0)
	case errors.Is(err, errOtherPlace):
		s.fail(w, http.StatusBadRequest, tunnel.CodeBadRequest, wordsOtherNumber, 0)
	case errors.Is(err, errTooMany):
		s.fail(w, http.StatusTooManyRequests, tunnel.CodeLimit, "You have too many open; end some first.", 0)
	case errors.Is(err, errClosed), errors.Is(err, errNoPlace):
		s.fail(w, http.StatusServiceUnavailable, tunnel.CodeBusy, "The gateway takes no new sessions at the moment.", 10*time.Second)
	default:
		s.log.gateway.Error("request failed", "error", err)
		s.fail(w, http.StatusInternalServerError, tunnel.CodeInternal, "The gateway made a mistake; it is in its log.", 0)
	}
}

func (s *sessionAPI) unknownAPI(w http.ResponseWriter, _ *http.Request) {
	s.fail(w, http.StatusNotFound, tunnel.CodeNotFound, "There is nothing at this address; it may need another method.", 0)
}
