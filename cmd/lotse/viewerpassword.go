package main

import (
	"context"
	"errors"
	"net"
	"time"

	"lotse/cmd/lotse/say"
	"lotse/i18n"
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
		err = say.Text("cli.door.closed")
	}
	o.console.failure(say.Text("cli.door.failed", err), err)
}

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
		return tunnel.Number{}, errNobody
	case busy:
		return tunnel.Number{}, say.Text("cli.door.busy")
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
			return tunnel.Number{}, say.Text("cli.door.unusable")
		}
		return n, nil
	case <-timer.C:
		return tunnel.Number{}, say.Text("cli.door.silent")
	case <-ctx.Done():
		return tunnel.Number{}, context.Cause(ctx)
	}
}

// doorAnswer handles the agent's message about a door's number.
func (o *ownSession) doorAnswer(m tunnel.DoorNumber) {
	if m.Gone != "" {
		o.console.event("door_gone", map[string]any{"door": m.Door, "gone": m.Gone},
			o.console.language.Text("cli.door.gone", short(m.Door)))
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
	l, until := o.console.language, p.Expires.Local().Format(time.TimeOnly)
	lines := []string{l.Text("cli.door.password", short(p.Password), n.Digits(), until)}
	lines = append(lines, doorLines(l, n, p.Doors)...)
	o.console.event("password", map[string]any{"door": door, "user": n.Digits(), "password": p.Password, "expires": p.Expires, "doors": p.Doors},
		append(lines, l.Text("cli.door.toGateway"))...)
	return nil
}

func (o *ownSession) websockify(ctx context.Context, n tunnel.Number) error {
	u, err := o.advisor.Websockify(ctx, n)
	if err != nil {
		return err
	}
	l, until := o.console.language, u.Expires.Local().Format(time.TimeOnly)
	o.console.event("websockify", map[string]any{"url": u.URL, "expires": u.Expires},
		l.Text("cli.door.websockify", short(u.URL), until), l.Text("cli.door.toGateway"))
	return nil
}

// doorLines returns a line for each door that accepts the password.
func doorLines(l i18n.Language, n tunnel.Number, doors []tunnel.Door) (lines []string) {
	for _, d := range doors {
		host, port, err := net.SplitHostPort(d.Address)
		if err != nil {
			continue
		}
		switch d.Door {
		case tunnel.DoorVNC:
			lines = append(lines, l.Text("cli.door.vnc", short(viewerAddress(host, port))))
		case tunnel.DoorRepeater:
			lines = append(lines, l.Text("cli.door.repeater", short(d.Address), n.Digits()))
		}
	}
	return lines
}
