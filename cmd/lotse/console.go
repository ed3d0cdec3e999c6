package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"

	"lotse/tunnel"
)

// console prints what happens, as text for people or as JSON lines for
// programs. Methods may be called concurrently.
type console struct {
	json bool

	mu  sync.Mutex
	out io.Writer // Guarded by mu.
}

// event prints one happening: text for people, fields for programs.
func (c *console) event(name string, fields map[string]any, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.json {
		fmt.Fprintf(c.out, format+"\n", args...)
		return
	}
	line := map[string]any{"event": name}
	for k, v := range fields {
		line[k] = v
	}
	if b, err := json.Marshal(line); err == nil {
		fmt.Fprintf(c.out, "%s\n", b)
	}
}

// number tells the number, first of all.
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

// control prints a message of the agent.
func (c *console) control(m tunnel.ControlMessage) {
	switch m := m.(type) {
	case tunnel.AgentHello:
		c.event("customer", map[string]any{"user": m.Customer.User, "host": m.Customer.Host, "system": m.Customer.System, "version": m.Version, "answer": m.Answer},
			"customer: %q on %q (%s), agent %s", m.Customer.User, m.Customer.Host, clean(m.Customer.System), clean(m.Version))
		if m.Answer != "" {
			c.event("answers_itself", map[string]any{"answer": m.Answer}, "ATTENTION: nobody is asked there, the program answers by itself: %s", clean(m.Answer))
		}
	case tunnel.State:
		c.event("rights", map[string]any{"seq": m.Seq, "direction": m.Direction, "rights": m.Rights, "asked": m.Asked, "paused": m.Paused, "viewers": m.Viewers},
			"rights: %s; direction: %s; asked: %s%s; viewers: %d", rightsText(m.Rights), clean(m.Direction), listText(m.Asked), pausedText(m.Paused), len(m.Viewers))
	case tunnel.Event:
		c.event(m.Event, map[string]any{"right": m.Right, "by": m.By}, "%s: %s by %s", clean(m.Event), clean(m.Right), clean(m.By))
	case tunnel.Bye:
		c.event("bye", map[string]any{"reason": m.Reason}, "the customer's end says good-bye: %s", clean(m.Reason))
	}
}

func rightsText(r tunnel.Rights) string {
	var on []string
	for _, x := range []struct {
		name string
		on   bool
	}{{"view", r.View}, {"control", r.Control}, {"clipboard", r.Clipboard}} {
		if x.on {
			on = append(on, x.name)
		}
	}
	return listText(on)
}

func listText(s []string) string {
	if len(s) == 0 {
		return "none"
	}
	return clean(strings.Join(s, ", "))
}

func pausedText(paused bool) string {
	if paused {
		return "; paused"
	}
	return ""
}

// clean keeps a peer's text from writing into the terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s[:min(len(s), 200)], "?"))
}

// maxCommand bounds a line of standard input.
const maxCommand = 1024

const commandHelp = `commands: view, control, clipboard (ask for it); return control|clipboard|view (give it back); password (for a VNC viewer); password repeater (for one by the repeater); websockify (for a noVNC elsewhere); end; help`

// readCommands passes lines of standard input on until it ends. It cannot be
// stopped while it waits for input and ends with the program.
func readCommands(in io.Reader, out chan<- string) {
	s := bufio.NewScanner(in)
	s.Buffer(nil, maxCommand)
	for s.Scan() {
		if line := strings.Join(strings.Fields(s.Text()), " "); line != "" {
			out <- line
		}
	}
}

// command turns a line into a message to the agent; nil with help for one that is none.
func command(line string) (m tunnel.ControlMessage, help string) {
	switch line {
	case "view", "control", "clipboard":
		return tunnel.Ask{Right: line}, ""
	case "return control", "return clipboard", "return view":
		return tunnel.Return{Right: strings.TrimPrefix(line, "return ")}, ""
	case "end":
		return tunnel.End{}, ""
	case "help":
		return nil, commandHelp
	}
	return nil, "not understood; " + commandHelp
}
