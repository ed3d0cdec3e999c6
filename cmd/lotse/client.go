package main

import (
	"context"
	"errors"

	"lotse/logs"
	"lotse/tunnel"
)

// login are the flags of commands that sign in.
type login struct {
	*flags
	gateway, user string
}

const loginUsage = `  --gateway URL           the gateway, e.g. https://support.example.com
  --user NAME             the advisor; the password comes from LOTSE_PASSWORD or is asked for
`

func newLogin(name, usage string) *login {
	l := &login{flags: newFlags(name, usage+loginUsage)}
	l.StringVar(&l.gateway, "gateway", "", "")
	l.StringVar(&l.user, "user", "", "")
	return l
}

// clientAreas are the areas of the log of commands that sign in.
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
	password, err := p.password("Password of "+l.user+": ", false)
	if err != nil {
		return nil, nil, err
	}
	c := &tunnel.Client{
		Gateway: url, RootCAs: roots, Logger: logs.Area(logger, logs.Tunnel), UserAgent: "lotse/" + version,
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
