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
	// fixed: the gateway was given by who started the program.
	fixed bool
	// confirm: the gateway, or the number, may have been written by anybody.
	confirm bool
	// answered: the answer is on the command line, and not only in the settings file.
	answered bool
	// offer is what such a source names; the customer decides.
	offer tunnel.Offer
	// gateways are the only ones that may be connected to; nil: any.
	gateways []string
	// problem is why no gateway is known, for the customer.
	problem string
	// wrong is what the command line asks for and cannot be had.
	wrong error
	// events: JSON lines on standard output.
	events bool
}

// parse reads the command line and the settings file; flags win. nil: the
// program ends with the code.
func parse(args []string) (*options, int) {
	set := flag.NewFlagSet("lotse-agent", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	var flags config.Agent
	var file, number string
	var showVersion bool
	set.StringVar(&file, "config", "", "")
	set.StringVar(&flags.Gateway, "gateway", "", "")
	set.StringVar(&number, "number", "", "")
	set.StringVar(&flags.Panel, "panel", "", "")
	set.StringVar(&flags.Answer, "answer", "", "")
	set.StringVar(&flags.Share, "share", "", "")
	set.StringVar(&flags.Hotkey, "hotkey", "", "")
	var record string
	set.StringVar(&record, "record", "", "")
	set.StringVar(&flags.Language, "language", "", "")
	set.StringVar(&flags.Display, "display", "", "")
	var nameless bool
	set.BoolVar(&nameless, "no-names", false, "")
	set.StringVar(&flags.CAFile, "ca-file", os.Getenv("LOTSE_CA_FILE"), "")
	set.StringVar(&flags.Log.Format, "log-format", "", "")
	set.StringVar(&flags.Log.Level, "log", "", "")
	set.StringVar(&flags.Log.Level, "log-level", "", "")
	var events string
	set.StringVar(&events, "events", "", "")
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
	case set.NArg() > 1 || set.NArg() == 1 && !tunnel.IsLink(set.Arg(0)):
		return nil, wrongUsage(fmt.Errorf("unexpected argument %q", set.Arg(set.NArg()-1)))
	case events != "" && events != "json":
		return nil, wrongUsage(fmt.Errorf("--events %q: want json", events))
	}
	o := &options{Agent: config.DefaultAgent(), record: record, events: events != "", answered: flags.Answer != ""}
	if file != "" {
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
	o.Names = o.Names && !nameless
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
		err = o.check()
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

func (o *options) check() error {
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
	switch o.Log.Format {
	case "text", "json":
	default:
		return fmt.Errorf("--log-format %q: want text or json", o.Log.Format)
	}
	if _, err := logs.Parse(o.Log.Level, logs.AgentAreas); err != nil {
		return fmt.Errorf("--log: %w", err)
	}
	if o.CAFile == "" {
		return nil
	}
	pem, err := os.ReadFile(o.CAFile)
	if err != nil {
		return fmt.Errorf("--ca-file: %w", err)
	}
	o.roots = x509.NewCertPool()
	if !o.roots.AppendCertsFromPEM(pem) {
		return fmt.Errorf("--ca-file %s: no certificate in it; want PEM", o.CAFile)
	}
	return nil
}
