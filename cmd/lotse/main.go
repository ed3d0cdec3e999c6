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
	"slices"
	"strconv"
	"syscall"

	"lotse/cmd/lotse/say"
	"lotse/i18n"
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
	stdin io.Reader
	output
}

// output is where a program writes to, and in which language.
type output struct {
	stdout, stderr io.Writer
	language       i18n.Language // the user's; run changes it to English for operators
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := &program{os.Stdin, output{os.Stdout, os.Stderr, i18n.System()}}
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
		if !slices.Contains(advisorCommands, args[0]) {
			p.language = say.English
		}
		return p.exitCode(c.run(p, ctx, args[1:]))
	}
	var err error
	switch args[0] {
	case "--version", "-version", "version":
		err = printVersion(p.stdout)
	case "--help", "-help", "-h", "help":
		fmt.Fprint(p.stdout, usage())
	default:
		err = &usageError{what: say.Text("cli.usage.noCommand", strconv.Quote(args[0])), command: "lotse"}
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
type usageError struct {
	what    error
	command string // whose help explains it, such as "lotse view"; "": no help does
}

func (e *usageError) Error() string { return e.what.Error() }
func (e *usageError) Unwrap() error { return e.what }

// withHelp returns the mistake with the command that prints the help about it.
func (e *usageError) withHelp() error {
	if e.command == "" {
		return e.what
	}
	return say.Text("cli.usage.see", e.what, e.command)
}

// sessionError means that a session was refused or ended too early.
type sessionError struct{ what error }

func (e *sessionError) Error() string { return e.what.Error() }
func (e *sessionError) Unwrap() error { return e.what }

// signInError is a refused sign-in.
type signInError struct{ err error }

func (e *signInError) Error() string { return e.err.Error() }
func (e *signInError) Unwrap() error { return e.err }

// refusedSignIn returns the error of a sign-in that was refused for a reason.
func refusedSignIn(why error) error {
	return &signInError{say.Text("cli.login.refused", why)}
}

// tell prints a line for people on standard output. The text may contain a stranger's words.
func (o *output) tell(text string) { fmt.Fprintln(o.stdout, say.Line(text)) }

// complain writes an error, which may contain a gateway's text, to standard error. Joined errors
// are written on a line each.
func (o *output) complain(err error) { fmt.Fprintln(o.stderr, "lotse: "+say.Explain(o.language, err)) }

// fail writes the error that ends the program.
func (o *output) fail(err error) {
	name := marksOf(o.stderr).red("lotse:")
	fmt.Fprintln(o.stderr, name, say.Explain(o.language, err))
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
		p.fail(use.withHelp())
		return exitUsage
	}
	p.fail(err)
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
