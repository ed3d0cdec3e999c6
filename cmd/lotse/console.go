package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"lotse/cmd/lotse/say"
	"lotse/i18n"
	"lotse/plaintext"
	"lotse/tunnel"
)

// console prints events, as text for people or as JSON lines for programs. Methods may be called
// concurrently.
type console struct {
	json     bool
	language i18n.Language // of the text

	mu  sync.Mutex
	out io.Writer // Guarded by mu.
	// chatted is the ID of the last line of the chat that was printed. Guarded by mu.
	chatted uint32
}

// event prints one event: lines of text for people, fields for programs. The lines may contain a
// gateway's or a peer's words.
func (c *console) event(name string, fields map[string]any, lines ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.json {
		for _, text := range lines {
			fmt.Fprintln(c.out, say.Line(text))
		}
		return
	}
	object := map[string]any{"event": name}
	for k, v := range fields {
		object[k] = v
	}
	if b, err := json.Marshal(object); err == nil {
		fmt.Fprintf(c.out, "%s\n", escape(b))
	}
}

// failure prints an error that does not end the session. Programs get message, in English.
func (c *console) failure(text, message error) {
	c.event("error", map[string]any{"message": message.Error()}, say.Explain(c.language, text))
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
		digits := n.Grouped()
		text := say.Line(c.language.Text("cli.number", digits))
		fmt.Fprintln(c.out, strings.Replace(text, digits, marksOf(c.out).bold(digits), 1))
		fmt.Fprintln(c.out, say.Line(c.language.Text("cli.link", url)))
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
		}, helloText(c.language, m))
		if m.Answer != "" {
			c.event("answers_itself", map[string]any{"answer": m.Answer}, c.language.Text("cli.customer.answers", short(m.Answer)))
		}
	case tunnel.State:
		c.event("rights", map[string]any{
			"seq": m.Seq, "direction": m.Direction, "rights": m.Rights, "asked": m.Asked, "share": m.Share,
			"paused": m.Paused, "hands": m.LocalInput, "notice": m.Notice, "viewers": m.Viewers, "panelClosed": m.PanelClosed,
		}, c.language.Text("cli.now.state", stateText(c.language, m)))
	case tunnel.Event:
		c.event(m.Event, map[string]any{"right": m.Right, "by": m.By}, eventText(c.language, m))
	case tunnel.ChatLine:
		c.chat(m)
	case tunnel.ChatRefused:
		c.event("chat_refused", map[string]any{"why": m.Why}, c.language.Text("cli.chat.refused", short(m.Why)))
	case tunnel.Bye:
		c.event("bye", map[string]any{"reason": m.Reason}, c.language.Text("cli.customer.bye", short(m.Reason)))
	}
}

// chat prints a line of the chat once: after the line to the customer was lost, the agent sends
// lines again.
func (c *console) chat(m tunnel.ChatLine) {
	c.mu.Lock()
	known := m.ID <= c.chatted
	c.chatted = max(c.chatted, m.ID)
	c.mu.Unlock()
	if known {
		return
	}
	// The text is longer than other words of a peer, but the agent may be another program.
	said := plaintext.Line(m.Text, tunnel.MaxChatText)
	text := c.language.Text("cli.chat.advisor", said)
	if m.By == tunnel.ChatByCustomer {
		text = c.language.Text("cli.chat.customer", said)
	}
	c.event("chat", map[string]any{"id": m.ID, "by": m.By, "time": m.Time, "text": said}, text)
}

func helloText(l i18n.Language, m tunnel.AgentHello) string {
	system := m.Customer.SystemName
	if system == "" {
		system = m.Customer.System
	}
	switch {
	case m.Program == tunnel.ProgramBrowser:
		return l.Text("cli.customer.browser", short(m.Customer.System))
	case m.Customer.User == "":
		return l.Text("cli.customer.unnamed", short(system), short(m.Version))
	}
	user, host := strconv.Quote(short(m.Customer.User)), strconv.Quote(short(m.Customer.Host))
	return l.Text("cli.customer.named", user, host, short(system), short(m.Version))
}

// ownerText describes a session's state as the gateway reports it to the owner.
func ownerText(l i18n.Language, m tunnel.OwnerMessage) string {
	text := l.Text("cli.session.state", short(m.State))
	if m.Reason != "" {
		text = l.Text("cli.session.stateReason", short(m.State), short(m.Reason))
	}
	if m.Foreign != "" {
		text += l.Text("cli.session.foreign", short(m.Foreign))
	}
	return text
}

