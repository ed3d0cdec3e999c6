package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lotse/cmd/lotse/say"
	"lotse/i18n"
	"lotse/peer"
	"lotse/rfb"
	"lotse/seal"
	"lotse/tunnel"
)

// causes are the causes of tunnel.UnreachableError.
var causes = []string{
	tunnel.CauseOtherName, tunnel.CauseExpired, tunnel.CauseAuthority, tunnel.CauseNoTLS,
	tunnel.CauseEncryption, tunnel.CauseUnknownName, tunnel.CauseNothing, tunnel.CauseNoRoute,
	tunnel.CauseSilence, tunnel.CauseCut, tunnel.CauseProxySetting, tunnel.CauseProxyKind,
	tunnel.CauseProxyAway, tunnel.CauseProxyAnswer, tunnel.CauseProxyPassword,
	tunnel.CauseProxyRefusal,
}

// codes are the codes of a gateway's refusals that have a text.
var codes = []string{
	tunnel.CodeUnauthorized, tunnel.CodeForbidden, tunnel.CodeNotFound, tunnel.CodeNotJoined,
	tunnel.CodeTooMany, tunnel.CodeLimit, tunnel.CodeBusy, tunnel.CodeInternal,
}

// TestCausesAreTunnels: the English texts of the causes are those of package tunnel. The status of
// a proxy's refusal is in the latter only.
func TestCausesAreTunnels(t *testing.T) {
	var source strings.Builder
	for _, name := range []string{"errors.go", "proxy.go"} {
		b, err := os.ReadFile(filepath.Join("../../tunnel", name))
		if err != nil {
			t.Fatal(err)
		}
		source.Write(b)
	}
	all := regexp.MustCompile(`" \+\s+"`).ReplaceAllString(source.String(), "")
	all = strings.ReplaceAll(all, " (status %d)", "")
	const detail = "<detail>"
	seen := map[string]bool{}
	for _, cause := range causes {
		text := say.Unreachable(say.English, &tunnel.UnreachableError{Cause: cause, Detail: detail})
		if seen[text] {
			t.Errorf("%s has the text of another cause: %s", cause, text)
		}
		seen[text] = true
		text = strings.TrimPrefix(text, "the proxy setting ") // there it is the proxy's name
		for _, piece := range strings.Split(text, detail) {
			if !strings.Contains(all, strings.TrimPrefix(piece, " ")) {
				t.Errorf("%s: package tunnel does not say %q", cause, piece)
			}
		}
	}
}

// mistakes returns errors of every kind that an advisor can see.
func mistakes() []error {
	all := []error{
		errMismatch, errTried, errNoCustomer, errNobody, errSessionOver, errOneViewer,
		errWrongPassword, errNoViewer, helpShow, say.Text("cli.notUnderstood", helpCommands),
		say.Text("cli.view.notConnected", rfb.Refusal{Reason: "Der Kunde ist weg."}),
		say.Text("cli.view.notConnected", fmt.Errorf("rfb: no version from the viewer: %w", io.EOF)),
		say.Text("cli.view.notConnected", errors.New("the text of a library")),
		say.Text("cli.view.noPlace", &fs.PathError{Op: "open", Path: "/x", Err: fs.ErrPermission}),
		say.Text("cli.show.noHello", context.DeadlineExceeded),
		say.Text("cli.view.notOwn", "localhost:5500", peer.ErrNotFound),
		say.Text("cli.session.ended", tunnel.ReasonExpired),
		refusedSignIn(say.Text("cli.login.wrong", &tunnel.APIError{Message: "The name is wrong."})),
		&usageError{what: say.Text("cli.password.noTerminal")},
		&tunnel.UnreachableError{Gateway: "https://g", Why: "a text of the network"},
		&tunnel.APIError{Code: tunnel.CodeBadRequest, Message: "This is not for the gateway."},
		&tunnel.APIError{Code: "of a later version", Message: "This is not known here."},
		&tunnel.APIError{Status: http.StatusFound, Redirect: "https://h", Message: "the address is h"},
		&tunnel.APIError{Status: http.StatusNotFound, Message: "there is nothing of the kind"},
		&tunnel.APIError{Status: http.StatusBadGateway, Message: "the proxy is not well"},
		&tunnel.APIError{Status: http.StatusMisdirectedRequest, Code: tunnel.CodeForbidden},
	}
	for _, err := range []error{
		seal.ErrWrongNumber, seal.ErrVersion, seal.ErrBurnt, seal.ErrUsed, seal.ErrOpened,
		seal.ErrOrigin, seal.ErrForged, seal.ErrTruncated,
	} {
		all = append(all, say.Text("cli.wait.notSealed", err))
	}
	for _, cause := range causes {
		all = append(all, &tunnel.UnreachableError{Gateway: "https://g", Cause: cause, Detail: "p:1"})
	}
	for _, code := range codes {
		all = append(all, &tunnel.APIError{Code: code, Message: "This is not to be seen.",
			RetryAfter: 5 * time.Second})
	}
	for _, args := range [][]string{{"--fly"}, {"--to"}, {"--many=x"}, {}, {"1", "2"}} {
		_, err := newViewFlags().parse(&program{output: output{stdout: io.Discard}}, args, 1)
		all = append(all, err)
	}
	for _, right := range []string{"view", "control", "clipboard", "share", "show", "files"} {
		all = append(all, cannot(tunnel.AgentHello{}, right),
			cannot(tunnel.AgentHello{Program: tunnel.ProgramBrowser}, right))
	}
	return all
}

