package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"lotse/plaintext"
	"lotse/tunnel"
)

// Limits of what is acceptable.
const (
	daysLeft    = 14 * 24 * time.Hour // of a certificate
	clockWarn   = 30 * time.Second
	clockFail   = 5 * time.Minute // certificates and sign-ins fail
	checkPath   = "/api/v1/check"
	maxAnswer   = 16 << 10
	forged      = "203.0.113.99" // from a block for documentation, RFC 5737
	maxShown    = 200
	pingMessage = "lotse doctor"
)

// reach connects to the port. If that fails, no other check from outside is possible.
func (e *examination) reach(ctx context.Context) bool {
	address := net.JoinHostPort(e.host, e.port)
	conn, err := e.dial(ctx)
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		e.say("port", Fail, "Make an entry for this name in the DNS, or correct hosts and public_url.",
			"the name %s is not known", e.host)
	case err != nil:
		e.say("port", Fail,
			"Is the gateway running (systemctl status lotse)? Does a firewall or router let "+
				"port "+e.port+" through to it? Does listen have the right port?",
			"nothing answers at %s: %v", address,
			err)
	default:
		e.ok("port", "%s can be reached (%s)", address, conn.RemoteAddr())
		_ = conn.Close()
	}
	return err == nil
}

func (e *examination) dial(ctx context.Context) (net.Conn, error) {
	d := net.Dialer{Timeout: timeout}
	return d.DialContext(ctx, "tcp", net.JoinHostPort(e.host, e.port))
}

// certificate checks the certificate that the gateway, or the proxy in front of it, shows.
func (e *examination) certificate(ctx context.Context) {
	const name = "certificate"
	conn, err := e.dial(ctx)
	if err != nil {
		e.say(name, Fail, "Try again; the port could be reached a moment ago.", "no connection: %v", err)
		return
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	// It is verified below, because each problem has a different fix.
	client := tls.Client(
		conn,
		&tls.Config{ServerName: e.host, InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	if err := client.HandshakeContext(ctx); err != nil {
		e.say(name, Fail,
			"Is something else listening on this port? The log of the gateway, with http=debug, "+
				"says more.",
			"no TLS: %v", err)
		return
	}
	chain := client.ConnectionState().PeerCertificates
	e.leaf = chain[0]
	now := e.Now()
	left := e.leaf.NotAfter.Sub(now)
	options := x509.VerifyOptions{Roots: e.Roots, CurrentTime: now, Intermediates: x509.NewCertPool()}
	for _, c := range chain[1:] {
		options.Intermediates.AddCert(c)
	}
	_, err = e.leaf.Verify(options)
	switch {
	case left < 0:
		e.say(name, Fail, "Renew it. The gateway reads new files by itself.",
			"it ended on %s", e.leaf.NotAfter.Format(time.DateOnly))
	case now.Before(e.leaf.NotBefore):
		e.say(name, Fail, "Set this computer's clock, or get a certificate that is valid already.",
			"it is not valid before %s", e.leaf.NotBefore.Format(time.RFC3339))
	case e.leaf.VerifyHostname(e.host) != nil:
		e.say(name, Fail, "Get a certificate for "+e.host+", or correct hosts and public_url.",
			"it is for %s, not for %s", strings.Join(namesOf(e.leaf), ", "), e.host)
	case err != nil:
		e.say(name, Fail,
			"Put the whole chain into tls.cert, the gateway's own certificate first. If it is from "+
				"an authority of your own, give that with --ca-file; customers' computers must trust it too.",
			"nobody who is trusted has signed it: %v", err)
	case left < daysLeft:
		e.say(name, Warn,
			"Renew it. The gateway reads new files by itself.",
			"%s, only %d days left", e.host,
			days(left))
	default:
		e.ok(name, "for %s, %d days left", e.host, days(left))
	}
}

func namesOf(c *x509.Certificate) []string {
	names := c.DNSNames
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return append(names, c.Subject.CommonName)
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }

// tlsConfig accepts only the certificate that was checked before, whether good or bad.
func (e *examination) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: e.host, InsecureSkipVerify: true, NextProtos: []string{"http/1.1"},
		VerifyConnection: func(s tls.ConnectionState) error {
			if e.leaf != nil && !s.PeerCertificates[0].Equal(e.leaf) {
				return errors.New("another certificate than a moment ago")
			}
			return nil
		}}
}

// answer is the answer to a request.
type answer struct {
	status int
	date   time.Time
	began  time.Time // the middle of the request, by this computer's clock
	seen   tunnel.Seen
	body   string
	local  netip.AddrPort // this end of the connection
	isOurs bool           // a gateway's answer
}

// ask asks how a request arrives at the gateway; header may be nil.
func (e *examination) ask(ctx context.Context, header http.Header) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	a := &answer{}
	ctx = httptrace.WithClientTrace(
		ctx,
		&httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
			a.local, _ = netip.ParseAddrPort(i.Conn.LocalAddr().String())
		}})
	url := "https://" + net.JoinHostPort(e.host, e.port) + checkPath
	if e.port == "443" {
		url = "https://" + e.host + checkPath
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	for k, v := range header {
		req.Header[k] = v
	}
	req.Header.Set("User-Agent", pingMessage)
	t := &http.Transport{TLSClientConfig: e.tlsConfig()}
	defer t.CloseIdleConnections()
	before := e.Now()
	resp, err := t.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	a.status, a.began = resp.StatusCode, before.Add(e.Now().Sub(before)/2)
	a.date, _ = http.ParseTime(resp.Header.Get("Date"))
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	a.body = plaintext.Line(string(text), maxShown)
	a.isOurs = json.Unmarshal(text, &a.seen) == nil && a.seen.Address != ""
	return a, nil
}

