package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"lotse/logs"
)

// Gateway has the settings of `lotse gateway`. gatewaySections documents each one with its default
// and its range.
type Gateway struct {
	Listen         string   `toml:"listen"`
	PublicURL      string   `toml:"public_url"`
	Hosts          []string `toml:"hosts"`
	Data           string   `toml:"data"`
	Name           string   `toml:"name"`
	Company        string   `toml:"company"`
	Downloads      string   `toml:"downloads"`
	Contact        string   `toml:"security_contact"`
	Customer       Customer `toml:"customer"`
	Files          Files    `toml:"files"`
	Doors          Doors    `toml:"doors"`
	TrustedProxies []string `toml:"trusted_proxies"`
	TLS            TLS      `toml:"tls"`
	ACME           ACME     `toml:"acme"`
	Sessions       Sessions `toml:"sessions"`
	Limits         Limits   `toml:"limits"`
	Audit          Audit    `toml:"audit"`
	Metrics        Metrics  `toml:"metrics"`
	Log            Log      `toml:"log"`
}

// Customer is what customers are asked outside the question window.
type Customer struct {
	Terms        string `toml:"terms"`
	TermsVersion string `toml:"terms_version"`
	Question     string `toml:"question"`
}

// Limits of texts for customers.
const (
	maxCustomerQuestion = 200 // characters
	maxTermsVersion     = 40
)

// check checks each value.
func (c *Customer) check() (bad []problem) {
	isLine := func(s string, most int) bool {
		return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, unicode.IsControl)
	}
	if !isLine(c.TermsVersion, maxTermsVersion) {
		bad = append(bad, problem{"customer.terms_version", fmt.Sprintf("is not one line of at most %d characters", maxTermsVersion)})
	}
	if !isLine(c.Question, maxCustomerQuestion) {
		bad = append(bad, problem{"customer.question", fmt.Sprintf("is not one line of at most %d characters", maxCustomerQuestion)})
	}
	return bad
}

// Files has the limits of files that advisor and customer give each other.
type Files struct {
	Allowed      bool     `toml:"allowed"`
	MaxMegabytes int      `toml:"max_megabytes"`
	Kinds        []string `toml:"kinds"`
}

// MaxFileMegabytes as a limit is none.
const MaxFileMegabytes = 1_000_000

// FileKinds are the kinds of files, as package filename names them.
var FileKinds = []string{"program", "document", "picture", "film", "sound", "archive", "text", "page", "other"}

// Doors configures the ways in for an advisor's viewer.
type Doors struct {
	Page           bool         `toml:"page"`
	Helper         bool         `toml:"helper"`
	Websockify     bool         `toml:"websockify"`
	ViewerPassword Duration     `toml:"viewer_password"`
	VNC            VNCDoor      `toml:"vnc"`
	Repeater       RepeaterDoor `toml:"repeater"`
}

// VNCDoor is the port for VNC viewers.
type VNCDoor struct {
	Listen      string   `toml:"listen"`
	TLSPort     bool     `toml:"tls_port"`
	Public      string   `toml:"public"`
	Security    []string `toml:"security"`
	VncAuthFrom []string `toml:"vncauth_from"`
}

// RepeaterDoor configures the two ports of an UltraVNC repeater.
type RepeaterDoor struct {
	ViewerListen string   `toml:"viewer_listen"`
	ServerListen string   `toml:"server_listen"`
	Public       string   `toml:"public"`
	KeepAlive    Duration `toml:"keep_alive"`
}

// TLS configures the certificate and the lowest version.
type TLS struct {
	Mode string `toml:"mode"` // files, acme, dev
	Cert string `toml:"cert"`
	Key  string `toml:"key"`
	Min  string `toml:"min"` // 1.3, 1.2
}

// ACME configures the authority that issues certificates automatically.
type ACME struct {
	Email     string `toml:"email"`
	Directory string `toml:"directory"`
}

// Sessions has lifetimes.
type Sessions struct {
	Number     Duration `toml:"number"`
	Joined     Duration `toml:"joined"`
	SignIn     Duration `toml:"sign_in"`
	OwnerGrace Duration `toml:"owner_grace"`
	AgentGrace Duration `toml:"agent_grace"`
}

// Limits are the limits of tunnel/PROTOCOL.md, section 8.
type Limits struct {
	EnterWrong            int `toml:"enter_wrong"`
	EnterPerMinute        int `toml:"enter_per_minute"`
	SignInWrong           int `toml:"sign_in_wrong"`
	SignInPerMinute       int `toml:"sign_in_per_minute"`
	SessionsPerAdvisor    int `toml:"sessions_per_advisor"`
	StreamsPerSession     int `toml:"streams_per_session"`
	Connections           int `toml:"connections"`
	ConnectionsPerAddress int `toml:"connections_per_address"`
	ViewerWrong           int `toml:"viewer_wrong"`
	ViewersPerAddress     int `toml:"viewers_per_address"`
}

// Audit limits the audit trail.
type Audit struct {
	Megabytes int `toml:"megabytes"`
	Files     int `toml:"files"`
}

// Metrics configures the operator's listener.
type Metrics struct {
	Listen string `toml:"listen"`
}

