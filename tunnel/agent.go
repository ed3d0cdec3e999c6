package tunnel

import (
	"context"
	"errors"
	"net"
	"sync"
)

// AgentLink is the agent's control link; PROTOCOL.md, section 5. Recv is for
// one goroutine at a time and must always be running, as pings are answered
// there; the other methods may be called concurrently. Puzzles of a gateway under
// pressure are solved in Recv, without the caller noticing.
type AgentLink struct {
	link *Link
	ctx  context.Context // ends with Close, and with it the work on a puzzle
	stop context.CancelFunc

	mu      sync.Mutex
	last    AgentRequest // Guarded by mu; the enter that is not answered yet.
	puzzles int          // Guarded by mu; asked for it.
}

var errPuzzles = errors.New("tunnel: the gateway asks for work again and again")

// DialAgent opens the agent's link. ctx bounds the dialling only. The gateway
// waits 10 seconds for the first Enter.
func (c *Client) DialAgent(ctx context.Context) (*AgentLink, error) {
	link, err := c.dialLink(ctx, "/agent/v1", nil)
	if err != nil {
		return nil, err
	}
	l := &AgentLink{link: link}
	l.ctx, l.stop = context.WithCancel(context.Background())
	return l, nil
}

// Enter asks for the place; resume is "" or the token of an earlier TypeJoined.
func (l *AgentLink) Enter(place, resume string) error {
	m := AgentRequest{Type: TypeEnter, Place: place, Resume: resume}
	l.mu.Lock()
	l.last, l.puzzles = m, 0
	l.mu.Unlock()
	return l.link.Send(m)
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
		case TypePuzzle:
			if err := l.solve(m.Puzzle); err != nil {
				return GatewayMessage{}, err
			}
		case TypeCall, TypeJoined, TypeRefused, TypeEnded:
			return m, nil
		}
	}
}

// solve answers a puzzle with the same enter and the proof of work.
func (l *AgentLink) solve(puzzle string) error {
	l.mu.Lock()
	m := l.last
	l.puzzles++
	n := l.puzzles
	l.mu.Unlock()
	if m.Type == "" {
		return nil // nothing was asked for
	}
	if n > MaxPuzzles {
		return errPuzzles
	}
	var err error
	if m.Proof, err = SolvePuzzle(l.ctx, puzzle); err != nil {
		return err
	}
	return l.link.Send(m)
}

// Close closes the link; the session stays for the time that TypeJoined told.
func (l *AgentLink) Close() error {
	l.stop()
	return l.link.Close()
}

// DialAgentStream opens the agent's side of the stream it was called to. ctx
// bounds the dialling only. Run seal.Handshake on the result.
func (c *Client) DialAgentStream(ctx context.Context, id string) (net.Conn, error) {
	return c.dialStream(ctx, "/agent/v1/streams/", id, nil)
}
