package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/user"
	"regexp"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"lotse/agent"
	"lotse/agent/panel"
	"lotse/i18n"
	"lotse/plaintext"
	"lotse/screen"
	"lotse/screen/native"
	"lotse/tunnel"
)

// checkReport is the result of --check. Checks are in the order in which they were made.
type checkReport struct {
	Program string           `json:"program"` // this program's version
	System  string           `json:"system"`
	Result  screen.Verdict   `json:"result"` // the worst result of all checks
	Checks  []screen.Finding `json:"checks"`
}

const checkHead = `What this program can do on this computer. The check takes one picture of the screen and
discards it. It types nothing, clicks nothing, shows nothing, and leaves the clipboard alone.
The report has no names of users, computers, windows or programs in it.

`

// runCheck checks what works on this computer, and prints a report. The exit code is
// exitFailure if something is missing that a session needs.
func (o *options) runCheck(out io.Writer) int {
	r := o.examine()
	if err := r.print(out, o.asJSON); err != nil {
		return fail(exitFailure, err)
	}
	if r.Result == screen.Missing {
		return exitFailure
	}
	return exitOK
}

func (o *options) examine() checkReport {
	found := native.Check(screen.Options{Display: o.Display}, agent.Hotkey(o.Hotkey).Sym())
	found = append(found, o.checkPanel()...)
	language := i18n.Language(o.Language)
	if language == "" {
		language = i18n.System()
	}
	var known []string
	for _, l := range i18n.Languages {
		known = append(known, string(l))
	}
	found.OK("language", "texts are shown in %q; there are %s", language, strings.Join(known, ", "))
	n := &networkCheck{o: o}
	n.run()
	found = append(found, n.found...)
	r := checkReport{Program: "lotse-agent " + version, System: runtime.GOOS + "/" + runtime.GOARCH, Result: screen.Works}
	hide := namesHere(o.Gateway, n.proxy, o.Display)
	for _, f := range found {
		f.Found, f.Fix = hide(f.Found), hide(f.Fix)
		r.Checks = append(r.Checks, f)
		if f.Result == screen.Missing || f.Result == screen.Limited && r.Result == screen.Works {
			r.Result = f.Result
		}
	}
	return r
}

// checkPanel checks how the customer would see the panel. It starts no browser.
func (o *options) checkPanel() (found screen.Findings) {
	const name = "panel"
	if o.Panel == "terminal" {
		found.OK(name, "the terminal")
		return found
	}
	if err := panel.Usable(); err != nil {
		found.Fail(name, "Start the program with --panel terminal.", "%v", err)
		return found
	}
	if windowBrowser() != "" {
		found.OK(name, "a window of its own, by Edge or Chrome; none was opened")
		return found
	}
	opener, err := panel.Opener()
	if err != nil {
		found.Warn(name, "Open the address by hand that the program prints, or start it with --panel terminal.", "%v", err)
		return found
	}
	found.OK(name, "a page in the usual browser, opened by %s; none was opened", opener)
	return found
}

// networkTimeout limits the check of the way to the gateway.
const networkTimeout = 30 * time.Second

// networkCheck checks the way to the gateway.
type networkCheck struct {
	o     *options
	proxy *url.URL // nil: none
	found screen.Findings
}

func (n *networkCheck) run() {
	o := n.o
	target := "https://gateway.invalid" // for the proxy of any address
	known := o.Gateway != "" && !o.confirm
	if known {
		target = o.Gateway
	}
	if !n.findProxy(target) {
		return
	}
	switch {
	case o.Gateway != "" && !known:
		n.found.OK("gateway", "not tried: the file name, the download or a link names it, and nothing connects there "+
			"before the customer says so; give it with --gateway")
		return
	case o.Gateway == "":
		n.found.OK("gateway", "not tried: none is known; give it with --gateway")
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), networkTimeout)
	defer cancel()
	if n.name(ctx) {
		n.reach(ctx)
	}
}

// findProxy determines the proxy on the way. It returns false if its address cannot be read.
func (n *networkCheck) findProxy(target string) bool {
	const name = "proxy"
	r, err := http.NewRequest(http.MethodGet, target, nil)
	if err == nil {
		n.proxy, err = systemProxy(r)
	}
	fromEnvironment, _ := http.ProxyFromEnvironment(r)
	switch {
	case err != nil:
		n.found.Fail(name, "Correct HTTPS_PROXY or the system's settings, for example to http://proxy.example.com:8080.",
			"the proxy's address cannot be read")
		return false
	case n.proxy == nil:
		n.found.OK(name, "none")
	case fromEnvironment != nil:
		n.found.OK(name, "there is one, named by the environment (HTTPS_PROXY)")
	default:
		n.found.OK(name, "there is one, named by the system's settings")
	}
	return true
}

