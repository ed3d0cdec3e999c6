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

// maxShownName is the longest host name that is taken from where anybody may write. A
// longer one could not be shown whole, and the end of it, which says whose it is, would
// be what is cut off.
const maxShownName = 60

// ParseGatewayName reads a gateway's name as it comes from where anybody may
// write: a link, a file name, what a customer typed. It is stricter than
// ParseGateway: a host name in the letters that every browser shows as they
// are, with a port at most, and https or nothing before it. It returns
// "https://host[:port]"; its errors are for people and safe to print.
//
// Names that look like another one (Cyrillic letters, full-width dots) are
// refused; their xn-- form is accepted and shown as it is.
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

// checkHost refuses what is no host name, and says what is wrong with it.
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
	// Also 0x7f.1 and 2130706433, which some systems read as addresses.
	last := labels[len(labels)-1]
	if _, err := netip.ParseAddr(host); err == nil || last[0] >= '0' && last[0] <= '9' {
		return errors.New("it is an address in digits; a gateway has a name, such as support.example.com")
	}
	return nil
}

// ParseEntry reads what a customer types: a session number, and behind an @ the
// gateway where there is more than one to reach. gateway is "" without it.
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

// linkScheme begins a link that starts the customer's program.
const linkScheme = "lotse:"

// IsLink reports whether s is meant as a lotse: link.
func IsLink(s string) bool {
	return len(s) >= len(linkScheme) && strings.EqualFold(s[:len(linkScheme)], linkScheme)
}

// Offer is what a lotse: link says. Anybody can write one.
type Offer struct {
	Gateway string
	// Place is the first part of a session number. An invitation has no more of it:
	// the rest is spoken.
	Place string
	// Number is set when the link has a whole one; Place is its place then.
	Number Number
}

// ParseLink reads lotse:support.example.com, with /4821 or a whole session number
// behind it, or the same with //. Browsers add a slash at the end.
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
	// Spaces come as %20 or +; a link that needs no more is not decoded further.
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
