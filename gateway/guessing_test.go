package gateway

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"lotse/tunnel"
)

// The tests of this file cover issue 3's acceptance 4 over real sockets; those of gate_test.go do
// it in a bubble's time.

// rankDistance is the distance of two samples in the test of Mann and Whitney, in standard
// deviations of what chance alone does to the ranks. It uses only the order, so that a single delay
// of the machine weighs no more than any other value.
func rankDistance(a, b []time.Duration) float64 {
	type one struct {
		d     time.Duration
		fromA bool
	}
	var all []one
	for _, d := range a {
		all = append(all, one{d, true})
	}
	for _, d := range b {
		all = append(all, one{d, false})
	}
	slices.SortFunc(all, func(x, y one) int { return cmp.Compare(x.d, y.d) })
	sum := 0.0 // of a's ranks; equal values share a rank
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].d == all[i].d {
			j++
		}
		for k := i; k < j; k++ {
			if all[k].fromA {
				sum += float64(i+j+1) / 2
			}
		}
		i = j
	}
	n, m := float64(len(a)), float64(len(b))
	u := sum - n*(n+1)/2
	return (u - n*m/2) / math.Sqrt(n*m*(n+m+1)/12)
}

// maxRankDistance is exceeded by chance once in two million comparisons.
const maxRankDistance = 5

// TestRankDistance: the statistic finds no difference within one distribution, and finds a shift by
// a part of the spread.
func TestRankDistance(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	draw := func(shift time.Duration) (out []time.Duration) {
		for range guessSamples {
			out = append(out, shift+time.Duration(rng.ExpFloat64()*float64(time.Millisecond)))
		}
		return out
	}
	for range 1000 {
		if z := rankDistance(draw(0), draw(0)); math.Abs(z) > maxRankDistance {
			t.Fatalf("two samples of one distribution are %.1f apart", z)
		}
	}
	if z := rankDistance(draw(time.Millisecond), draw(0)); z < maxRankDistance {
		t.Errorf("a shift by one mean is only %.1f apart", z)
	}
	if z := rankDistance([]time.Duration{1, 1, 1}, []time.Duration{1, 1, 1}); z != 0 {
		t.Errorf("equal ones are %.1f apart", z)
	}
}

// loopback returns one of 2^24 loopback addresses. To a gateway they look like viewers on as many
// computers.
func loopback(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, 1 + byte(i>>16), byte(i >> 8), byte(i)})
}

// guess is a viewer at the VNC port or at the websockify address.
type guess struct {
	net.Conn
	begin func() error // sends the last message before the gateway decides
}

// answer returns the gateway's reason, "" if the guess was right, and how long it took.
func (g *guess) answer() (words string, took time.Duration, err error) {
	defer g.Close()
	began := time.Now()
	if err := g.begin(); err != nil {
		return "", 0, err
	}
	var result [4]byte
	if _, err := io.ReadFull(g, result[:]); err != nil {
		return "", 0, err
	}
	took = time.Since(began)
	if result == [4]byte{} {
		return "", took, nil
	}
	words, err = readWords(g)
	return words, took, err
}

func readWords(r io.Reader) (string, error) {
	var n [4]byte
	if _, err := io.ReadFull(r, n[:]); err != nil {
		return "", err
	}
	b := make([]byte, min(binary.BigEndian.Uint32(n[:]), 1000))
	_, err := io.ReadFull(r, b)
	return string(b), err
}

// refused is the error of an address that is refused before anything is asked.
type refused struct{ words string }

func (r refused) Error() string { return r.words }

// guessAt connects a viewer from an address and stops before it sends its credentials.
func (r *rig) guessAt(from netip.Addr, user, password string) (*guess, error) {
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))}
	conn, err := d.Dial("tcp", r.addrs.VNC.String())
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	say := func(say []byte, hear int) (b []byte) {
		if err == nil {
			_, err = conn.Write(say)
		}
		if b = make([]byte, hear); err == nil {
			_, err = io.ReadFull(conn, b)
		}
		return b
	}
	say(nil, 12)
	if types := say([]byte("RFB 003.008\n"), 1); err == nil && types[0] == 0 {
		defer conn.Close()
		words, err := readWords(conn)
		if err == nil {
			err = refused{words}
		}
		return nil, err
	}
	say(nil, 1)
	say([]byte{19}, 2)
	say([]byte{0, 2}, 6)
	say([]byte{0, 0, 1, 6}, 1)
	if err != nil {
		conn.Close()
		return nil, err
	}
	secure := tls.Client(conn, &tls.Config{RootCAs: r.roots, ServerName: "localhost"})
	if err := secure.Handshake(); err != nil {
		conn.Close()
		return nil, err
	}
	return &guess{secure, func() error { _, err := secure.Write(credentials(user, password)); return err }}, nil
}

