package main

import (
	"context"
	"errors"
	"os"

	"lotse/cmd/lotse/say"
	"lotse/logs"
	"lotse/tunnel"
)

// login has the flags of commands that sign in.
type login struct {
	*flags
	gateway, user string
	kept          bool // the sign-in is the one of "lotse login" and must not be ended
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

// signIn signs in, with the sign-in that "lotse login" keeps if it is the one that the flags ask
// for. The caller closes the client's idle connections.
func (p *program) signIn(ctx context.Context, l *login) (*tunnel.Client, *tunnel.Advisor, error) {
	k, err := readLogin()
	if err != nil {
		return nil, nil, err
	}
	same := (l.gateway == "" || sameGateway(l.gateway, k.Gateway)) && (l.user == "" || l.user == k.User)
	if k.Token == "" || !same || l.gateway != "" && os.Getenv("LOTSE_PASSWORD") != "" {
		return l.byPassword(ctx, p)
	}
	l.kept = true
	return l.resume(ctx, p, k)
}

// sameGateway compares addresses of gateways.
func sameGateway(a, b string) bool {
	first, err := tunnel.ParseGateway(a)
	second, err2 := tunnel.ParseGateway(b)
	return err == nil && err2 == nil && first == second
}

// client checks the flags and returns a client of the gateway.
func (l *login) client(p *program) (*tunnel.Client, error) {
	if l.gateway == "" {
		return nil, l.mistake(say.Text("cli.usage.noGateway"))
	}
	url, err := tunnel.ParseGateway(l.gateway)
	if err != nil {
		return nil, l.mistake(say.Text("cli.usage.gateway", err))
	}
	if l.user == "" {
		return nil, l.mistake(say.Text("cli.usage.noUser"))
	}
	roots, err := l.roots()
	if err != nil {
		return nil, err
	}
	logger, _, err := l.logger(p, "text", "warn", clientAreas)
	if err != nil {
		return nil, err
	}
	return &tunnel.Client{
		Gateway: url, RootCAs: roots, UserAgent: "lotse/" + version,
		Logger: logs.Area(logger, logs.Tunnel),
	}, nil
}

// byPassword signs in with the password.
func (l *login) byPassword(ctx context.Context, p *program) (*tunnel.Client, *tunnel.Advisor, error) {
	c, err := l.client(p)
	if err != nil {
		return nil, nil, err
	}
	password, err := prompt{p.stdin, p.stderr, p.language}.password(l.user, false)
	if err != nil {
		return nil, nil, err
	}
	advisor, err := c.SignIn(ctx, l.user, password)
	var api *tunnel.APIError
	switch {
	case errors.As(err, &api) && api.Code == tunnel.CodeUnauthorized:
		err = refusedSignIn(say.Text("cli.login.wrong", err))
	case errors.As(err, &api) && api.Code == tunnel.CodeTooMany:
		err = refusedSignIn(err)
	}
	if err != nil {
		c.CloseIdle()
		return nil, nil, err
	}
	return c, advisor, nil
}
