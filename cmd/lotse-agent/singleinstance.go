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
// another start can find out whether it asks for the same. Any program in the same session of
// Windows can look for a name, so a name contains only the place of the session number, and not
// its secret digits. A gateway gives a place to one session at a time.
func wishNames(gateway, place string) []string {
	names := []string{wishName(gateway, "")}
	if place != "" {
		names = append(names, wishName(gateway, place))
	}
	return names
}

func wishName(gateway, place string) string {
	gateway = strings.TrimRight(strings.ToLower(gateway), "/")
	sum := sha256.Sum256([]byte(gateway + "\n" + place))
	return placePrefix + hex.EncodeToString(sum[:16])
}

const placePrefix = `Local\lotse-agent-`

// sameWish reports whether the program that holds names already does what a start with gateway
// and place asks for. A start with neither asks for nothing in particular.
func sameWish(gateway, place string, held func(name string) bool) bool {
	return gateway == "" && place == "" || held(wishName(gateway, place))
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
