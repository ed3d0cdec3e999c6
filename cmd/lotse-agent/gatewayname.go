package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"lotse/tunnel"
	"lotse/whereto"
)

// stampKey is the publisher's public key for stamps, in base64. The linker sets it (make dist).
// If it is "", stamps are ignored.
var stampKey = ""

// pinnedGateways are the only gateways that this build connects to, separated by commas. The
// linker sets them (make LOTSE_GATEWAYS=…). If it is "", the program connects to any gateway.
var pinnedGateways = ""

// pinned parses pinnedGateways; a nil result means any gateway.
func pinned() (gateways []string, err error) {
	for name := range strings.SplitSeq(pinnedGateways, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		gateway, err := tunnel.ParseGatewayName(name)
		if err != nil {
			return nil, fmt.Errorf("this program was built with LOTSE_GATEWAYS=%q: %w", pinnedGateways, err)
		}
		gateways = append(gateways, gateway)
	}
	return gateways, nil
}

// findGateway looks for the gateway in this order: the command line and the settings file, a
// lotse: link, the program's file name, the browser's note on the download, the stamp in the
// signature. The person who started the program is trusted. Anybody can have written everything
// else, so it must be confirmed by the customer. If no gateway is found, the customer types it
// together with the number.
func (o *options) findGateway(link, number, program string) (err error) {
	if o.gateways, err = pinned(); err != nil {
		return err
	}
	if o.Gateway != "" {
		if o.Gateway, err = tunnel.ParseGateway(o.Gateway); err != nil {
			return fmt.Errorf("--gateway: %w", err)
		}
		o.fixed = true
	}
	if err := o.takeLink(link); err != nil {
		return err
	}
	if err := o.takeNumber(number); err != nil {
		return err
	}
	if o.Gateway == "" {
		var found error
		o.Gateway, _, found = whereto.Find(program, stampKey)
		if found == nil {
			found = o.mayConnect()
		}
		if o.confirm = found == nil && o.Gateway != ""; found != nil {
			o.Gateway, o.problem = "", found.Error() // the customer is told and asked
		}
	}
	if o.Gateway == "" && len(o.gateways) == 1 {
		o.Gateway, o.fixed, o.problem = o.gateways[0], true, ""
	}
	if err := o.mayConnect(); err != nil {
		return err
	}
	if o.decide(); o.check {
		return nil // --check needs nobody
	}
	return o.somebodyThere()
}

// decide makes the program wait for the customer's confirmation of everything that anybody may
// have written. A person who starts the program with --answer has already decided.
func (o *options) decide() {
	switch {
	case o.confirm && o.answered:
		o.confirm = false
		if o.number.IsZero() {
			o.number = o.offer.Number
		}
		o.offer = tunnel.Offer{}
	case o.confirm && !o.number.IsZero():
		o.offer.Number, o.offer.Place, o.number = o.number, o.number.Place(), tunnel.Number{}
	}
}

// takeLink takes the gateway and the offer from a link.
func (o *options) takeLink(link string) error {
	if link == "" {
		return nil
	}
	l, err := tunnel.ParseLink(link)
	switch {
	case err != nil:
		return err
	case o.Gateway != "" && o.Gateway != l.Gateway:
		return fmt.Errorf("two gateways are named: %s and %s", o.Gateway, l.Gateway)
	}
	o.Gateway, o.offer, o.confirm = l.Gateway, l, true
	return nil
}

// takeNumber takes the value of --number.
func (o *options) takeNumber(typed string) error {
	if typed == "" {
		return nil
	}
	n, gateway, err := tunnel.ParseEntry(typed)
	switch {
	case err != nil:
		return fmt.Errorf("--number: %w", err)
	case gateway != "" && o.Gateway != "" && gateway != o.Gateway:
		return fmt.Errorf("--number: two gateways are named: %s and %s", o.Gateway, gateway)
	case !o.offer.Number.IsZero() && n.Digits() != o.offer.Number.Digits():
		return errors.New("--number: two session numbers are given")
	}
	if o.number = n; gateway != "" {
		o.Gateway = gateway
	}
	return nil
}

// mayConnect returns an error if this build must not connect to the gateway.
func (o *options) mayConnect() error {
	if o.Gateway == "" || len(o.gateways) == 0 || slices.Contains(o.gateways, o.Gateway) {
		return nil
	}
	return fmt.Errorf("this program connects to nothing but %s, and not to %s", strings.Join(o.gateways, ", "), o.Gateway)
}

// somebodyThere returns an error if only the customer could decide something but nobody is
// asked.
func (o *options) somebodyThere() error {
	switch {
	case o.Gateway == "" && (o.Answer != "" || !o.number.IsZero()):
		if o.problem != "" {
			return errors.New(o.problem)
		}
		return errors.New("which gateway? Give it with --gateway https://…, or with the number: 482193057@support.example.com")
	case o.Answer != "" && o.confirm:
		return fmt.Errorf("answer in the settings file: nobody is there to confirm %s, which neither the command line nor that file names; give it with --gateway", o.Gateway)
	}
	return nil
}
