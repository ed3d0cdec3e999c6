// Command lotse is the advisor's and the operator's program: the gateway, its accounts, a session
// on the command line, and a port for any VNC viewer.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"lotse/plaintext"
	"lotse/seal"
	"lotse/tunnel"
)

// version is set by the linker (Makefile).
var version = "dev"

// Exit codes; exitCodes documents them.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
	exitGateway = 3
	exitSignIn  = 4
	exitSession = 5
)

// program is one run of lotse; tests use other streams.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := &program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	code := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func (p *program) run(ctx context.Context, args []string) int {
	if len(args) == 0 {
		fmt.Fprint(p.stderr, usage())
		return exitUsage
	}
	if c, ok := find(args[0]); ok {
		return p.exitCode(c.run(p, ctx, args[1:]))
	}
	var err error
	switch args[0] {
	case "--version", "-version", "version":
		err = printVersion(p.stdout)
	case "--help", "-help", "-h", "help":
		fmt.Fprint(p.stdout, usage())
	default:
		err = &usageError{what: fmt.Sprintf("there is no command %q", args[0]), usage: usage()}
	}
	return p.exitCode(err)
}

func printVersion(out io.Writer) error {
	_, err := fmt.Fprintln(out, "lotse", version, runtime.GOOS+"/"+runtime.GOARCH)
	return err
}

// errDone ends a command that has printed its help or version.
var errDone = errors.New("done")

// usageError is a mistake on the command line.
type usageError struct{ what, usage string }

func (e *usageError) Error() string { return e.what }

// sessionError means that a session was refused or ended too early.
type sessionError struct{ what string }

func (e *sessionError) Error() string { return e.what }

// signInError is a refused sign-in.
type signInError struct{ err error }

func (e *signInError) Error() string { return "sign-in refused: " + e.err.Error() }
func (e *signInError) Unwrap() error { return e.err }

// maxText is the maximum length in characters of one text in a line of output.
const maxText = 1000

// complain writes an error, which may contain a gateway's text, to standard error. Joined errors
// are written on a line each.
func (p *program) complain(err error) { fmt.Fprintln(p.stderr, "lotse: "+shown(err)) }

func shown(err error) string {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		var lines []string
		for _, e := range all.Unwrap() {
			lines = append(lines, shown(e))
		}
		return strings.Join(lines, "\n")
	}
	return plaintext.Line(err.Error(), maxText)
}

// exitCode reports the error and returns the exit code.
func (p *program) exitCode(err error) int {
	var (
		use         *usageError
		sess        *sessionError
		signIn      *signInError
		unreachable *tunnel.UnreachableError
		api         *tunnel.APIError
	)
	if err == nil || errors.Is(err, errDone) {
		return exitOK
	}
	if errors.As(err, &use) {
		fmt.Fprintf(p.stderr, "lotse: %s\n\n%s", plaintext.Line(use.what, maxText), use.usage)
		return exitUsage
	}
	p.complain(err)
	switch {
	case errors.As(err, &unreachable):
		return exitGateway
	case errors.As(err, &signIn):
		return exitSignIn
	case errors.As(err, &sess), errors.Is(err, seal.ErrWrongNumber), errors.Is(err, seal.ErrBurnt):
		return exitSession
	case errors.As(err, &api):
		switch api.Code {
		case "":
			return exitGateway // something other than a gateway answers
		case tunnel.CodeUnauthorized:
			return exitSignIn
		case tunnel.CodeNotFound, tunnel.CodeNotJoined:
			return exitSession
		}
	}
	return exitFailure
}
