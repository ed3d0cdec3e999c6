// Package panel is the customer's panel as a page in his browser, served on loopback. It
// shows what an agent.Session says and hands on what the customer does; it decides
// nothing. agent/PANEL.md is its protocol.
package panel

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"lotse/agent"
	novncweb "lotse/novnc-web"
	"lotse/peer"
)

// Panel shows the panel as a page on loopback, in the customer's browser. Only programs
// of the customer's own user reach it, where the system tells whose a connection is;
// package peer. It implements agent.Panel.
type Panel struct {
	// Opened is told the page's address, which holds the one-time token.
	Opened func(url string)
	// NoBrowser only tells the address and starts nothing.
	NoBrowser bool
	// Window is a browser of Chromium's family, which then shows the panel in a
	// window of its own; "": the customer's usual browser shows it.
	Window string
	// Raise tells that the customer looks for the panel: it comes to the front, or is
	// opened again where that cannot be had. nil: nobody tells.
	Raise <-chan struct{}
	// Logger may be nil.
	Logger *slog.Logger

	// Static after Run began.
	session model
	origin  string
	pages   fs.FS

	// Owned by Run.
	appeared time.Time

	mu sync.Mutex
	// Guarded by mu.
	tokens   []string // of addresses that were not opened yet
	expected bool     // a browser was started without a token, and has not come yet
	key      string
	sockets  int
	handlers sync.WaitGroup // of sockets; Run waits for them
	closed   bool           // Run is over: no new socket
}

// Bounds of what a stranger on this machine can do.
const (
	maxPanelBody    = 1 << 10
	maxPanelMessage = 16 << 10
	maxSockets      = 8
	maxTokens       = 4
	firstMessage    = 5 * time.Second
	panelWrite      = 5 * time.Second
	socketPing      = 20 * time.Second
	// raiseEvery bounds how often the usual browser is told to open the panel again.
	raiseEvery = 3 * time.Second
)

const panelCSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

var _ agent.Panel = (*Panel)(nil)

// model is what the panel sees of an agent.Session.
type model interface {
	Snapshot() (agent.Snapshot, <-chan struct{})
	Do(agent.Command) error
	Thumbnail() []byte
	Look(ctx context.Context, out func([]byte) error, ended func()) io.WriteCloser
}

// Run implements agent.Panel: it serves until the end was shown or ctx ends.
func (p *Panel) Run(ctx context.Context, s *agent.Session) error { return p.run(ctx, s) }

func (p *Panel) run(ctx context.Context, s model) error {
	if p.Logger == nil {
		p.Logger = slog.New(slog.DiscardHandler)
	}
	p.pages = novncweb.Panel()
	l, err := listen(p.pages)
	if err != nil {
		return err
	}
	p.session = s
	p.origin = "http://" + l.Addr().String()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	server := &http.Server{
		Handler: p.handler(ctx, stop), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}
	served := make(chan error, 1)
	go func() {
		served <- server.Serve(peer.Listen(l, func(err error) { p.Logger.Warn("a connection to the panel was refused", "reason", err) }))
	}()
	w := p.appear()
	defer func() { w.Close() }()
	for waiting := true; waiting; {
		select {
		case <-ctx.Done():
			waiting = false
		case err := <-served:
			served <- err
			waiting = false
		case <-p.Raise:
			w = p.raise(w)
		}
	}
	closing, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = server.Shutdown(closing)
	_ = server.Close()
	stop()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.handlers.Wait()
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("panel: %w", err)
	}
	return nil
}

// listen returns the listener for the panel's page, if there is that page.
func listen(pages fs.FS) (net.Listener, error) {
	if _, err := fs.Stat(pages, "panel.html.gz"); err != nil {
		return nil, errors.New("panel: this program was built without the panel's page (make build); use --panel terminal")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("panel: no local port for the panel: %w", err)
	}
	return l, nil
}

// Usable reports why the panel could not be served on this computer; nil: it can.
func Usable() error {
	l, err := listen(novncweb.Panel())
	if err == nil {
		l.Close()
	}
	return err
}

// appear shows the page in a window of its own or in the usual browser. The window
// is nil where there is none that could be raised.
//
// No token stands on a browser's command line, which every user of the machine can
// read. The first page without one is taken for the browser that was started: it is
// this user's, no matter who opened it.
func (p *Panel) appear() (w *window) {
	p.appeared = time.Now()
	if p.Opened != nil {
		p.Opened(p.tokenAddress())
	}
	if p.NoBrowser {
		return nil
	}
	address := p.origin + "/"
	if peer.Supported {
		p.mu.Lock()
		p.expected = true
		p.mu.Unlock()
	} else {
		address = p.tokenAddress()
	}
	err := errors.ErrUnsupported
	if p.Window != "" {
		w, err = openWindow(p.Window, address)
	}
	if err != nil {
		err = openBrowser(address)
	}
	if err != nil {
		p.Logger.Warn("no browser could be started; open the address by hand", "reason", err)
	}
	return w
}

// raise brings the panel to the front. A window that was closed is opened again; what
// the usual browser did with the page is not known, so it opens it once more, if there
// is room for one: the newer page and the older show the same.
func (p *Panel) raise(w *window) *window {
	if w.raise() {
		return w
	}
	p.mu.Lock()
	full := p.sockets > maxSockets/2
	p.mu.Unlock()
	if full || w == nil && time.Since(p.appeared) < raiseEvery {
		return w
	}
	w.Close()
	return p.appear()
}

// tokenAddress is an address that opens the panel once.
func (p *Panel) tokenAddress() string { return p.origin + "/#t=" + p.newToken() }

// newToken is good for opening the panel once. The oldest ones that nobody used are
// forgotten.
func (p *Panel) newToken() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.tokens) >= maxTokens {
		p.tokens = p.tokens[1:]
	}
	token := randomToken()
	p.tokens = append(p.tokens, token)
	return token
}

// useTokenLocked reports whether token opens the panel, which it does once. "" does
// where a browser was started.
func (p *Panel) useTokenLocked(token string) bool {
	if token == "" {
		expected := p.expected
		p.expected = false
		return expected
	}
	for i, t := range p.tokens {
		if same(token, t) {
			p.tokens = slices.Delete(p.tokens, i, i+1)
			return true
		}
	}
	return false
}

func randomToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails; crypto/rand
	return base64.RawURLEncoding.EncodeToString(b[:])
}
