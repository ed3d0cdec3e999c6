package main

import (
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"lotse/cmd/lotse/say"
	"lotse/logs"
)

// flags are the flags of one command, including those that every command has. The usage of each has
// the name of its value between backquotes; package manual generates help, manual page and
// completions from that.
type flags struct {
	*flag.FlagSet
	caFile      string
	logFormat   string
	logLevel    string
	showVersion bool
}

func newFlags(name string) *flags {
	f := &flags{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError)}
	f.SetOutput(io.Discard) // exitCode reports mistakes
	f.StringVar(&f.caFile, "ca-file", os.Getenv("LOTSE_CA_FILE"),
		"trust this authority for the gateway (`PEM` file, or LOTSE_CA_FILE)")
	f.StringVar(&f.logFormat, "log-format", "text", "how messages on standard error look: `text|json`")
	f.StringVar(&f.logLevel, "log-level", "",
		"what is logged, debug, info, warn or error: `LEVEL`, or for one area of the log "+
			"\"info,tunnel=debug\"")
	f.BoolVar(&f.showVersion, "version", false, "print the version")
	return f
}

// help returns the help of the command.
func (f *flags) help() string {
	c, ok := find(f.Name())
	if !ok {
		return usage()
	}
	return c.help()
}

// wrong returns an error about the command line, in English.
func (f *flags) wrong(format string, args ...any) error {
	return f.mistake(fmt.Errorf(format, args...))
}

// mistake returns what as an error about the command line.
func (f *flags) mistake(what error) error {
	return &usageError{what: say.Text("cli.usage.command", f.Name(), what), command: "lotse " + f.Name()}
}

// flagMistake returns an error of package flag as one with a text in each language. The package has
// no types for them.
func flagMistake(err error) error {
	if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: "); ok {
		return say.Text("cli.usage.unknownFlag", name)
	}
	if name, ok := strings.CutPrefix(err.Error(), "flag needs an argument: "); ok {
		return say.Text("cli.usage.noValue", name)
	}
	return say.Text("cli.usage.flag", err)
}

// parse parses flags and positional arguments in any order. There must be want positional
// arguments.
func (f *flags) parse(p *program, args []string, want int) ([]string, error) {
	return f.parseUpTo(p, args, want, want)
}

// parseUpTo is parse with at least least and at most most positional arguments.
func (f *flags) parseUpTo(p *program, args []string, least, most int) ([]string, error) {
	var rest []string
	for {
		err := f.Parse(args)
		switch {
		case errors.Is(err, flag.ErrHelp):
			fmt.Fprint(p.stdout, f.help())
			return nil, errDone
		case err != nil:
			return nil, f.mistake(flagMistake(err))
		case f.showVersion:
			return nil, errors.Join(printVersion(p.stdout), errDone)
		}
		if f.NArg() == 0 {
			break
		}
		rest = append(rest, f.Arg(0))
		args = f.Args()[1:]
	}
	switch {
	case len(rest) > most:
		// The likely reason is a session number with spaces.
		return nil, f.mistake(say.Text("cli.usage.tooMany", most))
	case len(rest) < least:
		return nil, f.mistake(say.Text("cli.usage.tooFew"))
	}
	return rest, nil
}

// given reports whether the flag is on the command line.
func (f *flags) given(name string) (found bool) {
	f.Visit(func(v *flag.Flag) { found = found || v.Name == name })
	return found
}

// logger makes the logger of a command on standard error. format and level are the defaults.
func (f *flags) logger(
	p *program, format, level string, areas []string,
) (*slog.Logger, *logs.Levels, error) {
	if f.logLevel != "" {
		level = f.logLevel
	}
	if f.given("log-format") {
		format = f.logFormat
	}
	levels, err := logs.Parse(level, areas)
	if err != nil {
		return nil, nil, f.mistake(say.Text("cli.usage.logLevel", err))
	}
	logger, err := logs.New(p.stderr, format, levels)
	if err != nil {
		return nil, nil, f.mistake(say.Text("cli.usage.logFormat", err))
	}
	return logger, levels, nil
}

// roots reads --ca-file; it returns nil without one.
func (f *flags) roots() (*x509.CertPool, error) {
	if f.caFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(f.caFile)
	if err != nil {
		return nil, say.Text("cli.usage.caFile", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, say.Text("cli.usage.noCertificate", f.caFile)
	}
	return pool, nil
}
