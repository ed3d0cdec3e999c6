package rfb

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// TextChat is message type 11 in both directions. UltraVNC defined it, and SSVNC and libvncclient
// have it, too; the registry of RFC 6143, section 8, has its number. A length with one of the
// values below is an action without a text. No pseudo-encoding announces it, so nothing is sent to
// a viewer that has not opened its chat: it might not know the message.
const (
	textChatOpen     = 0xffffffff
	textChatClose    = 0xfffffffe
	textChatFinished = 0xfffffffd
	maxTextChat      = 4096 // bytes of a text
)

// textChat is a viewer's message: an action, or a text.
type textChat struct {
	action uint32 // 0: a text
	text   []byte
}

func (textChat) clientMessage() {}

// chatWindow is the chat in a viewer.
type chatWindow struct {
	open bool
	// latin1: the viewer has sent a text that is not UTF-8. The message does not tell, and viewers
	// use what their system uses.
	latin1 bool
}

// decode returns the lines of a text that have characters in them.
func (w *chatWindow) decode(b []byte) (lines []string) {
	text := string(b)
	if !utf8.Valid(b) {
		w.latin1 = true
	}
	if w.latin1 {
		text = fromLatin1(b)
	}
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' || r == 0 }) {
		if strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// textChat reads a TextChat message.
func (m *messageReader) textChat() (clientMessage, error) {
	b, err := m.read(7)
	if err != nil {
		return nil, err
	}
	switch n := binary.BigEndian.Uint32(b[3:]); {
	case n >= textChatFinished:
		return textChat{action: n}, nil
	case n > maxTextChat:
		return nil, fmt.Errorf("rfb: chat text of %d bytes, at most %d are allowed", n, maxTextChat)
	default:
		text := make([]byte, n)
		_, err := io.ReadFull(m.r, text)
		return textChat{text: text}, err
	}
}

// textChat handles a viewer's message.
func (r *reader) textChat(m textChat) error {
	c := r.conn
	c.mu.Lock()
	chat := &c.viewer.chat
	opened := m.action == textChatOpen && !chat.open
	var lines []string
	var err error
	switch m.action {
	case textChatOpen:
		chat.open = true
	case textChatClose:
		chat.open = false
		err = c.queueLocked(func(b []byte) []byte { return appendTextChatAction(b, textChatFinished) })
	case textChatFinished:
		chat.open = false
	default:
		opened = !chat.open // a viewer may write without opening first
		chat.open = true
		lines = chat.decode(m.text)
	}
	c.mu.Unlock()
	if opened && c.cfg.ChatOpened != nil {
		c.cfg.ChatOpened()
	}
	for _, line := range lines {
		if c.cfg.Chat != nil {
			c.cfg.Chat(line)
		}
	}
	return err
}

// Chat shows a line in the chat of the viewer. It does nothing as long as the viewer's user has not
// opened the chat. A text that is longer than 4096 bytes is cut.
func (c *Conn) Chat(text string) {
	c.mu.Lock()
	w := c.viewer.chat
	c.mu.Unlock()
	if w.open {
		c.queue(func(b []byte) []byte { return appendTextChat(b, text, w.latin1) })
	}
}

// appendTextChat appends a line.
func appendTextChat(b []byte, text string, latin1 bool) []byte {
	b = append(b, msgTextChat, 0, 0, 0)
	at := len(b)
	b = append(b, 0, 0, 0, 0)
	start := len(b)
	if latin1 {
		b = appendLatin1(b, text)
	} else {
		b = append(b, text...)
	}
	if len(b)-start >= maxTextChat {
		b = b[:start+maxTextChat-1]
		for !latin1 && !utf8.Valid(b[start:]) {
			b = b[:len(b)-1]
		}
	}
	b = append(b, '\n')
	binary.BigEndian.PutUint32(b[at:], uint32(len(b)-start))
	return b
}

func appendTextChatAction(b []byte, action uint32) []byte {
	b = append(b, msgTextChat, 0, 0, 0)
	return binary.BigEndian.AppendUint32(b, action)
}
