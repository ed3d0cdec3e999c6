package tunnel_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/gorilla/websocket"

	"lotse/tunnel"
	"lotse/tunnel/tunneltest"
)

// swapped returns a pair with its sides swapped at random.
func swapped(t *testing.T) (a, b *tunnel.Stream) {
	a, b = tunneltest.Pair(t)
	if rand.IntN(2) == 0 {
		return b, a
	}
	return a, b
}

func TestStreamBytes(t *testing.T) {
	a, b := swapped(t)
	data := make([]byte, 300_000)
	for i := range data {
		data[i] = byte(i * 7)
	}
	errs := make(chan error, 1)
	go func() {
		_, err := a.Write(data)
		if err == nil {
			_, err = io.Copy(a, iotest.OneByteReader(bytes.NewReader(data[:500])))
		}
		a.Close()
		errs <- err
	}()
	got, err := io.ReadAll(b)
	if err != nil || <-errs != nil || !bytes.Equal(got, append(data, data[:500]...)) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if err := errors.Join(b.Close(), b.Close(), a.Close()); err != nil {
		t.Errorf("Close twice: %v", err)
	}
	if _, err := b.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("Read after EOF: %v", err)
	}
	if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Write after Close: %v", err)
	}
}

func TestStreamSmallReads(t *testing.T) {
	a, b := swapped(t)
	go func() {
		for range 50 {
			_, _ = a.Write([]byte("lotse"))
		}
		a.Close()
	}()
	got, err := io.ReadAll(iotest.OneByteReader(b))
	if err != nil || string(got) != strings.Repeat("lotse", 50) {
		t.Fatalf("%q, %v", got, err)
	}
}

func TestStreamCloseReason(t *testing.T) {
	a, b := swapped(t)
	a.SayClose(websocket.CloseGoingAway, "the other end was lost")
	_, err := b.Read(make([]byte, 1))
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "the other end was lost") {
		t.Errorf("got %v", err)
	}
	if _, err := a.Read(make([]byte, 1)); err == nil {
		t.Error("read goes on")
	}
	for range 2000 { // gorilla panics on repeated reads if the error is not kept
		if _, err := b.Read(make([]byte, 1)); err == nil {
			t.Fatal("error forgotten")
		}
	}
}

func TestStreamLost(t *testing.T) {
	server, client := tunneltest.Sockets(t)
	s := tunnel.NewStream(server, 0)
	client.NetConn().Close()
	if _, err := s.Read(make([]byte, 1)); err == nil || err == io.EOF {
		t.Errorf("a cut line looks like an end: %v", err)
	}
	s.Close()
}

// TestStreamHostile sends messages that a stream must not accept.
func TestStreamHostile(t *testing.T) {
	for name, send := range map[string]func(*websocket.Conn) error{
		"text":     func(c *websocket.Conn) error { return c.WriteMessage(websocket.TextMessage, []byte("x")) },
		"too long": func(c *websocket.Conn) error { return c.WriteMessage(websocket.BinaryMessage, make([]byte, 65537)) },
		"unmasked": func(c *websocket.Conn) error { _, err := c.NetConn().Write([]byte{0x82, 1, 0}); return err },
		"reserved": func(c *websocket.Conn) error { _, err := c.NetConn().Write([]byte{0xf2, 0x80, 0, 0, 0, 0}); return err },
		"huge": func(c *websocket.Conn) error {
			_, err := c.NetConn().Write([]byte{0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0})
			return err
		},
		"ping flood": func(c *websocket.Conn) error {
			go func() { _, _, _ = c.NextReader() }()
			for range 200 {
				if c.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)) != nil {
					return nil
				}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			server, client := tunneltest.Sockets(t)
			s := tunnel.NewStream(server, 0)
			defer s.Close()
			if err := send(client); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 70000)
			for {
				n, err := s.Read(buf)
				if err == io.EOF {
					t.Fatal("accepted as a normal end")
				}
				if err != nil {
					return
				}
				if name != "too long" || n > 65536 {
					t.Fatalf("read %d bytes", n)
				}
			}
		})
	}
}

