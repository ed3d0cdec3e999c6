package tunnel

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// RFC 1035, section 2.3.4.
const (
	maxHostName = 253
	maxLabel    = 63
)

// maxShownName is the longest host name accepted from untrusted input. A longer name would be cut
// off where it is shown, and its last labels, which identify the owner, would be missing.
const maxShownName = 60

// ParseGatewayName reads a gateway's name from untrusted input: a link, a file name, or what a
// customer typed. It is stricter than ParseGateway: it accepts a host name in ASCII with an
// optional port, and nothing but https:// before it. It returns "https://host[:port]". Its errors
// are meant for people and are safe to print.
//
// It refuses names that look like another one (Cyrillic letters, full-width dots). It accepts their
// xn-- form and returns it unchanged.
func ParseGatewayName(s string) (string, error) {
	s = strings.TrimSpace(s)
	if len(s) > len("https://")+maxHostName+len(":65535/") {
		return "", errors.New("it is too long for a gateway's name")
	}
	if scheme, rest, ok := strings.Cut(s, "://"); ok {
		if !strings.EqualFold(scheme, "https") {
			return "", errors.New("it must begin with https:// or with the name itself; nothing else is encrypted")
		}
		s = rest
	}
	s = strings.TrimSuffix(s, "/")
	host, port, hasPort := strings.Cut(s, ":")
	if err := checkHost(host); err != nil {
		return "", err
	}
	if len(host) > maxShownName {
		return "", fmt.Errorf("it is longer than %d characters, so it could not be shown whole", maxShownName)
	}
	if !hasPort {
		return "https://" + strings.ToLower(host), nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || port[0] == '0' || port[0] == '+' {
		return "", errors.New("behind the colon there must be a port from 1 to 65535")
	}
	if n == 443 {
		return "https://" + strings.ToLower(host), nil
	}
	return "https://" + strings.ToLower(host) + ":" + port, nil
}

// checkHost returns an error that explains why host is not a valid host name.
func checkHost(host string) error {
	if host == "" {
		return errors.New("the name is missing; it looks like support.example.com")
	}
	for _, r := range host {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '.':
		case r == '@':
			return errors.New("it must not have a user name or an @ in it")
		case r == '/', r == '\\', r == '?', r == '#', r == '%':
			return errors.New("it must end after the name; a path does not belong to it")
		case r == '[':
			return errors.New("it is an address in digits; a gateway has a name, such as support.example.com")
		case r > '~':
			return fmt.Errorf("the letter U+%04X looks like another one and is not accepted; write such a name in its xn-- form", r)
		default:
			return fmt.Errorf("the character U+%04X does not belong into a name", r)
		}
	}
	if len(host) > maxHostName {
		return errors.New("it is too long for a gateway's name")
	}
	labels := strings.Split(host, ".")
	for _, l := range labels {
		switch {
		case l == "":
			return errors.New("a part of the name is empty: no dot at its begin or end, and no two side by side")
		case len(l) > maxLabel:
			return errors.New("a part of the name is longer than 63 letters")
		case l[0] == '-' || l[len(l)-1] == '-':
			return errors.New("a part of the name begins or ends with a dash")
		}
	}
	// This also refuses 0x7f.1 and 2130706433, which some systems read as IP addresses.
	last := labels[len(labels)-1]
	if _, err := netip.ParseAddr(host); err == nil || last[0] >= '0' && last[0] <= '9' {
		return errors.New("it is an address in digits; a gateway has a name, such as support.example.com")
	}
	return nil
}

// ParseEntry reads what a customer types: a session number, optionally followed by @ and the
// gateway's name. gateway is "" if there is no @.
func ParseEntry(typed string) (n Number, gateway string, err error) {
	number, name, named := strings.Cut(typed, "@")
	if n, err = ParseNumber(number); err != nil {
		return Number{}, "", err
	}
	if !named {
		return n, "", nil
	}
	if gateway, err = ParseGatewayName(name); err != nil {
		return Number{}, "", fmt.Errorf("the gateway behind the @ cannot be used: %w", err)
	}
	return n, gateway, nil
}

// linkScheme is the scheme of links that start the customer's program.
const linkScheme = "lotse:"

// IsLink reports whether s starts with the scheme of a lotse: link.
func IsLink(s string) bool {
	return len(s) >= len(linkScheme) && strings.EqualFold(s[:len(linkScheme)], linkScheme)
}

// Offer is the content of a lotse: link. Anybody can write such a link.
type Offer struct {
	Gateway string
	// Place is the first part of a session number. An invitation contains only this part; the
	// advisor says the rest on the telephone.
	Place string
	// Number is set if the link contains a whole session number. Place is then its place.
	Number Number
}

// ParseLink reads lotse:support.example.com, optionally with // after the colon and with /4821 or /
// and a whole session number at the end. Browsers append a slash.
func ParseLink(link string) (l Offer, err error) {
	if !IsLink(link) {
		return l, errors.New("a link begins with \"lotse:\"")
	}
	if len(link) > 2*maxHostName {
		return l, errors.New("the link is too long")
	}
	rest := strings.TrimPrefix(link[len(linkScheme):], "//")
	name, number, _ := strings.Cut(rest, "/")
	if l.Gateway, err = ParseGatewayName(name); err != nil {
		return Offer{}, fmt.Errorf("the link's gateway cannot be used: %w", err)
	}
	// Spaces arrive as %20 or +. A valid link contains no other escapes.
	number = strings.TrimSpace(strings.NewReplacer("%20", " ", "+", " ").Replace(strings.TrimSuffix(number, "/")))
	switch {
	case number == "":
	case ValidPlace(number):
		l.Place = number
	default:
		if l.Number, err = ParseNumber(number); err != nil {
			return Offer{}, fmt.Errorf("the link's number cannot be used: %w", err)
		}
		l.Place = l.Number.Place()
	}
	return l, nil
}
