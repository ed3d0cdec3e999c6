package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// maxPasswordLine is the maximum number of bytes read at a prompt.
const maxPasswordLine = 1024

// prompt asks for passwords on a terminal.
type prompt struct {
	in  io.Reader // the terminal
	out io.Writer // where the prompt is written
}

// password returns LOTSE_PASSWORD, or asks on the terminal without echo, twice for a new password.
func (p prompt) password(prompt string, twice bool) (string, error) {
	if pw, ok := os.LookupEnv("LOTSE_PASSWORD"); ok && pw != "" {
		return pw, nil
	}
	f, ok := p.in.(*os.File)
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

func (p prompt) ask(f *os.File, prompt string) (string, error) {
	fmt.Fprint(p.out, prompt)
	b, err := term.ReadPassword(int(f.Fd()))
	fmt.Fprintln(p.out)
	if err != nil {
		return "", fmt.Errorf("password not read: %w", err)
	}
	if len(b) > maxPasswordLine {
		return "", errors.New("the password is too long")
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}
