package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lotse/tunnel"
)

// signInRig signs in at a gateway without sockets; its clock is stopped.
type signInRig struct {
	t     *testing.T
	s     *server
	clock *testClock
}

func newSignInRig(t *testing.T) *signInRig {
	t.Helper()
	clock := newTestClock()
	cfg, err := Config{Data: t.TempDir(), TLS: TLSConfig{Mode: TLSDev}, Clock: clock}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	s, err := newServer(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.signIns.puzzles.base = 4 // the race detector makes hashes slow
	t.Cleanup(func() { s.audit.Close(); s.downloads.close() })
	if err := s.accounts.change(func() error {
		for _, a := range testAccounts() {
			s.accounts.list[a.Name] = a
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return &signInRig{t, s, clock}
}

// browser is a client that signs in: its address, its cookies, and whether it solves puzzles.
type browser struct {
	from    string
	cookies []*http.Cookie
	works   bool
	puzzles []int // bits of the puzzles that it got
}

func (r *signInRig) signIn(b *browser, name, password string) (status int, code string) {
	r.t.Helper()
	req := tunnel.SignInRequest{Name: name, Password: password}
	for {
		body, err := json.Marshal(req)
		if err != nil {
			r.t.Fatal(err)
		}
		q := httptest.NewRequest("POST", "/api/v1/signin", strings.NewReader(string(body)))
		q.Header.Set("Content-Type", "application/json")
		q.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(b.from), 4711).String()
		for _, c := range b.cookies {
			q.AddCookie(c)
		}
		w := httptest.NewRecorder()
		(&signing{r.s}).signIn(w, q)
		if w.Code == http.StatusOK {
			for _, c := range w.Result().Cookies() {
				if c.Name == tunnel.DeviceCookieName {
					b.cookies = []*http.Cookie{c}
				}
			}
		}
		var e tunnel.ErrorBody
		_ = json.Unmarshal(w.Body.Bytes(), &e)
		if e.Error.Code != tunnel.CodePuzzle || !b.works {
			return w.Code, e.Error.Code
		}
		p, err := tunnel.ParsePuzzle(e.Error.Puzzle)
		if err != nil {
			r.t.Fatal(err)
		}
		b.puzzles = append(b.puzzles, p.Bits)
		if req.Proof, err = tunnel.SolvePuzzle(r.t.Context(), e.Error.Puzzle); err != nil {
			r.t.Fatal(err)
		}
	}
}

// TestRememberedDevice: the browser of an earlier sign-in is admitted without work and from an
// address over its limit; other browsers are not.
func TestRememberedDevice(t *testing.T) {
	r := newSignInRig(t)
	office, stranger := &browser{from: "192.0.2.1"}, &browser{from: "192.0.2.1", works: true}
	if status, _ := r.signIn(office, "anna", testPassword); status != 200 || len(office.cookies) != 1 {
		t.Fatalf("%d, %v", status, office.cookies)
	}
	c := office.cookies[0]
	if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.MaxAge < 300*24*3600 || !strings.HasPrefix(c.Name, "__Host-") {
		t.Errorf("cookie %+v", c)
	}
	for range 12 {
		r.signIn(stranger, "anna", "wrong password")
	}
	if status, code := r.signIn(stranger, "anna", testPassword); status != http.StatusTooManyRequests || code != tunnel.CodeTooMany {
		t.Errorf("the stranger: %d %s", status, code)
	}
	if status, code := r.signIn(office, "Anna", testPassword); status != 200 {
		t.Errorf("the browser that is remembered: %d %s", status, code)
	}
	if status, _ := r.signIn(&browser{from: "192.0.2.1", cookies: office.cookies}, "bert", testPassword); status == 200 {
		t.Error("anna's browser is remembered for bert")
	}
}

// TestDeviceBudget: a device has its own limit at any address. Above that it is treated like any
// other browser.
func TestDeviceBudget(t *testing.T) {
	r := newSignInRig(t)
	office := &browser{from: "192.0.2.1"}
	r.signIn(office, "anna", testPassword)
	wrong := 0
	for i := range 40 { // many clients share the cookie
		b := &browser{from: fmt.Sprintf("10.0.%d.1", i), cookies: office.cookies}
		if status, _ := r.signIn(b, "anna", "wrong password"); status == http.StatusUnauthorized {
			wrong++
		}
		if r.s.signIns.ledger.size() > 0 {
			break // from here on addresses are charged
		}
	}
	if wrong != 11 {
		t.Errorf("%d wrong passwords until addresses pay, want 10 and one more", wrong)
	}
	if status, code := r.signIn(&browser{from: "198.51.100.7", cookies: office.cookies, works: true}, "anna", testPassword); status != 200 {
		t.Errorf("the right password of a clean address: %d %s", status, code)
	}
	r.clock.advance(signInWindow)
	if status, code := r.signIn(office, "anna", testPassword); status != 200 {
		t.Errorf("ten minutes later: %d %s", status, code)
	}
}

// TestDeviceTokens: the ways in which a token becomes invalid.
func TestDeviceTokens(t *testing.T) {
	r := newSignInRig(t)
	anna, bert := testAccounts()[0], testAccounts()[1]
	b := &browser{from: "192.0.2.1"}
	r.signIn(b, "anna", testPassword)
	found := func(value string, acc Account, now time.Time) bool {
		q := httptest.NewRequest("POST", "/", nil)
		q.AddCookie(&http.Cookie{Name: tunnel.DeviceCookieName, Value: value})
		_, ok := r.s.devices.find(q, acc, now)
		return ok
	}
	now, good := r.clock.Now(), b.cookies[0].Value
	if !found(good, anna, now) || !found("", anna, now) == false {
		t.Error("a good token")
	}
	changed := anna
	changed.Password = devCost.hash(testPassword)
	other, err := openDevices(t.TempDir(), 10, signInWindow)
	if err != nil {
		t.Fatal(err)
	}
	q := httptest.NewRequest("POST", "/", nil)
	for name, bad := range map[string]bool{
		"another account":  found(good, bert, now),
		"another password": found(good, changed, now),
		"too old":          found(good, anna, now.Add(deviceLife+time.Hour)),
		"another byte":     found("A"+good[1:], anna, now) && good[0] != 'A',
		"cut":              found(good[:len(good)-1], anna, now),
		"another key":      found(other.cookie(q, anna, now).Value, anna, now),
	} {
		if bad {
			t.Errorf("%s: taken", name)
		}
	}
	again, err := openDevices(r.s.cfg.Data, 10, signInWindow)
	if err != nil || again.key != r.s.devices.key {
		t.Errorf("a restart forgets all devices: %v", err)
	}
}

// TestSharedBrowser: advisors who share a browser are all remembered, each with one token.
func TestSharedBrowser(t *testing.T) {
	r := newSignInRig(t)
	b := &browser{from: "192.0.2.1"}
	for range 3 {
		r.signIn(b, "anna", testPassword)
		r.signIn(b, "bert", testPassword)
	}
	if n := len(strings.Split(b.cookies[0].Value, ".")); n != 2 {
		t.Errorf("%d tokens for two advisors", n)
	}
	q := httptest.NewRequest("POST", "/", nil)
	q.AddCookie(b.cookies[0])
	for _, acc := range testAccounts() {
		if _, ok := r.s.devices.find(q, acc, r.clock.Now()); !ok {
			t.Errorf("%s is not remembered", acc.Name)
		}
	}
	cookie := b.cookies[0]
	for i := range 10 {
		q := httptest.NewRequest("POST", "/", nil)
		q.AddCookie(cookie)
		cookie = r.s.devices.cookie(q, Account{Name: fmt.Sprint("advisor", i)}, r.clock.Now())
	}
	if n := len(strings.Split(cookie.Value, ".")); n != maxDeviceTokens {
		t.Errorf("%d tokens", n)
	}
}

// FuzzDeviceCookie: no cookie made without the key identifies a device.
func FuzzDeviceCookie(f *testing.F) {
	d, err := openDevices(f.TempDir(), 10, signInWindow)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("")
	f.Add(strings.Repeat("A", deviceText) + "." + strings.Repeat("_", deviceText))
	f.Fuzz(func(t *testing.T, value string) {
		q := httptest.NewRequest("POST", "/", nil)
		q.Header.Set("Cookie", tunnel.DeviceCookieName+"="+value)
		if _, ok := d.find(q, Account{Name: "anna"}, time.Unix(1e9, 0)); ok {
			t.Error("found")
		}
		if n := len(d.cookie(q, Account{Name: "anna"}, time.Unix(1e9, 0)).Value); n > maxDeviceTokens*(deviceText+1) {
			t.Errorf("a cookie of %d bytes", n)
		}
	})
}

// TestNameIsNeverLocked covers finding M2: after thousands of wrong passwords for one name from
// everywhere, the right one is accepted from an address without failures. The required work grows
// up to a limit, and as much for a name that does not exist.
func TestNameIsNeverLocked(t *testing.T) {
	r := newSignInRig(t)
	bits := map[string]int{}
	for _, wrongs := range []int{0, 9, 10, 40, 5000} {
		for _, name := range []string{"anna", "nobody"} {
			for r.s.names.guilt(name, r.clock.Now()) < maxGuilt && r.wrongs(name) < wrongs {
				r.s.names.wrong(name, r.clock.Now())
			}
			b := &browser{from: "198.51.100.7", works: true}
			status, _ := r.signIn(b, name, testPassword)
			if name == "anna" && status != http.StatusOK {
				t.Errorf("after %d wrong passwords: %d", wrongs, status)
			}
			bits[name] = 0
			for _, n := range b.puzzles {
				bits[name] = max(bits[name], n)
			}
			if wrongs >= 10 != (bits[name] > 0) || bits[name] > r.s.signIns.puzzles.base+maxGuilt {
				t.Errorf("%s, after %d wrong passwords: a puzzle of %d bits", name, wrongs, bits[name])
			}
		}
		// the failure of nobody above counts one more
		if d := bits["anna"] - bits["nobody"]; wrongs != 9 && d != 0 {
			t.Errorf("after %d wrong passwords: work tells that a name exists: %v", wrongs, bits)
		}
		r.s.signIns.ledger.refund(addr("198.51.100.7"), 100, r.clock.Now())
	}
	r.clock.advance(16 * signInWindow)
	if g := r.s.names.guilt("anna", r.clock.Now()); g != 0 {
		t.Errorf("hours later: %d", g)
	}
}

// wrongs returns what a name owes.
func (r *signInRig) wrongs(name string) int {
	r.s.names.mu.Lock()
	defer r.s.names.mu.Unlock()
	return int(r.s.names.owedLocked(r.s.names.slot(name), r.clock.Now()))
}

// TestManyNames: any number of names takes no more memory, and no name gets puzzles above the
// limit.
func TestManyNames(t *testing.T) {
	n, now := newNames(10, signInWindow), time.Unix(1e9, 0)
	for i := range 200_000 {
		n.wrong(fmt.Sprint("name", i), now)
	}
	if len(n.debts) != nameSlots {
		t.Errorf("%d slots", len(n.debts))
	}
	hard := 0
	for i := range 1000 {
		if n.guilt(fmt.Sprint("advisor", i), now) > 1 {
			hard++
		}
	}
	if hard > 0 {
		t.Errorf("%d of 1000 names are harder for 200 000 others", hard)
	}
}

// TestSignInFlood: dozens of simultaneous sign-ins from one /48, with and without work, at the two
// places where passwords are hashed. Every honest one succeeds.
func TestSignInFlood(t *testing.T) {
	r := newSignInRig(t)
	if err := r.s.accounts.SetPassword("anna", testPassword); err != nil { // with the usual hash
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var flood sync.WaitGroup
	var tried, hashed atomic.Int64
	for i := range 3 {
		flood.Go(func() {
			for n := i; ; n += 3 {
				select {
				case <-stop:
					return
				default:
				}
				b := &browser{from: site(n), works: i == 0}
				if status, _ := r.signIn(b, "anna", "wrong password"); status == http.StatusUnauthorized {
					hashed.Add(1)
				}
				tried.Add(1)
			}
		})
	}
	known := &browser{from: "198.51.100.1", works: true}
	for i := range 4 {
		b := &browser{from: fmt.Sprintf("203.0.113.%d", i), works: true}
		if i%2 == 0 {
			b = known
		}
		if status, code := r.signIn(b, "anna", testPassword); status != http.StatusOK {
			t.Errorf("honest sign-in %d: %d %s", i, status, code)
		}
	}
	close(stop)
	flood.Wait()
	t.Logf("%d hostile tries, of which %d were tested", tried.Load(), hashed.Load())
	if hashed.Load() > 10*4*hardFactor {
		t.Errorf("%d tries of one /48 were tested", hashed.Load())
	}
}