// englishWord matches words that neither German nor French has. The names of options, and what has
// quotation marks, may contain them.
var (
	englishWord = regexp.MustCompile(`(?i)\b(the|is|not|of|and|with|for|to|by|your|you|this|has|customer|` +
		`allowed|refused|taken|waiting|joined|ended|away|error|lost)\b`)
	mayBeEnglish = regexp.MustCompile(`„[^“]*“|« [^»]* »|--?[a-z-]+|HTTPS_PROXY`)
)

// checkLanguage fails the test if a text contains English.
func checkLanguage(t *testing.T, l i18n.Language, text string) {
	t.Helper()
	rest := mayBeEnglish.ReplaceAllString(text, "")
	if found := englishWord.FindString(rest); found != "" || strings.Contains(text, "cli.") {
		t.Errorf("%s: %q in %q", l, found, text)
	}
}

// TestErrorsAreTranslated: no error that an advisor sees is English on another system, except for
// quotations.
func TestErrorsAreTranslated(t *testing.T) {
	for _, err := range mistakes() {
		if got := say.Explain(say.English, err); got != say.Line(err.Error()) {
			t.Errorf("English %q, error %q", got, err)
		}
		for _, l := range i18n.Languages[1:] {
			checkLanguage(t, l, say.Explain(l, err))
		}
	}
	if got := say.Explain("de", errors.New("a\x1b[2J\nb")); got != "„a[2J b“" {
		t.Errorf("a stranger's text: %q", got)
	}
}