// guessToken does the same at a websockify address.
func (r *rig) guessToken(from netip.Addr, address string) (*guess, error) {
	nd := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))}
	d := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: r.roots}, Subprotocols: []string{"binary"}, NetDialContext: nd.DialContext}
	ws, res, err := d.DialContext(context.Background(), address, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", err, res)
	}
	conn := tunnel.NewStream(ws, 0)
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	b := make([]byte, 12)
	if _, err = io.ReadFull(conn, b); err == nil {
		_, err = conn.Write([]byte("RFB 003.008\n"))
	}
	if err == nil {
		_, err = io.ReadFull(conn, b[:2])
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &guess{conn, func() error { _, err := conn.Write([]byte{1}); return err }}, nil
}

const (
	// guessSamples is how many times each kind of wrong try is measured.
	guessSamples = 80
	// shortPause replaces WrongPause's 2 s; shortLife is the lifetime of a password.
	shortPause = 20 * time.Millisecond
	shortLife  = 20 * time.Second
)

// alike measures the kinds one after the other, each round in another order and every try from
// another address, and compares each kind with each.
func alike(t *testing.T, kinds map[string]func(from netip.Addr) (*guess, error)) {
	t.Helper()
	times := map[string][]time.Duration{}
	var names []string
	for name := range kinds {
		names = append(names, name)
	}
	slices.Sort(names)
	from := 0
	for range guessSamples {
		rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		for _, name := range names {
			from++
			g, err := kinds[name](loopback(from))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			words, took, err := g.answer()
			if err != nil || words != errWrongPassword.Reason {
				t.Fatalf("%s: %q, %v", name, words, err)
			}
			if took < shortPause {
				t.Fatalf("%s: answered after %v", name, took)
			}
			times[name] = append(times[name], took)
		}
	}
	slices.Sort(names)
	for i, a := range names {
		sorted := slices.Sorted(slices.Values(times[a]))
		t.Logf("%-22s median %v, quartiles %v and %v", a, sorted[len(sorted)/2], sorted[len(sorted)/4], sorted[len(sorted)*3/4])
		for _, b := range names[:i] {
			if z := rankDistance(times[a], times[b]); math.Abs(z) > maxRankDistance {
				t.Errorf("%s and %s can be told apart by time: %.1f standard deviations", a, b, z)
			}
		}
	}
}

// TestGuessTimes: the duration of a refusal does not reveal what was wrong.
func TestGuessTimes(t *testing.T) {
	t.Parallel()
	short := func(c *Config) { c.Limits.Times.WrongPause, c.Limits.Times.Password = shortPause, shortLife }
	// expired asks for a session's password or address and advances the clock until it has expired.
	expired := func(r *rig, clock *shiftClock, next func(o *owner) string) func() (*owner, string) {
		o := r.open(r.signIn("bert"))
		r.customer().join(o.number)
		o.state(tunnel.StateJoined)
		return func() (*owner, string) {
			secret := next(o)
			clock.shift(shortLife)
			return o, secret
		}
	}
	t.Run("VNC port", func(t *testing.T) {
		t.Parallel()
		clock := new(shiftClock)
		r, o, c := joinedDoor(t, withVNC, short, withClock(clock))
		used := o.password(tunnel.DoorVNC)
		done := c.serveAgent(o.door, tunnel.DoorVNC, "")
		g, err := r.guessAt(loopback(0), o.door.Digits(), used)
		if err != nil {
			t.Fatal(err)
		}
		if words, _, err := g.answer(); words != "" || err != nil {
			t.Fatalf("%q, %v", words, err)
		}
		receive(t, done, "agent's end")
		old := expired(r, clock, func(o *owner) string { return o.password(tunnel.DoorVNC) })
		alike(t, map[string]func(netip.Addr) (*guess, error){
			"wrong password": func(from netip.Addr) (*guess, error) {
				o.password(tunnel.DoorVNC) // a valid one
				return r.guessAt(from, o.door.Digits(), "wrongone")
			},
			"wrong number": func(from netip.Addr) (*guess, error) {
				return r.guessAt(from, wrongSecret(o.door), o.password(tunnel.DoorVNC))
			},
			"unknown number": func(from netip.Addr) (*guess, error) { return r.guessAt(from, "100000000", "wrongone") },
			"used":           func(from netip.Addr) (*guess, error) { return r.guessAt(from, o.door.Digits(), used) },
			"expired": func(from netip.Addr) (*guess, error) {
				o, secret := old()
				return r.guessAt(from, o.door.Digits(), secret)
			},
		})
	})
	t.Run("websockify", func(t *testing.T) {
		t.Parallel()
		clock := new(shiftClock)
		r, o, c := joinedDoor(t, short, withClock(clock), func(c *Config) { c.Doors.OnPort = []string{tunnel.DoorPage, tunnel.DoorWebsockify} })
		address := func(o *owner) string {
			a, err := o.a.Websockify(t.Context(), o.door)
			if err != nil {
				t.Fatal(err)
			}
			return a.URL
		}
		used := address(o)
		done := c.serveAgent(o.door, tunnel.DoorWebsockify, "")
		g, err := r.guessToken(loopback(0), used)
		if err != nil {
			t.Fatal(err)
		}
		if words, _, err := g.answer(); words != "" || err != nil {
			t.Fatalf("%q, %v", words, err)
		}
		receive(t, done, "agent's end")
		old := expired(r, clock, address)
		alike(t, map[string]func(netip.Addr) (*guess, error){
			"unknown": func(from netip.Addr) (*guess, error) {
				a := address(o)
				return r.guessToken(from, a[:len(a)-22]+"AAAAAAAAAAAAAAAAAAAAAA")
			},
			"used": func(from netip.Addr) (*guess, error) { return r.guessToken(from, used) },
			"expired": func(from netip.Addr) (*guess, error) {
				_, a := old()
				return r.guessToken(from, a)
			},
		})
	})
}