// Log configures the log.
type Log struct {
	Format string `toml:"format"` // text, json
	Level  string `toml:"level"`  // as in logs.Parse; for the agent: debug, info, warn, error
}

// DefaultGateway returns the settings of an empty file.
func DefaultGateway() (g Gateway) {
	setDefaults(&g, GatewaySettings())
	return g
}

// LoadGateway reads a gateway's settings file. Mistakes in it are *Error, joined. Checks that
// depend on flags are in Complete.
func LoadGateway(file string) (Gateway, error) {
	text, err := readFile(file)
	if err != nil {
		return Gateway{}, err
	}
	return ParseGateway(file, text)
}

// ParseGateway parses settings; file is the name for messages.
func ParseGateway(file string, text []byte) (Gateway, error) {
	g := DefaultGateway()
	if err := parse(file, text, &g, g.check); err != nil {
		return Gateway{}, err
	}
	return g, nil
}

// check checks each value separately.
func (g *Gateway) check() (bad []problem) {
	say := func(ok bool, key, format string, args ...any) {
		if !ok {
			bad = append(bad, problem{key, fmt.Sprintf(format, args...)})
		}
	}
	say(isAddress(g.Listen), "listen", "%q is not an address like \":443\" or \"192.0.2.1:443\"", g.Listen)
	if g.PublicURL != "" {
		u, err := url.Parse(g.PublicURL)
		say(err == nil && u.Scheme == "https" && u.Host != "" && strings.Trim(u.Path, "/") == "" && u.User == nil,
			"public_url", "%q is not an address like \"https://support.example.com\"", g.PublicURL)
	}
	for _, h := range g.Hosts {
		say(h != "" && !strings.ContainsAny(h, "/: "), "hosts", "%q is not a host name; leave out \"https://\" and the port", h)
	}
	say(g.Data != "", "data", "must not be empty")
	if g.Contact != "" {
		u, err := url.Parse(g.Contact)
		say(err == nil && (u.Scheme == "mailto" && strings.Contains(u.Opaque, "@") || u.Scheme == "https" && u.Host != "") && !strings.ContainsFunc(g.Contact, unicode.IsControl),
			"security_contact", "%q is not an address like \"mailto:security@example.com\" or \"https://example.com/security\"", g.Contact)
	}
	bad = append(bad, g.Doors.check()...)
	bad = append(bad, g.Customer.check()...)
	for _, kind := range g.Files.Kinds {
		say(slices.Contains(FileKinds, kind), "files.kinds", "%q is none of %s", kind, strings.Join(FileKinds, ", "))
	}
	_, err := g.Proxies()
	say(err == nil, "trusted_proxies", "%v", err)
	if g.ACME.Directory != "" {
		u, err := url.Parse(g.ACME.Directory)
		say(err == nil && u.Scheme == "https" && u.Host != "", "acme.directory", "%q is not an https address", g.ACME.Directory)
	}
	say(g.Metrics.Listen == "" || isAddress(g.Metrics.Listen), "metrics.listen", "%q is not an address like \"127.0.0.1:9443\", or \"\" for none", g.Metrics.Listen)
	_, err = logs.Parse(g.Log.Level, logs.GatewayAreas)
	say(err == nil, "log.level", "%v", err)
	return append(bad, checkRanges(g, GatewaySettings())...)
}

// Complete checks combinations of values after flags were applied. Its error names the keys and is
// meant for people.
func (g *Gateway) Complete() error {
	switch {
	case g.TLS.Mode != "dev" && len(g.AllHosts()) == 0:
		return fmt.Errorf("settings: hosts is empty: write the name by which customers reach the gateway, for example hosts = [\"support.example.com\"]")
	case g.TLS.Mode == "files" && (g.TLS.Cert == "" || g.TLS.Key == ""):
		return fmt.Errorf("settings: tls.mode is \"files\", so tls.cert and tls.key must name the certificate and its key (or set tls.mode = \"acme\")")
	case (g.Customer.Terms == "") != (g.Customer.TermsVersion == ""):
		return fmt.Errorf("settings: customer.terms and customer.terms_version must both be set, or neither: records name the version that a customer has accepted")
	case g.TLS.Mode == "dev" && !isLoopback(g.Listen):
		return fmt.Errorf("settings: tls.mode is \"dev\", which listens on loopback addresses only, not on %q", g.Listen)
	}
	return nil
}

// AllHosts returns hosts and the host name in public_url.
func (g *Gateway) AllHosts() []string {
	hosts := slices.Clone(g.Hosts)
	if u, err := url.Parse(g.PublicURL); err == nil && u.Hostname() != "" && !slices.Contains(hosts, u.Hostname()) {
		hosts = append(hosts, u.Hostname())
	}
	return hosts
}

// Proxies returns trusted_proxies as prefixes; a single address is a prefix of its full length.
func (g *Gateway) Proxies() ([]netip.Prefix, error) { return prefixes(g.TrustedProxies) }

func prefixes(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, err := netip.ParseAddr(s)
			if err != nil {
				return nil, fmt.Errorf("%q is not an address or a network like \"10.0.0.0/8\"", s)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p)
	}
	return out, nil
}

func isAddress(s string) bool {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	_, err = net.LookupPort("tcp", port)
	return err == nil
}

func isLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
