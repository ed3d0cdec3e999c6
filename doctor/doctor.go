// Package doctor looks for problems of a gateway: from outside, as users reach it, and on its own
// machine also in its settings, folder and limits. Each check reports what it found and, in case of
// a problem, how to fix it, in words for an operator.
package doctor

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"time"

	"lotse/config"
)

// Result is the result of a check.
type Result string

// Results of checks, from best to worst.
const (
	OK   Result = "ok"
	Warn Result = "warn" // works, but not properly
	Fail Result = "FAIL" // does not work for users
)

// Check is one line of a report.
type Check struct {
	Name   string `json:"name"`
	Result Result `json:"result"`
	Found  string `json:"found"`
	Fix    string `json:"fix,omitempty"` // with Warn and Fail
}

// Report has the results of all checks, in the order in which they ran.
type Report struct {
	URL    string  `json:"url"`
	Result Result  `json:"result"` // the worst of all checks
	Checks []Check `json:"checks"`
}

// Patient is the gateway to be examined.
type Patient struct {
	// URL is the gateway's address for users, such as "https://support.example.com". "": from
	// Settings.
	URL string
	// Settings are the settings of a gateway on this machine; nil: examine it only from outside.
	Settings *config.Gateway
	// Roots are trusted for the gateway's certificate; nil: the system's.
	Roots *x509.CertPool
	// Idle is how long a WebSocket must stay open; 0: not tested. At most MaxIdle.
	Idle time.Duration
	// Now is this computer's clock; nil: time.Now.
	Now func() time.Time
}

// MaxIdle is shorter than the time after which the gateway closes a test WebSocket.
const MaxIdle = 4 * time.Minute

// timeout limits each connection, request and answer.
const timeout = 15 * time.Second

// examination is one run of all checks.
type examination struct {
	Patient
	host, port string // of URL
	checks     []Check

	leaf    *x509.Certificate // the gateway's certificate; nil before the check
	proxied bool              // there is a proxy in front of the gateway
}

// Examine runs all checks. An error means that there is no URL to examine; problems of the gateway
// are in the report.
func Examine(ctx context.Context, p Patient) (Report, error) {
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.URL == "" && p.Settings != nil {
		p.URL = publicURL(p.Settings)
	}
	u, err := url.Parse(p.URL)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" {
		return Report{}, fmt.Errorf("%q is not an address like https://support.example.com", p.URL)
	}
	e := &examination{Patient: p, host: u.Hostname(), port: u.Port()}
	if e.port == "" {
		e.port = "443"
	}
	if e.reach(ctx) {
		e.certificate(ctx)
		if e.proxy(ctx) {
			e.webSocket(ctx)
		}
	}
	if p.Settings != nil {
		e.certificateFiles()
		e.disk()
		e.limits(ctx)
	}
	r := Report{URL: p.URL, Result: OK, Checks: e.checks}
	for _, c := range e.checks {
		if c.Result == Fail || c.Result == Warn && r.Result == OK {
			r.Result = c.Result
		}
	}
	return r, nil
}

// publicURL returns the address of a gateway with these settings for users; "" if they do not
// contain it.
func publicURL(g *config.Gateway) string {
	_, port, err := net.SplitHostPort(g.Listen)
	switch hosts := g.AllHosts(); {
	case g.PublicURL != "":
		return g.PublicURL
	case g.TLS.Mode == "dev":
		return "https://" + g.Listen
	case len(hosts) == 0 || err != nil:
		return ""
	case port == "443" || port == "https":
		return "https://" + hosts[0]
	default:
		return "https://" + net.JoinHostPort(hosts[0], port)
	}
}

func (e *examination) say(name string, result Result, fix, format string, args ...any) {
	if result == OK {
		fix = ""
	}
	e.checks = append(e.checks, Check{name, result, fmt.Sprintf(format, args...), fix})
}

func (e *examination) ok(name, format string, args ...any) { e.say(name, OK, "", format, args...) }
