package tunnel

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"time"

	"lotse/plaintext"
)

// Codes of APIError; PROTOCOL.md, section 2.
const (
	CodeUnauthorized = "unauthorized"
	CodeBadRequest   = "bad_request"
	CodeForbidden    = "forbidden"
	CodeNotFound     = "not_found"
	CodeNotJoined    = "not_joined"
	CodeTooMany      = "too_many"
	CodeLimit        = "limit"
	CodeBusy         = "busy"
	CodeInternal     = "internal"
	CodeNoColleague  = "no_colleague"
	CodePuzzle       = "puzzle" // the gateway asks for a proof of work; section 11
)

// APIError is a refusal by the gateway.
type APIError struct {
	Status     int           // HTTP status
	Code       string        // one of the Code constants; "" if the answer is not from a Lotse gateway
	Message    string        // English, for people
	RetryAfter time.Duration // 0: the gateway did not say
	Puzzle     string        // with CodePuzzle
	Redirect   string        // the address that a redirect leads to; "": no redirect
}

// Error implements error. It returns the gateway's message and, if known, when to try again.
func (e *APIError) Error() string {
	s := e.Message
	if s == "" {
		s = fmt.Sprintf("the gateway answered with status %d", e.Status)
	}
	if e.RetryAfter > 0 {
		s += fmt.Sprintf(" (try again in %v)", e.RetryAfter)
	}
	return s
}

// ErrorBody is the JSON form of an APIError.
type ErrorBody struct {
	Error struct {
		Code       string `json:"code"`
		Message    string `json:"message"`
		RetryAfter int    `json:"retry_after,omitempty"`
		Puzzle     string `json:"puzzle,omitempty"`
	} `json:"error"`
}

// maxErrorText is the maximum number of characters shown of an error text from another program.
const maxErrorText = 300

// parseAPIError reads the body of an answer whose status is not a success.
func parseAPIError(status int, header http.Header, body io.Reader) *APIError {
	e := &APIError{Status: status}
	b, _ := io.ReadAll(io.LimitReader(body, maxAnswer))
	var eb ErrorBody
	if err := json.Unmarshal(b, &eb); err == nil && eb.Error.Code != "" {
		e.Code, e.Message = eb.Error.Code, shown(eb.Error.Message)
		e.RetryAfter = time.Duration(min(max(eb.Error.RetryAfter, 0), 86400)) * time.Second
		e.Puzzle = eb.Error.Puzzle
		return e
	}
	if n, err := strconv.Atoi(header.Get("Retry-After")); err == nil && n > 0 {
		e.RetryAfter = time.Duration(min(n, 86400)) * time.Second
	}
	switch {
	case status >= 300 && status < 400:
		e.Redirect = shown(header.Get("Location"))
		e.Message = "the address answers with a redirect to " + e.Redirect + "; use that address"
	case status == http.StatusMisdirectedRequest:
		e.Message = "the gateway does not answer to this name; its operator must add the name to \"hosts\""
	case status == http.StatusNotFound:
		e.Message = "there is no Lotse gateway at this address (status 404)"
	default:
		e.Message = fmt.Sprintf("the address answers with status %d, not as a Lotse gateway does; something between may be in the way", status)
	}
	return e
}

// shown makes a text from another program safe to print in an error.
func shown(s string) string { return plaintext.Line(s, maxErrorText) }

// Causes of UnreachableError, for programs that explain it in another language.
const (
	CauseOtherName   = "other_name"   // the certificate is for another name
	CauseExpired     = "expired"      // the certificate is not valid today
	CauseAuthority   = "authority"    // the certificate is not signed by a trusted authority
	CauseNoTLS       = "no_tls"       // something else than TLS answers
	CauseEncryption  = "encryption"   // the gateway refused the encryption; Detail says why
	CauseUnknownName = "unknown_name" // the gateway's name has no address
	CauseNothing     = "nothing"      // the port is closed
	CauseNoRoute     = "no_route"
	CauseSilence     = "silence" // no answer in time
	CauseCut         = "cut"     // the connection was closed before there was an answer

	CauseProxySetting  = "proxy_setting"  // the setting of the proxy cannot be read
	CauseProxyKind     = "proxy_kind"     // the proxy, Detail, is not of HTTP
	CauseProxyAway     = "proxy_away"     // the proxy, Detail, cannot be reached
	CauseProxyAnswer   = "proxy_answer"   // the answer of Detail is not a proxy's
	CauseProxyPassword = "proxy_password" // the proxy, Detail, asks for a name and a password
	CauseProxyRefusal  = "proxy_refusal"  // the proxy, Detail, does not connect to the gateway
)

