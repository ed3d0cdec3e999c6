// Package doctor looks for what is wrong with a gateway: from outside, as users reach it, and
// on its own machine also at its settings, folder and limits. Each check says what it found
// and, where something is wrong, how to fix it, in words for an operator.
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

// Result is how a check ended.
type Result string

// Results of checks, from good to bad.
const (
	OK   Result = "ok"
	Warn Result = "warn" // works, but not as it should
	Fail Result = "FAIL" // does not work for users
)

// Check is one line of a report.
type Check struct {
	Name   string `json:"name"`
	Result Result `json:"result"`
	Found  string `json:"found"`
	Fix    string `json:"fix,omitempty"` // with Warn and Fail
}

// Report is what was found, in the order in which it was looked for.
type Report struct {
	URL    string  `json:"url"`
	Result Result  `json:"result"` // the worst of all
	Checks []Check `json:"checks"`
}

// Patient is the gateway that is examined.
type Patient struct {
	// URL is where users reach it, such as "https://support.example.com". "": that of Settings.
	URL string
	// Settings are those of a gateway on this machine; nil: only what can be seen from outside.
	Settings *config.Gateway
	// Roots are trusted for its certificate; nil: those of the system.
	Roots *x509.CertPool
	// Idle is how long a WebSocket must stay; 0: it is not waited for. At most MaxIdle.
	Idle time.Duration
	// Now is this computer's clock; nil: time.Now.
	Now func() time.Time
}

// MaxIdle is shorter than the gateway lets a WebSocket stay that only tries the way.
const MaxIdle = 4 * time.Minute

// timeout bounds each connection, request and answer.
const timeout = 15 * time.Second

// examination is one run.
type examination struct {
	Patient
	host, port string // of URL
	checks     []Check

	leaf    *x509.Certificate // what the gateway showed; nil before
	proxied bool              // something stands between
}

// Examine runs all checks. Its error says that there is no URL to examine; what is wrong with
// the gateway is in the report.
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

// publicURL is where users reach the gateway of some settings, "" when they do not say it.
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
