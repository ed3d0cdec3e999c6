package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base32"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"unicode/utf8"

	"lotse/config"
	"lotse/gateway"
	"lotse/logs"
	"lotse/manual"
	"lotse/tunnel"
)

var aboutGateway = manual.Command{
	Name: "gateway", Summary: "run the gateway", Forms: []string{"gateway [flags]"},
	About: `Prints "listening on https://…" when it is ready. SIGHUP reads the certificate again;
SIGUSR1 switches the log to debug, and back. config/gateway.example.toml, which the Debian
package has as /etc/lotse/gateway.toml, explains each setting.`,
}

// gatewayFlags are the flags of lotse gateway. They override the settings.
type gatewayFlags struct {
	*flags
	file, listen, data, metrics string
	vnc, repeater, servers      string
	dev, websockify, vncTLSPort bool
}

func newGatewayFlags() *gatewayFlags {
	f := &gatewayFlags{flags: newFlags("gateway")}
	f.StringVar(&f.file, "config", "", "settings in TOML, `FILE`; flags win over it")
	f.StringVar(&f.listen, "listen", "", "address to listen on, `ADDR` such as :443")
	f.StringVar(&f.data, "data", "", "folder of accounts, audit trail and certificates, `DIR`")
	f.StringVar(&f.metrics, "metrics", "", "address for /healthz and /metrics, `ADDR`; \"\" for none")
	f.StringVar(&f.vnc, "vnc-listen", "", "open the door for VNC viewers at `ADDR`, such as :5900")
	f.BoolVar(&f.vncTLSPort, "vnc-tls-port", false,
		"let VNC viewers that wait come to the port of --listen too")
	f.StringVar(&f.repeater, "repeater-listen", "",
		"open the repeater door for viewers at `ADDR`, such as :5901")
	f.StringVar(&f.servers, "repeater-servers", "", "and for servers at `ADDR`, such as :5500")
	f.BoolVar(&f.websockify, "websockify", false, "open the door for a noVNC elsewhere")
	f.BoolVar(&f.dev, "dev", false, "for trying out: listens on "+devListen+", makes a "+
		"local authority (ca.pem in the data folder) and the account \""+devAccount+
		"\" with the password in LOTSE_DEV_PASSWORD, or one that it prints; the data folder is "+
		"lotse-dev in the user's cache folder")
	return f
}

// settings returns the settings of the file with the changes of the flags.
func (f *gatewayFlags) settings() (config.Gateway, error) {
	g := config.DefaultGateway()
	if f.file != "" {
		var err error
		if g, err = config.LoadGateway(f.file); err != nil {
			return g, err
		}
	}
	if f.dev {
		// With --data the user's own folder is not needed; a service may not have one.
		if f.given("data") {
			g.Data = f.data
		}
		if err := devSettings(&g, f.file != ""); err != nil {
			return g, err
		}
	}
	for _, o := range []struct {
		flag, value string
		to          *string
	}{
		{"listen", f.listen, &g.Listen}, {"data", f.data, &g.Data},
		{"metrics", f.metrics, &g.Metrics.Listen},
		{"vnc-listen", f.vnc, &g.Doors.VNC.Listen},
		{"repeater-listen", f.repeater, &g.Doors.Repeater.ViewerListen},
		{"repeater-servers", f.servers, &g.Doors.Repeater.ServerListen},
	} {
		if f.given(o.flag) {
			*o.to = o.value
		}
	}
	if f.given("websockify") {
		g.Doors.Websockify = f.websockify
	}
	if f.given("vnc-tls-port") {
		g.Doors.VNC.TLSPort = f.vncTLSPort
	}
	return g, g.Complete()
}

const (
	devListen  = "127.0.0.1:8443"
	devAccount = "advisor"
)

