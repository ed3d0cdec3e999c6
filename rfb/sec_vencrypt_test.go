package rfb

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"lotse/rfb/rfbtest"
)

func testTLS(t testing.TB) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

type received struct {
	k   *ServerHandshake
	err error
}

// receive starts Receive on one end of a pipe.
func receive(t testing.TB, d Offer) (*peer, <-chan received) {
	t.Helper()
	a, b := net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	d.Step, d.Ask = 10*time.Second, 10*time.Second
	out := make(chan received, 1)
	go func() {
		k, err := d.Receive(a)
		if err != nil {
			a.Close()
		}
		out <- received{k, err}
	}()
	return &peer{t: t, Conn: b}, out
}

func TestVeNCrypt(t *testing.T) {
	p, out := receive(t, Offer{TLS: testTLS(t)})
	p.version("003.008")
	p.expect(1, 19)
	p.send(19)
	p.expect(0, 2)
	p.send(0, 2)
	p.expect(0, 1, 0, 0, 1, 6)
	p.send(0, 0, 1, 6)
	p.expect(1)
	p.Conn = tls.Client(p.Conn, &tls.Config{InsecureSkipVerify: true})
	p.send(append([]byte{0, 0, 0, 3, 0, 0, 0, 4}, "weread"...)...)
	p.send('!')
	r := <-out
	if r.err != nil || r.k.User != "wer" || string(r.k.Password) != "ead!" || !r.k.TLS {
		t.Fatalf("%+v, %v", r.k, r.err)
	}
	go func() { r.k.Refuse(Refusal{Reason: "No."}) }()
	p.expect(0, 0, 0, 1)
	if why := p.reason(); why != "No." {
		t.Errorf("reason %q", why)
	}
}

func TestVeNCryptMistakes(t *testing.T) {
	config := testTLS(t)
	for name, play := range map[string]func(p *peer){
		"version 0.1": func(p *peer) { p.send(0, 1); p.expect(0xff) },
		"plain":       func(p *peer) { p.send(0, 2); p.expect(0, 1, 0, 0, 1, 6); p.send(0, 0, 1, 0); p.expect(0) },
		"tlsplain":    func(p *peer) { p.send(0, 2); p.expect(0, 1, 0, 0, 1, 6); p.send(0, 0, 1, 3); p.expect(0) },
		"no TLS": func(p *peer) {
			p.send(0, 2)
			p.expect(0, 1, 0, 0, 1, 6)
			p.send(0, 0, 1, 6)
			p.expect(1)
			p.send(credentialsOf(3)...)
		},
	} {
		p, out := receive(t, Offer{TLS: config})
		p.version("003.008")
		p.expect(1, 19)
		p.send(19)
		p.expect(0, 2)
		play(p)
		go io.Copy(io.Discard, p)
		if r := <-out; r.err == nil || !strings.HasPrefix(r.err.Error(), "rfb: vencrypt: ") {
			t.Errorf("%s: %v", name, r.err)
		}
	}
}

func credentialsOf(n int) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(n))
	b = binary.BigEndian.AppendUint32(b, uint32(n))
	return append(b, make([]byte, 2*n)...)
}

// TestDoorTooOld: a viewer that supports none of the types is refused with a reason, and None is
// not offered to versions without SecurityResult.
func TestDoorTooOld(t *testing.T) {
	for version, d := range map[string]Offer{"003.003": {TLS: testTLS(t)}, "003.007": {None: true}} {
		p, out := receive(t, d)
		p.version(version)
		if version == "003.003" {
			p.expect(0, 0, 0, 0)
		} else {
			p.expect(0)
		}
		if why := p.reason(); !strings.Contains(why, "too old") {
			t.Errorf("%s: reason %q", version, why)
		}
		if r := <-out; !errors.As(r.err, new(Refusal)) {
			t.Errorf("%s: %v", version, r.err)
		}
	}
}

func TestDoorNotOffered(t *testing.T) {
	p, out := receive(t, Offer{VncAuth: true})
	p.version("003.008")
	p.expect(1, 2)
	p.send(1)
	p.expect(0, 0, 0, 1)
	p.reason()
	if r := <-out; r.err == nil {
		t.Error("None was not offered and taken")
	}
}

func TestVncResponse(t *testing.T) {
	r := &VncResponse{}
	rand.Read(r.challenge[:])
	if err := vncAuthResponse(r.response[:], r.challenge[:], "abcdefgh"); err != nil {
		t.Fatal(err)
	}
	for password, want := range map[string]bool{"abcdefgh": true, "abcdefgi": false, "": false} {
		if r.Matches([]byte(password)) != want {
			t.Errorf("%q: %v", password, !want)
		}
	}
}

// scripted is a peer whose data has all arrived already.
type scripted struct {
	net.Conn
	io.Reader
}

func (s scripted) Read(p []byte) (int, error)  { return s.Reader.Read(p) }
func (s scripted) Write(p []byte) (int, error) { return len(p), nil }
func (s scripted) SetDeadline(time.Time) error { return nil }

// FuzzDoor: whatever a stranger sends, Receive neither panics nor reads more than its limits; the
// same bytes are also used as a server's.
func FuzzDoor(f *testing.F) {
	f.Add([]byte("RFB 003.008\n\x13\x00\x02\x00\x00\x01\x06"))
	f.Add([]byte("RFB 003.008\n\x020123456789abcdef"))
	f.Add([]byte("RFB 003.003\n0123456789abcdef"))
	f.Add([]byte("RFB 003.008\n\x01\x01\x00\x00\x00\x01\x00\x00\x00\x02No"))
	f.Add(credentialsOf(maxPlainText + 1))
	config := testTLS(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		if k, err := (Offer{TLS: config, VncAuth: true, None: true}).Receive(scripted{Reader: bytes.NewReader(b)}); err == nil && k.TLS {
			t.Error("TLS with a peer that cannot know it")
		}
		if user, password, err := readPlain(scripted{Reader: bytes.NewReader(b)}); err == nil && len(user)+len(password) > 2*maxPlainText {
			t.Error("credentials out of bounds")
		}
		server := scripted{Reader: bytes.NewReader(b)}
		if ClientSecurity(server) == nil {
			_ = ReadResult(server)
		}
	})
}

// TestVeNCryptViewer uses a viewer that was written independently of the server.
func TestVeNCryptViewer(t *testing.T) {
	server := testTLS(t)
	p, out := receive(t, Offer{TLS: server})
	cert, err := x509.ParseCertificate(server.Certificates[0].Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	refused := make(chan error, 1)
	go func() {
		_, err := rfbtest.New(p.Conn, rfbtest.Config{TLS: &tls.Config{RootCAs: roots, ServerName: "localhost"}, User: "482112345", Password: "secret12"})
		refused <- err
	}()
	r := <-out
	if r.err != nil || !r.k.TLS || r.k.User != "482112345" || string(r.k.Password) != "secret12" {
		t.Fatalf("%+v, %v", r.k, r.err)
	}
	r.k.Refuse(Refusal{Reason: "not today"})
	if err := <-refused; err != (rfbtest.Refused{Reason: "not today"}) {
		t.Errorf("the viewer reads %v", err)
	}
}
