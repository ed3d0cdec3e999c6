// Command lotse-agent is the customer's program. It joins a support session by its number and
// shows this computer's screen to those whom the customer allows. It installs nothing. Package
// tried describes the only files that it may leave behind without being told to.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"lotse/agent"
	"lotse/agent/panel"
	"lotse/agent/terminal"
	"lotse/i18n"
	"lotse/logs"
	"lotse/plaintext"
	"lotse/screen"
	"lotse/screen/native"
	"lotse/tried"
	"lotse/tunnel"
)

// version is set by the linker (Makefile).
var version = "dev"

// Exit codes; usage documents them.
const (
	exitOK       = 0
	exitFailure  = 1
	exitUsage    = 2
	exitGateway  = 3
	exitRunning  = 4
	exitNumber   = 5
	exitNoScreen = 6
)

// errorCodes are the names of the exit codes for --events; docs/integration.md.
var errorCodes = map[int]string{
	exitFailure: "failure", exitUsage: "usage", exitGateway: "gateway", exitRunning: "running", exitNumber: "number", exitNoScreen: "screen",
}

const usage = `lotse-agent lets an advisor whom you are talking to see your screen, if you allow it.

Usage: lotse-agent [flags] [lotse:GATEWAY[/PLACE]]
       lotse-agent --check [--json] [flags]

  --gateway URL      the gateway to connect to, e.g. https://support.example.com; else
                     the one in the link, in the program's own file name
                     (lotse-support.example.com.exe), in the browser's note on the
                     download or in the signature's stamp. These are shown to you, and
                     nothing connects before you say so; else you are asked
  --number N         the session number that the advisor reads out (else you are asked);
                     N@GATEWAY names the gateway, too. N may be "-": the first line of
                     standard input has the number, and no other user of this computer
                     can read it from the command line
  --panel browser|terminal
                     where you follow the session; browser where there is one. You are
                     asked in a window of its own, and allow things nowhere else
  --answer view|control|deny
                     answer every question by itself: for kiosks and tests. Everybody
                     with the session number then gets that right without being asked!
  --share screen|monitor:N|app:NAME[,app:NAME...]
                     what --answer shows: the whole screen, one monitor, or only the
                     programs with that file name or window class
  --hotkey KEY       takes control back, pressed twice ends the session: F1 to F12, Pause
                     or Scroll_Lock (default F12)
  --events json      a JSON line on standard output for each change of state, for the
                     program that started this one; the panel's address and a
                     terminal panel then go to standard error
  --no-names         do not tell the advisor this computer's and its user's names, which
                     is otherwise done once you have allowed something
  --check            no session: say what this program can do on this computer, each line
                     ok, warn or FAIL, and what to do. It takes a picture of the screen and
                     throws it away; it types, clicks and shows nothing, and leaves the
                     clipboard alone. The report has no names of users, computers, windows
                     or programs in it. With --gateway it also tries the way there
  --json             with --check: print one JSON object
  --trace FILE       write what a report of a mistake needs, as JSON lines: what happened
                     when, viewers' lines, times and sizes of pictures; at most 50 MB. No
                     numbers, secrets, contents and names are in it
  --language TAG     the language of what you read, e.g. en, de or fr (default: this
                     computer's)
  --receive FOLDER   with --panel terminal: save there what the advisor gives and you accept
  --record FILE      write the session's record there when it is over
  --display :N       the X display to share (default: $DISPLAY)
  --config FILE      settings in TOML; flags win over it
  --ca-file PEM      trust this authority for the gateway (or LOTSE_CA_FILE)
  --log-format text|json
  --log LEVELS       what is logged: debug, info, warn (default) or error; for one area
                     AREA=LEVEL, e.g. info,tunnel=debug. Areas: agent, capture, consent,
                     rfb, seal, tunnel. SIGUSR1 switches to debug and back (not on Windows)
  --log-level LEVELS another name of --log
  --version

Exit codes: 0 the session was ended by either side; 1 failure, also a line that
was lost for good, or --check found a FAIL; 2 wrong usage; 3 the gateway cannot be reached; 4 it runs
already, and its panel is shown; 5 the number is wrong or no longer valid;
6 this computer's screen cannot be read.
`

func main() {
	if native.WatchdogMain() || panel.WindowMain(native.RaiseWindows) {
		return
	}
	attachConsole()
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	o, code := parse(args)
	if o == nil {
		return code
	}
	if o.check && code == exitOK {
		return o.runCheck(os.Stdout)
	}
	var events *agent.Events
	if o.events {
		events = agent.NewEvents(os.Stdout)
	}
	err := o.wrong
	if code == exitOK {
		code, err = o.run(events)
	}
	if events != nil {
		events.End(code, errorCodes[code], err)
	}
	return code
}

