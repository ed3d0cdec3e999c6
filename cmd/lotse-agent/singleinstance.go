package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"lotse/i18n"
)

// firstOne is the program that runs on this desktop already.
type firstOne struct {
	same bool   // this start wants nothing that it does not do
	show func() // has its panel come to the front
}

// wishNames are the names that a program holds for what it was started with, so
// that another start can tell whether it wants the same. Nobody reads a number out
// of them that is not on the program's command line anyway.
func wishNames(gateway, number string) []string {
	names := []string{wishName(gateway, "")}
	if number != "" {
		names = append(names, wishName(gateway, number))
	}
	return names
}

func wishName(gateway, number string) string {
	gateway = strings.TrimRight(strings.ToLower(gateway), "/")
	sum := sha256.Sum256([]byte(gateway + "\n" + number))
	return placePrefix + hex.EncodeToString(sum[:16])
}

const placePrefix = `Local\lotse-agent-`

// sameWish reports whether the program that holds names does what a start with
// gateway and number is for; "" is nothing in particular.
func sameWish(gateway, number string, held func(name string) bool) bool {
	return gateway == "" && number == "" || held(wishName(gateway, number))
}

// yield is the end of a start beside the first program. Most often the customer has lost
// its window; a second session cannot be had beside the first.
func (f *firstOne) yield(l i18n.Language) (code int, err error) {
	defer f.show()
	if f.same {
		err = errors.New(l.Text("agent.running.shown"))
		say(err)
		return exitRunning, err
	}
	err = errors.New(l.Text("agent.running.other"))
	return fail(exitFailure, err), err
}
