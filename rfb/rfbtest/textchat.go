package rfbtest

import (
	"encoding/binary"
	"fmt"
)

// Actions of TextChat, which UltraVNC defined.
const (
	ChatOpen     = 0xffffffff
	ChatClose    = 0xfffffffe
	ChatFinished = 0xfffffffd
)

// maxChat is the maximum length in bytes of a text that a server may send.
const maxChat = 4096

// ChatMessage is a TextChat of the server: an action, or else a text as it was sent.
type ChatMessage struct {
	Action uint32
	Text   string
}

// serverTextChat reads a TextChat. A server must not send one to a viewer that has not opened its
// chat.
func (v *Viewer) serverTextChat() (any, error) {
	if !v.chat.Load() {
		return nil, fmt.Errorf("%w: chat, which the viewer has not opened", ErrMessage)
	}
	if err := v.in.skip(3); err != nil {
		return nil, err
	}
	n, err := v.in.u32()
	if err != nil || n >= ChatFinished {
		return ChatMessage{Action: n}, err
	}
	b, err := v.in.bytes(int(n), maxChat)
	return ChatMessage{Text: string(b)}, err
}

// SendChat writes a text in the chat.
func (s *sender) SendChat(text []byte) error {
	s.chat.Store(true)
	return s.send(append(binary.BigEndian.AppendUint32([]byte{11, 0, 0, 0}, uint32(len(text))), text...))
}

// SendChatAction opens or closes the chat.
func (s *sender) SendChatAction(action uint32) error {
	s.chat.Store(true)
	return s.send(binary.BigEndian.AppendUint32([]byte{11, 0, 0, 0}, action))
}
