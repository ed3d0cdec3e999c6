package agent

import (
	"errors"
	"time"

	"lotse/agent/chat"
	"lotse/agent/parties"
	"lotse/consent"
	"lotse/tunnel"
)

// writing is a line that one side writes in the chat.
type writing struct {
	by, text string
	tag      uint32
	from     *viewer        // in which it was written; nil: in no viewer
	party    *parties.Party // of the advisor; nil: the customer
}

// to adds the line to the chat and sends it to everybody. The error is a chat.Error.
func (w writing) to(st *state) error {
	if st.consent.Phase != consent.Joined || st.reason != "" || w.party != nil && w.party.Over() {
		return chat.Error(tunnel.ChatNobody)
	}
	who := ""
	if w.party != nil {
		who = AdvisorName(st.controls.parties.person(st, w.party))
	}
	line, err := st.controls.chat.Add(w.by, who, w.text, w.tag, time.Now())
	if err != nil {
		return err
	}
	for c := range st.controls.open {
		c.send(chatFor(st, c.party, line))
	}
	st.viewers.chat(forViewer(line), w.from)
	return nil
}

// chatFor returns a line as a party's ends receive it: who has written it, if it was another
// advisor. The tag of a panel or of another one's end means nothing to them.
func chatFor(st *state, p *parties.Party, line tunnel.ChatLine) tunnel.ChatLine {
	own := line.By == tunnel.ChatByAdvisor && line.Who == AdvisorName(st.controls.parties.person(st, p))
	if !own {
		line.Tag = 0
	}
	if own || line.By == tunnel.ChatByCustomer {
		line.Who = ""
	}
	return line
}

// forViewer returns a line as the chat of a viewer shows it, which shows nothing but texts.
func forViewer(line tunnel.ChatLine) string {
	if line.By == tunnel.ChatByCustomer {
		return line.Text
	}
	return line.Who + ": " + line.Text
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
	if errors.As(writing{by: tunnel.ChatByAdvisor, text: e.chat.Text, tag: e.chat.Tag, party: e.from.party}.to(st), &refused) {
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
		if line.ID > e.viewer.party.Chat {
			e.viewer.conn.Chat(forViewer(line))
		}
	}
}

// viewerWrote is a line that the advisor has written in the chat of his viewer.
type viewerWrote struct {
	viewer *viewer
	text   string
}

func (e viewerWrote) in(st *state) {
	var refused chat.Error
	if errors.As(writing{by: tunnel.ChatByAdvisor, text: e.text, from: e.viewer, party: e.viewer.party}.to(st), &refused) {
		e.viewer.conn.Chat(st.session.lang.Text("agent.chat.refused", string(refused)))
	}
}
