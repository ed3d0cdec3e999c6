package panel

import (
	"encoding/json"
	"testing"

	"github.com/gorilla/websocket"

	"lotse/agent"
	"lotse/agent/chat"
	"lotse/tunnel"
)

// received is a message of the agent to a page.
type received struct {
	Type, Phase, Why string
	Tag              uint32
	Lines            []tunnel.ChatLine
}

// nextOf reads messages until one has that type.
func nextOf(t *testing.T, ws *websocket.Conn, kind string) received {
	t.Helper()
	for {
		var m received
		if err := ws.ReadJSON(&m); err != nil {
			t.Fatal(err)
		}
		if m.Type == kind {
			return m
		}
	}
}

// TestPanelChat checks that each page receives each line once, and that a refusal reaches only the
// page that wrote.
func TestPanelChat(t *testing.T) {
	_, s, server := panelServer(t)
	_, body := request(t, server, "POST", "/api/open", `{"token":"one-time"}`, nil)
	var opened struct{ Key string }
	if err := json.Unmarshal([]byte(body), &opened); err != nil {
		t.Fatal(err)
	}
	key := opened.Key
	s.show(func(snap *agent.Snapshot) { snap.Chat = []tunnel.ChatLine{{ID: 1, By: "advisor", Text: "one"}} })
	first := events(t, server, key)
	if m := nextOf(t, first, "chat"); len(m.Lines) != 1 || m.Lines[0].Text != "one" {
		t.Fatalf("%+v", m)
	}
	s.show(func(snap *agent.Snapshot) {
		snap.Chat = append(snap.Chat[:1:1], tunnel.ChatLine{ID: 2, By: "customer", Text: "two", Tag: 5})
	})
	if m := nextOf(t, first, "chat"); len(m.Lines) != 1 || m.Lines[0].ID != 2 || m.Lines[0].Tag != 5 {
		t.Errorf("%+v", m)
	}
	if m := nextOf(t, events(t, server, key), "chat"); len(m.Lines) != 2 {
		t.Errorf("a page that was opened later receives %+v", m)
	}
	s.mu.Lock()
	s.err = chat.Error(tunnel.ChatTooMany)
	s.mu.Unlock()
	if err := first.WriteJSON(Message{Type: TypeChat, Text: "three", Tag: 6}); err != nil {
		t.Fatal(err)
	}
	if m := nextOf(t, first, "chatRefused"); m.Tag != 6 || m.Why != tunnel.ChatTooMany {
		t.Errorf("%+v", m)
	}
	s.commands(t, agent.Say{Text: "three", Tag: 6})
}
