package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"lotse/rfb/rfbtest"
	"lotse/tunnel"
)

// BenchmarkAgentToAccepted measures the time from the start of the customer's program until the
// advisor's side knows that the number was right. The gateway adds half a second on purpose: it
// delays its answer so that wrong and unknown numbers look alike.
func BenchmarkAgentToAccepted(b *testing.B) {
	s := newStack(b)
	customer := customerDisplay(b, "1280x800")
	for b.Loop() {
		b.StopTimer()
		ses := s.newSession()
		b.StartTimer()
		agent := s.agent(customer, ses.number, "--answer", "view")
		ses.Line(`"event":"compare"`)
		b.StopTimer()
		ses.Write("end")
		agent.Exit()
		ses.Exit()
		b.StartTimer()
	}
}

// BenchmarkFirstPicture measures the time from a viewer's connection to the first complete,
// decoded frame, through `lotse view` and with the seal. The agent answers the question by
// itself.
func BenchmarkFirstPicture(b *testing.B) {
	s := newStack(b)
	customer := customerDisplay(b, "1920x1080")
	customer.paint()
	ses := s.newSession()
	s.agent(customer, ses.number, "--answer", "view")
	ses.Line(`"state":"joined"`)
	_, port := s.view(ses.number)
	for name, encoding := range map[string]int32{"Tight": rfbtest.Tight, "ZRLE": rfbtest.ZRLE} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				firstPicture(b, port, encoding)
			}
		})
	}
}

func firstPicture(b *testing.B, port int, encodings ...int32) {
	b.Helper()
	v, err := rfbtest.Dial(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), rfbtest.Config{})
	if err != nil {
		b.Fatal(err)
	}
	wholePicture(b, v, encodings...)
}

// wholePicture reads the first complete frame and closes the viewer.
func wholePicture(b *testing.B, v *rfbtest.Viewer, encodings ...int32) {
	b.Helper()
	defer v.Close()
	if err := v.SetEncodings(encodings...); err != nil {
		b.Fatal(err)
	}
	if err := v.Request(false, v.Bounds()); err != nil {
		b.Fatal(err)
	}
	u, err := v.NextUpdate()
	if err != nil {
		b.Fatal(err)
	}
	if u == nil || v.Bounds().Dx() != 1920 {
		b.Fatal("not the whole picture")
	}
}

