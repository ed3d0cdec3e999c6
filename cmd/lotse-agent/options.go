package main

import (
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"

	"lotse/agent"
	"lotse/tunnel"
)

type options struct {
	gateway, display, panel, caFile string
	logFormat, logLevel             string
	number                          tunnel.Number
	answer                          agent.Answer
	roots                           *x509.CertPool
}

// parse reads the command line. nil: the program ends with the code.
func parse(args []string) (*options, int) {
	o := &options{}
	set := flag.NewFlagSet("lotse-agent", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	var number, answer string
	var showVersion bool
	set.StringVar(&o.gateway, "gateway", "", "")
	set.StringVar(&number, "number", "", "")
	set.StringVar(&o.panel, "panel", "", "")
	set.StringVar(&answer, "answer", "", "")
	set.StringVar(&o.display, "display", "", "")
	set.StringVar(&o.caFile, "ca-file", os.Getenv("LOTSE_CA_FILE"), "")
	set.StringVar(&o.logFormat, "log-format", "text", "")
	set.StringVar(&o.logLevel, "log-level", "warn", "")
	set.BoolVar(&showVersion, "version", false, "")
	switch err := set.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Print(usage)
		return nil, exitOK
	case err != nil:
		return nil, wrongUsage(err)
	case showVersion:
		fmt.Println("lotse-agent", version, runtime.GOOS+"/"+runtime.GOARCH)
		return nil, exitOK
	case set.NArg() > 0:
		return nil, wrongUsage(fmt.Errorf("unexpected argument %q", set.Arg(0)))
	}
	if err := o.check(number, answer); err != nil {
		return nil, wrongUsage(err)
	}
	return o, exitOK
}

func wrongUsage(err error) int {
	fmt.Fprintf(os.Stderr, "lotse-agent: %v\n\n%s", err, usage)
	return exitUsage
}

func (o *options) check(number, answer string) (err error) {
	if o.gateway == "" {
		return errors.New("which gateway? Give it with --gateway https://…")
	}
	if o.gateway, err = tunnel.ParseGateway(o.gateway); err != nil {
		return fmt.Errorf("--gateway: %w", err)
	}
	if number != "" {
		if o.number, err = tunnel.ParseNumber(number); err != nil {
			return fmt.Errorf("--number: %w", err)
		}
	}
	switch o.answer = agent.Answer(answer); o.answer {
	case agent.AnswerAsk, agent.AnswerView, agent.AnswerControl, agent.AnswerDeny:
	default:
		return fmt.Errorf("--answer %q: want view, control or deny", answer)
	}
	switch o.panel {
	case "":
		o.panel = "browser"
	case "browser", "terminal":
	default:
		return fmt.Errorf("--panel %q: want browser or terminal", o.panel)
	}
	if o.caFile == "" {
		return nil
	}
	pem, err := os.ReadFile(o.caFile)
	if err != nil {
		return fmt.Errorf("--ca-file: %w", err)
	}
	o.roots = x509.NewCertPool()
	if !o.roots.AppendCertsFromPEM(pem) {
		return fmt.Errorf("--ca-file %s: no certificate in it; want PEM", o.caFile)
	}
	return nil
}

func newLogger(o *options, w io.Writer) *slog.Logger {
	var level slog.Level
	if level.UnmarshalText([]byte(o.logLevel)) != nil {
		level = slog.LevelWarn
	}
	h := &slog.HandlerOptions{Level: level}
	if o.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, h))
	}
	return slog.New(slog.NewTextHandler(w, h))
}
