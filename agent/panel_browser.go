package agent

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"lotse/consent"
	novncweb "lotse/novnc-web"
	"lotse/peer"
)

// BrowserPanel shows the panel as a page on loopback, in the customer's
// browser; PANEL.md is its protocol. Only programs of the customer's own user reach
// it, where the system tells whose a connection is; package peer.
type BrowserPanel struct {
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

	// Static after Run began.
	session *Session
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

// Run implements Panel: it serves until the end was shown or ctx ends.
func (p *BrowserPanel) Run(ctx context.Context, s *Session) error {
	p.pages = novncweb.Panel()
	if _, err := fs.Stat(p.pages, "panel.html.gz"); err != nil {
		return errors.New("agent: this program was built without the panel's page (make build); use --panel terminal")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("agent: no local port for the panel: %w", err)
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
		served <- server.Serve(peer.Listen(l, func(err error) { s.log.Warn("a connection to the panel was refused", "reason", err) }))
	}()
	window := p.appear()
	defer func() { window.Close() }()
	for waiting := true; waiting; {
		select {
		case <-ctx.Done():
			waiting = false
		case err := <-served:
			served <- err
			waiting = false
		case <-p.Raise:
			window = p.raise(window)
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
		return fmt.Errorf("agent: panel: %w", err)
	}
	return nil
}

// appear shows the page in a window of its own or in the usual browser. The window
// is nil where there is none that could be raised.
//
// No token stands on a browser's command line, which every user of the machine can
// read. The first page without one is taken for the browser that was started: it is
// this user's, whoever opened it.
func (p *BrowserPanel) appear() (window *panelWindow) {
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
		window, err = openWindow(p.Window, address)
	}
	if err != nil {
		err = openBrowser(address)
	}
	if err != nil {
		p.session.log.Warn("no browser could be started; open the address by hand", "reason", err)
	}
	return window
}

// raise brings the panel to the front. A window that was closed is opened again; what
// the usual browser did with the page is not known, so it opens it once more, if there
// is room for one: the newer page and the older show the same.
func (p *BrowserPanel) raise(window *panelWindow) *panelWindow {
	if window.raise() {
		return window
	}
	p.mu.Lock()
	full := p.sockets > maxSockets/2
	p.mu.Unlock()
	if full || window == nil && time.Since(p.appeared) < raiseEvery {
		return window
	}
	window.Close()
	return p.appear()
}

// tokenAddress is an address that opens the panel once.
func (p *BrowserPanel) tokenAddress() string { return p.origin + "/#t=" + p.newToken() }

// newToken is good for opening the panel once. The oldest ones that nobody used are
// forgotten.
func (p *BrowserPanel) newToken() string {
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
func (p *BrowserPanel) useTokenLocked(token string) bool {
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

func (p *BrowserPanel) handler(ctx context.Context, shown func()) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", p.page)
	mux.HandleFunc("POST /api/open", p.open)
	mux.HandleFunc("GET /api/thumbnail", p.thumbnail)
	mux.HandleFunc("GET /api/show", func(w http.ResponseWriter, r *http.Request) { p.show(ctx, w, r) })
	mux.HandleFunc("GET /api/events", func(w http.ResponseWriter, r *http.Request) { p.events(ctx, w, r, shown) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", panelCSP)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		// Another page, or a name that was bent to this machine, is refused.
		if "http://"+r.Host != p.origin || r.Header.Get("Origin") != "" && r.Header.Get("Origin") != p.origin {
			http.Error(w, "This page belongs to another program.", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// pageTypes are the files that the panel is made of.
var pageTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".txt": "text/plain; charset=utf-8",
}

// page serves a file. They are packed, as they are half as large so in this
// program, and every browser unpacks them.
func (p *BrowserPanel) page(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		name = "panel.html"
	}
	kind := pageTypes[path.Ext(name)]
	body, err := fs.ReadFile(p.pages, name+".gz")
	if kind == "" || err != nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", kind)
	h.Set("Content-Encoding", "gzip")
	_, _ = w.Write(body)
}

// open exchanges the one-time token for the key of this panel.
func (p *BrowserPanel) open(w http.ResponseWriter, r *http.Request) {
	var body struct{ Token string }
	if err := json.NewDecoder(io.LimitReader(r.Body, maxPanelBody)).Decode(&body); err != nil {
		http.Error(w, "Not a token.", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	ok := p.useTokenLocked(body.Token)
	if ok && p.key == "" {
		p.key = randomToken()
	}
	key := p.key
	p.mu.Unlock()
	if !ok {
		http.Error(w, "This address has been used already, or belongs to another run.", http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(map[string]string{"key": key})
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

var upgrader = websocket.Upgrader{
	HandshakeTimeout: firstMessage,
	CheckOrigin:      func(*http.Request) bool { return true }, // handler has checked it
}

// socket opens the WebSocket of a page that knows the key. The caller defers
// done; nil: it was refused.
func (p *BrowserPanel) socket(ctx context.Context, w http.ResponseWriter, r *http.Request) (ws *websocket.Conn, done func()) {
	p.mu.Lock()
	full := p.sockets >= maxSockets || p.closed
	if !full {
		p.sockets++
		p.handlers.Add(1)
	}
	p.mu.Unlock()
	if full {
		http.Error(w, "Too many open panels.", http.StatusTooManyRequests)
		return nil, func() {}
	}
	free := func() {
		p.mu.Lock()
		p.sockets--
		p.mu.Unlock()
		p.handlers.Done()
	}
	opened, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return nil, free
	}
	closer := context.AfterFunc(ctx, func() { opened.Close() })
	done = func() {
		closer()
		opened.Close()
		free()
	}
	opened.SetReadLimit(maxPanelMessage)
	_ = opened.SetReadDeadline(time.Now().Add(firstMessage))
	var first struct{ Key string }
	if err := opened.ReadJSON(&first); err != nil || !p.knows(first.Key) {
		return nil, done
	}
	_ = opened.SetReadDeadline(time.Time{})
	return opened, done
}

// events serves one open panel page.
func (p *BrowserPanel) events(ctx context.Context, w http.ResponseWriter, r *http.Request, shown func()) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ws, done := p.socket(ctx, w, r)
	defer done()
	if ws == nil {
		return
	}
	written := make(chan struct{})
	// An answer counts for the connection on which its question was shown.
	connection := randomToken()
	go func() {
		defer close(written)
		defer ws.Close()
		p.write(ctx, ws, connection, shown)
	}()
	for {
		var m panelMessage
		if err := ws.ReadJSON(&m); err != nil {
			break
		}
		p.obey(m, connection)
	}
	stop()
	<-written
}

// thumbnail serves what viewers see, small.
func (p *BrowserPanel) thumbnail(w http.ResponseWriter, r *http.Request) {
	if !p.knows(r.Header.Get("X-Lotse-Key")) {
		http.Error(w, "This page belongs to another run.", http.StatusForbidden)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	picture := p.session.Thumbnail()
	if picture == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(picture)
}

// show passes the advisor's screen on to a page.
func (p *BrowserPanel) show(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ws, done := p.socket(ctx, w, r)
	defer done()
	if ws == nil {
		return
	}
	stream := p.session.Look(ctx, func(b []byte) error {
		_ = ws.SetWriteDeadline(time.Now().Add(panelWrite))
		return ws.WriteMessage(websocket.BinaryMessage, b)
	}, func() { ws.Close() })
	if stream == nil {
		return
	}
	for {
		kind, b, err := ws.ReadMessage()
		if err != nil || kind != websocket.BinaryMessage {
			break
		}
		if _, err := stream.Write(b); err != nil {
			break
		}
	}
	stream.Close()
}

func (p *BrowserPanel) knows(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.key != "" && same(key, p.key)
}

// write sends each new snapshot, until the end was shown.
func (p *BrowserPanel) write(ctx context.Context, ws *websocket.Conn, connection string, shown func()) {
	ping := time.NewTicker(socketPing)
	defer ping.Stop()
	for {
		snap, changed := p.session.Snapshot()
		if snap.Question != nil {
			snap.Question.ID += "." + connection
		}
		_ = ws.SetWriteDeadline(time.Now().Add(panelWrite))
		if ws.WriteJSON(snap) != nil {
			return
		}
		if snap.Phase == phaseEnded {
			goodbye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
			_ = ws.WriteControl(websocket.CloseMessage, goodbye, time.Now().Add(panelWrite))
			shown()
			return
		}
	wait:
		for {
			select {
			case <-changed:
				break wait
			case <-ping.C:
				if ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(panelWrite)) != nil {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

type panelMessage struct {
	Type     string `json:"type"`
	Number   string `json:"number"`
	Question string `json:"question"`
	Allow    bool   `json:"allow"`
	Right    string `json:"right"`
	On       bool   `json:"on"`
	Share    *Share `json:"share"`
}

func (p *BrowserPanel) obey(m panelMessage, connection string) {
	if c := m.command(connection); c != nil {
		_ = p.session.Do(c) // the snapshot shows what became of it
	}
}

// command is what a message asks for; nil: nothing. An answer counts only for the
// connection on which its question was shown.
func (m panelMessage) command(connection string) Command {
	right, known := consent.ParseRight(m.Right)
	switch m.Type {
	case "enter":
		return Enter{m.Number}
	case "answer":
		switch id, shownOn, _ := strings.Cut(m.Question, "."); {
		case shownOn != connection:
		case m.Allow:
			return Allow{id, m.Share}
		default:
			return Refuse{id}
		}
	case "silence":
		if known {
			return Silence{right, m.On}
		}
	case "share":
		if m.Share != nil {
			return Propose{*m.Share}
		}
	case "take":
		if known {
			return Take{right}
		}
	case "pause":
		if m.On {
			return Pause{}
		}
		return Resume{}
	case "end":
		return End{}
	}
	return nil
}
