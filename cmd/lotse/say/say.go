// Package say makes the errors of the command line, which have a text in each language.
//
// These are the rules for what people read there:
//
//   - What an advisor sees is a text of i18n in the language of the user's system. What only
//     operators see, and every help, is English.
//   - Error always returns the English text, for logs and for programs that read JSON lines.
//     Explain returns it in another language.
//   - English of a library or a gateway has quotation marks in other languages.
package say

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"lotse/i18n"
	"lotse/peer"
	"lotse/plaintext"
	"lotse/rfb"
	"lotse/seal"
	"lotse/tunnel"
)

// English is the language of the operator's commands.
const English = i18n.Language("en")

// maxText is the maximum length in characters of one line of output.
const maxText = 1000

// Text returns an error with the text of a key. An argument that is an error is the error's cause;
// it is explained in the text's language.
func Text(key string, args ...any) error { return &told{key: key, args: args} }

// told is an error that has a text in each language.
type told struct {
	key  string
	args []any
}

// Error returns the English text.
func (e *told) Error() string {
	return e.in(English, func(err error) string { return err.Error() })
}

// in returns the text in a language; why returns that of a cause.
func (e *told) in(l i18n.Language, why func(error) string) string {
	args := make([]any, len(e.args))
	for i, a := range e.args {
		if err, ok := a.(error); ok {
			a = why(err)
		}
		args[i] = a
	}
	text := l.Text // the key is a literal where the error is made, and is checked there
	return text(e.key, args...)
}

// Unwrap returns the cause.
func (e *told) Unwrap() error {
	for _, a := range e.args {
		if err, ok := a.(error); ok {
			return err
		}
	}
	return nil
}

// Line makes a text safe for a terminal, because a gateway or a peer may have written a part of it.
// A text of several lines becomes one.
func Line(text string) string { return plaintext.Line(text, maxText) }

// Explain returns the text of an error in a language, safe for a terminal. Joined errors are on a
// line each.
func Explain(l i18n.Language, err error) string {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		var lines []string
		for _, e := range all.Unwrap() {
			lines = append(lines, Explain(l, e))
		}
		return strings.Join(lines, "\n")
	}
	if l == "" || l == English {
		return Line(err.Error())
	}
	return Line(translated(l, err))
}

// translated returns the text of an error in a language other than English.
func translated(l i18n.Language, err error) string {
	var t *told
	if errors.As(err, &t) {
		return t.in(l, func(cause error) string { return translated(l, cause) })
	}
	for _, of := range []func(i18n.Language, error) string{ofGateway, ofSeal, ofViewer, ofSystem} {
		if text := of(l, err); text != "" {
			return text
		}
	}
	return l.Text("cli.quote", err.Error())
}

// ofGateway explains why a gateway cannot be reached or refuses; "" for other errors.
func ofGateway(l i18n.Language, err error) string {
	var far *tunnel.UnreachableError
	var api *tunnel.APIError
	switch {
	case errors.As(err, &far):
		return l.Text("cli.unreachable.line", far.Gateway, Unreachable(l, far))
	case !errors.As(err, &api):
		return ""
	case api.RetryAfter > 0:
		return l.Text("cli.refused.wait", refusedText(l, api), int(api.RetryAfter.Seconds()))
	}
	return refusedText(l, api)
}

// Unreachable returns the text for an error about a gateway that cannot be reached.
func Unreachable(l i18n.Language, e *tunnel.UnreachableError) string {
	switch e.Cause {
	case tunnel.CauseOtherName:
		return l.Text("cli.unreachable.otherName")
	case tunnel.CauseExpired:
		return l.Text("cli.unreachable.expired")
	case tunnel.CauseAuthority:
		return l.Text("cli.unreachable.authority")
	case tunnel.CauseNoTLS:
		return l.Text("cli.unreachable.noTLS")
	case tunnel.CauseEncryption:
		return l.Text("cli.unreachable.encryption", e.Detail)
	case tunnel.CauseUnknownName:
		return l.Text("cli.unreachable.unknownName")
	case tunnel.CauseNothing:
		return l.Text("cli.unreachable.nothing")
	case tunnel.CauseNoRoute:
		return l.Text("cli.unreachable.noRoute")
	case tunnel.CauseSilence:
		return l.Text("cli.unreachable.silence")
	case tunnel.CauseCut:
		return l.Text("cli.unreachable.cut")
	case tunnel.CauseProxySetting:
		return l.Text("cli.unreachable.proxySetting")
	case tunnel.CauseProxyKind:
		return l.Text("cli.unreachable.proxyKind", e.Detail)
	case tunnel.CauseProxyAway:
		return l.Text("cli.unreachable.proxyAway", e.Detail)
	case tunnel.CauseProxyAnswer:
		return l.Text("cli.unreachable.proxyAnswer", e.Detail)
	case tunnel.CauseProxyPassword:
		return l.Text("cli.unreachable.proxyPassword", e.Detail)
	case tunnel.CauseProxyRefusal:
		return l.Text("cli.unreachable.proxyRefusal", e.Detail)
	}
	return l.Text("cli.quote", e.Why)
}

