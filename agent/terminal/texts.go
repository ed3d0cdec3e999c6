package terminal

import (
	"fmt"
	"strings"

	"lotse/agent"
	"lotse/consent"
	"lotse/filename"
	"lotse/i18n"
	"lotse/tunnel"
)

// confirmText asks whether to connect to the gateway that a link or a file name names.
func confirmText(l i18n.Language, s agent.Snapshot) string {
	q := l.Text("agent.terminal.confirm", s.Gateway) + "\n"
	if _, err := tunnel.ParseNumber(s.Offer); err == nil {
		return q + l.Text("agent.terminal.confirmNumber", yesWords(l)[0], s.Offer)
	}
	if s.Offer != "" {
		return q + l.Text("agent.terminal.confirmPlace", s.Offer)
	}
	return q + l.Text("agent.terminal.enter")
}

// rightsText says what the advisor may do now, or the colleague who has control.
func rightsText(l i18n.Language, s agent.Snapshot) string {
	who := agent.AdvisorName(s.Advisor)
	if s.Rights.Control {
		who = agent.AdvisorName(s.Controller())
	}
	switch {
	case s.Paused:
		return l.Text("agent.terminal.paused")
	case s.Rights.Control && s.Key != "":
		return l.Text("agent.terminal.controlledKey", who, s.Key)
	case s.Rights.Control:
		return l.Text("agent.terminal.controlled", who)
	case s.Rights.View && s.Direction == "customer":
		if s.Share != nil && s.Share.Kind != "screen" {
			return l.Text("agent.terminal.seesOnly", who, strings.Join(s.Share.Names, ", "))
		}
		return l.Text("agent.terminal.seesAll", who)
	}
	return l.Text("agent.terminal.nothing")
}

// questionText returns the text of a question; typing word allows it.
func questionText(l i18n.Language, s agent.Snapshot, word string) string {
	who := agent.AdvisorName(s.Advisor)
	if by := s.Question.By; by != nil {
		who = agent.AdvisorName(by)
	}
	typeWord := "\n" + l.Text("agent.terminal.typeWord", word)
	switch s.Question.Right {
	case consent.Control.String():
		return l.Text("agent.terminal.askControl", who) + typeWord
	case consent.Clipboard.String():
		return l.Text("agent.terminal.askClipboard", who) + typeWord
	case consent.Record.String():
		return l.Text("agent.terminal.askRecord", who) + typeWord
	case consent.Files.String():
		return fileText(l, s) + typeWord
	case consent.Colleague.String():
		if c := s.Question.Colleague; c != nil {
			return l.Text("agent.terminal.askColleague", who, agent.AdvisorName(&c.Who), c.For) + typeWord
		}
		return ""
	case consent.Show.String():
		return l.Text("agent.terminal.askShow", who)
	}
	q := l.Text("agent.terminal.askView", who)
	if s.Question.Right == consent.Share.String() {
		q = l.Text("agent.terminal.askShare", who)
	}
	q += "\n  " + l.Text("agent.terminal.chooseScreen", word)
	if c := s.Choices; c != nil {
		for i, m := range c.Monitors {
			choice, size := fmt.Sprintf("%sm%d", word, i+1), fmt.Sprintf("%d×%d", m.Width, m.Height)
			q += "\n  " + l.Text("agent.terminal.chooseMonitor", choice, m.Name, size)
		}
		for i, a := range c.Apps {
			choice, titles := fmt.Sprintf("%sa%d", word, i+1), strings.Join(a.Titles, ", ")
			q += "\n  " + l.Text("agent.terminal.chooseApp", choice, a.Name, titles)
			if a.Powerful {
				q += " – " + l.Text("agent.question.powerfulMark")
			}
		}
	}
	return q + "\n" + l.Text("agent.terminal.typeOne")
}

// fileText asks whether the customer wants a file.
func fileText(l i18n.Language, s agent.Snapshot) string {
	f := s.Question.File
	if f == nil {
		return ""
	}
	if f.Given {
		return l.Text("agent.terminal.askGive", agent.AdvisorName(s.Advisor), f.Name, l.Size(f.Size))
	}
	text := l.Text("agent.terminal.askFile", agent.AdvisorName(s.Advisor), f.Name, l.Size(f.Size), l.Text("common.fileKind", f.Kind))
	if f.Kind == filename.Program {
		text += "\n" + l.Text("agent.terminal.askProgram")
	}
	return text
}

// failureText says why no session began.
func failureText(l i18n.Language, f agent.Failure) string {
	switch f.Code {
	case "format":
		return l.Text("agent.failure.format")
	case "where":
		return l.Text("agent.failure.where", f.Message)
	case "source":
		return l.Text("agent.failure.source", f.Message)
	case "gateway":
		return l.Text("agent.failure.gateway", f.Message)
	case tunnel.RefusedNumber:
		return l.Text("agent.failure.number")
	case tunnel.RefusedTerms:
		return l.Text("agent.failure.terms")
	case tunnel.RefusedBusy:
		return l.Text("agent.failure.busy")
	case tunnel.RefusedLost:
		return l.Text("agent.failure.lost")
	case tunnel.RefusedRate:
		return l.Text("agent.failure.rate", f.RetryAfter)
	}
	return f.Message
}
