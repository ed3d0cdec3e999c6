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
	CodePuzzle       = "puzzle" // the gateway asks for a proof of work; section 11
)

// APIError is a refusal by the gateway.
type APIError struct {
	Status     int           // HTTP status
	Code       string        // one of the Code constants; "" if the answer is not from a Lotse gateway
	Message    string        // English, for people
	RetryAfter time.Duration // 0: the gateway did not say
	Puzzle     string        // with CodePuzzle
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
		e.Message = "the address answers with a redirect to " + shown(header.Get("Location")) + "; use that address"
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

// UnreachableError means that no connection to the gateway was made because of the network, a proxy
// or the certificate. Why says what to do.
type UnreachableError struct {
	Gateway string
	Why     string
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
	return &UnreachableError{Gateway: gateway, Why: whyUnreachable(err), Err: err}
}

func whyUnreachable(err error) string {
	var (
		proxy    *proxyError
		dns      *net.DNSError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		record   tls.RecordHeaderError
		alert    tls.AlertError
		ne       net.Error
	)
	switch {
	case errors.As(err, &proxy):
		return proxy.Error()
	case errors.As(err, &hostname):
		return "its certificate is for another name: check the address; if it is right, the operator must get a certificate for it"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate is not valid today: check this computer's date and time; if they are right, the operator must renew the certificate"
	case errors.As(err, &unknown), errors.As(err, &invalid):
		return "its certificate is not signed by an authority this computer trusts: if the gateway has a certificate authority of its own, " +
			"give its certificate with --ca-file; otherwise a proxy or virus scanner is opening the connection, and it is better not to go on"
	case errors.As(err, &record):
		return "the port does not speak TLS: check the address and the port"
	case errors.As(err, &alert):
		return "it refused the encryption (" + shown(alert.Error()) + "): update this program or ask the operator for the lowest TLS version allowed"
	case errors.As(err, &dns):
		return "its name is not known: check the spelling, and whether this computer is on the network"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing answers there: check the address and the port, and whether the gateway is running"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "there is no way to it: check whether this computer is on the network"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &ne) && ne.Timeout():
		return "no answer in time: it may be down, or a firewall lets nothing through; where only a proxy may go out, set HTTPS_PROXY"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "the connection was cut: something between may not let it through; where only a proxy may go out, set HTTPS_PROXY"
	}
	return shown(err.Error())
}
