package terminal

import (
	"errors"
	"strings"

	"lotse/agent"
	"lotse/agent/chat"
	"lotse/i18n"
	"lotse/tunnel"
)

// writes returns the text that a typed line writes to the advisor: what follows "w" and a space. ok
// is false for any other line.
func writes(line string) (text string, ok bool) {
	command, text, ok := strings.Cut(line, " ")
	return text, ok && strings.EqualFold(command, "w")
}

// write passes a line on to the advisor. If that fails, it says why.
func (p *Panel) write(s model, l i18n.Language, text string) {
	var refused chat.Error
	if errors.As(s.Do(agent.Say{Text: text}), &refused) {
		p.say(l.Text("agent.terminal.chatUnread", l.Text("agent.chat.refused", string(refused))))
	}
}

// sayChat writes the lines of the chat that are new.
func (p *Panel) sayChat(l i18n.Language, s agent.Snapshot) {
	for _, line := range s.Chat {
		switch {
		case line.ID <= p.chatted:
			continue
		case line.By == tunnel.ChatByCustomer:
			p.say(l.Text("agent.terminal.chatOwn", line.Text))
		default:
			who := line.Who
			if who == "" {
				who = agent.AdvisorName(s.Advisor)
			}
			p.say(l.Text("agent.terminal.chat", who, line.Text))
			p.prompts = "" // the question, if any, is shown again below the line
		}
		p.chatted = line.ID
	}
}