func TestStreamDeadlines(t *testing.T) {
	a, _ := swapped(t)
	if err := a.SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read: %v", err)
	}
	c, _ := swapped(t)
	if err := c.SetDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("x")); err == nil {
		t.Error("written after the deadline")
	}
	d, e := swapped(t)
	_ = d.SetReadDeadline(time.Now().Add(time.Hour))
	_ = d.SetReadDeadline(time.Time{})
	go func() { _, _ = e.Write([]byte("x")) }()
	if n, err := d.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Errorf("after taking the deadline back: %d, %v", n, err)
	}
}

// TestStreamPing: one side pings much too often, and the other answers.
func TestStreamPing(t *testing.T) {
	server, client := tunneltest.Sockets(t)
	a := tunnel.NewStream(server, time.Millisecond)
	gone := make(chan struct{})
	go func() { _, _, _ = client.NextReader(); close(gone) }()
	// The limit on pongs must be exceeded sooner or later.
	if _, err := a.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "too many pings") {
		t.Errorf("got %v", err)
	}
	a.Close()
	<-gone
}

func TestLinkBounds(t *testing.T) {
	for name, c := range map[string]struct {
		kind int
		size int
		ok   bool
	}{"largest": {websocket.TextMessage, tunnel.MaxLinkMessage, true}, "too long": {websocket.TextMessage, tunnel.MaxLinkMessage + 1, false},
		"binary": {websocket.BinaryMessage, 1, false}} {
		server, client := tunneltest.Sockets(t)
		l := tunnel.NewLink(server, 0)
		if err := client.WriteMessage(c.kind, make([]byte, c.size)); err != nil {
			t.Fatal(err)
		}
		_ = client.WriteMessage(websocket.TextMessage, []byte("{}"))
		b, err := l.Receive()
		if err == nil && len(b) == c.size {
			b, err = l.Receive()
		}
		if ok := err == nil && string(b) == "{}"; ok != c.ok {
			t.Errorf("%s: %d bytes, %v", name, len(b), err)
		}
		l.Close()
	}
}

// TestCloseKeepsTheMessage: a message is unchanged until the next Receive, even if another
// goroutine closes the link and drops further messages meanwhile.
func TestCloseKeepsTheMessage(t *testing.T) {
	server, client := tunneltest.Sockets(t)
	l := tunnel.NewLink(server, 0)
	for _, text := range []string{"first", "other"} {
		if err := client.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	b, err := l.Receive()
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _, _ = client.NextReader() }() // to answer the close
	l.Close()
	if string(b) != "first" {
		t.Errorf("the message became %q", b)
	}
}

// TestCloseText: the reason in the other end's close frame is safe to show, and the reason that we
// send is cut between characters to fit the frame.
func TestCloseText(t *testing.T) {
	a, b := swapped(t)
	a.SayClose(websocket.CloseGoingAway, "\r\x1b[2Kforged\x1b]52;c;aGk=\x07\u202e"+strings.Repeat("ä", 100))
	_, err := b.Read(make([]byte, 1))
	if err == nil || !strings.Contains(err.Error(), "forged") || strings.ContainsAny(err.Error(), "\r\x1b\x07\u202e\ufffd") {
		t.Errorf("got %q", err)
	}
	if !strings.Contains(err.Error(), "ää") {
		t.Errorf("too much is cut: %q", err)
	}
}

// TestForeignCloseText: the reason is also safe to show if the other end does not clean it.
func TestForeignCloseText(t *testing.T) {
	server, client := tunneltest.Sockets(t)
	b := tunnel.NewStream(server, 0)
	defer b.Close()
	frame := websocket.FormatCloseMessage(websocket.CloseGoingAway, "\r\x1b[2Kforged\x1b]52;c;aGk=\x07\u202e")
	if err := client.WriteControl(websocket.CloseMessage, frame, time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	_, err := b.Read(make([]byte, 1))
	if err == nil || !strings.Contains(err.Error(), "forged") || strings.ContainsAny(err.Error(), "\r\x1b\x07\u202e") {
		t.Errorf("got %q", err)
	}
}

// TestOwnerWords: the strings in an owner's messages are safe to show.
func TestOwnerWords(t *testing.T) {
	m, err := tunnel.ParseOwnerMessage([]byte(`{"type":"state","state":"joined\u001b[2J","reason":"\u202eab` + strings.Repeat("c", 100) + `","foreign":"here\n"}`))
	if err != nil || m.State != "joined[2J" || m.Reason != "ab"+strings.Repeat("c", 38)+"…" || m.Foreign != "here " {
		t.Errorf("%+v, %v", m, err)
	}
}
