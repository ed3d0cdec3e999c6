package main

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"lotse/tunnel"
)

// maxHeld limits the hostile requests that one entrance has open at once.
const maxHeld = 4000

// holdFor is how long a stranger holds a request open unless the gateway closes it.
const holdFor = 2 * time.Minute

// stranger makes requests, each from a random one of his addresses.
type stranger struct {
	tls     *tls.Config
	options *options

	tried, opened, answered atomic.Int64
}

// entrances are the attacks on a gateway, by name.
var entrances = map[string]func(*stranger, context.Context) error{
	"enter":      (*stranger).enter,
	"idle":       (*stranger).idle,
	"silent":     (*stranger).silent,
	"headers":    (*stranger).headers,
	"one-name":   func(s *stranger, ctx context.Context) error { return s.signIn(ctx, advisor) },
	"many-names": func(s *stranger, ctx context.Context) error { return s.signIn(ctx, fmt.Sprint("user", rand.Uint64())) },
	"vnc":        (*stranger).vnc,
	"repeater":   (*stranger).repeater,
	"websockify": (*stranger).websockify,
	"api":        (*stranger).api,
	"downloads":  (*stranger).download,
}

func entranceNames() (names []string) {
	for name := range entrances {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// flood makes requests at the entrances until ctx ends. It prints the numbers of tried, opened
// and answered requests per second.
func flood(ctx context.Context, o *options, names []string) error {
	roots, err := readRoots(os.Getenv("LOTSE_FLOOD_CA"))
	if err != nil {
		return err
	}
	began := time.Now()
	var all sync.WaitGroup
	strangers := make([]*stranger, len(names))
	for i, name := range names {
		s := &stranger{options: o, tls: &tls.Config{RootCAs: roots, ServerName: host}}
		strangers[i] = s
		all.Go(func() { s.run(ctx, entrances[name]) })
	}
	<-ctx.Done()
	seconds := int64(max(1, time.Since(began).Seconds()))
	var tried, opened, answered int64
	for _, s := range strangers {
		tried, opened, answered = tried+s.tried.Load(), opened+s.opened.Load(), answered+s.answered.Load()
	}
	fmt.Printf("%d/%d/%d\n", tried/seconds, opened/seconds, answered/seconds)
	return nil
}

// run starts s.options.rate requests per second, evenly distributed.
func (s *stranger) run(ctx context.Context, request func(*stranger, context.Context) error) {
	held := make(chan struct{}, maxHeld)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	due, at := 0.0, time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		due = min(due+now.Sub(at).Seconds()*float64(s.options.rate), float64(s.options.rate))
		at = now
		for ; due >= 1; due-- {
			s.tried.Add(1)
			select {
			case held <- struct{}{}:
				go func() {
					ctx, cancel := context.WithTimeout(ctx, holdFor)
					defer cancel()
					if request(s, ctx) == nil {
						s.answered.Add(1)
					}
					<-held
				}()
			default: // maxHeld requests are open already
			}
		}
	}
}

// botnet is the number of IPv4 addresses of a stranger.
const botnet = 300

// source returns a random address of the stranger.
func (s *stranger) source() netip.Addr {
	if i := rand.IntN(botnet); s.options.from == "botnet" {
		return netip.AddrFrom4([4]byte{10, 0, byte(i), byte(1 + i>>8)})
	}
	b := netip.MustParseAddr(hostile).As16()
	binary.BigEndian.PutUint16(b[6:], uint16(rand.Uint32()))
	binary.BigEndian.PutUint64(b[8:], rand.Uint64())
	return netip.AddrFrom16(b)
}

func (s *stranger) dial(ctx context.Context, port string) (net.Conn, error) {
	dialCtx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := dialFrom(dialCtx, s.source(), port)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { conn.Close() })
	return conn, nil
}

// secure connects and completes the TLS handshake.
func (s *stranger) secure(ctx context.Context) (net.Conn, error) {
	conn, err := s.dial(ctx, port)
	if err != nil {
		return nil, err
	}
	secure := tls.Client(conn, s.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	s.opened.Add(1)
	return secure, nil
}

// web opens a WebSocket.
func (s *stranger) web(ctx context.Context, path string) (*websocket.Conn, error) {
	d := websocket.Dialer{NetDialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return s.secure(ctx) },
		HandshakeTimeout: 20 * time.Second, Subprotocols: []string{tunnel.Subprotocol}}
	ws, _, err := d.DialContext(ctx, "wss://"+host+":"+port+path, nil)
	if err == nil {
		context.AfterFunc(ctx, func() { ws.Close() })
	}
	return ws, err
}

// works reports at random, with the probability of -work, whether this stranger's program
// solves puzzles.
func (s *stranger) works() bool { return rand.Float64() < s.options.work }

// enter tries a number. If it is called to a stream, it sends nonsense or nothing there, half
// of the time each.
func (s *stranger) enter(ctx context.Context) error {
	ws, err := s.web(ctx, "/agent/v1")
	if err != nil {
		return err
	}
	defer ws.Close()
	m := tunnel.AgentRequest{Type: tunnel.TypeEnter, Place: fmt.Sprint(1000 + rand.IntN(9000))}
	for {
		var answer tunnel.GatewayMessage
		if err := ws.WriteJSON(m); err != nil {
			return err
		}
		if err := ws.ReadJSON(&answer); err != nil {
			return err
		}
		switch {
		case answer.Type == tunnel.TypePuzzle && s.works():
			if m.Proof, err = tunnel.SolvePuzzle(ctx, answer.Puzzle); err != nil {
				return err
			}
			continue
		case answer.Type == tunnel.TypeCall:
			s.answered.Add(1)
			return s.wrongSeal(ctx, ws, answer.Stream)
		}
		return nil
	}
}

