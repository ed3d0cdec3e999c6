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

// letViewerIn gets what a viewer of the advisor's own needs, once, and prints
// how to use it. The gateway learns the session's number by this and opens the
// seal for that viewer; it says so.
func (o *ownSession) letViewerIn(ctx context.Context, how string) {
	ctx, cancel := context.WithTimeout(ctx, ownerRetry)
	defer cancel()
	var err error
	if how == "password" {
		err = o.password(ctx)
	} else {
		err = o.websockify(ctx)
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

func (o *ownSession) password(ctx context.Context) error {
	p, err := o.advisor.ViewerPassword(ctx, o.number)
	if err != nil {
		return err
	}
	o.console.event("password", map[string]any{"user": p.User, "password": p.Password, "expires": p.Expires, "doors": p.Doors},
		"viewer password: %s (once, until %s; user name: the session number)\n%s%s",
		clean(p.Password), p.Expires.Local().Format(time.TimeOnly), doorLines(p.Doors), toGateway)
	return nil
}

func (o *ownSession) websockify(ctx context.Context) error {
	u, err := o.advisor.Websockify(ctx, o.number)
	if err != nil {
		return err
	}
	o.console.event("websockify", map[string]any{"url": u.URL, "expires": u.Expires},
		"address for noVNC: %s (once, until %s)\n%s", clean(u.URL), u.Expires.Local().Format(time.TimeOnly), toGateway)
	return nil
}

// doorLines has a line for each door that takes the password.
func doorLines(doors []tunnel.Door) string {
	var b strings.Builder
	for _, d := range doors {
		host, port, err := net.SplitHostPort(d.Address)
		if err != nil {
			continue
		}
		switch d.Door {
		case tunnel.DoorVNC:
			fmt.Fprintf(&b, "VNC viewers (X509Plain): %s\n", clean(viewerAddress(host, port)))
		case tunnel.DoorRepeater:
			fmt.Fprintf(&b, "repeater viewers (not encrypted!): %s with ID:<session number>\n", clean(d.Address))
		}
	}
	return b.String()
}
