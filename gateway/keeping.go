package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"lotse/gateway/clock"
	"lotse/gateway/datafile"
	"lotse/tunnel"
)

// The file with what is open, in the data folder.
const (
	keptName    = "open.json"
	keptVersion = 1
	// keepEvery is the shortest time between two writes of the file.
	keepEvery = time.Second
)

// kept is what survives a restart of the gateway. It holds hashes of tokens only, so a copy of the
// file lets nobody in. Streams, viewers' passwords and foreign servers are not kept.
type kept struct {
	Version  int                  `json:"version"`
	Sessions []keptSession        `json:"sessions"`
	SignIns  []keptSignIn         `json:"sign_ins"`
	Resting  map[string]time.Time `json:"resting"` // as directory.resting
}

type keptSession struct {
	ID      string    `json:"id"`
	Place   string    `json:"place"`
	Account string    `json:"account"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
	Joined  time.Time `json:"joined,omitzero"`
	Resume  digest    `json:"resume,omitzero"`
	Viewed  bool      `json:"viewed,omitempty"`
	// Colleagues are the names of session.colleagues.
	Colleagues []string `json:"colleagues,omitempty"`
}

type keptSignIn struct {
	Cookie   digest    `json:"cookie"`
	Account  string    `json:"account"`
	Password digest    `json:"password"`
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires"`
}

// digest is the SHA-256 hash of a token; base64url in JSON.
type digest [sha256.Size]byte

func digestOf(token string) digest { return sha256.Sum256([]byte(token)) }

// MarshalText implements encoding.TextMarshaler.
func (d digest) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, d[:]), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *digest) UnmarshalText(text []byte) error {
	b, err := base64.RawURLEncoding.DecodeString(string(text))
	if err != nil || len(b) != len(d) {
		return errors.New("a hash must be 43 characters of base64url")
	}
	copy(d[:], b)
	return nil
}

// changes holds one value if something has changed since it was last written.
type changes chan struct{}

func (c changes) note() {
	select {
	case c <- struct{}{}:
	default:
	}
}

// start writes what is open after each change, until stop is called, which writes it once more.
func (d keeping) start(web *webSessions) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var loop sync.WaitGroup
	loop.Go(func() {
		for failed := false; ; {
			select {
			case <-ctx.Done():
				return
			case <-d.changed:
			}
			err := d.save(web)
			if err != nil && !failed {
				d.log.gateway.Error("open sessions not written; they end if the gateway restarts", "error", err)
			}
			failed = err != nil
			clock.Pause(ctx, d.cfg.Clock, keepEvery)
		}
	})
	return func() {
		cancel()
		loop.Wait()
		if err := d.save(web); err != nil {
			d.log.gateway.Error("open sessions not written", "error", err)
		}
	}
}

// save writes what is open.
func (d keeping) save(web *webSessions) error {
	d.saving.Lock()
	defer d.saving.Unlock()
	k := kept{Version: keptVersion, SignIns: web.list(), Resting: map[string]time.Time{}}
	d.mu.Lock()
	for place, until := range d.resting {
		k.Resting[place] = until.UTC()
	}
	for _, s := range d.sessions {
		if s.foreign == nil {
			k.Sessions = append(k.Sessions, keptSession{ID: s.id, Place: s.place, Account: s.account,
				Created: s.created.UTC(), Expires: s.expires.UTC(), Joined: s.joined.UTC(), Resume: s.resume, Viewed: s.viewed,
				Colleagues: slices.Sorted(maps.Keys(s.colleagues))})
		}
	}
	d.mu.Unlock()
	b, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return datafile.Replace(filepath.Join(d.cfg.Data, keptName), b)
}

// restore reads what was open before a restart. The ends of a session have as long to come back as
// after a lost link. A damaged file is set aside, because it must not stop the gateway.
func (d keeping) restore(web *webSessions) error {
	path := filepath.Join(d.cfg.Data, keptName)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("gateway: open sessions: %w", err)
	}
	var k kept
	if err = json.Unmarshal(b, &k); err == nil && k.Version != keptVersion {
		err = fmt.Errorf("version %d, want %d", k.Version, keptVersion)
	}
	if err != nil {
		aside := path + ".damaged"
		d.log.gateway.Error("open sessions not read; they are lost, and advisors sign in again",
			"error", err, "setAside", aside)
		if err = os.Rename(path, aside); err != nil {
			return fmt.Errorf("gateway: open sessions: %w", err)
		}
		return nil
	}
	accounts, err := d.accounts.snapshot()
	if err != nil {
		return err
	}
	now := d.now()
	web.restore(k.SignIns, now, d.cfg.Limits.Times.SignIn)
	d.mu.Lock()
	defer d.mu.Unlock()
	for place, until := range k.Resting {
		d.resting[place] = possible(until, now, restingTime)
	}
	for _, s := range k.Sessions {
		// If the account is gone, or the time is over, sweep ends the session.
		if tunnel.ValidPlace(s.Place) {
			open := d.restored(s, accounts[s.Account], now)
			for _, name := range s.Colleagues[:min(len(s.Colleagues), tunnel.MaxColleagues+1)] {
				if acc, ok := accounts[name]; ok {
					open.colleagues[name] = acc.person(d.cfg.Company)
				}
			}
			d.sessions[s.Place] = open
		}
	}
	if n := len(d.sessions); n > 0 {
		d.log.gateway.Info("sessions from before the restart", "count", n)
	}
	return nil
}

// restored returns a session as it is after a restart: both its links are lost.
func (d keeping) restored(k keptSession, acc Account, now time.Time) *session {
	times := d.cfg.Limits.Times
	s := &session{
		id: k.ID, place: k.Place, account: k.Account, advisor: acc.person(d.cfg.Company),
		created: possible(k.Created, now, 0), state: tunnel.StateWaiting, since: now,
		expires: possible(k.Expires, now, max(times.Number, times.Session)), ownerLost: now,
		resume: k.Resume, viewed: k.Viewed,
		streams: map[string]*stream{}, entries: map[string]*stream{}, colleagues: map[string]tunnel.Person{},
	}
	if !k.Joined.IsZero() {
		s.joined, s.state, s.agentLost = possible(k.Joined, now, 0), tunnel.StateAway, now
	}
	return s
}

// possible returns t, or the nearest time that a gateway can have written now: at most a year ago,
// and at most ahead from now. Some others could be read, but not written again.
func possible(t, now time.Time, ahead time.Duration) time.Time {
	if first := now.AddDate(-1, 0, 0); t.Before(first) {
		return first
	}
	if last := now.Add(ahead); t.After(last) {
		return last
	}
	return t
}

// list returns the sign-ins for the file.
func (w *webSessions) list() (out []keptSignIn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for key, s := range w.open {
		out = append(out, keptSignIn{Cookie: key, Account: s.account, Password: s.password,
			Created: s.created.UTC(), Expires: s.expires.UTC()})
	}
	return out
}

// restore adds the sign-ins of the file.
func (w *webSessions) restore(list []keptSignIn, now time.Time, lifetime time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open = map[digest]webSession{}
	for _, k := range list {
		if now.Before(k.Expires) {
			w.open[k.Cookie] = webSession{account: k.Account, password: k.Password,
				created: possible(k.Created, now, 0), expires: possible(k.Expires, now, lifetime)}
		}
	}
}