func (p *program) gateway(ctx context.Context, args []string) error {
	f := newGatewayFlags()
	if _, err := f.parse(p, args, 0); err != nil {
		return err
	}
	g, err := f.settings()
	if err != nil {
		return err
	}
	logger, levels, err := f.logger(p, g.Log.Format, g.Log.Level, logs.GatewayAreas)
	if err != nil {
		return err
	}
	cfg, err := gatewayConfig(&g)
	if err != nil {
		return err
	}
	cfg.Logger = logger
	reload := make(chan struct{}, 1)
	defer onSignals(ctx, hangupSignals, func() {
		select {
		case reload <- struct{}{}:
		default: // one is pending already
		}
	})()
	defer levels.FollowSignal(logs.Area(logger, logs.Gateway))()
	cfg.Reload = reload
	if f.dev {
		if err := devAdvisor(p.stdout, g.Data); err != nil {
			return err
		}
	}
	cfg.Ready = func(a gateway.Addresses) { printAddresses(p.stdout, &g, a) }
	return gateway.Serve(ctx, cfg)
}

// printAddresses prints where the gateway listens; "ready" is last.
func printAddresses(out io.Writer, g *config.Gateway, a gateway.Addresses) {
	if a.Metrics != nil {
		fmt.Fprintf(out, "metrics on http://%s/metrics\n", a.Metrics)
	}
	for _, d := range []struct {
		what string
		addr net.Addr
	}{
		{"VNC viewers", a.VNC}, {"repeater viewers", a.RepeaterViewers},
		{"repeater servers", a.RepeaterServers},
	} {
		if d.addr != nil {
			fmt.Fprintf(out, "%s on %s\n", d.what, d.addr)
		}
	}
	fmt.Fprintf(out, "listening on %s\n", publicURL(g, a.Listen))
}

// devSettings changes the defaults for a development gateway. Values of a settings file that differ
// from the defaults are kept.
func devSettings(g *config.Gateway, fromFile bool) error {
	d := config.DefaultGateway()
	g.TLS.Mode = "dev"
	if g.Listen == d.Listen {
		g.Listen = devListen
	}
	if !fromFile {
		g.Metrics.Listen = "" // so that several can run at the same time
	}
	if g.Data == d.Data {
		cache, err := os.UserCacheDir()
		if err != nil {
			return fmt.Errorf("no folder for the data: %w; give one with --data", err)
		}
		g.Data = filepath.Join(cache, "lotse-dev")
	}
	if g.Name == "" {
		g.Name = "Lotse development gateway"
	}
	return nil
}

// devAdvisor creates the account of a development gateway.
func devAdvisor(out io.Writer, data string) error {
	accounts, err := gateway.OpenAccounts(data)
	if err != nil {
		return err
	}
	password := os.Getenv("LOTSE_DEV_PASSWORD")
	if password == "" {
		b := make([]byte, 10)
		rand.Read(b) // never fails
		password = strings.ToLower(base32.StdEncoding.EncodeToString(b))
		fmt.Fprintf(out, "sign in as %q with the password %s\n", devAccount, password)
	}
	if err := accounts.EnsureDev(devAccount, password); err != nil {
		return err
	}
	fmt.Fprintf(out, "authority: %s\n", filepath.Join(data, gateway.DevCAFile))
	return nil
}

// maxTerms is the maximum size in bytes of the terms for customers.
const maxTerms = 64 << 10

// customerConfig reads the terms.
func customerConfig(c *config.Customer, files *config.Files) (gateway.Customer, error) {
	g := gateway.Customer{TermsVersion: c.TermsVersion, Question: c.Question, Files: fileLimits(files)}
	if c.Terms == "" {
		return g, nil
	}
	b, err := os.ReadFile(c.Terms)
	switch {
	case err != nil:
		return g, fmt.Errorf("customer.terms: %w", err)
	case len(b) > maxTerms:
		return g, fmt.Errorf("customer.terms: %s has %d bytes, at most %d", c.Terms, len(b), maxTerms)
	case len(b) == 0 || !utf8.Valid(b):
		return g, fmt.Errorf("customer.terms: %s is not a text in UTF-8", c.Terms)
	}
	g.Terms = string(b)
	return g, nil
}

