// Package tunneltest makes streams without a gateway, for tests.
package tunneltest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"lotse/tunnel"
)

// Sockets returns the two ends of a WebSocket over a loopback connection; the
// first is the server's. Both are closed at the end of the test.
func Sockets(t testing.TB) (server, client *websocket.Conn) {
	t.Helper()
	up := websocket.Upgrader{WriteBufferSize: 16 << 10, Subprotocols: []string{tunnel.Subprotocol}}
	got := make(chan *websocket.Conn, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
		}
		got <- ws
	}))
	d := websocket.Dialer{Subprotocols: []string{tunnel.Subprotocol}, WriteBufferSize: 16 << 10}
	client, _, err := d.Dial("ws"+strings.TrimPrefix(s.URL, "http"), nil)
	if err != nil {
		s.Close()
		t.Fatal(err)
	}
	server = <-got
	t.Cleanup(func() {
		client.Close()
		if server != nil {
			server.Close()
		}
		s.Close()
	})
	if server == nil {
		t.Fatal("no server side")
	}
	return server, client
}

// Pair returns two joined sides of a stream.
func Pair(t testing.TB) (a, b *tunnel.Stream) {
	t.Helper()
	server, client := Sockets(t)
	a, b = tunnel.NewStream(server, tunnel.PingEvery), tunnel.NewStream(client, 0)
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}