// TestErrorsInGerman: some errors, word for word.
func TestErrorsInGerman(t *testing.T) {
	tooMany := &tunnel.APIError{Code: tunnel.CodeTooMany, RetryAfter: time.Second}
	for want, err := range map[string]error{
		"diese Nummer hat noch kein Kunde eingegeben":                         errNoCustomer,
		"Anmeldung abgelehnt: zu viele Versuche (bitte warten Sie 1 Sekunde)": refusedSignIn(tooMany),
		"das Gateway meldet: „No.“": &tunnel.APIError{
			Code: tunnel.CodeBadRequest, Message: "No."},
		"Verbindung nicht verschlüsselt: die andere Seite hat eine andere Sitzungsnummer": say.Text(
			"cli.wait.notSealed", fmt.Errorf("%w (2)", seal.ErrWrongNumber)),
		"Viewer nicht verbunden: abgelehnt: Heute nicht.": say.Text(
			"cli.view.notConnected", rfb.Refusal{Reason: "Heute nicht."}),
		"Viewer nicht verbunden: „rfb: odd“": say.Text("cli.view.notConnected", errors.New("rfb: odd")),
		"die Sitzung ist beendet: die Nummer ist abgelaufen": say.Text(
			"cli.session.ended", tunnel.ReasonExpired),
		"keine Sitzungsnummer in der Eingabe: die Eingabe ist zu Ende": say.Text(
			"cli.view.noNumber", io.EOF),
	} {
		if got := say.Explain("de", err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// printed prints one of each event on a console.
func printed(c *console) string {
	var out bytes.Buffer
	c.out = &out
	share := &tunnel.Share{Kind: "apps", Names: []string{"gedit"}}
	all := tunnel.Rights{View: true, Control: true, Clipboard: true, Show: true}
	for _, m := range []tunnel.ControlMessage{
		tunnel.AgentHello{Program: tunnel.ProgramBrowser}, tunnel.AgentHello{Version: "1"},
		tunnel.AgentHello{Customer: tunnel.Customer{User: "petra", Host: "PC"}, Answer: "view"},
		tunnel.AgentHello{Answer: "control"}, tunnel.AgentHello{Answer: "deny"},
		tunnel.State{}, tunnel.State{Direction: "advisor"}, tunnel.State{Paused: true},
		tunnel.State{Direction: "customer", Share: share, Rights: all, LocalInput: true},
		tunnel.State{Direction: "customer", Share: &tunnel.Share{Kind: "monitor"}, PanelClosed: true},
		tunnel.State{Direction: "customer", Share: &tunnel.Share{Kind: "screen"}, Notice: "hidden"},
		tunnel.State{Rights: all, Asked: []string{"view", "share", "files"}, Notice: "shielded"},
		tunnel.Bye{Reason: tunnel.ReasonCustomer},
	} {
		c.control(m)
	}
	for _, event := range []string{"given", "refused", "timeout", "taken", "returned",
		tunnel.EventAsked, tunnel.EventDelayed} {
		for _, right := range []string{"view", "control", "clipboard", "share", "show", "files"} {
			for _, by := range []string{"customer", "advisor", "key", "auto"} {
				c.control(tunnel.Event{Event: event, Right: right, By: by})
			}
		}
	}
	for _, state := range []string{tunnel.StateWaiting, tunnel.StateJoined, tunnel.StateAway, tunnel.StateEnded} {
		c.event("state", nil, ownerText(c.language, tunnel.OwnerMessage{State: state}))
	}
	for _, reason := range []string{tunnel.ReasonAdvisor, tunnel.ReasonCustomer, tunnel.ReasonExpired,
		tunnel.ReasonBurnt, tunnel.ReasonLost, tunnel.ReasonShutdown} {
		m := tunnel.OwnerMessage{State: tunnel.StateEnded, Reason: reason, Foreign: tunnel.ForeignHere}
		c.event("state", nil, ownerText(c.language, m))
	}
	for _, err := range mistakes() {
		c.failure(say.Text("cli.door.failed", err), err)
	}
	n, _ := tunnel.ParseNumber("482193057")
	c.number(n, "https://g/#p=4821")
	for _, l := range doorLines(c.language, n, []tunnel.Door{
		{Door: tunnel.DoorVNC, Address: "g:5900"}, {Door: tunnel.DoorRepeater, Address: "g:5901"}}) {
		c.event("password", nil, l)
	}
	return out.String()
}

// TestEventsAreTranslated: no event is English on another system.
func TestEventsAreTranslated(t *testing.T) {
	for _, l := range i18n.Languages[1:] {
		for text := range strings.Lines(printed(&console{language: l})) {
			checkLanguage(t, l, text)
		}
	}
}

// TestJSONIsEnglish: programs read the same JSON lines on every system.
func TestJSONIsEnglish(t *testing.T) {
	want := printed(&console{json: true, language: say.English})
	for _, l := range i18n.Languages {
		if got := printed(&console{json: true, language: l}); got != want {
			t.Errorf("%s: other JSON lines", l)
		}
	}
	if !strings.Contains(want, `{"event":"error","message":"no customer has entered this number yet"}`) {
		t.Errorf("errors are not printed:\n%s", want)
	}
}

// TestEventsInGerman: some events, word for word.
func TestEventsInGerman(t *testing.T) {
	said := printed(&console{language: "de"})
	for _, want := range []string{
		`Kunde: Benutzer "petra" an "PC" (), Programm ` + "\n",
		"jetzt: Sie sehen nur diese Programme des Kunden: gedit; erlaubt: Ansicht, Steuerung, Zwischenablage, " +
			"Ihr Bildschirm; der Kunde benutzt Maus oder Tastatur, Ihre Eingaben warten; Viewer: 0\n",
		"Steuerung: zurückgenommen durch die Taste des Kunden\n",
		"Ansicht: der Kunde wird gefragt\n",
		"Stand: wartet auf den Kunden\n",
		"Stand: beendet (der Kunde hat sie beendet); VNC-Server: verbunden\n",
		"Sitzungsnummer: 482 193 057\nLink: https://g/#p=4821\n",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("missing %q in\n%s", want, said)
		}
	}
}

// operatorFiles have texts for operators and the help, in English.
var operatorFiles = []string{
	"commands.go",
	"advisor.go", "audit.go", "doctor.go", "gateway.go", "pages.go", "programs_embedded.go", "stamp.go",
}

// sentence matches a text of more than one word.
var sentence = regexp.MustCompile(`[A-Za-z]{2,} [A-Za-z]{2,}`)

// TestNoSentencesInSources: functions that print or make errors get their texts from i18n, in all
// files but the operators'.
func TestNoSentencesInSources(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	printers := []string{"New", "Errorf", "Fprint", "Fprintf", "Fprintln", "tell", "event", "wrong", "mistake"}
	found := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || slices.Contains(operatorFiles, name) {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			function, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains(printers, function.Sel.Name) {
				return true
			}
			found++
			for _, arg := range call.Args {
				literal, ok := arg.(*ast.BasicLit)
				if !ok || literal.Kind != token.STRING {
					continue
				}
				if text, _ := strconv.Unquote(literal.Value); sentence.MatchString(text) {
					t.Errorf("%s: %q is not in i18n", set.Position(literal.Pos()), text)
				}
			}
			return true
		})
	}
	if found < 20 {
		t.Errorf("only %d calls were found", found)
	}
}

// TestMarksNeedATerminal: pipes, files and buffers get no escape sequences.
func TestMarksNeedATerminal(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, out := range []io.Writer{w, file, &bytes.Buffer{}} {
		if got := marksOf(out).bold("a") + marksOf(out).red("b"); got != "ab" {
			t.Errorf("%T: %q", out, got)
		}
	}
	if got := (marks{on: true}).bold("a"); got != "\x1b[1ma\x1b[0m" {
		t.Errorf("%q", got)
	}
}
