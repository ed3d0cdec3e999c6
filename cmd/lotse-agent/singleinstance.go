package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"

	"lotse/i18n"
	"lotse/screen"
	"lotse/screen/native"
)

// claim makes this program the one whose panel a second start shows. If this start is such a second
// one, release is nil and the program must end with the code; err has been printed. On X11 a
// program with another purpose runs beside the first.
func (o *options) claim(l i18n.Language, logger *slog.Logger) (raise <-chan struct{}, release func(), code int, err error) {
	place := o.number.Place() + o.offer.Number.Place()
	if (o.Panel == "terminal" || o.answered) && !native.OnlyOne {
		return nil, func() {}, exitOK, nil // nobody could lose its panel
	}
	raise, release, first := native.Claim(screen.Options{Display: o.Display, Logger: logger}, wishNames(o.Gateway, place))
	if first == nil {
		return raise, release, exitOK, nil
	}
	defer first.Close()
	switch same := sameWish(o.Gateway, place, first.Has); {
	case same && first.Show():
		err = errors.New(l.Text("agent.running.shown"))
		say(err)
		return nil, nil, exitRunning, err
	case native.OnlyOne:
		err = errors.New(l.Text("agent.running.other"))
		code = fail(exitFailure, err)
		first.Show()
		return nil, nil, code, err
	}
	return nil, func() {}, exitOK, nil
}

// wishNames returns names for what a program was started with, from which another start finds out
// whether it asks for the same. Any program on the same desktop can read a name, so a name contains
// only the place of the session number, and not its secret digits. A gateway gives a place to one
// session at a time.
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
	return hex.EncodeToString(sum[:16])
}

// sameWish reports whether the program that has these names already does what a start with gateway
// and place asks for. A start with neither asks for nothing in particular.
func sameWish(gateway, place string, has func(name string) bool) bool {
	return gateway == "" && place == "" || has(wishName(gateway, place))
}
