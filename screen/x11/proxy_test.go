//go:build linux

package x11

import (
	"encoding/binary"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"lotse/screen"
	"lotse/screen/ownwindow"
	"lotse/screen/screentest"
	"lotse/screen/x11/x11test"

	"github.com/jezek/xgb/xproto"
)

// proxyX is a proxy between a client and an X server. change may change a request, but not its
// length. With each message of the server the client also gets an event that it has not requested.
func proxyX(t *testing.T, x *x11test.Server, change func(request []byte)) (display string) {
	t.Helper()
	var l net.Listener
	for port := 6100; l == nil && port < 6400; port++ {
		l, _ = net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
	}
	if l == nil {
		t.Fatal("no port for a display")
	}
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait)
	t.Cleanup(func() { l.Close() })
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", "/tmp/.X11-unix/X"+strings.TrimPrefix(x.Display, ":"))
			if err != nil {
				client.Close()
				return
			}
			wg.Go(func() { passRequests(server, client, change); server.Close() })
			wg.Go(func() { passMessages(client, server); client.Close() })
		}
	})
	return "127.0.0.1:" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port-6000)
}

// passRequests copies requests; X Window System Protocol, sections 1 and 8.
func passRequests(to io.Writer, from io.Reader, change func([]byte)) {
	pad := func(n int) int { return (n + 3) &^ 3 }
	head := make([]byte, 12)
	if _, err := io.ReadFull(from, head); err != nil {
		return
	}
	rest := make([]byte, pad(int(binary.LittleEndian.Uint16(head[6:])))+pad(int(binary.LittleEndian.Uint16(head[8:]))))
	if _, err := io.ReadFull(from, rest); err != nil {
		return
	}
	b := append(head, rest...)
	for {
		if _, err := to.Write(b); err != nil {
			return
		}
		b = make([]byte, 4)
		if _, err := io.ReadFull(from, b); err != nil {
			return
		}
		b = append(b, make([]byte, 4*int(binary.LittleEndian.Uint16(b[2:]))-4)...)
		if _, err := io.ReadFull(from, b[4:]); err != nil {
			return
		}
		change(b)
	}
}

// passMessages copies the server's messages, with another event after each message.
func passMessages(to io.Writer, from io.Reader) {
	head := make([]byte, 8)
	if _, err := io.ReadFull(from, head); err != nil {
		return
	}
	size := 4 * int64(binary.LittleEndian.Uint16(head[6:]))
	for {
		if _, err := to.Write(head); err != nil {
			return
		}
		if _, err := io.CopyN(to, from, size); err != nil {
			return
		}
		if len(head) == xHead {
			event := make([]byte, xHead)
			event[0] = xproto.MappingNotify
			if _, err := to.Write(event); err != nil {
				return
			}
		}
		head, size = make([]byte, xHead), 0
		if _, err := io.ReadFull(from, head); err != nil {
			return
		}
		if kind := head[0] &^ xSentFlag; kind == xReply || kind == xGenericEvent {
			size = 4 * int64(binary.LittleEndian.Uint32(head[4:]))
		}
	}
}

// TestNoDamageWhileEventsArrive: a server that refuses to report damage is polled. Events arrive
// meanwhile, for the race detector.
func TestNoDamageWhileEventsArrive(t *testing.T) {
	x := x11test.Xvfb(t, "200x100x24")
	l, err := dialX(screen.Options{Display: x.Display}.WithDefaults(), func([]byte) {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	ext, ok, err := l.extension("DAMAGE")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	const create = 1
	display := proxyX(t, x, func(request []byte) {
		if request[0] == ext.major && request[1] == create {
			binary.LittleEndian.PutUint32(request[8:], 0x1fffffff) // no such drawable
		}
	})
	s, err := openRootScreen(screen.Options{Display: display, NoShm: true, Logger: screentest.Log(t)}.WithDefaults(), &ownwindow.Places{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.ext.damage != 0 {
		t.Fatal("the server reports damage: the test tests nothing")
	}
	if _, err := s.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
}
