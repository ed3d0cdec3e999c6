package main

import (
	"errors"
	"fmt"

	"lotse/tunnel"
	"lotse/whereto"
)

// stampKey is the public key of the publisher's stamps, in base64; set by the
// linker (make dist). "": stamps are not looked at.
var stampKey = ""

// findGateway asks where a gateway may be named, in this order: the command line
// and the settings file, a lotse: link, the program's file name, the browser's
// note on the download, the signature's stamp. Without any of them the customer
// is asked together with the number; nothing connects before he has typed it,
// and the panel shows the name from the begin.
func (o *options) findGateway(link, number, program string) (err error) {
	if o.Gateway != "" {
		if o.Gateway, err = tunnel.ParseGateway(o.Gateway); err != nil {
			return fmt.Errorf("--gateway: %w", err)
		}
		o.fixed = true
	}
	if err := o.take("", link, tunnel.ParseLink); err != nil {
		return err
	}
	if err := o.take("--number: ", number, entry); err != nil {
		return err
	}
	if o.Gateway == "" {
		var found error
		if o.Gateway, _, found = whereto.Find(program, stampKey); found != nil {
			o.problem = found.Error() // the customer is told and asked
		}
	}
	if o.Gateway == "" && (o.Answer != "" || !o.number.IsZero()) {
		if o.problem != "" {
			return errors.New(o.problem)
		}
		return errors.New("which gateway? Give it with --gateway https://…, or with the number: 482193057@support.example.com")
	}
	return nil
}

func entry(typed string) (string, tunnel.Number, error) {
	n, gateway, err := tunnel.ParseEntry(typed)
	return gateway, n, err
}

// take reads text and takes what it names; what was named otherwise before is a
// mistake that nobody should guess about.
func (o *options) take(what, text string, read func(string) (string, tunnel.Number, error)) error {
	if text == "" {
		return nil
	}
	gateway, n, err := read(text)
	switch {
	case err != nil:
		return fmt.Errorf("%s%w", what, err)
	case gateway != "" && o.Gateway != "" && gateway != o.Gateway:
		return fmt.Errorf("%stwo gateways are named: %s and %s", what, o.Gateway, gateway)
	case !n.IsZero() && !o.number.IsZero() && n.Digits() != o.number.Digits():
		return fmt.Errorf("%stwo session numbers are given", what)
	}
	if gateway != "" {
		o.Gateway = gateway
	}
	if !n.IsZero() {
		o.number = n
	}
	return nil
}