// name looks up the gateway's name, unless a proxy does that. It returns false if the name is
// unknown.
func (n *networkCheck) name(ctx context.Context) (known bool) {
	const name = "gateway name"
	u, err := url.Parse(n.o.Gateway)
	if err != nil {
		n.found.Fail(name, "Give it like https://support.example.com.", "it cannot be read")
		return false
	}
	if n.proxy != nil {
		n.found.OK(name, "the proxy looks it up")
		return true
	}
	if net.ParseIP(u.Hostname()) != nil {
		n.found.OK(name, "an address, which needs no look-up")
		return true
	}
	addresses, err := net.DefaultResolver.LookupHost(ctx, u.Hostname())
	if err != nil {
		n.found.Fail(name, "Is it spelled right, and is this computer on the network? Where only a proxy may go out, "+
			"set HTTPS_PROXY.", "it is not known here")
		return false
	}
	n.found.OK(name, "addresses: %d", len(addresses))
	return true
}

// reach sends the gateway a request, and then opens a WebSocket as a session does, but enters
// no session.
func (n *networkCheck) reach(ctx context.Context) {
	client := &tunnel.Client{Gateway: n.o.Gateway, RootCAs: n.o.roots, UserAgent: "lotse-agent/" + version, Proxy: systemProxy}
	defer client.CloseIdle()
	const name = "gateway"
	if _, err := client.Info(ctx); err != nil {
		why := err.Error()
		if u := (*tunnel.UnreachableError)(nil); errors.As(err, &u) {
			why = u.Why
		}
		n.found.Fail(name, "No session can be entered before this works.", "%s", why)
		return
	}
	n.found.OK(name, "it answers, and its certificate is trusted")
	link, err := client.DialAgent(ctx)
	if err != nil {
		n.found.Fail("WebSocket", "Something between must pass WebSockets on: a proxy, a firewall or a virus scanner.",
			"the gateway answers, but a WebSocket does not open")
		return
	}
	link.Close()
	n.found.OK("WebSocket", "it opens")
}

// namesHere returns a function that hides the names of this computer and its user, and other
// names that an error could contain.
func namesHere(gateway string, proxy *url.URL, display string) (hide func(string) string) {
	var names []string
	if host, err := os.Hostname(); err == nil {
		short, _, _ := strings.Cut(host, ".")
		names = append(names, host, short)
	}
	if u, err := user.Current(); err == nil {
		names = append(names, u.HomeDir, u.Username, u.Username[strings.LastIndex(u.Username, `\`)+1:], u.Name)
	}
	if u, err := url.Parse(gateway); err == nil {
		names = append(names, u.Hostname())
	}
	if proxy != nil {
		names = append(names, proxy.Hostname())
	}
	for _, d := range []string{display, os.Getenv("DISPLAY")} {
		host, _, _ := strings.Cut(d, ":")
		names = append(names, host)
	}
	var patterns []string
	for _, name := range names {
		if len(name) > 1 {
			patterns = append(patterns, regexp.QuoteMeta(name))
		}
	}
	if patterns == nil {
		return func(s string) string { return s }
	}
	all := regexp.MustCompile(`(?i)` + strings.Join(patterns, "|"))
	return func(s string) string {
		var out strings.Builder
		last := 0
		for _, at := range all.FindAllStringIndex(s, -1) {
			if inWord(s[:at[0]], s[at[0]:]) || inWord(s[:at[1]], s[at[1]:]) {
				continue // part of another word
			}
			out.WriteString(s[last:at[0]] + "(name)")
			last = at[1]
		}
		return out.String() + s[last:]
	}
}

// inWord reports whether a word continues from before to after.
func inWord(before, after string) bool {
	is := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	last, _ := utf8.DecodeLastRuneInString(before)
	next, _ := utf8.DecodeRuneInString(after)
	return is(last) && is(next)
}

func (r *checkReport) print(out io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(r)
	}
	fmt.Fprintf(out, "%s %s\n%s", r.Program, r.System, checkHead)
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	for _, f := range r.Checks {
		fmt.Fprintf(w, "%s\t%s\t%s\n", f.Result, f.Name, plaintext.Line(f.Found, maxErrorText))
		if f.Fix != "" {
			fmt.Fprintf(w, "\t\tfix: %s\n", plaintext.Line(f.Fix, maxErrorText))
		}
	}
	return w.Flush()
}