// proxy checks how requests arrive, and also compares the clocks. It reports whether a gateway
// answers.
func (e *examination) proxy(ctx context.Context) bool {
	const name = "proxy"
	a, err := e.ask(ctx, nil)
	if err != nil {
		e.say("gateway", Fail,
			"Look at the log of the gateway, and of the proxy if there is one.",
			"no answer: %v", err)
		return false
	}
	e.clock(a)
	switch {
	case a.status == http.StatusMisdirectedRequest:
		e.say(name, Fail,
			"If a proxy stands before the gateway, it must pass on the Host header (nginx: "+
				"proxy_set_header Host $http_host;). Else add "+e.host+" to hosts.",
			"the gateway was asked for another name than %s", e.host)
		return false
	case a.status == http.StatusBadGateway || a.status == http.StatusServiceUnavailable ||
		a.status == http.StatusGatewayTimeout:
		e.say("gateway", Fail, "Is the gateway running, and does the proxy have its address and https? "+
			"nginx before 1.23.4 also needs proxy_ssl_protocols TLSv1.3; or tls.min = \"1.2\" in the gateway's "+
			"settings. The proxy's log says which.",
			"the proxy does not get through to the gateway: status %d", a.status)
		return false
	case !a.isOurs:
		e.say("gateway", Fail,
			"Does the proxy send everything below / to the gateway, and is the gateway running? "+
				"A gateway older than 0.1.0 does not know this question.",
			"what answers is not a Lotse gateway: status %d, %q", a.status,
			a.body)
		return false
	}
	direct := a.seen.Port == a.local.Port() && !a.seen.Forwarded
	e.proxied = !direct
	list := fmt.Sprintf("trusted_proxies = [%q]", a.seen.Address)
	switch {
	case direct && a.seen.Trusted:
		e.say(name, Warn,
			"Run lotse doctor on another computer, or take this one out of trusted_proxies.",
			"this computer (%s) is itself a trusted proxy, so nothing can be said of others",
			a.seen.Address)
	case direct:
		e.ok(name, "nothing stands between; this computer is counted as %s", a.seen.Address)
	case a.seen.Forwarded && !a.seen.Trusted:
		e.say(name, Fail,
			"Write "+list+" into the settings. Until then the limits take all users for one, and "+
				"one who guesses makes all wait.",
			"requests come through a proxy at %s that trusted_proxies does not list", a.seen.Address)
	case !a.seen.Forwarded && a.seen.Trusted:
		e.say(name, Fail, "Let the proxy send it (nginx: proxy_set_header X-Forwarded-For "+
			"$proxy_add_x_forwarded_for;). Until then the limits take all users for one.",
			"the proxy at %s sends no X-Forwarded-For", a.seen.Address)
	case a.seen.Proxy:
		e.say(name, Warn,
			"Run lotse doctor on another computer, or list the proxy's own address only.",
			"the proxy is trusted, and so is this computer (%s): nothing can be said of others",
			a.seen.Address)
	case a.seen.Forwarded:
		e.forgery(ctx, a)
	case a.seen.Address == a.local.Addr().Unmap().String():
		e.say(name, Warn, "Let the proxy send X-Forwarded-For, and write "+list+" into the settings.",
			"a proxy on this computer passes requests on without X-Forwarded-For")
	default:
		e.say(name, Warn,
			"If that is your proxy: let it send X-Forwarded-For, and write "+list+" into the "+
				"settings. If it is the address of your Internet connection, all is well.",
			"requests arrive from %s, which is not an address of this computer", a.seen.Address)
	}
	return true
}

// forgery checks whether a client can choose the address by which it is counted.
func (e *examination) forgery(ctx context.Context, honest *answer) {
	const name = "proxy"
	a, err := e.ask(ctx, http.Header{"X-Forwarded-For": {forged}})
	switch {
	case err != nil || !a.isOurs:
		e.say(name, Warn,
			"Look at the log of the proxy.",
			"a request with X-Forwarded-For of its own is not answered")
	case a.seen.Address == forged:
		e.say(name, Fail, "The proxy must add the client's address at the end (nginx: proxy_set_header "+
			"X-Forwarded-For $proxy_add_x_forwarded_for;) or replace the header.",
			"the proxy passes on X-Forwarded-For as clients send it, so anybody can choose his address")
	default:
		e.ok(name, "it is trusted, and this computer is counted as %s", honest.seen.Address)
	}
}

