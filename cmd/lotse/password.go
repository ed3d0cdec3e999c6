package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"
)

// maxPasswordLine bounds what is read at a prompt.
const maxPasswordLine = 1024

// password takes LOTSE_PASSWORD or asks on the terminal without echo, twice if
// it is a new one.
func (p *program) password(prompt string, twice bool) (string, error) {
	if pw, ok := os.LookupEnv("LOTSE_PASSWORD"); ok && pw != "" {
		return pw, nil
	}
	f, ok := p.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return "", &usageError{what: "there is no terminal to ask for the password; set LOTSE_PASSWORD"}
	}
	pw, err := p.ask(f, prompt)
	if err != nil || !twice {
		return pw, err
	}
	again, err := p.ask(f, "Once more: ")
	if err == nil && again != pw {
		err = errors.New("the two passwords differ; nothing was changed")
	}
	return pw, err
}

func (p *program) ask(f *os.File, prompt string) (string, error) {
	fmt.Fprint(p.stderr, prompt)
	b, err := term.ReadPassword(int(f.Fd()))
	fmt.Fprintln(p.stderr)
	if err != nil {
		return "", fmt.Errorf("password not read: %w", err)
	}
	if len(b) > maxPasswordLine {
		return "", errors.New("the password is too long")
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}