// BenchmarkDoors measures the time from a viewer's first packet to the first complete, decoded
// frame, through each door. seal-ms is the part of that time that the agent's key exchange
// took, including the wait for the other end. Numbers and passwords are created before the
// measurement.
func BenchmarkDoors(b *testing.B) {
	s := newDoorStack(b)
	customer := customerDisplay(b, "1920x1080")
	customer.paint()
	ses := s.newSession()
	agent := s.agent(customer, ses.number, "--answer", "view")
	ses.Line(`"state":"joined"`)
	_, helper := s.view(ses.number)
	roots := s.roots()
	viewer := func(b *testing.B, conn net.Conn, err error, cfg rfbtest.Config) {
		if err != nil {
			b.Fatal(err)
		}
		v, err := rfbtest.New(conn, cfg)
		if err != nil {
			b.Fatal(err)
		}
		wholePicture(b, v, rfbtest.Tight)
	}
	x509plain := func(address string) func(*testing.B) func() {
		return func(b *testing.B) func() {
			p := ses.password("vnc")
			return func() {
				conn, err := net.Dial("tcp", address)
				viewer(b, conn, err, rfbtest.Config{User: p.User, Password: p.Password, TLS: &tls.Config{RootCAs: roots, ServerName: "localhost"}})
			}
		}
	}
	for _, door := range []struct {
		name, called string
		// ready prepares one viewer; its time is not measured.
		ready func(b *testing.B) (show func())
	}{
		{"lotse-view", "helper", func(b *testing.B) func() { return func() { firstPicture(b, helper, rfbtest.Tight) } }},
		{"vnc-port", "vnc", x509plain(s.vnc)},
		{"tls-port", "vnc", x509plain(strings.TrimPrefix(s.url, "https://"))},
		{"repeater", "repeater", func(b *testing.B) func() {
			p := ses.password("repeater")
			return func() {
				conn, err := net.Dial("tcp", s.repeater)
				if err == nil {
					_, err = io.ReadFull(conn, make([]byte, 12)) // the repeater's "RFB 000.000"
				}
				if err == nil {
					_, err = conn.Write(append([]byte("ID:"+p.User), make([]byte, 250-3-9)...))
				}
				viewer(b, conn, err, rfbtest.Config{Password: p.Password})
			}
		}},
		{"websockify", "websockify", func(b *testing.B) func() {
			address := ses.websockify()
			return func() {
				d := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: roots}, Subprotocols: []string{"binary"}}
				ws, _, err := d.DialContext(context.Background(), address, nil)
				if err != nil {
					b.Fatal(err)
				}
				viewer(b, tunnel.NewStream(ws, 0), nil, rfbtest.Config{})
			}
		}},
	} {
		b.Run(door.name, func(b *testing.B) {
			var sealed time.Duration
			for b.Loop() {
				b.StopTimer()
				show, mark := door.ready(b), agent.Mark()
				b.StartTimer()
				show()
				b.StopTimer()
				sealed += sealTime(b, agent.LineAfter(mark, "kind=view door="+door.called+" took="))
				b.StartTimer()
			}
			b.ReportMetric(float64(sealed.Microseconds())/1000/float64(b.N), "seal-ms")
		})
	}
	// The page comes last: it takes the session over from the program that created it.
	b.Run("page", func(b *testing.B) {
		page := newBrowser(b).tab("advisor")
		page.signsIn(s.url + "/advisor#n=" + ses.number)
		page.click("confirm-yes") // another program holds the session
		var sealed time.Duration
		for b.Loop() {
			b.StopTimer()
			page.waitFor("session", `[data-phase="joined"]`)
			page.waitFor("see-screen", ":not([disabled])")
			mark := agent.Mark()
			b.StartTimer()
			page.do("firstPicture", map[string]any{"id": "see-screen", "size": []int{1920, 1080}})
			b.StopTimer()
			sealed += sealTime(b, agent.LineAfter(mark, "kind=view door=page took="))
			// The page shows the screen again after a reload; here it waits for the next round.
			page.do("eval", map[string]any{"value": `() => sessionStorage.setItem("lotse-sessions",
				sessionStorage.getItem("lotse-sessions").replaceAll('"viewing":true', '"viewing":false'))`})
			page.do("reload", nil)
			b.StartTimer()
		}
		b.ReportMetric(float64(sealed.Microseconds())/1000/float64(b.N), "seal-ms")
	})
}

// sealTime reads the duration of the key exchange from a line of the agent's log.
func sealTime(b *testing.B, line string) time.Duration {
	b.Helper()
	_, rest, _ := strings.Cut(line, "took=")
	d, err := time.ParseDuration(strings.Fields(rest)[0])
	if err != nil {
		b.Fatal(err)
	}
	return d
}

// roots returns the certificate pool of the stack's own certificate authority.
func (s *stack) roots() *x509.CertPool {
	s.t.Helper()
	text, err := os.ReadFile(s.caFile)
	if err != nil {
		s.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return pool
}

// websockify requests a websockify address for one noVNC.
func (s *session) websockify() string {
	s.t.Helper()
	mark := s.Mark()
	s.Write("websockify")
	var made struct{ URL string }
	if err := json.Unmarshal([]byte(s.LineAfter(mark, `"event":"websockify"`)), &made); err != nil {
		s.t.Fatal(err)
	}
	return made.URL
}

// BenchmarkF12 measures the time from a physical press of F12 at the customer's keyboard until
// the advisor's side reports that control was taken back.
func BenchmarkF12(b *testing.B) {
	s := newStack(b)
	customer := customerDisplay(b, "1280x800")
	ses := s.newSession()
	s.agent(customer, ses.number, "--answer", "control")
	ses.Line(`"state":"joined"`)
	_, port := s.view(ses.number)
	v, err := rfbtest.Dial(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), rfbtest.Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	hand := customer.hands()
	for b.Loop() {
		b.StopTimer()
		time.Sleep(1100 * time.Millisecond) // two presses within a second would end the session
		mark := ses.Mark()
		ses.Write("control")
		ses.LineAfter(mark, `"given","right":"control"`)
		mark = ses.Mark()
		b.StartTimer()
		hand.key(keyF12)
		ses.LineAfter(mark, `"taken"`)
	}
}