// refusedText returns the text for a gateway's answer: by its code where that says enough,
// otherwise the gateway's own words.
func refusedText(l i18n.Language, e *tunnel.APIError) string {
	switch {
	case e.Redirect != "":
		return l.Text("cli.refused.redirect", e.Redirect)
	case e.Status == http.StatusMisdirectedRequest:
		return l.Text("cli.refused.otherName")
	case e.Code == "" && e.Status == http.StatusNotFound:
		return l.Text("cli.refused.noGateway")
	case e.Code == "":
		return l.Text("cli.refused.notOurs", e.Status)
	}
	switch e.Code {
	case tunnel.CodeUnauthorized:
		return l.Text("cli.refused.unauthorized")
	case tunnel.CodeForbidden:
		return l.Text("cli.refused.forbidden")
	case tunnel.CodeNotFound:
		return l.Text("cli.refused.notFound")
	case tunnel.CodeNotJoined:
		return l.Text("cli.refused.notJoined")
	case tunnel.CodeTooMany:
		return l.Text("cli.refused.tooMany")
	case tunnel.CodeLimit:
		return l.Text("cli.refused.limit")
	case tunnel.CodeBusy:
		return l.Text("cli.refused.busy")
	case tunnel.CodeInternal:
		return l.Text("cli.refused.internal")
	}
	return l.Text("cli.refused.other", l.Text("cli.quote", e.Message))
}

// ofSeal explains the seal's errors; "" for others.
func ofSeal(l i18n.Language, err error) string {
	switch {
	case errors.Is(err, seal.ErrWrongNumber):
		return l.Text("cli.seal.wrongNumber")
	case errors.Is(err, seal.ErrVersion):
		return l.Text("cli.seal.version")
	case errors.Is(err, seal.ErrBurnt):
		return l.Text("cli.seal.burnt")
	case errors.Is(err, seal.ErrUsed):
		return l.Text("cli.seal.used")
	case errors.Is(err, seal.ErrOpened):
		return l.Text("cli.seal.opened")
	case errors.Is(err, seal.ErrOrigin):
		return l.Text("cli.seal.origin")
	case errors.Is(err, seal.ErrForged):
		return l.Text("cli.seal.forged")
	case errors.Is(err, seal.ErrTruncated):
		return l.Text("cli.seal.cut")
	}
	return ""
}

// ofViewer explains errors about viewers and other programs on this computer; "" for others.
func ofViewer(l i18n.Language, err error) string {
	var refusal rfb.Refusal
	var exit *exec.ExitError
	switch {
	case errors.As(err, &refusal):
		return l.Text("cli.view.refused", refusal.Reason)
	case errors.Is(err, peer.ErrOther):
		return l.Text("cli.view.other", err.Error())
	case errors.As(err, &exit):
		return Exit(l, exit.ProcessState)
	}
	return ""
}

// ofSystem explains frequent errors of files and connections; "" for others.
func ofSystem(l i18n.Language, err error) string {
	var file *fs.PathError
	var program *exec.Error
	isFile := errors.As(err, &file)
	switch {
	case errors.As(err, &program) && errors.Is(err, exec.ErrNotFound):
		return l.Text("cli.file.missing", program.Name)
	case isFile && errors.Is(err, fs.ErrNotExist):
		return l.Text("cli.file.missing", file.Path)
	case isFile && errors.Is(err, fs.ErrPermission):
		return l.Text("cli.file.closed", file.Path)
	case errors.Is(err, syscall.EADDRINUSE):
		return l.Text("cli.view.portUsed", err.Error())
	case errors.Is(err, syscall.ECONNREFUSED):
		return l.Text("cli.line.refused")
	case errors.Is(err, context.DeadlineExceeded):
		return l.Text("cli.line.late")
	case errors.Is(err, context.Canceled):
		return l.Text("cli.line.stopped")
	case err == io.EOF:
		return l.Text("cli.empty")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return l.Text("cli.line.lost")
	}
	return ""
}

// Exit says how a program ended.
func Exit(l i18n.Language, state *os.ProcessState) string {
	switch {
	case l == "" || l == English:
		return state.String()
	case state.Exited():
		return l.Text("cli.view.exit", state.ExitCode())
	}
	return l.Text("cli.quote", state.String())
}