// run runs the session. It has already printed the error that it returns.
func (o *options) run(events *agent.Events) (int, error) {
	log := newLogWriter(os.Stderr)
	go log.run()
	defer log.close()
	logger, stopLevels, err := newLogger(o, log)
	if err != nil {
		return wrongUsage(err), err
	}
	defer stopLevels()
	language := i18n.Language(o.Language)
	if language == "" {
		language = i18n.System()
	}
	trace, closeTrace, err := openTrace(o.trace)
	if err != nil {
		return fail(exitFailure, err), err
	}
	defer closeTrace()
	raise, release, code, err := o.claim(language, logs.Area(logger, logs.Agent))
	if release == nil {
		return code, err
	}
	defer release()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	desktop, err := native.Open(screen.Options{Display: o.Display, Logger: logs.Area(logger, logs.Capture), Watchdog: ownPath()})
	if err != nil {
		return fail(exitNoScreen, err), err
	}
	defer desktop.Close()
	share, err := screen.ParseShare(o.Share, func() ([]screen.Monitor, error) {
		c, err := desktop.Windows.Choices()
		return c.Monitors, err
	})
	if err != nil {
		err = fmt.Errorf("--share: %w", err)
		return wrongUsage(err), err
	}
	client := &tunnel.Client{Gateway: o.Gateway, RootCAs: o.roots, Logger: logs.Area(logger, logs.Tunnel), UserAgent: "lotse-agent/" + version, Proxy: systemProxy}
	defer client.CloseIdle()
	remembered := tried.Customer()
	remembered.Clean()
	err = agent.Run(ctx, agent.Config{
		Client: client, System: systemName(), Panel: newPanel(o, raise, logs.Area(logger, logs.Agent)), Events: events,
		Entry: agent.Entry{
			Number: o.number, Fixed: o.fixed, Problem: o.problem, Gateways: o.gateways,
			Confirm: o.confirm, OfferedNumber: o.offer.Number, OfferedPlace: o.offer.Place,
		},
		Answer:  agent.Answer(o.Answer),
		Display: desktop.Parts,
		Share:   share, Hotkey: agent.Hotkey(o.Hotkey), Record: recorder(o.record), Tried: remembered,
		Language: language, Version: version, Nameless: !o.Names, SavesFiles: o.Panel != "terminal" || o.receive != "", Logger: logger, Trace: trace,
		Timeouts: agent.Timeouts{
			View: o.ViewTimeout.Duration, Control: o.ControlTimeout.Duration,
			Clipboard: o.ClipboardTimeout.Duration, Show: o.ShowTimeout.Duration,
		},
	})
	if err == nil {
		return exitOK, nil
	}
	return fail(exitCode(err), err), err
}

func exitCode(err error) int {
	var unreachable *tunnel.UnreachableError
	switch {
	case errors.Is(err, agent.ErrNumberRefused):
		return exitNumber
	case errors.As(err, &unreachable):
		return exitGateway
	}
	return exitFailure
}

// recorder returns a function that writes the session's record into a file; nil if there is no
// file.
func recorder(file string) func(string) {
	if file == "" {
		return nil
	}
	return func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			fmt.Fprintln(os.Stderr, "lotse-agent: the record could not be written:", err)
		}
	}
}

// ownPath returns the path of this program's file, or "" if the system does not tell it.
func ownPath() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	return path
}

// maxErrorText limits the length of an error's text, in characters.
const maxErrorText = 1000

func say(err error) { fmt.Fprintln(os.Stderr, "lotse-agent:", shown(err)) }

func fail(code int, err error) int {
	say(err)
	showFailure(shown(err))
	return code
}

// shown returns an error's text in a form that is safe for a terminal, because it may contain
// what a gateway sent. Joined errors have one line each.
func shown(err error) string {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		var lines []string
		for _, e := range all.Unwrap() {
			lines = append(lines, shown(e))
		}
		return strings.Join(lines, "\n")
	}
	return plaintext.Line(err.Error(), maxErrorText)
}

func newPanel(o *options, raise <-chan struct{}, logger *slog.Logger) agent.Panel {
	out := os.Stdout
	if o.events {
		out = os.Stderr
	}
	if o.Panel == "terminal" {
		return &terminal.Panel{In: os.Stdin, Out: out, Discard: discardTyped, Folder: o.receive}
	}
	return &panel.Panel{
		NoBrowser: os.Getenv("LOTSE_NO_BROWSER") != "", Window: windowBrowser(), Raise: raise, Logger: logger,
		Opened: func(url string) { fmt.Fprintln(out, "panel:", url) },
	}
}
