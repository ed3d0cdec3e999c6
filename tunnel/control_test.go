package tunnel_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"lotse/tunnel"
)

// fakeConn is a net.Conn that reads from r and stores what is written.
type fakeConn struct {
	net.Conn
	r io.Reader
	w bytes.Buffer
}

func (c *fakeConn) Read(p []byte) (int, error)  { return c.r.Read(p) }
func (c *fakeConn) Write(p []byte) (int, error) { return c.w.Write(p) }
func (c *fakeConn) Close() error                { return nil }
func (c *fakeConn) SetDeadline(time.Time) error { return nil }

func TestControlRoundTrip(t *testing.T) {
	messages := []tunnel.ControlMessage{
		tunnel.AgentHello{Version: "1", Customer: tunnel.Customer{User: "petra", Host: "PETRA-PC", System: "linux/amd64"}},
		tunnel.AdvisorHello{Version: "1", Client: "lotse"},
		tunnel.State{Seq: 7, Direction: "customer", Rights: tunnel.Rights{View: true}, Asked: []string{"control"}, Viewers: []tunnel.Viewer{{Door: "page", Line: "sealed", From: "::1"}}},
		tunnel.Event{Event: "given", Right: "view", By: "customer"}, tunnel.Bye{Reason: "customer"},
		tunnel.Ask{Right: "control"}, tunnel.Return{Right: "view"}, tunnel.Remind{}, tunnel.Ping{ID: 7}, tunnel.Pong{ID: 7}, tunnel.End{},
		tunnel.Chat{Text: "Grüße", Tag: 1 << 31}, tunnel.ChatRefused{Tag: 1, Why: "long"},
		tunnel.ChatLine{ID: 1, By: "advisor", Time: time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC), Text: "Grüße", Tag: 1 << 31},
		tunnel.AskDoor{Door: "vnc"}, tunnel.DoorNumber{Door: "vnc", Number: "482112345", Seconds: 300}, tunnel.DoorNumber{Door: "vnc", Gone: "burnt"},
	}
	var out fakeConn
	c := tunnel.NewControlConn(&out)
	for _, m := range messages {
		if err := c.Send(m); err != nil {
			t.Fatal(err)
		}
	}
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(out.w.Bytes()), "one byte": iotest.OneByteReader(bytes.NewReader(out.w.Bytes())),
		"with unknown ones": strings.NewReader("\n{\"type\":\"new\"}\n" + strings.ReplaceAll(out.w.String(), "\n", "\r\n{\"type\":\"newer\",\"x\":1}\n")),
	} {
		c := tunnel.NewControlConn(&fakeConn{r: r})
		for _, want := range messages {
			got, err := c.Receive()
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: got %#v, %v; want %#v", name, got, err, want)
			}
		}
		if _, err := c.Receive(); err != io.EOF {
			t.Errorf("%s: end: %v", name, err)
		}
	}
}

func TestControlWire(t *testing.T) {
	for want, m := range map[string]tunnel.ControlMessage{
		`{"type":"end"}`: tunnel.End{},
		`{"type":"hello","version":"","customer":{"user":"","host":"","system":""},"program":"","can":null,"answer":""}`:                                                                                                                          tunnel.AgentHello{},
		`{"type":"state","seq":0,"direction":"","rights":{"view":false,"control":false,"clipboard":false,"files":false,"show":false,"point":false,"record":false},"asked":[],"share":null,"paused":false,"hands":false,"notice":"","viewers":[]}`: tunnel.State{},
	} {
		var out fakeConn
		if err := tunnel.NewControlConn(&out).Send(m); err != nil || out.w.String() != want+"\n" {
			t.Errorf("got %s (%v), want %s", out.w.String(), err, want)
		}
	}
}

func TestControlBounds(t *testing.T) {
	long := tunnel.Bye{Reason: strings.Repeat("x", tunnel.MaxControlLine)}
	var out fakeConn
	if err := tunnel.NewControlConn(&out).Send(long); err == nil || out.w.Len() != 0 {
		t.Errorf("too long a message was sent: %v", err)
	}
	for name, in := range map[string]string{
		"long line": `{"type":"bye","reason":"` + strings.Repeat("x", tunnel.MaxControlLine) + "\"}\n",
		"endless":   strings.Repeat("x", 100_000), "no json": "hello\n", "array": "[]\n", "wrong type": `{"type":"state","seq":"x"}` + "\n",
		"unknown for ever": strings.Repeat("{\"type\":\"x\"}\n", 2000), "empty for ever": strings.Repeat("\n", 2000),
	} {
		if m, err := tunnel.NewControlConn(&fakeConn{r: strings.NewReader(in)}).Receive(); err == nil || err == io.EOF {
			t.Errorf("%s: %v, %v", name, m, err)
		}
	}
	_, err := tunnel.NewControlConn(&fakeConn{r: strings.NewReader(`{"type":"bye"`)}).Receive()
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut line: %v", err)
	}
}

func FuzzControl(f *testing.F) {
	f.Add([]byte("{\"type\":\"hello\",\"customer\":{}}\n{\"type\":\"state\"}\n{\"type\":\"end\"}\n"))
	f.Add([]byte("{\"type\":\"chat\",\"text\":\"x\",\"tag\":1}\n{\"type\":\"chatLine\",\"id\":1,\"time\":\"2026-11-30T09:00:00Z\"}\n{\"type\":\"chatRefused\"}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := tunnel.NewControlConn(&fakeConn{r: bytes.NewReader(b)})
		for {
			m, err := c.Receive()
			if err != nil {
				return
			}
			var out fakeConn
			if err := tunnel.NewControlConn(&out).Send(m); err != nil {
				continue // may be longer when encoded again
			}
			again, err := tunnel.NewControlConn(&fakeConn{r: &out.w}).Receive()
			if err != nil {
				t.Fatalf("%#v does not come back: %v, %#v", m, err, again)
			}
		}
	})
}
