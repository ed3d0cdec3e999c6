package tunnel

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// proxyError is a failure between this computer and the gateway's address.
type proxyError struct {
	proxy string // host and port, no password
	cause string // one of the Cause constants
	why   string
	err   error
}

func (e *proxyError) Error() string { return "the proxy " + e.proxy + " " + e.why }
func (e *proxyError) Unwrap() error { return e.err }

// maxProxyAnswer bounds the header of a proxy's answer.
const maxProxyAnswer = 16 << 10

// dialContext connects to addr, through the proxy for u if there is one. It does not use gorilla's
// own CONNECT, which indexes into the status line without checking its length and cannot speak TLS
// to the proxy.
func (c *Client) dialContext(ctx context.Context, u *url.URL, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	proxy, err := c.proxyFor(u)
	if err != nil {
		return nil, &proxyError{proxy: "setting", cause: CauseProxySetting, why: "cannot be read: check HTTPS_PROXY or the proxy settings of the system", err: err}
	}
	if proxy == nil {
		return d.DialContext(ctx, "tcp", addr)
	}
	port := proxy.Port()
	usual := map[string]string{"http": "80", "https": "443"}[proxy.Scheme]
	if port == "" {
		port = usual
	}
	host := net.JoinHostPort(proxy.Hostname(), port)
	if usual == "" {
		return nil, &proxyError{proxy: host, cause: CauseProxyKind, why: "is of a kind that is not spoken here: HTTPS_PROXY must begin with http:// or https://"}
	}
	conn, err := d.DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, &proxyError{proxy: host, cause: CauseProxyAway, why: "cannot be reached: check HTTPS_PROXY or the proxy settings of the system", err: err}
	}
	// From here on, cancelling the context closes the connection.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	_ = conn.SetDeadline(time.Now().Add(dialTimeout))
	if proxy.Scheme == "https" {
		conn = tls.Client(conn, &tls.Config{ServerName: proxy.Hostname(), RootCAs: c.RootCAs})
	}
	if err := connect(conn, addr, proxy.User); err != nil {
		conn.Close()
		var pe *proxyError
		if errors.As(err, &pe) {
			pe.proxy = host
			return nil, pe
		}
		return nil, &proxyError{proxy: host, cause: CauseProxyAnswer, why: "did not answer as a proxy does", err: err}
	}
	if !stop() {
		conn.Close()
		return nil, context.Cause(ctx)
	}
	return conn, conn.SetDeadline(time.Time{})
}

// connect asks the proxy for a tunnel to addr.
func connect(conn net.Conn, addr string, user *url.Userinfo) error {
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr, Header: http.Header{}}
	if user != nil {
		password, _ := user.Password()
		req.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	if err := req.Write(conn); err != nil {
		return err
	}
	// The gateway never speaks first, so this reader can contain nothing but the proxy's answer.
	in := bufio.NewReader(io.LimitReader(conn, maxProxyAnswer))
	resp, err := http.ReadResponse(in, req)
	if err != nil {
		return err
	}
	switch {
	case resp.StatusCode == http.StatusOK && in.Buffered() == 0:
		return nil
	case resp.StatusCode == http.StatusOK:
		return errors.New("data behind the answer")
	case resp.StatusCode == http.StatusProxyAuthRequired:
		return &proxyError{cause: CauseProxyPassword, why: "asks for a user name and a password: write them into HTTPS_PROXY as http://user:password@host:port"}
	}
	return &proxyError{cause: CauseProxyRefusal, why: fmt.Sprintf("refuses to connect to the gateway (status %d): ask who runs it to allow this address", resp.StatusCode)}
}

// proxyFor returns the proxy for u, or nil if there is none.
func (c *Client) proxyFor(u *url.URL) (*url.URL, error) {
	find := c.Proxy
	if find == nil {
		find = http.ProxyFromEnvironment
	}
	return find(&http.Request{URL: u})
}
