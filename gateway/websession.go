package gateway

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"
)

// maxWebSessions is the maximum number of sign-ins of one account; a further one ends the oldest.
const maxWebSessions = 50

// webSession is one sign-in. It is stored under the hash of its cookie.
type webSession struct {
	account  string
	password string // the account's hash at sign-in; a changed hash ends the sign-in
	csrf     string
	expires  time.Time
	created  time.Time
}

// webSessions are the sign-ins. They are lost when the gateway restarts.
type webSessions struct {
	mu   sync.Mutex
	open map[[sha256.Size]byte]webSession // Guarded by mu.
}

// newToken returns 16 random bytes as 22 characters, for stream identifiers and resume tokens.
func newToken() string { return randomText(16) }

func randomText(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// create adds a sign-in and returns the cookie's value.
func (w *webSessions) create(acc Account, lifetime time.Duration, now time.Time) (cookie string, s webSession) {
	cookie = randomText(32)
	s = webSession{account: acc.Name, password: acc.Password, csrf: randomText(24), created: now, expires: now.Add(lifetime)}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open == nil {
		w.open = map[[sha256.Size]byte]webSession{}
	}
	var oldest [sha256.Size]byte
	n := 0
	for key, other := range w.open {
		if other.account != acc.Name {
			continue
		}
		if n++; n == 1 || other.created.Before(w.open[oldest].created) {
			oldest = key
		}
	}
	if n >= maxWebSessions {
		delete(w.open, oldest)
	}
	w.open[sha256.Sum256([]byte(cookie))] = s
	return cookie, s
}

// find looks a cookie up by its hash, so that its duration reveals nothing about the value.
func (w *webSessions) find(cookie string, now time.Time) (webSession, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, ok := w.open[sha256.Sum256([]byte(cookie))]
	return s, ok && now.Before(s.expires)
}

func (w *webSessions) remove(cookie string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, sha256.Sum256([]byte(cookie)))
}

func (w *webSessions) sweep(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for key, s := range w.open {
		if !now.Before(s.expires) {
			delete(w.open, key)
		}
	}
}