// wrongSeal dials the stream, sends nonsense or nothing, and waits for the refusal.
func (s *stranger) wrongSeal(ctx context.Context, link *websocket.Conn, id string) error {
	ws, err := s.web(ctx, "/agent/v1/streams/"+id)
	if err != nil {
		return err
	}
	defer ws.Close()
	if rand.IntN(2) == 0 {
		_ = ws.WriteMessage(websocket.BinaryMessage, make([]byte, 64))
	}
	_, _, err = link.ReadMessage()
	return err
}

// idle opens a link and enters no number.
func (s *stranger) idle(ctx context.Context) error {
	ws, err := s.web(ctx, "/agent/v1")
	if err != nil {
		return err
	}
	defer ws.Close()
	_, _, err = ws.ReadMessage()
	return err
}

// silent opens a connection and sends nothing. Half of these connections complete TLS first.
func (s *stranger) silent(ctx context.Context) (err error) {
	var conn net.Conn
	if rand.IntN(2) == 0 {
		conn, err = s.secure(ctx)
	} else if conn, err = s.dial(ctx, port); err == nil {
		s.opened.Add(1)
	}
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = io.Copy(io.Discard, conn)
	return err
}

// headers sends a request that never ends.
func (s *stranger) headers(ctx context.Context) error {
	conn, err := s.secure(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /agent/v1 HTTP/1.1\r\nHost: "+host+"\r\nX-Slow: "); err != nil {
		return err
	}
	for ctx.Err() == nil {
		time.Sleep(2 * time.Second)
		if _, err := io.WriteString(conn, "x"); err != nil {
			return err
		}
	}
	return nil
}

// signIn tries wrong passwords, one after the other on one connection.
func (s *stranger) signIn(ctx context.Context, name string) error {
	t := &http.Transport{DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return s.secure(ctx) }, MaxIdleConns: 1}
	defer t.CloseIdleConnections()
	req := tunnel.SignInRequest{Name: name, Password: "wrong password"}
	for range 5 {
		body, err := json.Marshal(req)
		if err != nil {
			return err
		}
		r, err := http.NewRequestWithContext(ctx, "POST", "https://"+host+":"+port+"/api/v1/signin", strings.NewReader(string(body)))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		resp, err := t.RoundTrip(r)
		if err != nil {
			return err
		}
		var e tunnel.ErrorBody
		err = json.NewDecoder(resp.Body).Decode(&e)
		resp.Body.Close()
		if err != nil {
			return err
		}
		s.answered.Add(1)
		if req.Proof = ""; e.Error.Code == tunnel.CodePuzzle && s.works() {
			if req.Proof, err = tunnel.SolvePuzzle(ctx, e.Error.Puzzle); err != nil {
				return err
			}
		}
	}
	return nil
}

// vnc is a viewer with a wrong password.
func (s *stranger) vnc(ctx context.Context) error {
	conn, err := s.dial(ctx, vncPort)
	if err != nil {
		return err
	}
	defer conn.Close()
	s.opened.Add(1)
	for _, step := range []struct {
		say  []byte
		hear int
	}{{nil, 12}, {[]byte("RFB 003.008\n"), 2}, {[]byte{19}, 2}, {[]byte{0, 2}, 6}, {[]byte{0, 0, 1, 6}, 1}} {
		if _, err := conn.Write(step.say); err != nil {
			return err
		}
		if _, err := io.ReadFull(conn, make([]byte, step.hear)); err != nil {
			return err
		}
	}
	secure := tls.Client(conn, s.tls)
	words := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 9), 8)
	words = append(words, fmt.Sprintf("%09dwrongone", 100_000_000+rand.IntN(899_999_999))...)
	if _, err := secure.Write(words); err != nil {
		return err
	}
	_, err = io.ReadFull(secure, make([]byte, 4))
	return err
}

// repeater is a viewer or a server with a number that nobody opened.
func (s *stranger) repeater(ctx context.Context) error {
	port := repeaterPort
	if rand.IntN(2) == 0 {
		port = serverPort
	}
	conn, err := s.dial(ctx, port)
	if err != nil {
		return err
	}
	defer conn.Close()
	s.opened.Add(1)
	id := make([]byte, 250)
	copy(id, fmt.Sprintf("ID:%09d", 100_000_000+rand.IntN(899_999_999)))
	if _, err := conn.Write(id); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, conn)
	return err
}

// websockify is a noVNC with a token that nobody made.
func (s *stranger) websockify(ctx context.Context) error {
	ws, err := s.web(ctx, "/websockify?token=AAAAAAAAAAAAAAAAAAAAAA")
	if err != nil {
		return err
	}
	defer ws.Close()
	for _, say := range []string{"RFB 003.008\n", "\x01"} {
		if err := ws.WriteMessage(websocket.BinaryMessage, []byte(say)); err != nil {
			return err
		}
	}
	for err == nil {
		_, _, err = ws.ReadMessage()
	}
	return err
}

// api sends twenty requests for public pages without waiting for answers.
func (s *stranger) api(ctx context.Context) error {
	conn, err := s.secure(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var all strings.Builder
	for i := range 20 {
		fmt.Fprintf(&all, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", []string{"/api/v1/info", "/", "/api/v1/me", "/nothing"}[i%4], host)
	}
	if _, err := io.WriteString(conn, all.String()); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, conn)
	return err
}

// download reads a program at one kilobyte per second.
func (s *stranger) download(ctx context.Context) error {
	conn, err := s.secure(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "GET /download/%s HTTP/1.1\r\nHost: %s\r\n\r\n", agentFile, host); err != nil {
		return err
	}
	for b := make([]byte, 1024); err == nil; {
		_, err = conn.Read(b)
		time.Sleep(time.Second)
	}
	return err
}
