package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"lotse/tunnel"
)

// viewerDoors are the doors of the commands that let a viewer in.
var viewerDoors = map[string]string{
	"password": tunnel.DoorVNC, "password repeater": tunnel.DoorRepeater, "websockify": tunnel.DoorWebsockify,
}

// letViewerIn gets what the advisor's own viewer needs to connect once, and prints how to use it.
// The customer's agent issues a number for that viewer. The gateway receives it, and with it opens
// the seal for that viewer.
func (o *ownSession) letViewerIn(ctx context.Context, door string) {
	ctx, cancel := context.WithTimeout(ctx, ownerRetry)
	defer cancel()
	number, err := o.doorNumber(ctx, door)
	switch {
	case err != nil:
	case door == tunnel.DoorWebsockify:
		err = o.websockify(ctx, number)
	default:
		err = o.password(ctx, number, door)
	}
	if err == nil {
		return
	}
	var api *tunnel.APIError
	if errors.As(err, &api) && api.Code == tunnel.CodeForbidden {
		err = errors.New("this gateway has closed that door; use lotse view")
	}
	o.console.event("error", map[string]any{"message": err.Error()}, "no viewer let in: %v", err)
}

const toGateway = "encrypted to the gateway only: it opens the seal for this viewer"

// doorTimeout limits the wait for the agent's answer to a request for a number.
const doorTimeout = 10 * time.Second

// doorNumber asks the agent for the number of one viewer.
func (o *ownSession) doorNumber(ctx context.Context, door string) (tunnel.Number, error) {
	answer := make(chan tunnel.DoorNumber, 1)
	o.mu.Lock()
	control, busy := o.control, o.doors[door] != nil
	if control != nil && !busy {
		o.doors[door] = answer
	}
	o.mu.Unlock()
	switch {
	case control == nil:
		return tunnel.Number{}, errors.New("there is no customer in the session at the moment")
	case busy:
		return tunnel.Number{}, errors.New("asked for already")
	}
	defer func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.doors, door)
	}()
	if err := control.Send(tunnel.AskDoor{Door: door}); err != nil {
		return tunnel.Number{}, err
	}
	timer := time.NewTimer(doorTimeout)
	defer timer.Stop()
	select {
	case m := <-answer:
		n, err := tunnel.ParseNumber(m.Number)
		if err != nil || n.Place() != o.number.Place() || n == o.number {
			return tunnel.Number{}, errors.New("the customer's program gave a number that cannot be used")
		}
		return n, nil
	case <-timer.C:
		return tunnel.Number{}, errors.New("the customer's program does not answer; an older one cannot let such viewers in")
	case <-ctx.Done():
		return tunnel.Number{}, context.Cause(ctx)
	}
}

// doorAnswer handles the agent's message about a door's number.
func (o *ownSession) doorAnswer(m tunnel.DoorNumber) {
	if m.Gone != "" {
		o.console.event("door_gone", map[string]any{"door": m.Door, "gone": m.Gone},
			"ATTENTION: a viewer's number for the door %s was tried wrongly three times and is not used any more; ask for a new password. The session goes on.", short(m.Door))
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if answer := o.doors[m.Door]; answer != nil {
		select {
		case answer <- m:
		default: // one answer is enough
		}
	}
}

func (o *ownSession) password(ctx context.Context, n tunnel.Number, door string) error {
	p, err := o.advisor.ViewerPassword(ctx, n, door)
	if err != nil {
		return err
	}
	o.console.event("password", map[string]any{"door": door, "user": n.Digits(), "password": p.Password, "expires": p.Expires, "doors": p.Doors},
		"viewer password: %s, user name: %s (for one viewer, until %s)\n%s%s",
		short(p.Password), n.Digits(), p.Expires.Local().Format(time.TimeOnly), doorLines(n, p.Doors), toGateway)
	return nil
}

func (o *ownSession) websockify(ctx context.Context, n tunnel.Number) error {
	u, err := o.advisor.Websockify(ctx, n)
	if err != nil {
		return err
	}
	o.console.event("websockify", map[string]any{"url": u.URL, "expires": u.Expires},
		"address for noVNC: %s (once, until %s)\n%s", short(u.URL), u.Expires.Local().Format(time.TimeOnly), toGateway)
	return nil
}

// doorLines returns a line for each door that accepts the password.
func doorLines(n tunnel.Number, doors []tunnel.Door) ownLines {
	var b strings.Builder
	for _, d := range doors {
		host, port, err := net.SplitHostPort(d.Address)
		if err != nil {
			continue
		}
		switch d.Door {
		case tunnel.DoorVNC:
			fmt.Fprintf(&b, "VNC viewers (X509Plain): %s\n", short(viewerAddress(host, port)))
		case tunnel.DoorRepeater:
			fmt.Fprintf(&b, "repeater viewers (not encrypted!): %s with ID:%s\n", short(d.Address), n.Digits())
		}
	}
	return ownLines(b.String())
}