// UnreachableError means that no connection to the gateway was made because of the network, a proxy
// or the certificate. Why says what to do.
type UnreachableError struct {
	Gateway string
	Why     string // English, for people
	Cause   string // one of the Cause constants; "": another, see Err
	Detail  string // belongs to some of the causes
	Err     error
}

// Error implements error. It names the gateway and why it cannot be reached.
func (e *UnreachableError) Error() string {
	return fmt.Sprintf("gateway %s: %s", e.Gateway, e.Why)
}

// Unwrap returns the error of the network.
func (e *UnreachableError) Unwrap() error { return e.Err }

// unreachable explains err. For a cancelled context it returns context.Canceled.
func unreachable(gateway string, err error) error {
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	e := &UnreachableError{Gateway: gateway, Err: err}
	var proxy *proxyError
	if errors.As(err, &proxy) {
		e.Cause, e.Detail, e.Why = proxy.cause, proxy.proxy, proxy.Error()
		return e
	}
	e.Cause, e.Detail = causeOf(err)
	e.Why = whyUnreachable(e)
	return e
}

// causeOf finds the cause in an error of the network.
func causeOf(err error) (cause, detail string) {
	var (
		dns      *net.DNSError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		record   tls.RecordHeaderError
		alert    tls.AlertError
		ne       net.Error
	)
	switch {
	case errors.As(err, &hostname):
		return CauseOtherName, ""
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return CauseExpired, ""
	case errors.As(err, &unknown), errors.As(err, &invalid):
		return CauseAuthority, ""
	case errors.As(err, &record):
		return CauseNoTLS, ""
	case errors.As(err, &alert):
		return CauseEncryption, shown(alert.Error())
	case errors.As(err, &dns):
		return CauseUnknownName, ""
	case errors.Is(err, syscall.ECONNREFUSED):
		return CauseNothing, ""
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return CauseNoRoute, ""
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &ne) && ne.Timeout():
		return CauseSilence, ""
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return CauseCut, ""
	}
	return "", ""
}

// whyUnreachable says what to do about a cause that no proxy has to do with.
func whyUnreachable(e *UnreachableError) string {
	switch e.Cause {
	case CauseOtherName:
		return "its certificate is for another name: check the address; if it is right, the operator must get a certificate for it"
	case CauseExpired:
		return "its certificate is not valid today: check this computer's date and time; if they are right, the operator must renew the certificate"
	case CauseAuthority:
		return "its certificate is not signed by an authority this computer trusts: if the gateway has a certificate authority of its own, " +
			"give its certificate with --ca-file; otherwise a proxy or virus scanner is opening the connection, and it is better not to go on"
	case CauseNoTLS:
		return "the port does not speak TLS: check the address and the port"
	case CauseEncryption:
		return "it refused the encryption (" + e.Detail + "): update this program or ask the operator for the lowest TLS version allowed"
	case CauseUnknownName:
		return "its name is not known: check the spelling, and whether this computer is on the network"
	case CauseNothing:
		return "nothing answers there: check the address and the port, and whether the gateway is running"
	case CauseNoRoute:
		return "there is no way to it: check whether this computer is on the network"
	case CauseSilence:
		return "no answer in time: it may be down, or a firewall lets nothing through; where only a proxy may go out, set HTTPS_PROXY"
	case CauseCut:
		return "the connection was cut: something between may not let it through; where only a proxy may go out, set HTTPS_PROXY"
	}
	return shown(e.Err.Error())
}