// TestGuessFlood: a running gateway gets a thousand wrong tries from one address and from many.
// Those within the limits are answered after a pause, the others are refused, and every right try
// in between succeeds. The test decides when pauses end.
func TestGuessFlood(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ addresses, looked int }{
		"one address": {1, 20}, "many addresses": {250, 8 * 20 * hardFactor},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			guessFlood(t, c.addresses, c.looked)
		})
	}
}

func guessFlood(t *testing.T, addresses, want int) {
	const tries, atOnce = 1000, 48
	clock := newTestClock()
	r, o, c := joinedDoor(t, withVNC, withRunningClock(t, clock), func(c *Config) {
		c.Limits.Times.WrongPause = wrongPause
		c.Limits.ViewersPerAddress = tries // connections that were answered may still be open
		c.Limits.ConnectionsPerAddress = guiltyConn * 2 * tries
	})
	var next, looked, turned atomic.Int64
	var guessers sync.WaitGroup
	for range atOnce {
		guessers.Go(func() {
			for i := next.Add(1); i <= tries; i = next.Add(1) {
				switch words, err := r.wrongGuess(loopback(int(i) % addresses)); {
				case err != nil:
					t.Errorf("try %d: %v", i, err)
				case words == errWrongPassword.Reason:
					looked.Add(1)
				case strings.HasPrefix(words, "Too many wrong tries"):
					turned.Add(1)
				default:
					t.Errorf("try %d: %q", i, words)
				}
			}
		})
	}
	over := make(chan struct{})
	go func() { guessers.Wait(); close(over) }()
	right := 0
	for busy := true; busy; right++ {
		select {
		case <-over:
			busy = false // one more after the last
		default:
		}
		password := o.password(tunnel.DoorVNC)
		done := c.serveAgent(o.door, tunnel.DoorVNC, "")
		g, err := r.guessAt(netip.MustParseAddr("127.0.0.1"), o.door.Digits(), password)
		if err != nil {
			t.Fatal(err)
		}
		if words, _, err := g.answer(); err != nil || words != "" {
			t.Fatalf("a right one: %q, %v", words, err)
		}
		if err := receive(t, done, "agent's end"); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d wrong tries looked at, %d refused; %d right ones let in", looked.Load(), turned.Load(), right)
	if got := int(looked.Load()); got != want || looked.Load()+turned.Load() != tries {
		t.Errorf("of %d tries %d were examined and %d refused; want %d examined", tries, got, turned.Load(), want)
	}
}

// wrongGuess returns the gateway's reason for a wrong try.
func (r *rig) wrongGuess(from netip.Addr) (words string, err error) {
	g, err := r.guessAt(from, "100000000", "wrongone")
	if no, ok := err.(refused); ok {
		return no.words, nil
	}
	if err != nil {
		return "", err
	}
	words, _, err = g.answer()
	return words, err
}

// withRunningClock ends holds and pauses as soon as they start; for pauses hardly any time passes.
func withRunningClock(t *testing.T, clock *testClock) func(*Config) {
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				if hold := enteringHold + enteringHold/5; clock.pendingWithin(hold) > 0 {
					clock.advance(hold)
				}
				clock.release(wrongPause)
			}
		}
	})
	t.Cleanup(func() { close(stop); wg.Wait() })
	return withClock(clock)
}
