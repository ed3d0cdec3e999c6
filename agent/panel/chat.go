package panel

import (
	"errors"

	"github.com/gorilla/websocket"

	"lotse/agent/chat"
	"lotse/tunnel"
)

// Chat are lines of the chat that are new for a page; PANEL.md.
type Chat struct {
	Type  string            `json:"type"`
	Lines []tunnel.ChatLine `json:"lines"`
}

// ChatRefused tells a page that its line was not passed on; PANEL.md.
type ChatRefused struct {
	Type string `json:"type"`
	Tag  uint32 `json:"tag"`
	Why  string `json:"why"`
}

// chatRefused is the type of a ChatRefused.
const chatRefused = "chatRefused"

// maxRefusals is how many refusals may wait for a page that does not read; further ones are not
// sent.
const maxRefusals = 16

// page is the connection of one open page.
type page struct {
	ws *websocket.Conn
	// connection is part of a question's identifier. An answer counts only on the connection on
	// which its question was shown.
	connection string
	refusals   chan ChatRefused
	chatted    uint32 // ID of the last line of the chat that was sent. Owned by the writer.
}

// refused queues the refusal of a line for the writer.
func (p *page) refused(m Message, err error) {
	var r chat.Error
	if !errors.As(err, &r) {
		return
	}
	select {
	case p.refusals <- ChatRefused{Type: chatRefused, Tag: m.Tag, Why: string(r)}:
	default:
	}
}

// unseen returns the lines that this page has not received.
func (p *page) unseen(lines []tunnel.ChatLine) []tunnel.ChatLine {
	for i, l := range lines {
		if l.ID > p.chatted {
			p.chatted = lines[len(lines)-1].ID
			return lines[i:]
		}
	}
	return nil
}
