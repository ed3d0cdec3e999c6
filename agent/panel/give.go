package panel

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"lotse/agent"
	"lotse/tunnel"
)

// The messages of a socket that gives a file; PANEL.md.
type (
	// Gift is what the page says about its file.
	Gift struct {
		Name string `json:"name"`
		Size int64  `json:"size"` // in bytes
	}
	// GiftAnswer accepts a file, or says why it cannot be given.
	GiftAnswer struct {
		ID  string `json:"id,omitempty"`
		Why string `json:"why,omitempty"` // a value of tunnel.FileState.Why
	}
	// GiftPart asks for bytes of the file.
	GiftPart struct {
		At     int64 `json:"at"`
		Length int   `json:"length"`
	}
)

// maxPart is the maximum length of a part in bytes.
const maxPart = 64 << 10

// takeGift takes a file from a page, which keeps it and answers requests for its parts.
func takeGift(ctx context.Context, p *Panel, w http.ResponseWriter, r *http.Request) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ws, done := p.socket(ctx, w, r)
	defer done()
	if ws == nil {
		return
	}
	var gift Gift
	_ = ws.SetReadDeadline(time.Now().Add(firstMessage))
	if ws.ReadJSON(&gift) != nil {
		return
	}
	_ = ws.SetReadDeadline(time.Time{})
	ws.SetReadLimit(maxPart)
	source := &pageFile{ws: ws, parts: make(chan []byte, 1), gone: ctx.Done()}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer stop()
		source.read()
	}()
	err := p.session.GiveFile(ctx, gift.Name, gift.Size, source, func(id string) { source.say(GiftAnswer{ID: id}) })
	var refused agent.FileRefusal
	if errors.As(err, &refused) {
		source.say(GiftAnswer{Why: string(refused)})
	}
	ws.Close()
	stop()
	<-read
}

// pageFile is a file that a page can read. It implements io.ReaderAt.
type pageFile struct {
	ws    *websocket.Conn
	parts chan []byte     // answers of the page
	gone  <-chan struct{} // closed when the page is gone

	writing sync.Mutex // held while a message is written
	reading sync.Mutex // held during ReadAt: one request at a time
}

var errPageGone = errors.New("panel: the page that gives the file is gone, or cannot read it")

func (f *pageFile) say(message any) {
	f.writing.Lock()
	defer f.writing.Unlock()
	_ = f.ws.SetWriteDeadline(time.Now().Add(panelWrite))
	_ = f.ws.WriteJSON(message) // read notices a socket that is broken
}

// read passes the page's answers on until the socket ends.
func (f *pageFile) read() {
	for {
		kind, b, err := f.ws.ReadMessage()
		if err != nil || kind != websocket.BinaryMessage {
			return
		}
		select {
		case f.parts <- b:
		default:
			return // nothing was asked for
		}
	}
}

// ReadAt implements io.ReaderAt.
func (f *pageFile) ReadAt(b []byte, at int64) (n int, err error) {
	f.reading.Lock()
	defer f.reading.Unlock()
	for n < len(b) {
		want := min(len(b)-n, maxPart)
		f.say(GiftPart{At: at + int64(n), Length: want})
		timer := time.NewTimer(tunnel.FileNothing)
		select {
		case part := <-f.parts:
			timer.Stop()
			if len(part) != want {
				return n, errPageGone
			}
			n += copy(b[n:], part)
		case <-timer.C:
			return n, errPageGone
		case <-f.gone:
			timer.Stop()
			return n, errPageGone
		}
	}
	return n, nil
}