// stateText describes the complete state: who sees what, then what is allowed.
func stateText(l i18n.Language, m tunnel.State) string {
	parts := []string{seenText(l, m)}
	if rights := rightNames(l, rightsOf(m.Rights)); rights != "" {
		parts = append(parts, l.Text("cli.now.rights", rights))
	}
	if len(m.Asked) > 0 {
		parts = append(parts, l.Text("cli.now.asked", rightNames(l, m.Asked)))
	}
	if m.LocalInput {
		parts = append(parts, l.Text("cli.now.hands"))
	}
	if m.PanelClosed {
		parts = append(parts, l.Text("cli.now.panelClosed"))
	}
	switch m.Notice {
	case "hidden":
		parts = append(parts, l.Text("cli.now.hidden"))
	case "shielded":
		parts = append(parts, l.Text("cli.now.shielded"))
	}
	return strings.Join(append(parts, l.Text("cli.now.viewers", len(m.Viewers))), "; ")
}

// seenText says whose screen is shown, and what of it.
func seenText(l i18n.Language, m tunnel.State) string {
	kind, names := "unknown", ""
	if m.Share != nil {
		kind, names = m.Share.Kind, short(strings.Join(m.Share.Names, ", "))
	}
	if kind == "unknown" && m.Share != nil {
		kind = "screen" // a word of the peer must not choose that text
	}
	switch {
	case m.Direction == "advisor":
		return l.Text("cli.now.shown")
	case m.Paused:
		return l.Text("cli.now.paused")
	case m.Direction == "customer":
		return l.Text("cli.now.seen", kind, names)
	case m.Rights.View:
		return l.Text("cli.now.allowed", kind, names)
	}
	return l.Text("cli.now.nobody")
}

// rightsOf returns the names of the rights that are given.
func rightsOf(r tunnel.Rights) (on []string) {
	for _, x := range []struct {
		name string
		on   bool
	}{{"view", r.View}, {"control", r.Control}, {"clipboard", r.Clipboard}, {"show", r.Show}} {
		if x.on {
			on = append(on, x.name)
		}
	}
	return on
}

// rightNames lists rights for people.
func rightNames(l i18n.Language, rights []string) string {
	var names []string
	for _, r := range rights {
		names = append(names, l.Text("cli.right", short(r)))
	}
	return short(strings.Join(names, ", "))
}

// eventText describes an event; tunnel/PROTOCOL.md, section 6.
func eventText(l i18n.Language, m tunnel.Event) string {
	by := m.By
	if m.Event == "timeout" || m.Event == tunnel.EventAsked || m.Event == tunnel.EventDelayed {
		by = "" // nobody did
	}
	return l.Text("cli.event", short(m.Right), short(m.Event), short(by))
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

// cannot says why it does not.
func cannot(m tunnel.AgentHello, right string) error {
	return say.Text("cli.customer.cannot", right, m.Program)
}

// maxCommand is the maximum length in bytes of a line of standard input: a line of the chat, with
// its command.
const maxCommand = 64 + tunnel.MaxChatText*utf8.UTFMax

// Answers to a line of standard input that is no command for the customer's end. Showing a screen
// takes a program with access to it.
var (
	helpCommands = say.Text("cli.help")
	helpShow     = say.Text("cli.helpShow")
)

// readCommands sends lines of standard input to out until the input ends. Of a line that is too
// long it sends the beginning, which is too long for the chat and no other command. It cannot be
// stopped while it waits for input; it ends with the program.
func readCommands(in io.Reader, out chan<- string) {
	r := bufio.NewReaderSize(in, maxCommand)
	for {
		line, more, err := r.ReadLine()
		if err != nil {
			return
		}
		text := strings.Join(strings.Fields(string(line)), " ")
		for more && err == nil {
			_, more, err = r.ReadLine()
		}
		if text != "" {
			out <- text
		}
	}
}

// command converts a line to a message to the agent; if it is not a command, m is nil and help is
// set.
func command(line string) (m tunnel.ControlMessage, help error) {
	if text, ok := strings.CutPrefix(line, "write "); ok {
		return tunnel.Chat{Text: text, Tag: rand.Uint32()}, nil
	}
	switch line {
	case "view", "control", "clipboard", "share":
		return tunnel.Ask{Right: line}, nil
	case "remind":
		return tunnel.Remind{}, nil
	case "show":
		return nil, helpShow
	case "return control", "return clipboard", "return view", "return show":
		return tunnel.Return{Right: strings.TrimPrefix(line, "return ")}, nil
	case "end":
		return tunnel.End{}, nil
	case "help":
		return nil, helpCommands
	}
	return nil, say.Text("cli.notUnderstood", helpCommands)
}
