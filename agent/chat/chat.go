// Package chat keeps the lines that advisor and customer write to each other, within their limits;
// tunnel/PROTOCOL.md, section 6.
package chat

import (
	"strings"
	"time"
	"unicode/utf8"

	"lotse/plaintext"
	"lotse/tunnel"
)

// Lines are the latest tunnel.MaxChatLines lines. The zero value has none. Methods must not be
// called concurrently.
type Lines struct {
	kept    []tunnel.ChatLine // oldest first; never changed in place
	last    uint32            // ID of the newest line
	budgets map[string]*budget
}

// Error says why a line was not accepted: one of the values of tunnel.ChatRefused.Why.
type Error string

// Error implements error.
func (e Error) Error() string { return "chat: line not accepted: " + string(e) }

// All returns the lines, oldest first. The slice must not be changed; it never changes either.
func (l *Lines) All() []tunnel.ChatLine { return l.kept }

// Last returns the ID of the newest line; 0: there is none.
func (l *Lines) Last() uint32 { return l.last }

// Add appends a line that by has written, one of tunnel.ChatLine.By's values, and returns it. who
// is the advisor's name; each advisor has a budget of his own. The error is an Error.
func (l *Lines) Add(by, who, text string, tag uint32, now time.Time) (tunnel.ChatLine, error) {
	if utf8.RuneCountInString(text) > tunnel.MaxChatText {
		return tunnel.ChatLine{}, Error(tunnel.ChatTooLong)
	}
	text = strings.TrimSpace(plaintext.Line(text, tunnel.MaxChatText))
	if text == "" {
		return tunnel.ChatLine{}, Error(tunnel.ChatEmpty)
	}
	if !l.budget(by+who, now).spend(now) {
		return tunnel.ChatLine{}, Error(tunnel.ChatTooMany)
	}
	l.last++
	line := tunnel.ChatLine{ID: l.last, By: by, Time: now.UTC().Truncate(time.Second), Text: text, Tag: tag, Who: who}
	older := l.kept[max(0, len(l.kept)-tunnel.MaxChatLines+1):]
	l.kept = append(older[:len(older):len(older)], line)
	return line, nil
}

func (l *Lines) budget(by string, now time.Time) *budget {
	if l.budgets == nil {
		l.budgets = map[string]*budget{}
	}
	if l.budgets[by] == nil {
		l.budgets[by] = &budget{tunnel.MaxChatBurst, now}
	}
	return l.budgets[by]
}

// budget limits how many lines one side writes: tunnel.MaxChatBurst at once, then one each
// tunnel.ChatPause.
type budget struct {
	left int
	at   time.Time // when left was last raised
}

// spend takes one line from the budget. It returns false if nothing is left.
func (b *budget) spend(now time.Time) bool {
	earned := int(now.Sub(b.at) / tunnel.ChatPause)
	if b.left+earned >= tunnel.MaxChatBurst {
		b.left, b.at = tunnel.MaxChatBurst, now
	} else {
		b.left += earned
		b.at = b.at.Add(time.Duration(earned) * tunnel.ChatPause)
	}
	if b.left == 0 {
		return false
	}
	b.left--
	return true
}
