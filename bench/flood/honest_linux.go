package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"lotse/seal"
	"lotse/tunnel"
)

// An honest try counts if it succeeds within patience. It is given up after limit.
const (
	patience = 3 * time.Second
	limit    = 15 * time.Second
)

// These are the kinds of honest tries.
const (
	newBrowser = iota
	oldBrowser
	customer
	kinds
)

var kindNames = [kinds]string{"new browser", "old browser", "customer"}

// people are the honest users. Each try comes from a network of its own, except those of the
// remembered browser.
type people struct {
	roots *x509.CertPool
	next  atomic.Uint32

	device  *http.Cookie
	session *tunnel.Advisor
	proxies []*fromProxy

	mu   sync.Mutex
	took [kinds][]time.Duration // Guarded by mu; of the successful tries.
	n    [kinds]int             // Guarded by mu; number of tries.
	why  map[string]int         // Guarded by mu; failures by reason.
}

func readRoots(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("no certificate in " + file)
	}
	return roots, nil
}

func newPeople(g *gatewayProcess) (*people, error) {
	roots, err := readRoots(filepath.Join(g.dir, "ca.pem"))
	return &people{roots: roots, why: map[string]int{}}, err
}

func (p *people) close() {
	for _, x := range p.proxies {
		x.close()
	}
}

// address returns an address in a /48 that has not been used yet.
func (p *people) address() netip.Addr {
	b := netip.MustParseAddr(honest).As16()
	binary.BigEndian.PutUint16(b[4:], uint16(0x1000+p.next.Add(1)))
	b[15] = 1
	return netip.AddrFrom16(b)
}

// dialFrom connects from an address of this machine to the gateway.
func dialFrom(ctx context.Context, from netip.Addr, port string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0)), Control: bindAny}
	to := gatewayAddr
	if from.Is4() {
		to, d.Control = gatewayIPv4, nil
	}
	return d.DialContext(ctx, "tcp", net.JoinHostPort(to, port))
}

// ipv6Freebind is IPV6_FREEBIND of linux/in6.h. It permits binding to an address that only a
// route makes local.
const ipv6Freebind = 78

func bindAny(_, _ string, raw syscall.RawConn) (err error) {
	failed := raw.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IPV6, ipv6Freebind, 1) })
	return errors.Join(failed, err)
}

// client returns a Lotse client that connects from an address. It uses a proxy of ours, which
// binds to that address.
func (p *people) client(from netip.Addr) (*tunnel.Client, func(), error) {
	x, err := newFromProxy(from)
	if err != nil {
		return nil, nil, err
	}
	to := &url.URL{Scheme: "http", Host: x.listener.Addr().String()}
	c := &tunnel.Client{Gateway: "https://" + host + ":" + port, RootCAs: p.roots, Proxy: func(*http.Request) (*url.URL, error) { return to, nil }}
	return c, func() { c.CloseIdle(); x.close() }, nil
}

// prepare signs the colleague in once, by program, and signs the advisor in with the browser
// that is to be remembered.
//
// Two accounts are needed: the gateway keeps only the newest 50 sign-ins of an account, and the
// sign-ins that a phase measures would end the one that opens the customers' sessions.
func (p *people) prepare(ctx context.Context) error {
	c, done, err := p.client(p.address())
	if err != nil {
		return err
	}
	if p.session, err = c.SignIn(ctx, colleague, password); err != nil {
		done()
		return err
	}
	return p.browserSignIn(ctx, p.address())
}

// run starts one try of each kind per interval until ctx ends.
func (p *people) run(ctx context.Context, every time.Duration) *result {
	var tries sync.WaitGroup
	office := p.address()
	for tick := time.NewTicker(every); ; {
		tries.Go(func() { p.try(newBrowser, func(ctx context.Context) error { return p.newSignIn(ctx) }) })
		tries.Go(func() { p.try(oldBrowser, func(ctx context.Context) error { return p.browserSignIn(ctx, office) }) })
		tries.Go(func() { p.try(customer, p.enter) })
		select {
		case <-ctx.Done():
			tick.Stop()
			tries.Wait()
			return &result{took: p.took, n: p.n, why: p.why}
		case <-tick.C:
		}
	}
}

func (p *people) try(kind int, f func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	began := time.Now()
	err := f(ctx)
	took := time.Since(began)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n[kind]++
	if err != nil {
		p.why[kindNames[kind]+": "+err.Error()]++
		return
	}
	p.took[kind] = append(p.took[kind], took)
}

// newSignIn signs in from a browser and a network that the gateway does not know.
func (p *people) newSignIn(ctx context.Context) error {
	c, done, err := p.client(p.address())
	if err != nil {
		return err
	}
	defer done()
	_, err = c.SignIn(ctx, advisor, password)
	return err
}

