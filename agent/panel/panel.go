// Package panel serves the customer's panel as a page in his browser, over loopback. The page
// shows what an agent.Session says and passes on what the customer does; it decides nothing.
// agent/PANEL.md specifies its protocol.
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
	"lotse/agent/files"
	novncweb "lotse/novnc-web"
	"lotse/peer"
)

// Panel serves the panel's page and opens it in the customer's browser. If the system tells
// which user owns a connection, only programs of the customer's own user can connect; see
// package peer. Panel implements agent.Panel.
type Panel struct {
	// Opened is called with the page's address, which contains the one-time token. nil: not
	// called.
	Opened func(url string)
	// NoBrowser means that no browser is started; only Opened is called.
	NoBrowser bool
	// Window is the path of a Chromium-based browser that shows the panel in its own window. If
	// it is "", the customer's default browser shows the panel.
	Window string
	// Raise receives a value when the customer looks for the panel. Then the panel comes to the
	// front, or is opened again if that is impossible. It may be nil.
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
	tokens   []string // of addresses that have not been opened
	expected bool     // a browser was started without a token and has not connected yet
	key      string
	sockets  int
	handlers sync.WaitGroup // of sockets; Run waits for them
	closed   bool           // Run is over: no new sockets
}

// Limits for other programs on this computer. maxPanelBody and maxPanelMessage are in bytes.
const (
	maxPanelBody    = 1 << 10
	maxPanelMessage = 16 << 10
	maxSockets      = 32
	// manyPages is how many sockets may be open when the default browser opens the panel again.
	manyPages    = 4
	maxTokens    = 4
	firstMessage = 5 * time.Second
	panelWrite   = 5 * time.Second
	socketPing   = 20 * time.Second
	// raiseEvery is the minimum time before the default browser opens the panel again.
	raiseEvery = 3 * time.Second
)

const panelCSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

var _ agent.Panel = (*Panel)(nil)

// model is the part of agent.Session that the panel uses.
type model interface {
	Snapshot() (agent.Snapshot, <-chan struct{})
	Do(agent.Command) error
	Thumbnail() []byte
	SaveFile(ctx context.Context, key string, begin func(files.OfferedFile) io.Writer, cut func()) error
	GiveFile(ctx context.Context, name string, size int64, source io.ReaderAt, accepted func(id string)) error
	Look(ctx context.Context, out func([]byte) error, ended func()) io.WriteCloser
	PanelWanted() <-chan struct{}
}

// Run implements agent.Panel. It serves the panel until all open pages have received the end of
// the session, or ctx ends.
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
	over := make(chan struct{})
	server := &http.Server{
		Handler: p.handler(ctx, sync.OnceFunc(func() { close(over) })), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
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
		case <-over:
			p.awaitPages(ctx)
			waiting = false
		case err := <-served:
			served <- err
			waiting = false
		case <-p.Raise:
			w = p.raise(w)
		case <-p.session.PanelWanted():
			w = p.raise(w)
		}
	}
	closing, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = server.Shutdown(closing)
	_ = server.Close()
	stop()
	p.refuseSockets()
	p.handlers.Wait()
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("panel: %w", err)
	}
	return nil
}

// refuseSockets refuses new sockets from now on.
func (p *Panel) refuseSockets() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
}

// awaitPages waits until every open page has received the end of the session, or ctx ends. A page
// whose socket is closed before that can only say that the program is gone.
func (p *Panel) awaitPages(ctx context.Context) {
	p.refuseSockets()
	gone := make(chan struct{})
	go func() {
		p.handlers.Wait() // Run waits for them, too
		close(gone)
	}()
	select {
	case <-gone:
	case <-ctx.Done():
	}
}

// listen returns the listener for the panel, or an error if this program does not contain the
// page.
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

// Usable returns an error if the panel cannot be served on this computer.
func Usable() error {
	l, err := listen(novncweb.Panel())
	if err == nil {
		l.Close()
	}
	return err
}

// appear shows the page in its own window or in the default browser. The result is nil if there
// is no window that could be raised later.
//
// The browser's command line contains no token, because every user of the computer can read it.
// The first page that connects without a token is taken for the browser that was started. It
// belongs to this user, no matter who opened it.
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

// raise brings the panel to the front. If its window was closed, raise opens it again. The
// state of a page in the default browser is unknown. So that browser opens the page once more,
// unless too many pages are open: the new page and the old one show the same.
func (p *Panel) raise(w *window) *window {
	if w.raise() {
		return w
	}
	p.mu.Lock()
	full := p.sockets > manyPages
	p.mu.Unlock()
	if full || w == nil && time.Since(p.appeared) < raiseEvery {
		return w
	}
	w.Close()
	return p.appear()
}

// tokenAddress returns an address that opens the panel once.
func (p *Panel) tokenAddress() string { return p.origin + "/#t=" + p.newToken() }

// newToken returns a token that opens the panel once. If there are too many unused tokens, the
// oldest becomes invalid.
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

// useTokenLocked reports whether token opens the panel, and makes it invalid. "" opens it once
// after a browser was started.
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
