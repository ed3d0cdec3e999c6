package panel

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"lotse/agent"
	"lotse/agent/choices"
	"lotse/consent"
)

func (p *Panel) handler(ctx context.Context, shown func()) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", p.page)
	mux.HandleFunc("POST /api/open", p.open)
	mux.HandleFunc("GET /api/thumbnail", p.thumbnail)
	mux.HandleFunc("GET /file/{key}", p.file)
	mux.HandleFunc("GET /api/give", func(w http.ResponseWriter, r *http.Request) { takeGift(ctx, p, w, r) })
	mux.HandleFunc("GET /api/show", func(w http.ResponseWriter, r *http.Request) { p.show(ctx, w, r) })
	mux.HandleFunc("GET /api/events", func(w http.ResponseWriter, r *http.Request) { p.events(ctx, w, r, shown) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", panelCSP)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		// This refuses pages of other origins, and host names that were rebound to this
		// computer.
		if "http://"+r.Host != p.origin || r.Header.Get("Origin") != "" && r.Header.Get("Origin") != p.origin {
			http.Error(w, "This page belongs to another program.", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// pageTypes are the content types of the panel's files.
var pageTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".txt": "text/plain; charset=utf-8",
}

// page serves a file. The files are compressed, which halves their size in this program; every
// browser can decompress them.
func (p *Panel) page(w http.ResponseWriter, r *http.Request) {
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

// open exchanges a one-time token for this panel's key.
func (p *Panel) open(w http.ResponseWriter, r *http.Request) {
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

// socket opens the WebSocket of a page that knows the key; ws is nil if it was refused. The
// caller must call done.
func (p *Panel) socket(ctx context.Context, w http.ResponseWriter, r *http.Request) (ws *websocket.Conn, done func()) {
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

// events serves the events of one open page.
func (p *Panel) events(ctx context.Context, w http.ResponseWriter, r *http.Request, shown func()) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ws, done := p.socket(ctx, w, r)
	defer done()
	if ws == nil {
		return
	}
	_ = p.session.Do(agent.PageOpened{})
	defer func() { _ = p.session.Do(agent.PageClosed{}) }()
	written := make(chan struct{})
	opened := &page{ws: ws, connection: randomToken(), refusals: make(chan ChatRefused, maxRefusals)}
	go func() {
		defer close(written)
		defer ws.Close()
		p.write(ctx, opened, shown)
	}()
	for {
		var m Message
		if err := ws.ReadJSON(&m); err != nil {
			break
		}
		p.obey(m, opened)
	}
	stop()
	<-written
}

// thumbnail serves a small picture of what viewers see.
func (p *Panel) thumbnail(w http.ResponseWriter, r *http.Request) {
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
func (p *Panel) show(ctx context.Context, w http.ResponseWriter, r *http.Request) {
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

func (p *Panel) knows(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.key != "" && same(key, p.key)
}

// write sends each new snapshot, and what is new in the chat, until it has sent the end; then it
// calls shown.
func (p *Panel) write(ctx context.Context, to *page, shown func()) {
	ws := to.ws
	ping := time.NewTicker(socketPing)
	defer ping.Stop()
	for {
		snap, changed := p.session.Snapshot()
		if snap.Question != nil {
			snap.Question.ID += "." + to.connection
		}
		_ = ws.SetWriteDeadline(time.Now().Add(panelWrite))
		if ws.WriteJSON(snap) != nil {
			return
		}
		if lines := to.unseen(snap.Chat); lines != nil && ws.WriteJSON(Chat{TypeChat, lines}) != nil {
			return
		}
		if snap.Phase == agent.PhaseEnded {
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
			case r := <-to.refusals:
				_ = ws.SetWriteDeadline(time.Now().Add(panelWrite))
				if ws.WriteJSON(r) != nil {
					return
				}
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

// The types of a Message. PANEL.md says what each does.
const (
	TypeEnter   = "enter"
	TypeTerms   = "terms"
	TypeAnswer  = "answer"
	TypeSilence = "silence"
	TypeShare   = "share"
	TypeTake    = "take"
	TypePause   = "pause"
	TypeHold    = "hold"
	TypeChat    = "chat"
	TypeStop    = "fileStop"
	TypeGone    = "colleagueGone"
	TypeEnd     = "end"
)

// Message is what a page sends to the program. Each type uses some of the fields.
type Message struct {
	Type     string             `json:"type"`
	Number   string             `json:"number,omitempty"`
	Version  string             `json:"version,omitempty"`
	Question string             `json:"question,omitempty"`
	Allow    bool               `json:"allow,omitempty"`
	Right    string             `json:"right,omitempty"`
	On       bool               `json:"on,omitempty"`
	Share    *choices.Selection `json:"share,omitempty"`
	Text     string             `json:"text,omitempty"`
	Tag      uint32             `json:"tag,omitempty"`
	File     string             `json:"file,omitempty"`
	Name     string             `json:"name,omitempty"`
}

func (p *Panel) obey(m Message, from *page) {
	if c := m.command(from.connection); c != nil {
		from.refused(m, p.session.Do(c)) // of everything else, the snapshot shows the result
	}
}

// command returns the command for a message; nil: none. An answer counts only on the connection
// on which its question was shown.
func (m Message) command(connection string) agent.Command {
	right, known := consent.ParseRight(m.Right)
	switch m.Type {
	case TypeEnter:
		return agent.Enter{Typed: m.Number}
	case TypeTerms:
		return agent.AcceptTerms{Version: m.Version}
	case TypeAnswer:
		switch id, shownOn, _ := strings.Cut(m.Question, "."); {
		case shownOn != connection:
		case m.Allow:
			return agent.Allow{ID: id, Share: m.Share}
		default:
			return agent.Refuse{ID: id}
		}
	case TypeSilence:
		if known {
			return agent.Silence{Right: right, On: m.On}
		}
	case TypeShare:
		if m.Share != nil {
			return agent.Propose{Share: *m.Share}
		}
	case TypeTake:
		if known {
			return agent.Take{Right: right}
		}
	case TypePause:
		if m.On {
			return agent.Pause{}
		}
		return agent.Resume{}
	case TypeHold:
		return agent.Hold{On: m.On}
	case TypeChat:
		return agent.Say{Text: m.Text, Tag: m.Tag}
	case TypeStop:
		return agent.StopFile{ID: m.File}
	case TypeGone:
		return agent.RemoveColleague{Name: m.Name}
	case TypeEnd:
		return agent.End{}
	}
	return nil
}
