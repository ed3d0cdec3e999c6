package agent

import (
	"errors"
	"time"

	"lotse/agent/chat"
	"lotse/consent"
	"lotse/tunnel"
)

// writing is a line that one side writes in the chat.
type writing struct {
	by, text string
	tag      uint32
	from     *viewer // in which it was written; nil: in no viewer
}

// to adds the line to the chat and sends it to everybody. The error is a chat.Error.
func (w writing) to(st *state) error {
	if st.consent.Phase != consent.Joined || st.reason != "" {
		return chat.Error(tunnel.ChatNobody)
	}
	line, err := st.controls.chat.Add(w.by, w.text, w.tag, time.Now())
	if err != nil {
		return err
	}
	st.controls.send(forAdvisor(line))
	st.viewers.chat(forViewer(line, st.advisor), w.from)
	return nil
}

// forAdvisor returns a line as advisors' ends receive it: the tag of a panel means nothing to them.
func forAdvisor(line tunnel.ChatLine) tunnel.ChatLine {
	if line.By == tunnel.ChatByCustomer {
		line.Tag = 0
	}
	return line
}

// forViewer returns a line as the chat of a viewer shows it, which shows nothing but texts.
func forViewer(line tunnel.ChatLine, advisor *tunnel.Person) string {
	if line.By == tunnel.ChatByCustomer {
		return line.Text
	}
	return AdvisorName(advisor) + ": " + line.Text
}

// Say writes a line to the advisor. Tag is in the line that all panels receive. The error is a
// chat.Error if the line was not passed on.
type Say struct {
	Text string
	Tag  uint32
}

func (c Say) do(st *state) error {
	return writing{by: tunnel.ChatByCustomer, text: c.Text, tag: c.Tag}.to(st)
}

// chatted is a line that the advisor has written in one of his ends.
type chatted struct {
	chat tunnel.Chat
	from *control
}

func (e chatted) in(st *state) {
	var refused chat.Error
	if errors.As(writing{by: tunnel.ChatByAdvisor, text: e.chat.Text, tag: e.chat.Tag}.to(st), &refused) {
		e.from.send(tunnel.ChatRefused{Tag: e.chat.Tag, Why: string(refused)})
	}
}

// viewerLines is how many lines a viewer's chat shows that were written before it was opened.
const viewerLines = 20

// viewerChatOpened means that an advisor has opened the chat of his viewer. If the gateway decrypts
// for the viewer, it must not learn what was written before: that was sealed.
type viewerChatOpened struct{ viewer *viewer }

func (e viewerChatOpened) in(st *state) {
	if e.viewer.line == LineGateway {
		return
	}
	lines := st.controls.chat.All()
	for _, line := range lines[max(0, len(lines)-viewerLines):] {
		e.viewer.conn.Chat(forViewer(line, st.advisor))
	}
}

// viewerWrote is a line that the advisor has written in the chat of his viewer.
type viewerWrote struct {
	viewer *viewer
	text   string
}

func (e viewerWrote) in(st *state) {
	var refused chat.Error
	if errors.As(writing{by: tunnel.ChatByAdvisor, text: e.text, from: e.viewer}.to(st), &refused) {
		e.viewer.conn.Chat(st.session.lang.Text("agent.chat.refused", string(refused)))
	}
}
