package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"lotse/cmd/lotse/say"
	"lotse/i18n"
)

// maxPasswordLine is the maximum number of bytes read at a prompt.
const maxPasswordLine = 1024

// prompt asks for passwords on a terminal.
type prompt struct {
	in  io.Reader // the terminal
	out io.Writer // where the prompt is written

	language i18n.Language
}

// password returns LOTSE_PASSWORD, or asks for the password of a user on the terminal without echo,
// twice for a new password.
func (p prompt) password(user string, twice bool) (string, error) {
	if pw, ok := os.LookupEnv("LOTSE_PASSWORD"); ok && pw != "" {
		return pw, nil
	}
	f, ok := p.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return "", &usageError{what: say.Text("cli.password.noTerminal")}
	}
	pw, err := p.ask(f, p.language.Text("cli.password.ask", user))
	if err != nil || !twice {
		return pw, err
	}
	again, err := p.ask(f, p.language.Text("cli.password.again"))
	if err == nil && again != pw {
		err = say.Text("cli.password.differ")
	}
	return pw, err
}

func (p prompt) ask(f *os.File, prompt string) (string, error) {
	fmt.Fprint(p.out, prompt)
	b, err := term.ReadPassword(int(f.Fd()))
	fmt.Fprintln(p.out)
	if err != nil {
		return "", say.Text("cli.password.notRead", err)
	}
	if len(b) > maxPasswordLine {
		return "", say.Text("cli.password.long")
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}
