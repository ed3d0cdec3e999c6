package panel

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"lotse/agent"
)

// giving opens a socket that gives a file, as a page does.
func giving(t *testing.T, p *Panel, gift Gift) *websocket.Conn {
	t.Helper()
	p.mu.Lock()
	p.key = "right"
	p.mu.Unlock()
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(p.origin, "http")+"/api/give", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	for _, m := range []any{map[string]string{"key": "right"}, gift} {
		if err := ws.WriteJSON(m); err != nil {
			t.Fatal(err)
		}
	}
	return ws
}

func TestGive(t *testing.T) {
	p, fake, _ := panelServer(t)
	content := strings.Repeat("Lotse", 40_000) // more than three parts
	over := make(chan struct{})
	fake.gives = func(ctx context.Context, name string, size int64, source io.ReaderAt, accepted func(id string)) error {
		defer close(over)
		accepted("the ID")
		got := make([]byte, size)
		if n, err := source.ReadAt(got, 0); err != nil || string(got[:n]) != content || name != "a.txt" {
			t.Errorf("read %d bytes of %s, %v", n, name, err)
		}
		if n, err := source.ReadAt(got[:5], 5); err != nil || string(got[:n]) != "Lotse" {
			t.Errorf("read %q, %v", got[:n], err)
		}
		_, err := source.ReadAt(got[:5], 10) // the page leaves now
		if !errors.Is(err, errPageGone) {
			t.Errorf("from a page that is gone: %v", err)
		}
		<-ctx.Done()
		return ctx.Err()
	}
	ws := giving(t, p, Gift{"a.txt", int64(len(content))})
	var answer GiftAnswer
	if err := ws.ReadJSON(&answer); err != nil || answer.ID != "the ID" {
		t.Fatalf("%+v, %v", answer, err)
	}
	for {
		var part GiftPart
		if err := ws.ReadJSON(&part); err != nil {
			t.Fatal(err)
		}
		if part.Length > maxPart {
			t.Fatalf("%+v", part)
		}
		if part.At == 10 {
			break
		}
		if err := ws.WriteMessage(websocket.BinaryMessage, []byte(content[part.At:part.At+int64(part.Length)])); err != nil {
			t.Fatal(err)
		}
	}
	ws.Close()
	<-over
}

// TestGiveHostile checks that a page that breaks the protocol only loses its own file.
func TestGiveHostile(t *testing.T) {
	p, fake, _ := panelServer(t)
	for name, answer := range map[string]func(*websocket.Conn) error{
		"too much":   func(ws *websocket.Conn) error { return ws.WriteMessage(websocket.BinaryMessage, make([]byte, 6)) },
		"too little": func(ws *websocket.Conn) error { return ws.WriteMessage(websocket.BinaryMessage, make([]byte, 4)) },
		"far too much": func(ws *websocket.Conn) error {
			return ws.WriteMessage(websocket.BinaryMessage, make([]byte, maxPart+1))
		},
		"text": func(ws *websocket.Conn) error { return ws.WriteMessage(websocket.TextMessage, []byte("12345")) },
	} {
		over := make(chan error, 1)
		fake.gives = func(_ context.Context, _ string, _ int64, source io.ReaderAt, accepted func(id string)) error {
			accepted("x")
			_, err := source.ReadAt(make([]byte, 5), 0)
			over <- err
			return nil
		}
		ws := giving(t, p, Gift{"a.txt", 5})
		_, _, _ = ws.ReadMessage()
		_, _, _ = ws.ReadMessage()
		if err := answer(ws); err != nil {
			t.Fatal(err)
		}
		if err := <-over; !errors.Is(err, errPageGone) {
			t.Errorf("%s: %v", name, err)
		}
	}
	fake.gives = func(context.Context, string, int64, io.ReaderAt, func(id string)) error {
		return agent.FileRefusal("many")
	}
	var answer GiftAnswer
	if err := giving(t, p, Gift{"a.txt", 5}).ReadJSON(&answer); err != nil || answer.Why != "many" {
		t.Errorf("refused: %+v, %v", answer, err)
	}
}
