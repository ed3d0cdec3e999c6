package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// spy is a gateway whose owner has turned malicious. It terminates TLS with a certificate that
// both sides trust, forwards everything to the real gateway, records all of it, and may change
// it.
type spy struct {
	t        testing.TB
	url      string
	caFile   string
	listener net.Listener
	target   string
	roots    *x509.CertPool

	mu       sync.Mutex
	recorded bytes.Buffer
	// change may change the payload of a stream's binary message. n numbers the messages of one
	// direction, from 0.
	change func(path string, toEnd bool, n int, payload []byte)
	wg     sync.WaitGroup
	conns  map[net.Conn]bool
}

func newSpy(t testing.TB, s *stack) *spy {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "spy"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	p := &spy{t: t, caFile: filepath.Join(t.TempDir(), "spy.pem"), target: strings.TrimPrefix(s.url, "https://"), conns: map[net.Conn]bool{}}
	if err := os.WriteFile(p.caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(s.data, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	p.roots = x509.NewCertPool()
	p.roots.AppendCertsFromPEM(ca)
	p.listener, err = tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, NextProtos: []string{"http/1.1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.url = "https://" + p.listener.Addr().String()
	p.wg.Go(func() {
		for {
			c, err := p.listener.Accept()
			if err != nil {
				return
			}
			p.wg.Go(func() { p.pass(c) })
		}
	})
	t.Cleanup(func() {
		p.listener.Close()
		p.mu.Lock()
		for c := range p.conns {
			c.Close()
		}
		p.mu.Unlock()
		p.wg.Wait()
	})
	return p
}

func (p *spy) pass(c net.Conn) {
	up, err := tls.Dial("tcp", p.target, &tls.Config{RootCAs: p.roots, ServerName: "127.0.0.1", NextProtos: []string{"http/1.1"}})
	if err != nil {
		c.Close()
		return
	}
	p.mu.Lock()
	p.conns[c], p.conns[up] = true, true
	p.mu.Unlock()
	// The gateway checks the Host header, so copy replaces the spy's address with the
	// gateway's.
	head := make(chan request, 1)
	p.wg.Go(func() {
		defer up.Close()
		defer c.Close()
		p.copy(up, c, false, head)
	})
	defer up.Close()
	defer c.Close()
	p.copy(c, up, true, head)
}

// request is what an HTTP request asks for.
type request struct {
	path      string
	webSocket bool
}

// copy forwards one direction: the head of HTTP, and then the body as it is or, on a WebSocket,
// message by message.
func (p *spy) copy(to, from net.Conn, toEnd bool, heads chan request) {
	var head []byte
	one := make([]byte, 1)
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		if _, err := io.ReadFull(from, one); err != nil || len(head) > 16<<10 {
			return
		}
		head = append(head, one[0])
	}
	var asked request
	if toEnd {
		asked = <-heads
	} else {
		asked = request{strings.Fields(string(head))[1], bytes.Contains(bytes.ToLower(head), []byte("upgrade: websocket"))}
		heads <- asked
		own, real := strings.TrimPrefix(p.url, "https://"), p.target
		head = bytes.ReplaceAll(head, []byte(own), []byte(real))
	}
	p.record(head)
	if _, err := to.Write(head); err != nil {
		return
	}
	if !asked.webSocket {
		buf := make([]byte, 32<<10)
		for {
			n, err := from.Read(buf)
			if n > 0 {
				p.record(buf[:n])
				if _, err := to.Write(buf[:n]); err != nil {
					return
				}
			}
			if err != nil {
				return
			}
		}
	}
	for n := 0; ; n++ {
		if p.message(to, from, asked.path, toEnd, n) != nil {
			return
		}
	}
}

// message forwards one WebSocket frame (RFC 6455, section 5.2).
func (p *spy) message(to, from net.Conn, path string, toEnd bool, n int) error {
	h := make([]byte, 2, 14)
	if _, err := io.ReadFull(from, h); err != nil {
		return err
	}
	more := func(k int) error {
		h = h[:len(h)+k]
		_, err := io.ReadFull(from, h[len(h)-k:])
		return err
	}
	size := int(h[1] & 0x7f)
	switch size {
	case 126:
		if err := more(2); err != nil {
			return err
		}
		size = int(binary.BigEndian.Uint16(h[2:]))
	case 127:
		if err := more(8); err != nil {
			return err
		}
		size = int(binary.BigEndian.Uint64(h[2:]))
	}
	var mask []byte
	if h[1]&0x80 != 0 {
		if err := more(4); err != nil {
			return err
		}
		mask = h[len(h)-4:]
	}
	payload := make([]byte, size)
	if _, err := io.ReadFull(from, payload); err != nil {
		return err
	}
	unmask := func() {
		for i := range payload {
			if mask != nil {
				payload[i] ^= mask[i%4]
			}
		}
	}
	unmask()
	p.record(payload)
	if p.change != nil && h[0]&0x0f == 2 {
		p.change(path, toEnd, n, payload)
	}
	unmask()
	_, err := to.Write(append(h, payload...))
	return err
}

func (p *spy) record(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.recorded.Write(b)
}

// through returns the stack with the spy in front of its gateway.
func (p *spy) through(s *stack) *stack {
	c := *s
	c.url, c.caFile = p.url, p.caFile
	return &c
}

// TestGatewaySeesNothing checks that a gateway which records everything finds no RFB, no
// pixels, no text and no number in it.
func TestGatewaySeesNothing(t *testing.T) {
	real := newStack(t)
	p := newSpy(t, real)
	s := p.through(real)
	customer := customerDisplay(t, "640x480")
	customer.paint()
	ses := s.newSession()
	s.agent(customer, ses.number, "--answer", "control")
	ses.Line(`"state":"joined"`)
	_, port := s.view(ses.number)
	screen := viewerDisplay(t, "800x640")
	viewer := start(t, append(screen.env(), "HOME="+t.TempDir()), need(t, "xtigervncviewer", "tigervnc-viewer"),
		"-AutoSelect=0", "-PreferredEncoding=Raw", "-MenuKey=", hostPort(port))
	shows(t, screen, customer, 0)
	viewer.Stop()
	ses.Write("end")
	ses.Exit()

	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.recorded.Bytes()
	if len(all) < 640*480*4 {
		t.Fatalf("only %d bytes were recorded: did the picture go another way?", len(all))
	}
	host, _ := os.Hostname()
	// This is a row of the flat area as raw pixels: blue, green, red, unused.
	row := bytes.Repeat([]byte{245, 250, 250, 0}, 8)
	for what, secret := range map[string][]byte{
		"RFB's version": []byte("RFB 003"), "the number": []byte(ses.number), "the number's secret": []byte(`"` + ses.number[4:]),
		"a control message": []byte(`"rights"`), "the customer's host": []byte(`"host":"` + host), "pixels": row,
	} {
		if bytes.Contains(all, secret) {
			t.Errorf("the recording holds %s", what)
		}
	}
	// The recording holds what is public. This proves that the search works.
	if !bytes.Contains(all, []byte(`"type":"enter"`)) || !bytes.Contains(all, []byte(`"type":"call"`)) {
		t.Error("the recording does not hold what it must")
	}
}

// TestGatewayGetsNoNumber checks that a viewer which cannot seal gets a number of its own, and
// that the gateway never sees the session's number.
func TestGatewayGetsNoNumber(t *testing.T) {
	real := newDoorStack(t)
	p := newSpy(t, real.stack)
	s := p.through(real.stack)
	ses := s.newSession()
	s.agent(customerDisplay(t, "640x480"), ses.number, "--answer", "view")
	ses.Line(`"state":"joined"`)
	given := []string{ses.password("vnc").User, ses.password("repeater").User}
	ses.Write("websockify")
	ses.Line("/websockify?token=")
	ses.Write("end")
	ses.Exit()
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.recorded.Bytes()
	if bytes.Contains(all, []byte(ses.number)) || bytes.Contains(all, []byte(`"`+ses.number[4:]+`"`)) {
		t.Error("the gateway saw the session's number")
	}
	for _, n := range given {
		if !bytes.Contains(all, []byte(`"`+n+`"`)) {
			t.Error("a viewer's number is not in the recording: did it go another way?")
		}
	}
}

// TestGatewayChangesBytes checks that an end notices when the gateway flips one bit of a
// record: the viewer is disconnected, and nothing of the changed record is shown.
func TestGatewayChangesBytes(t *testing.T) {
	for name, toAgent := range map[string]bool{"on the way to the viewer": false, "on the way to the agent": true} {
		t.Run(name, func(t *testing.T) {
			real := newStack(t)
			p := newSpy(t, real)
			s := p.through(real)
			path := "/api/v1/streams/"
			if toAgent {
				path = "/agent/v1/streams/"
			}
			// The view's stream is the first one that is new after armed was set.
			var mu sync.Mutex
			armed, done, known := false, false, map[string]bool{}
			p.change = func(at string, toEnd bool, n int, payload []byte) {
				mu.Lock()
				defer mu.Unlock()
				if !armed {
					known[at] = true
				}
				if armed && !done && !known[at] && toEnd && strings.HasPrefix(at, path) && len(payload) > 20 && payload[0] == 0x21 {
					payload[len(payload)-5] ^= 1
					done = true
				}
			}
			customer := customerDisplay(t, "640x480")
			customer.paint()
			ses := s.newSession()
			agent := s.agent(customer, ses.number, "--answer", "view")
			ses.Line(`"state":"joined"`)
			view, port := s.view(ses.number)
			mu.Lock()
			armed = true
			mu.Unlock()
			out, err := tryRun(nil, need(t, "vncsnapshot", "vncsnapshot"), "127.0.0.1:"+fmt.Sprint(port-5900), filepath.Join(t.TempDir(), "x.jpg"))
			if err == nil && strings.Contains(out, "Image saved") {
				t.Errorf("a picture over a line that was tampered with:\n%s", out)
			}
			if toAgent {
				agent.Line("tampered")
			} else {
				view.Line("tampered")
			}
		})
	}
}