// clock compares the Date of an answer with this computer's clock.
func (e *examination) clock(a *answer) {
	const name = "clock"
	if a.date.IsZero() {
		e.say(name, Warn, "Does a proxy remove the Date header?", "the answer has no date")
		return
	}
	// Date has whole seconds: on average it is half a second old.
	off := a.date.Add(time.Second / 2).Sub(a.began)
	words := fmt.Sprintf("the gateway's clock is %v ahead of this computer's", off.Round(time.Second))
	if off < 0 {
		words = fmt.Sprintf("the gateway's clock is %v behind this computer's", (-off).Round(time.Second))
	}
	const fix = "Compare both with a clock that is right, and let the wrong one follow a time " +
		"server (timedatectl set-ntp true)."
	switch off = off.Abs(); {
	case off > clockFail:
		e.say(name, Fail, fix, "%s", words)
	case off > clockWarn:
		e.say(name, Warn, fix, "%s", words)
	case e.Settings != nil:
		e.ok(
			name,
			"the gateway and this computer agree; run lotse doctor on another one to compare clocks")
	default:
		e.ok(name, "the gateway and this computer agree")
	}
}

// webSocket opens a WebSocket as a browser does, exchanges a message, and waits.
func (e *examination) webSocket(ctx context.Context) {
	const name = "websocket"
	origin := "https://" + e.host
	if e.port != "443" {
		origin = "https://" + net.JoinHostPort(e.host, e.port)
	}
	d := websocket.Dialer{TLSClientConfig: e.tlsConfig(), HandshakeTimeout: timeout}
	ws, resp, err := d.DialContext(
		ctx,
		strings.Replace(origin, "https", "wss", 1)+checkPath,
		http.Header{"Origin": {origin}})
	if err != nil {
		e.notUpgraded(resp, err)
		return
	}
	defer ws.Close()
	ponged := make(chan struct{}, 1)
	ws.SetPongHandler(func(string) error {
		select {
		case ponged <- struct{}{}:
		default:
		}
		return nil
	})
	failed := make(chan error, 1)
	answered := make(chan struct{}, 1)
	go func() {
		for {
			_, _, err := ws.ReadMessage()
			if err != nil {
				failed <- err
				return
			}
			select {
			case answered <- struct{}{}:
			default:
			}
		}
	}()
	defer func() { _ = ws.Close(); <-failed }()
	_ = ws.WriteControl(websocket.PingMessage, []byte(pingMessage), time.Now().Add(timeout))
	_ = ws.WriteMessage(websocket.TextMessage, []byte(`{}`))
	for what, came := range map[string]chan struct{}{"ping": ponged, "message": answered} {
		select {
		case <-came:
		case err := <-failed:
			failed <- err
			e.say(name, Fail, proxySettings, "it opens, but a %s is not answered: %v", what, err)
			return
		case <-time.After(timeout):
			e.say(name, Fail, proxySettings, "it opens, but a %s is not answered within %v", what, timeout)
			return
		}
	}
	if e.Idle == 0 {
		e.ok(name, "it opens, and messages and pings are answered")
		return
	}
	began := time.Now()
	select {
	case err := <-failed:
		failed <- err
		e.say(name, Fail, "Let the proxy keep WebSockets for at least a minute without traffic (nginx: "+
			"proxy_read_timeout 300s; HAProxy: timeout tunnel 1h). The gateway sends a ping every 20 s.",
			"it is cut after %v: %v", time.Since(began).Round(time.Second), err)
	case <-time.After(e.Idle):
		e.ok(name, "it opens, messages and pings are answered, and it stays for %v", e.Idle)
	}
}

// proxySettings is the fix if WebSockets do not get through.
const proxySettings = "The proxy must pass WebSockets on (nginx: proxy_http_version 1.1; " +
	"proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";)."

// notUpgraded reports why there is no WebSocket.
func (e *examination) notUpgraded(resp *http.Response, err error) {
	const name = "websocket"
	if resp == nil {
		e.say(name, Fail, proxySettings, "it does not open: %v", err)
		return
	}
	text, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch {
	case resp.StatusCode == http.StatusForbidden:
		e.say(name, Fail,
			"The proxy must pass on Host and Origin as browsers send them (nginx: proxy_set_header "+
				"Host $http_host;).",
			"the gateway takes the request for one of another page")
	case resp.StatusCode < 300 && json.Valid(text):
		e.say(name, Fail, proxySettings, "the request arrives without its Upgrade header")
	default:
		e.say(name, Fail, proxySettings, "it does not open: status %d, %q", resp.StatusCode,
			plaintext.Line(string(text), maxShown))
	}
}
