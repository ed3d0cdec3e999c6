package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"lotse/cmd/lotse/say"
	"lotse/manual"
	"lotse/tunnel"
)

var aboutLogin = manual.Command{
	Name: "login", Summary: "sign in once for all further commands",
	Forms: []string{"login --gateway URL --user NAME"},
	About: `Signs in and keeps the sign-in for session, view and show, which then need neither
--gateway nor --user nor the password. It is kept in the user's configuration folder,
readable by that user only, until it ends at the gateway or "lotse logout" ends it.
The password is not kept.`,
}

var aboutLogout = manual.Command{
	Name: "logout", Summary: "end the sign-in of login",
	Forms: []string{"logout"},
	About: `Ends the sign-in that "lotse login" keeps, at the gateway and here.`,
}

// keptLogin is the sign-in that login keeps.
type keptLogin struct {
	Gateway string `json:"gateway"`
	User    string `json:"user"`
	Token   string `json:"token"`
	CAFile  string `json:"ca_file,omitempty"`
}

// maxLoginFile is the maximum size of the file in bytes.
const maxLoginFile = 64 << 10

// loginFile returns the path of the file that keeps the sign-in.
func loginFile() (string, error) {
	folder, err := os.UserConfigDir()
	if err != nil {
		return "", say.Text("cli.login.noFolder", err)
	}
	return filepath.Join(folder, "lotse", "login.json"), nil
}

// readLogin returns the kept sign-in; the zero value if there is none.
func readLogin() (k keptLogin, err error) {
	name, err := loginFile()
	if err != nil {
		return k, nil // without a folder nothing was kept
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	if err != nil {
		return k, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxLoginFile))
	if err != nil {
		return k, err
	}
	if err := json.Unmarshal(b, &k); err != nil {
		return keptLogin{}, say.Text("cli.login.badFile", name, err)
	}
	return k, nil
}

// write keeps the sign-in. An older file stays whole if this fails.
func (k keptLogin) write() error {
	name, err := loginFile()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	b, err := json.Marshal(k)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "login-*") // for this user only
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

func (p *program) login(ctx context.Context, args []string) error {
	l := newLogin("login")
	if _, err := l.parse(p, args, 0); err != nil {
		return err
	}
	k := keptLogin{Gateway: l.gateway, User: l.user}
	if l.caFile != "" {
		var err error
		if k.CAFile, err = filepath.Abs(l.caFile); err != nil {
			return err
		}
	}
	client, advisor, err := l.byPassword(ctx, p)
	if err != nil {
		return err
	}
	defer client.CloseIdle()
	k.Token = advisor.Token()
	if err := k.write(); err != nil {
		_ = advisor.SignOut(ctx)
		return say.Text("cli.login.notKept", err)
	}
	p.tell(p.language.Text("cli.login.done", k.Gateway, k.User))
	return nil
}

func (p *program) logout(ctx context.Context, args []string) error {
	l := newLogin("logout")
	if _, err := l.parse(p, args, 0); err != nil {
		return err
	}
	k, err := readLogin()
	if err != nil {
		return err
	}
	if k.Token == "" {
		p.tell(p.language.Text("cli.login.none"))
		return nil
	}
	name, err := loginFile()
	if err != nil {
		return err
	}
	if err := os.Remove(name); err != nil {
		return err
	}
	client, advisor, err := l.resume(ctx, p, k)
	var refused *signInError
	if errors.As(err, &refused) { // it had ended already
		p.tell(p.language.Text("cli.login.out"))
		return nil
	}
	if err == nil {
		defer client.CloseIdle()
		err = advisor.SignOut(ctx)
	}
	if err != nil {
		return say.Text("cli.login.outHere", k.Gateway, err)
	}
	p.tell(p.language.Text("cli.login.out"))
	return nil
}

// resume uses the kept sign-in.
func (l *login) resume(ctx context.Context, p *program, k keptLogin) (*tunnel.Client, *tunnel.Advisor, error) {
	if l.caFile == "" {
		l.caFile = k.CAFile
	}
	l.gateway, l.user = k.Gateway, k.User
	client, err := l.client(p)
	if err != nil {
		return nil, nil, err
	}
	advisor, err := client.Resume(ctx, k.Token)
	var api *tunnel.APIError
	if errors.As(err, &api) && api.Code == tunnel.CodeUnauthorized {
		err = refusedSignIn(say.Text("cli.login.ended", k.User, k.Gateway))
	}
	if err != nil {
		client.CloseIdle()
		return nil, nil, err
	}
	return client, advisor, nil
}
