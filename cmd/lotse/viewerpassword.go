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

// password gets a one-time password for a VNC viewer and prints how to use it.
// The gateway learns the session's number by this and opens the seal for that
// viewer; it says so.
func (o *ownSession) password(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, ownerRetry)
	defer cancel()
	p, err := o.advisor.ViewerPassword(ctx, o.number)
	if err != nil {
		var api *tunnel.APIError
		if errors.As(err, &api) && api.Code == tunnel.CodeForbidden {
			err = errors.New("this gateway has no door for VNC viewers; use lotse view")
		}
		o.console.event("error", map[string]any{"message": err.Error()}, "no viewer password: %v", err)
		return
	}
	o.console.event("password", map[string]any{"user": p.User, "password": p.Password, "expires": p.Expires, "doors": p.Doors},
		"viewer password: %s (once, until %s; user name: the session number)\n%sencrypted to the gateway only: it opens the seal for this viewer",
		clean(p.Password), p.Expires.Local().Format(time.TimeOnly), doorLines(p.Doors))
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