// browserSignIn signs in as a page does, with the cookie of the previous sign-in.
func (p *people) browserSignIn(ctx context.Context, from netip.Addr) error {
	t := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.roots}, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialFrom(ctx, from, port)
	}}
	defer t.CloseIdleConnections()
	body, err := json.Marshal(tunnel.SignInRequest{Name: advisor, Password: password})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, "POST", "https://"+host+":"+port+"/api/v1/signin", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if p.device != nil {
		req.AddCookie(p.device)
	}
	resp, err := t.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %s, %v", resp.StatusCode, text, err)
	}
	for _, c := range resp.Cookies() {
		if c.Name == tunnel.DeviceCookieName && p.device == nil {
			p.device = c
		}
	}
	return nil
}

// enter runs a whole case: the advisor opens a session, and a customer enters its number.
func (p *people) enter(ctx context.Context) error {
	made, err := p.session.NewSession(ctx)
	if err != nil {
		return fmt.Errorf("new session: %w", err)
	}
	number, err := tunnel.NewNumber(made.Place)
	if err != nil {
		return err
	}
	owner, err := p.session.Owner(ctx, made.Place)
	if err != nil {
		return fmt.Errorf("owner's link: %w", err)
	}
	answered := make(chan struct{})
	go func() { defer close(answered); p.answer(ctx, owner, number) }()
	defer func() {
		_ = owner.End()
		owner.Close()
		<-answered
	}()
	c, done, err := p.client(p.address())
	if err != nil {
		return err
	}
	defer done()
	return join(ctx, c, number)
}

// answer plays the advisor's program: it completes the seal with anyone who enters.
func (p *people) answer(ctx context.Context, owner *tunnel.OwnerLink, number tunnel.Number) {
	tries := new(seal.Tries)
	for {
		m, err := owner.Recv()
		if err != nil {
			return
		}
		if m.Type != tunnel.TypeEntering {
			continue
		}
		conn, err := p.session.DialStream(ctx, m.Stream)
		if err == nil {
			var sealed *seal.Conn
			sealed, err = seal.Handshake(ctx, conn, seal.Advisor, seal.Params{Number: number.Digits(), Kind: tunnel.KindControl, Stream: m.Stream, Tries: tries})
			if err == nil {
				defer sealed.Close()
			}
		}
		_ = owner.Verdict(m.Stream, err == nil)
	}
}

// join plays the customer's program.
func join(ctx context.Context, c *tunnel.Client, number tunnel.Number) error {
	link, err := c.DialAgent(ctx)
	if err != nil {
		return fmt.Errorf("link: %w", err)
	}
	defer link.Close()
	stop := context.AfterFunc(ctx, func() { link.Close() })
	defer stop()
	if err := link.Enter(number.Place(), "", ""); err != nil {
		return err
	}
	m, err := link.Recv()
	if err != nil || m.Type != tunnel.TypeCall {
		return fmt.Errorf("not called: %s %s, %w", m.Type, m.Code, err)
	}
	conn, err := c.DialAgentStream(ctx, m.Stream)
	if err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	sealed, err := seal.Handshake(ctx, conn, seal.Agent, seal.Params{Number: number.Digits(), Kind: tunnel.KindControl, Stream: m.Stream})
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	defer sealed.Close()
	if m, err = link.Recv(); err != nil || m.Type != tunnel.TypeJoined {
		return fmt.Errorf("not joined: %s %s, %w", m.Type, m.Code, err)
	}
	return nil
}

// fromProxy is an HTTP proxy whose connections come from one address.
type fromProxy struct {
	listener net.Listener
	from     netip.Addr
	open     sync.WaitGroup
}

func newFromProxy(from netip.Addr) (*fromProxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	x := &fromProxy{listener: l, from: from}
	x.open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			x.open.Go(func() { x.serve(conn) })
		}
	})
	return x, nil
}

func (x *fromProxy) close() {
	_ = x.listener.Close()
	x.open.Wait()
}

// serve reads one CONNECT request and connects both sides.
func (x *fromProxy) serve(conn net.Conn) {
	defer conn.Close()
	var head []byte
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) && len(head) < 4096 {
		var b [1]byte
		if _, err := conn.Read(b[:]); err != nil {
			return
		}
		head = append(head, b[0])
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	out, err := dialFrom(ctx, x.from, port)
	if err != nil {
		return
	}
	defer out.Close()
	if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	var up sync.WaitGroup
	up.Go(func() { _, _ = io.Copy(out, conn); out.Close() })
	_, _ = io.Copy(conn, out)
	conn.Close()
	up.Wait()
}
