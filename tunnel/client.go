package tunnel

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	dialTimeout    = 10 * time.Second
	requestTimeout = 30 * time.Second
	// maxAnswer is the maximum size of an API answer in bytes.
	maxAnswer = 256 << 10
	// streamBuffer is the write buffer of a stream. With it, a full record of the seal needs only a
	// few writes.
	streamBuffer = 16 << 10
	linkBuffer   = 4 << 10
)

// Client connects to one gateway. Its fields must not change after the first call; its methods may
// be called concurrently. It always verifies certificates: for a gateway with its own certificate
// authority, set RootCAs.
type Client struct {
	Gateway   string                                // as ParseGateway returns it
	RootCAs   *x509.CertPool                        // nil: the system's
	Logger    *slog.Logger                          // nil: none
	UserAgent string                                // "": "lotse"
	Proxy     func(*http.Request) (*url.URL, error) // nil: HTTPS_PROXY and NO_PROXY

	once      sync.Once
	base      *url.URL
	baseErr   error
	transport *http.Transport
	log       *slog.Logger
}

// ParseGateway reads a gateway's address as people write it, with or without "https://", and
// returns "https://host[:port]". Its errors are meant for people.
func ParseGateway(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", errors.New("the gateway's address is missing, for example https://support.example.com")
	}
	if len(s) > 300 {
		return "", errors.New("the gateway's address is too long")
	}
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "":
		return "", errors.New("the gateway's address cannot be read; write it like https://support.example.com")
	case u.Scheme != "https":
		return "", fmt.Errorf("the gateway's address begins with %s://, but it must be https://", shown(u.Scheme))
	case u.User != nil:
		return "", errors.New("the gateway's address must not have a user name in it")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "":
		return "", errors.New("the gateway's address must end after the host name or port")
	}
	return "https://" + strings.ToLower(u.Host), nil
}

// At returns a client for another gateway with the same settings as c.
func (c *Client) At(gateway string) *Client {
	return &Client{Gateway: gateway, RootCAs: c.RootCAs, Logger: c.Logger, UserAgent: c.UserAgent, Proxy: c.Proxy}
}

func (c *Client) setUp() error {
	c.once.Do(func() {
		c.log = c.Logger
		if c.log == nil {
			c.log = slog.New(slog.DiscardHandler)
		}
		var gateway string
		if gateway, c.baseErr = ParseGateway(c.Gateway); c.baseErr != nil {
			return
		}
		if c.base, c.baseErr = url.Parse(gateway); c.baseErr != nil {
			return
		}
		c.transport = &http.Transport{
			DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
				return c.dialContext(ctx, c.base, addr)
			},
			TLSClientConfig:        c.tlsConfig(),
			TLSHandshakeTimeout:    dialTimeout,
			ResponseHeaderTimeout:  requestTimeout,
			MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConns:           2,
			IdleConnTimeout:        20 * time.Second,
		}
	})
	return c.baseErr
}

func (c *Client) tlsConfig() *tls.Config {
	// The gateway's operator may have to allow TLS 1.2. The seal protects the contents anyway.
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.RootCAs, NextProtos: []string{"http/1.1"}}
}

func (c *Client) userAgent() string {
	if c.UserAgent == "" {
		return "lotse"
	}
	return c.UserAgent
}

// CloseIdle closes the connections that are kept for the next request.
func (c *Client) CloseIdle() {
	if c.setUp() == nil {
		c.transport.CloseIdleConnections()
	}
}

// Info asks the gateway for its name and downloads.
func (c *Client) Info(ctx context.Context) (*Info, error) {
	var info Info
	if err := c.request(ctx, http.MethodGet, "/api/v1/info", nil, nil, &info, nil); err != nil {
		return nil, err
	}
	return &info, nil
}

// request sends a request and decodes the answer into answer, unless that is nil. If seen is not
// nil, request calls it with the response's header.
func (c *Client) request(ctx context.Context, method, path string, header http.Header, body, answer any, seen func(http.Header)) error {
	if err := c.setUp(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		in = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base.String()+path, in)
	if err != nil {
		return err
	}
	for k, v := range header {
		req.Header[k] = v
	}
	req.Header.Set("User-Agent", c.userAgent())
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.transport.RoundTrip(req)
	for late := 0; takenForViewer(err) && late < maxLate; late++ {
		if req.GetBody != nil {
			if req.Body, err = req.GetBody(); err != nil {
				return err
			}
		}
		resp, err = c.transport.RoundTrip(req)
	}
	if err != nil {
		return unreachable(c.base.String(), err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return parseAPIError(resp.StatusCode, resp.Header, resp.Body)
	}
	if seen != nil {
		seen(resp.Header)
	}
	if answer == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(answer); err != nil {
		return &APIError{Status: resp.StatusCode, Message: "the address answers, but not as a Lotse gateway does: check it"}
	}
	return nil
}

// maxLate is the number of retries after the gateway took this client for a VNC viewer.
const maxLate = 3

// takenForViewer reports whether the gateway greeted this client as a VNC viewer. Its TLS port may
// serve viewers too (tls_port). A viewer waits for the greeting, and a TLS client whose hello is
// late on a slow line looks the same.
func takenForViewer(err error) bool {
	var record tls.RecordHeaderError
	return errors.As(err, &record) && string(record.RecordHeader[:4]) == "RFB "
}

// dial opens a WebSocket.
func (c *Client) dial(ctx context.Context, path string, header http.Header, buffer int, subprotocols ...string) (*websocket.Conn, error) {
	if err := c.setUp(); err != nil {
		return nil, err
	}
	if header == nil {
		header = http.Header{}
	}
	header.Set("User-Agent", c.userAgent())
	d := websocket.Dialer{
		NetDialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			return c.dialContext(ctx, c.base, addr)
		},
		TLSClientConfig:  c.tlsConfig(),
		HandshakeTimeout: 2 * dialTimeout,
		ReadBufferSize:   linkBuffer,
		WriteBufferSize:  buffer,
		Subprotocols:     subprotocols,
	}
	ws, resp, err := d.DialContext(ctx, "wss://"+c.base.Host+path, header)
	for late := 0; takenForViewer(err) && late < maxLate; late++ {
		ws, resp, err = d.DialContext(ctx, "wss://"+c.base.Host+path, header)
	}
	if err != nil {
		if resp != nil && errors.Is(err, websocket.ErrBadHandshake) {
			if resp.StatusCode < 300 {
				return nil, &APIError{Status: resp.StatusCode, Message: "something between this computer and the gateway does not let WebSockets through; ask who runs the proxy"}
			}
			return nil, parseAPIError(resp.StatusCode, resp.Header, resp.Body)
		}
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, unreachable(c.base.String(), err)
	}
	return ws, nil
}

// dialLink opens a link.
func (c *Client) dialLink(ctx context.Context, path string, header http.Header) (*Link, error) {
	ws, err := c.dial(ctx, path, header, linkBuffer)
	if err != nil {
		return nil, err
	}
	return NewLink(ws, 0), nil
}

// dialStream opens one side of a stream.
func (c *Client) dialStream(ctx context.Context, path, id string, header http.Header) (net.Conn, error) {
	if !ValidStreamID(id) {
		return nil, errors.New("tunnel: this is not a stream's identifier")
	}
	ws, err := c.dial(ctx, path+id, header, streamBuffer, Subprotocol)
	if err != nil {
		return nil, err
	}
	return NewStream(ws, 0), nil
}
