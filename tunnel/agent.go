package tunnel

import (
	"context"
	"net"
)

// AgentLink is the agent's control link; PROTOCOL.md, section 5. Recv is for
// one goroutine at a time and must always be running, as pings are answered
// there; the other methods may be called concurrently.
type AgentLink struct {
	link *Link
}

// DialAgent opens the agent's link. ctx bounds the dialling only. The gateway
// waits 10 seconds for the first Enter.
func (c *Client) DialAgent(ctx context.Context) (*AgentLink, error) {
	link, err := c.dialLink(ctx, "/agent/v1", nil)
	if err != nil {
		return nil, err
	}
	return &AgentLink{link: link}, nil
}

// Enter asks for the place; resume is "" or the token of an earlier TypeJoined.
func (l *AgentLink) Enter(place, resume string) error {
	return l.link.Send(AgentRequest{Type: TypeEnter, Place: place, Resume: resume})
}

// End ends the session for both.
func (l *AgentLink) End(reason string) error {
	return l.link.Send(AgentRequest{Type: TypeEnd, Reason: reason})
}

// Recv returns the next message of a known type. io.EOF after the gateway
// closed normally; any error is final.
func (l *AgentLink) Recv() (GatewayMessage, error) {
	for {
		b, err := l.link.Receive()
		if err != nil {
			return GatewayMessage{}, err
		}
		m, err := ParseGatewayMessage(b)
		if err != nil {
			return GatewayMessage{}, err
		}
		switch m.Type {
		case TypeCall, TypeJoined, TypeRefused, TypeEnded:
			return m, nil
		}
	}
}

// Close closes the link; the session stays for the time that TypeJoined told.
func (l *AgentLink) Close() error { return l.link.Close() }

// DialAgentStream opens the agent's side of the stream it was called to. ctx
// bounds the dialling only. Run seal.Handshake on the result.
func (c *Client) DialAgentStream(ctx context.Context, id string) (net.Conn, error) {
	return c.dialStream(ctx, "/agent/v1/streams/", id, nil)
}
