package tunnel

import (
	"context"
	"errors"
	"net"
	"sync"
)

// AgentLink is the agent's control link; PROTOCOL.md, section 5. One goroutine must call Recv all
// the time, because Recv answers pings and solves the puzzles of a gateway under pressure. The
// other methods may be called concurrently.
type AgentLink struct {
	link *Link
	ctx  context.Context // Close cancels it, which also ends the work on a puzzle
	stop context.CancelFunc

	mu      sync.Mutex
	last    AgentRequest // Guarded by mu; the enter that is not answered yet.
	puzzles int          // Guarded by mu; how many the gateway asked for since that enter.
}

var errPuzzles = errors.New("tunnel: the gateway asks for work again and again")

// DialAgent opens the agent's link. ctx applies to the dialling only. The gateway waits 10 seconds
// for the first Enter.
func (c *Client) DialAgent(ctx context.Context) (*AgentLink, error) {
	link, err := c.dialLink(ctx, "/agent/v1", nil)
	if err != nil {
		return nil, err
	}
	l := &AgentLink{link: link}
	l.ctx, l.stop = context.WithCancel(context.Background())
	return l, nil
}

// Enter asks for the place. resume is "" or the token of an earlier TypeJoined. terms is the
// version of the terms that the customer has accepted, or "".
func (l *AgentLink) Enter(place, resume, terms string) error {
	m := AgentRequest{Type: TypeEnter, Place: place, Resume: resume, Terms: terms}
	l.mu.Lock()
	l.last, l.puzzles = m, 0
	l.mu.Unlock()
	return l.link.Send(m)
}

// Passed says that the account name, which was admitted as a colleague, leads the session from now
// on.
func (l *AgentLink) Passed(name string) error {
	return l.link.Send(AgentRequest{Type: TypePassed, Name: name})
}

// End ends the session for both.
func (l *AgentLink) End(reason string) error {
	return l.link.Send(AgentRequest{Type: TypeEnd, Reason: reason})
}

// Recv returns the next message of a known type, and io.EOF after the gateway closed normally. Any
// error is final.
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

// solve answers a puzzle by sending the last enter again with the proof of work.
func (l *AgentLink) solve(puzzle string) error {
	l.mu.Lock()
	m := l.last
	l.puzzles++
	n := l.puzzles
	l.mu.Unlock()
	if m.Type == "" {
		return nil // there is no enter to repeat
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

// Close closes the link. The gateway keeps the session for the grace period in TypeJoined.
func (l *AgentLink) Close() error {
	l.stop()
	return l.link.Close()
}

// DialAgentStream opens the agent's side of the stream that the gateway called it to. ctx applies
// to the dialling only. The caller then runs seal.Handshake on the result.
func (c *Client) DialAgentStream(ctx context.Context, id string) (net.Conn, error) {
	return c.dialStream(ctx, "/agent/v1/streams/", id, nil)
}
