package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"lotse/agent"
)

// firstOne is the program that runs on this desktop already.
type firstOne struct {
	same bool   // this start wants nothing that it does not do
	show func() // has its panel come to the front
}

var (
	// errShown: the customer started the program again, as he has lost its window.
	errShown = errors.New("is running already; its window comes to the front")
	// errOther: a second session, which cannot be had beside the first.
	errOther       = errors.New("is running already, with another session number or gateway. Please end the session there first")
	errOtherGerman = errors.New("läuft schon, mit einer anderen Sitzungsnummer oder einem anderen Gateway. Bitte beenden Sie zuerst die Sitzung dort")
)

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

// yield is the end of a start beside the first program.
func (f *firstOne) yield(l agent.Language) (code int, err error) {
	defer f.show()
	switch {
	case f.same:
		say(errShown)
		return exitRunning, errShown
	case l == "de":
		return fail(exitFailure, errOtherGerman), errOtherGerman
	}
	return fail(exitFailure, errOther), errOther
}
