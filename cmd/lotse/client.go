package main

import (
	"context"
	"errors"

	"lotse/logs"
	"lotse/tunnel"
)

// login has the flags of commands that sign in.
type login struct {
	*flags
	gateway, user string
}

func newLogin(name string) *login {
	l := &login{flags: newFlags(name)}
	l.StringVar(&l.gateway, "gateway", "", "the gateway's `URL`, e.g. https://support.example.com")
	l.StringVar(&l.user, "user", "",
		"`NAME` of the advisor; the password comes from LOTSE_PASSWORD or is asked for")
	return l
}

// clientAreas are the log areas of commands that sign in.
var clientAreas = []string{logs.Tunnel}

// signIn checks the flags and signs in. The caller closes the client's idle
// connections.
func (p *program) signIn(ctx context.Context, l *login) (*tunnel.Client, *tunnel.Advisor, error) {
	if l.gateway == "" {
		return nil, nil, l.wrong("which gateway? Give it with --gateway https://…")
	}
	url, err := tunnel.ParseGateway(l.gateway)
	if err != nil {
		return nil, nil, l.wrong("--gateway: %v", err)
	}
	if l.user == "" {
		return nil, nil, l.wrong("who are you? Give the name with --user")
	}
	roots, err := l.roots()
	if err != nil {
		return nil, nil, err
	}
	logger, _, err := l.logger(p, "text", "warn", clientAreas)
	if err != nil {
		return nil, nil, err
	}
	password, err := prompt{p.stdin, p.stderr}.password("Password of "+l.user+": ", false)
	if err != nil {
		return nil, nil, err
	}
	c := &tunnel.Client{
		Gateway: url, RootCAs: roots, UserAgent: "lotse/" + version,
		Logger: logs.Area(logger, logs.Tunnel),
	}
	advisor, err := c.SignIn(ctx, l.user, password)
	var api *tunnel.APIError
	if errors.As(err, &api) && (api.Code == tunnel.CodeUnauthorized || api.Code == tunnel.CodeTooMany) {
		err = &signInError{err}
	}
	if err != nil {
		c.CloseIdle()
		return nil, nil, err
	}
	return c, advisor, nil
}
