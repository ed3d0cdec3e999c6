package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"lotse/i18n"
)

// firstOne is the program that already runs on this desktop.
type firstOne struct {
	same bool   // it already does everything that this start asks for
	show func() // brings its panel to the front
}

// wishNames returns names for what a program was started with. The program holds them, so that
// another start can find out whether it asks for the same. A name is a hash, but that hides no
// number: another program in the same session of Windows can try all numbers. Usually such a
// program can also read the command line.
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

// sameWish reports whether the program that holds names already does what a start with gateway
// and number asks for. A start with neither asks for nothing in particular.
func sameWish(gateway, number string, held func(name string) bool) bool {
	return gateway == "" && number == "" || held(wishName(gateway, number))
}

// yield ends a start while the first program is running. Usually the customer has lost its
// window, so the window comes to the front. A second session at the same time is impossible.
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