// fileLimits converts the limits of files.
func fileLimits(f *config.Files) *tunnel.FileLimits {
	l := &tunnel.FileLimits{Off: !f.Allowed, Kinds: f.Kinds}
	if f.MaxMegabytes < config.MaxFileMegabytes {
		l.MaxBytes = int64(f.MaxMegabytes) * 1_000_000
	}
	if !l.Off && l.MaxBytes == 0 && len(l.Kinds) == 0 {
		return nil
	}
	return l
}

// gatewayConfig converts settings to the gateway's configuration.
func gatewayConfig(g *config.Gateway) (gateway.Config, error) {
	files, err := pages()
	if err != nil {
		return gateway.Config{}, err
	}
	proxies, err := g.Proxies()
	if err != nil {
		return gateway.Config{}, err
	}
	vncAuthFrom, err := g.Doors.VNC.VncAuthPrefixes()
	if err != nil {
		return gateway.Config{}, err
	}
	customer, err := customerConfig(&g.Customer, &g.Files)
	if err != nil {
		return gateway.Config{}, err
	}
	minVersion := uint16(tls.VersionTLS13)
	if g.TLS.Min == "1.2" {
		minVersion = tls.VersionTLS12
	}
	return gateway.Config{
		Listen: g.Listen, Hosts: g.AllHosts(), Data: g.Data, Name: g.Name, Company: g.Company, Version: version,
		Pages: files, Programs: gateway.Programs{Folder: g.Downloads, BuiltIn: programs()},
		TrustedProxies: proxies, SecurityContact: g.Contact, Customer: customer, Metrics: g.Metrics.Listen,
		TLS: gateway.TLSConfig{Mode: g.TLS.Mode, CertFile: g.TLS.Cert, KeyFile: g.TLS.Key, MinVersion: minVersion,
			Email: g.ACME.Email, Directory: g.ACME.Directory},
		Doors: gateway.Doors{
			OnPort: g.Doors.Names(),
			VNC: gateway.VNCDoor{
				Listen: g.Doors.VNC.Listen, TLSPort: g.Doors.VNC.TLSPort, Public: g.Doors.VNC.Public,
				NoTLS: !g.Doors.VNC.X509Plain(), VncAuthFrom: vncAuthFrom,
			},
			Repeater: gateway.RepeaterDoor{
				ViewerListen: g.Doors.Repeater.ViewerListen, ServerListen: g.Doors.Repeater.ServerListen,
				Public: g.Doors.Repeater.Public, KeepAlive: g.Doors.Repeater.KeepAlive.Duration,
			},
		},
		Limits: gateway.Limits{
			Limits: g.Limits,
			Audit:  g.Audit,
			Times: gateway.Times{
				Number: g.Sessions.Number.Duration, Session: g.Sessions.Joined.Duration,
				SignIn: g.Sessions.SignIn.Duration, OwnerGrace: g.Sessions.OwnerGrace.Duration,
				AgentGrace: g.Sessions.AgentGrace.Duration, Password: g.Doors.ViewerPassword.Duration,
			},
		},
	}, nil
}

// publicURL returns the address to print: the operator's, or the one listened on.
func publicURL(g *config.Gateway, addr net.Addr) string {
	if g.PublicURL != "" {
		return strings.TrimSuffix(g.PublicURL, "/")
	}
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil || g.TLS.Mode == "dev" {
		return "https://" + addr.String()
	}
	if port == "443" {
		return "https://" + g.AllHosts()[0]
	}
	return "https://" + net.JoinHostPort(g.AllHosts()[0], port)
}

// hangupSignals make the gateway read the certificate again.
var hangupSignals = []os.Signal{syscall.SIGHUP}

// onSignals calls do for each of the signals received. stop stops this and waits for the goroutine.
func onSignals(ctx context.Context, signals []os.Signal, do func()) (stop func()) {
	if len(signals) == 0 {
		return func() {} // signal.Notify would treat an empty list as all signals
	}
	came := make(chan os.Signal, 1)
	signal.Notify(came, signals...)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-came:
				do()
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		signal.Stop(came)
		cancel()
		<-done
	}
}
