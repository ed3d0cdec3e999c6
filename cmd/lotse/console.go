package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"lotse/plaintext"
	"lotse/tunnel"
)

// console prints events, as text for people or as JSON lines for programs. Methods may be called
// concurrently.
type console struct {
	json bool

	mu  sync.Mutex
	out io.Writer // Guarded by mu.
}

// event prints one event: text for people, fields for programs.
func (c *console) event(name string, fields map[string]any, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.json {
		fmt.Fprintf(c.out, format+"\n", safe(args)...)
		return
	}
	line := map[string]any{"event": name}
	for k, v := range fields {
		line[k] = v
	}
	if b, err := json.Marshal(line); err == nil {
		fmt.Fprintf(c.out, "%s\n", escape(b))
	}
}

// ownLines is text of this program in several lines, in which untrusted text was already made safe.
type ownLines string

// safe makes strings and errors among args safe for a terminal, because a gateway or a peer may
// have written them.
func safe(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case string:
			out[i] = plaintext.Line(a, maxText)
		case error:
			out[i] = shown(a)
		default:
			out[i] = a
		}
	}
	return out
}

// escape writes characters that a terminal would obey, or that change the text direction, as JSON's
// \u. They occur only inside strings.
func escape(b []byte) []byte {
	if !bytes.ContainsFunc(b, obeyed) {
		return b
	}
	var out []byte
	for _, r := range string(b) {
		if !obeyed(r) {
			out = utf8.AppendRune(out, r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			out = fmt.Appendf(out, `\u%04x`, unit)
		}
	}
	return out
}

func obeyed(r rune) bool { return !unicode.IsPrint(r) }

// number prints the number, before anything else.
func (c *console) number(n tunnel.Number, url string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.json {
		fmt.Fprintf(c.out, "session number: %s\nlink: %s\n", n.Grouped(), url)
		return
	}
	if b, err := json.Marshal(map[string]string{"number": n.Digits(), "url": url}); err == nil {
		fmt.Fprintf(c.out, "%s\n", b)
	}
}

// maxShort is the maximum length in characters of a peer's text inside a line.
const maxShort = 200

func short(s string) string { return plaintext.Line(s, maxShort) }

// control prints a message of the agent.
func (c *console) control(m tunnel.ControlMessage) {
	switch m := m.(type) {
	case tunnel.AgentHello:
		c.event("customer", map[string]any{
			"user": m.Customer.User, "host": m.Customer.Host, "system": m.Customer.System, "systemName": m.Customer.SystemName, "version": m.Version,
			"program": m.Program, "can": m.Can, "answer": m.Answer,
		}, "%s", helloText(m))
		if m.Answer != "" {
			c.event("answers_itself", map[string]any{"answer": m.Answer}, "ATTENTION: nobody is asked there, the program answers by itself: %s", short(m.Answer))
		}
	case tunnel.State:
		c.event("rights", map[string]any{
			"seq": m.Seq, "direction": m.Direction, "rights": m.Rights, "asked": m.Asked, "share": m.Share,
			"paused": m.Paused, "hands": m.LocalInput, "notice": m.Notice, "viewers": m.Viewers, "panelClosed": m.PanelClosed,
		}, "now: %s", stateText(m))
	case tunnel.Event:
		c.event(m.Event, map[string]any{"right": m.Right, "by": m.By}, "%s", eventText(m))
	case tunnel.Bye:
		c.event("bye", map[string]any{"reason": m.Reason}, "the customer's end says good-bye: %s", short(m.Reason))
	}
}

func helloText(m tunnel.AgentHello) string {
	if m.Program == tunnel.ProgramBrowser {
		return fmt.Sprintf("customer: shares from a browser (%s), view only; for control the customer needs the program", short(m.Customer.System))
	}
	system := m.Customer.SystemName
	if system == "" {
		system = m.Customer.System
	}
	if m.Customer.User == "" {
		return fmt.Sprintf("customer: name not told yet (%s), agent %s", short(system), short(m.Version))
	}
	return fmt.Sprintf("customer: user %q on %q (%s), agent %s", short(m.Customer.User), short(m.Customer.Host), short(system), short(m.Version))
}

// stateText describes the complete state: who sees what, then what is allowed.
func stateText(m tunnel.State) string {
	parts := []string{seenText(m)}
	if rights := rightsText(m.Rights); rights != "" {
		parts = append(parts, "allowed: "+rights)
	}
	if len(m.Asked) > 0 {
		parts = append(parts, "the customer is asked for: "+short(strings.Join(m.Asked, ", ")))
	}
	if m.LocalInput {
		parts = append(parts, "the customer is at mouse and keyboard, yours wait")
	}
	if m.PanelClosed {
		parts = append(parts, "the customer has closed the program's window")
	}
	switch m.Notice {
	case "hidden":
		parts = append(parts, "the customer's system hides what it shows, only the customer can answer it; your input waits")
	case "shielded":
		parts = append(parts, "a program with more rights is in front at the customer's, your input waits")
	}
	return strings.Join(append(parts, fmt.Sprintf("viewers: %d", len(m.Viewers))), "; ")
}

// seenText says whose screen is shown, and what of it.
func seenText(m tunnel.State) string {
	switch {
	case m.Direction == "advisor":
		return "the customer sees your screen"
	case m.Paused:
		return "the customer has paused, nothing is seen"
	case m.Direction == "customer":
		return "you see " + shareText(m.Share)
	case m.Rights.View:
		return "you may see " + shareText(m.Share) + ", but no viewer is connected"
	}
	return "nobody's screen is shown"
}

func shareText(s *tunnel.Share) string {
	if s == nil {
		return "the customer's screen"
	}
	names := short(strings.Join(s.Names, ", "))
	switch s.Kind {
	case "apps":
		return "these programs of the customer and nothing else: " + names
	case "monitor":
		return "one monitor of the customer (" + names + ")"
	}
	return "the customer's whole screen"
}

func rightsText(r tunnel.Rights) string {
	var on []string
	for _, x := range []struct {
		name string
		on   bool
	}{{"view", r.View}, {"control", r.Control}, {"clipboard", r.Clipboard}, {"show", r.Show}} {
		if x.on {
			on = append(on, x.name)
		}
	}
	return strings.Join(on, ", ")
}

// The words for an event; tunnel/PROTOCOL.md, section 6.
var (
	eventWords = map[string]string{
		"asked": "the customer is being asked", "given": "allowed", "refused": "refused", "timeout": "not answered in time", "taken": "taken back", "returned": "given back",
	}
	byWords = map[string]string{
		"customer": " by the customer", "advisor": " by you", "key": " by the customer's key", "auto": " by the customer's program",
	}
)

func eventText(m tunnel.Event) string {
	what, by := eventWords[m.Event], byWords[m.By]
	if what == "" {
		what = short(m.Event)
	}
	if m.Event == "timeout" || m.Event == tunnel.EventAsked {
		by = "" // nobody did
	}
	right := short(m.Right)
	if right == "share" {
		right = "to see more"
	}
	return right + ": " + what + by
}

// oldCan is what programs can do that are older than AgentHello.Can.
var oldCan = []string{"view", "control", "clipboard"}

// can reports whether it makes sense to ask that end of the session for a right.
func can(m tunnel.AgentHello, right string) bool {
	if m.Can == nil {
		return slices.Contains(oldCan, right)
	}
	return slices.Contains(m.Can, right)
}

// cannotText says why it does not.
func cannotText(m tunnel.AgentHello, right string) string {
	what := map[string]string{
		"view": "show its screen", "control": "be controlled", "clipboard": "share its clipboard", "share": "choose what is seen", "show": "look at your screen",
	}[right]
	why := "its program or system does not do that; a newer one from the gateway's page may"
	if m.Program == tunnel.ProgramBrowser {
		why = "the customer shares from a browser; for more the program from the gateway's page is needed"
	}
	return "the customer's end cannot " + what + ": " + why
}

// maxCommand is the maximum length of a line of standard input.
const maxCommand = 1024

const commandHelp = `commands: view, control, clipboard (ask for it); share (ask to see more); return control|clipboard|view|show (give it back); ` +
	`show (how to show your own screen); password (for a VNC viewer); password repeater (for one by the repeater); websockify (for a noVNC elsewhere); end; help`

// showHelp explains how to show the advisor's screen, which takes a program with access to it.
const showHelp = `to show your own screen to the customer, run: lotse show NUMBER --gateway URL --user NAME; or use "Show my screen" on the advisor's page`

// readCommands sends lines of standard input to out until the input ends. It cannot be stopped
// while it waits for input; it ends with the program.
func readCommands(in io.Reader, out chan<- string) {
	s := bufio.NewScanner(in)
	s.Buffer(nil, maxCommand)
	for s.Scan() {
		if line := strings.Join(strings.Fields(s.Text()), " "); line != "" {
			out <- line
		}
	}
}

// command converts a line to a message to the agent; if it is not a command, m is nil and help is
// set.
func command(line string) (m tunnel.ControlMessage, help string) {
	switch line {
	case "view", "control", "clipboard", "share":
		return tunnel.Ask{Right: line}, ""
	case "show":
		return nil, showHelp
	case "return control", "return clipboard", "return view", "return show":
		return tunnel.Return{Right: strings.TrimPrefix(line, "return ")}, ""
	case "end":
		return tunnel.End{}, ""
	case "help":
		return nil, commandHelp
	}
	return nil, "not understood; " + commandHelp
}
