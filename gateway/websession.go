package gateway

import (
	"crypto/rand"
	"encoding/base64"
	"sync"
	"time"
)

// maxWebSessions is the maximum number of sign-ins of one account; a further one ends the oldest.
const maxWebSessions = 50

// webSession is one sign-in. It is stored under the hash of its cookie.
type webSession struct {
	account  string
	password digest // of the account's hash at sign-in; a changed hash ends the sign-in
	csrf     string
	expires  time.Time
	created  time.Time
}

// webSessions are the sign-ins.
type webSessions struct {
	changed changes // static

	mu   sync.Mutex
	open map[digest]webSession // Guarded by mu.
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
	s = webSession{account: acc.Name, password: digestOf(acc.Password), csrf: csrfOf(cookie), created: now, expires: now.Add(lifetime)}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open == nil {
		w.open = map[digest]webSession{}
	}
	var oldest digest
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
	w.open[digestOf(cookie)] = s
	w.changed.note()
	return cookie, s
}

// csrfOf returns the token that belongs to a cookie's value. It tells nothing about the cookie.
func csrfOf(cookie string) string {
	d := digestOf("lotse csrf 1 " + cookie)
	return base64.RawURLEncoding.EncodeToString(d[:24])
}

// find looks a cookie up by its hash, so that its duration reveals nothing about the value.
func (w *webSessions) find(cookie string, now time.Time) (webSession, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, ok := w.open[digestOf(cookie)]
	s.csrf = csrfOf(cookie)
	return s, ok && now.Before(s.expires)
}

func (w *webSessions) remove(cookie string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, digestOf(cookie))
	w.changed.note()
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
