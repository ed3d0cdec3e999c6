package main

import (
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"

	"lotse/agent"
	"lotse/arguments"
	"lotse/config"
	"lotse/i18n"
	"lotse/logs"
	"lotse/tunnel"
)

type options struct {
	config.Agent
	number tunnel.Number
	roots  *x509.CertPool
	record string
	// receive is the folder for files, with the terminal panel; "": none.
	receive string
	// fixed means that the person who started the program gave the gateway.
	fixed bool
	// confirm means that anybody may have written the gateway's name or the number.
	confirm bool
	// answered means that the command line, and not only the settings file, contains the
	// answer.
	answered bool
	// offer is what such a source names. The customer decides whether to use it.
	offer tunnel.Offer
	// gateways are the only gateways that the program may connect to; nil means any.
	gateways []string
	// problem tells the customer why no gateway is known.
	problem string
	// wrong is the error of a command line that cannot be carried out.
	wrong error
	// events selects JSON lines on standard output.
	events bool
	// trace is the file for what a field report needs; "": none.
	trace string
	// check selects a report on what works here instead of a session; asJSON selects JSON for
	// it.
	check, asJSON bool
}

// commandLine contains the values of the command line.
type commandLine struct {
	config.Agent
	file, number, record, events string
	trace, receive               string
	nameless, version            bool
	check, asJSON                bool
}

// define defines the flags. The constant usage explains them.
func (c *commandLine) define(set *flag.FlagSet) {
	set.StringVar(&c.file, "config", "", "")
	set.StringVar(&c.Gateway, "gateway", "", "")
	set.StringVar(&c.number, "number", "", "")
	set.StringVar(&c.Panel, "panel", "", "")
	set.StringVar(&c.Answer, "answer", "", "")
	set.StringVar(&c.Share, "share", "", "")
	set.StringVar(&c.Hotkey, "hotkey", "", "")
	set.StringVar(&c.record, "record", "", "")
	set.StringVar(&c.receive, "receive", "", "")
	set.StringVar(&c.Language, "language", "", "")
	set.StringVar(&c.Display, "display", "", "")
	set.BoolVar(&c.nameless, "no-names", false, "")
	set.StringVar(&c.CAFile, "ca-file", os.Getenv("LOTSE_CA_FILE"), "")
	set.StringVar(&c.Log.Format, "log-format", "", "")
	set.StringVar(&c.Log.Level, "log", "", "")
	set.StringVar(&c.Log.Level, "log-level", "", "")
	set.StringVar(&c.events, "events", "", "")
	set.StringVar(&c.trace, "trace", "", "")
	set.BoolVar(&c.check, "check", false, "")
	set.BoolVar(&c.asJSON, "json", false, "")
	set.BoolVar(&c.version, "version", false, "")
}

// parse reads the command line and the settings file; flags win. If the options are nil, the
// program must end with the exit code. It must also end if the code is not exitOK.
func parse(args []string) (*options, int) {
	set := flag.NewFlagSet("lotse-agent", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	var flags commandLine
	flags.define(set)
	switch err := set.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Print(usage)
		return nil, exitOK
	case err != nil:
		return nil, wrongUsage(err)
	case flags.version:
		fmt.Println("lotse-agent", version, runtime.GOOS+"/"+runtime.GOARCH)
		return nil, exitOK
	case set.NArg() > 1 || set.NArg() == 1 && !tunnel.IsLink(set.Arg(0)):
		return nil, wrongUsage(fmt.Errorf("unexpected argument %q", set.Arg(set.NArg()-1)))
	case flags.events != "" && flags.events != "json":
		return nil, wrongUsage(fmt.Errorf("--events %q: want json", flags.events))
	case flags.asJSON && !flags.check:
		return nil, wrongUsage(errors.New("--json goes with --check"))
	}
	o := &options{
		Agent: config.DefaultAgent(), record: flags.record, receive: flags.receive, events: flags.events != "", answered: flags.Answer != "",
		check: flags.check, asJSON: flags.asJSON, trace: flags.trace,
	}
	if file := flags.file; file != "" {
		var err error
		if o.Agent, err = config.LoadAgent(file); err != nil {
			fmt.Fprintln(os.Stderr, "lotse-agent:", err)
			return nil, exitUsage
		}
	}
	for _, f := range []struct {
		to   *string
		from string
	}{
		{&o.Gateway, flags.Gateway}, {&o.Panel, flags.Panel}, {&o.Answer, flags.Answer}, {&o.Display, flags.Display},
		{&o.CAFile, flags.CAFile}, {&o.Share, flags.Share}, {&o.Hotkey, flags.Hotkey}, {&o.Language, flags.Language},
		{&o.Log.Format, flags.Log.Format}, {&o.Log.Level, flags.Log.Level},
	} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	o.Names = o.Names && !flags.nameless
	number := flags.number
	if number == arguments.Stdin {
		var err error
		if number, err = arguments.ReadLine(os.Stdin); err != nil {
			err = fmt.Errorf("--number -: no number on standard input: %w", err)
			o.wrong = err
			return o, wrongUsage(err)
		}
	}
	err := o.findGateway(set.Arg(0), number, ownPath())
	if err == nil {
		err = o.validate()
	}
	if err != nil {
		o.wrong = err
		return o, wrongUsage(err)
	}
	return o, exitOK
}

func wrongUsage(err error) int {
	fmt.Fprintf(os.Stderr, "lotse-agent: %s\n\n%s", shown(err), usage)
	showFailure(shown(err))
	return exitUsage
}

func (o *options) validate() error {
	switch agent.Answer(o.Answer) {
	case agent.AnswerAsk, agent.AnswerView, agent.AnswerControl, agent.AnswerDeny:
	default:
		return fmt.Errorf("--answer %q: want view, control or deny", o.Answer)
	}
	if o.Answer == "" && o.Share != "screen" {
		return errors.New("--share goes with --answer: without it the customer chooses himself")
	}
	if !agent.Hotkey(o.Hotkey).Known() {
		return fmt.Errorf("--hotkey %q: want F1 to F12, Pause or Scroll_Lock", o.Hotkey)
	}
	if l := i18n.Language(o.Language); l != "" && !slices.Contains(i18n.Languages, l) {
		return fmt.Errorf("--language %q: there are texts in %q", l, i18n.Languages)
	}
	switch o.Panel {
	case "":
		o.Panel = "browser"
	case "browser", "terminal":
	default:
		return fmt.Errorf("--panel %q: want browser or terminal", o.Panel)
	}
	if o.receive != "" {
		if o.Panel != "terminal" {
			return errors.New("--receive goes with --panel terminal: from the browser panel the browser saves files")
		}
		if info, err := os.Stat(o.receive); err != nil || !info.IsDir() {
			return fmt.Errorf("--receive %q: want a folder that exists", o.receive)
		}
	}
	switch o.Log.Format {
	case "text", "json":
	default:
		return fmt.Errorf("--log-format %q: want text or json", o.Log.Format)
	}
	if _, err := logs.Parse(o.Log.Level, logs.AgentAreas); err != nil {
		return fmt.Errorf("--log: %w", err)
	}
	var err error
	o.roots, err = authorities(o.CAFile)
	return err
}
