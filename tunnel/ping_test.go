package tunnel_test

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"lotse/tunnel"
)

// TestPingOnAFullLine: a line that accepts nothing for a while is not given up because a ping or
// pong is waiting.
func TestPingOnAFullLine(t *testing.T) {
	const full = 30 * time.Second // less than IdleTimeout
	for _, ours := range []string{"ping", "pong"} {
		t.Run(ours, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, client := lineSockets(t)
				var a *tunnel.Stream
				other := client
				if ours == "ping" {
					a = tunnel.NewStream(server, tunnel.PingEvery)
				} else {
					a, other = tunnel.NewStream(client, 0), server
				}
				read := make(chan error, 1)
				go func() { _, err := a.Read(make([]byte, 1)); read <- err }()
				if ours == "pong" {
					if err := other.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(full) // the line accepts nothing
				heard := make(chan string, 1)
				go func() {
					_, b, err := other.ReadMessage()
					heard <- string(b) + errorText(err)
				}()
				synctest.Wait()
				if n, err := a.Write([]byte("x")); n != 1 || err != nil {
					t.Errorf("written behind it: %d, %v", n, err)
				} else if got := <-heard; got != "x" {
					t.Errorf("the other end got %q", got)
				}
				other.Close()
				a.Close()
				<-read
			})
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// lineSockets returns the two ends of a WebSocket over a connection without buffers: a writer waits
// until the other end reads.
func lineSockets(t *testing.T) (server, client *websocket.Conn) {
	t.Helper()
	there, here := net.Pipe()
	upgraded := make(chan error, 1)
	go func() {
		r, err := http.ReadRequest(bufio.NewReader(there))
		if err == nil {
			server, err = (&websocket.Upgrader{}).Upgrade(hijacked{there}, r, nil)
		}
		upgraded <- err
	}()
	d := websocket.Dialer{NetDial: func(string, string) (net.Conn, error) { return here, nil }}
	client, _, err := d.Dial("ws://gateway/", nil)
	if err := errors.Join(err, <-upgraded); err != nil {
		t.Fatal(err)
	}
	return server, client
}

// hijacked is an http.ResponseWriter whose connection can be hijacked.
type hijacked struct{ conn net.Conn }

func (hijacked) Header() http.Header         { return http.Header{} }
func (hijacked) Write(p []byte) (int, error) { return len(p), nil }
func (hijacked) WriteHeader(int)             {}

func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}
