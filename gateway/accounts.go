package gateway

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"lotse/gateway/datafile"
	"lotse/tunnel"
)

// Account is the account of one advisor. Password is a hash in the usual encoded form.
type Account struct {
	Name     string    `json:"name"`
	Display  string    `json:"display"`
	Company  string    `json:"company"`
	Password string    `json:"password"`
	Created  time.Time `json:"created"`
}

// person returns what customers may know of the advisor. company is for accounts that have none.
func (a Account) person(company string) tunnel.Person {
	if a.Company != "" {
		company = a.Company
	}
	return tunnel.Person{Name: a.Name, Display: a.Display, Company: company}
}

// Errors of Accounts that a caller branches on.
var (
	ErrAccountExists = errors.New("an advisor with this name exists already")
	ErrNoAccount     = errors.New("there is no advisor with this name")
)

// errAccountsGone means that this process has read the file before and it no longer exists. The
// operator may be restoring it, so its absence must not end all sessions.
var errAccountsGone = errors.New("the file was here and is gone; what was last read stays in force until it is back")

const (
	accountsName    = "accounts.json"
	maxAccounts     = 10_000
	maxAccountsFile = 16 << 20
	maxAccountText  = 100
	minPassword     = 10
	maxPassword     = 256
	// lockTimeout limits the wait for another program that is changing the file.
	lockTimeout = 5 * time.Second
	lockRetry   = 20 * time.Millisecond
)

var accountName = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{0,63}$`)

// Accounts keeps the advisors in a file of the data folder. Another process may change the file at
// the same time: reads notice a change, and writes lock the file.
type Accounts struct {
	path string

	mu     sync.Mutex
	list   map[string]Account // Guarded by mu; by name.
	mtime  time.Time          // Guarded by mu.
	size   int64              // Guarded by mu.
	loaded bool               // Guarded by mu; list has the file's content.
	seen   bool               // Guarded by mu; the file has existed.
}

// OpenAccounts creates the data folder if necessary and reads the accounts in it.
func OpenAccounts(data string) (*Accounts, error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("gateway: data folder: %w", err)
	}
	a := &Accounts{path: filepath.Join(data, accountsName)}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a, a.refreshLocked()
}

// refreshLocked reads the file if it changed.
func (a *Accounts) refreshLocked() error {
	st, err := os.Stat(a.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && a.seen:
		a.loaded = false
		return fmt.Errorf("gateway: accounts: %s: %w", a.path, errAccountsGone)
	case errors.Is(err, fs.ErrNotExist):
		a.list, a.loaded, a.mtime, a.size = map[string]Account{}, true, time.Time{}, 0
		return nil
	case err != nil:
		return fmt.Errorf("gateway: accounts: %w", err)
	case a.loaded && st.ModTime().Equal(a.mtime) && st.Size() == a.size:
		return nil
	case st.Size() > maxAccountsFile:
		return fmt.Errorf("gateway: accounts: %s is larger than %d bytes", a.path, maxAccountsFile)
	}
	b, err := os.ReadFile(a.path)
	if err != nil {
		return fmt.Errorf("gateway: accounts: %w", err)
	}
	list, err := parseAccounts(b)
	if err != nil {
		return fmt.Errorf("gateway: accounts: %s: %w", a.path, err)
	}
	a.list, a.loaded, a.seen, a.mtime, a.size = list, true, true, st.ModTime(), st.Size()
	return nil
}

type accountsFile struct {
	Version  int       `json:"version"`
	Accounts []Account `json:"accounts"`
}

// parseAccounts reads the file's contents. It does not check password hashes: a damaged hash is
// reported when its account signs in.
func parseAccounts(b []byte) (map[string]Account, error) {
	var f accountsFile
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, err
	}
	if f.Version != 1 {
		return nil, fmt.Errorf("version %d, this program knows version 1", f.Version)
	}
	list := make(map[string]Account, len(f.Accounts))
	for _, acc := range f.Accounts {
		if !accountName.MatchString(acc.Name) {
			return nil, fmt.Errorf("account name %q is not allowed", acc.Name)
		}
		list[acc.Name] = acc
	}
	return list, nil
}

// get returns the account with this name, after reading the file again if it changed. If the file
// cannot be read, get returns the last known account along with the error.
func (a *Accounts) get(name string) (Account, bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	err := a.refreshLocked()
	acc, ok := a.list[name]
	return acc, ok, err
}

// snapshot returns all accounts; the map must not be changed.
func (a *Accounts) snapshot() (map[string]Account, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	err := a.refreshLocked()
	return a.list, err
}

// List returns all accounts, sorted by name.
func (a *Accounts) List() ([]Account, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.refreshLocked(); err != nil {
		return nil, err
	}
	return a.sortedLocked(), nil
}

func (a *Accounts) sortedLocked() []Account {
	var out []Account
	for _, acc := range a.list {
		out = append(out, acc)
	}
	slices.SortFunc(out, func(x, y Account) int { return strings.Compare(x.Name, y.Name) })
	return out
}

// Add adds an advisor. If display is "", the name is displayed.
func (a *Accounts) Add(name, display, company, password string) error {
	name = strings.ToLower(name)
	if !accountName.MatchString(name) {
		return errors.New("an advisor's name consists of 1 to 64 letters a-z, digits and . _ @ -, and begins with a letter or digit")
	}
	if display == "" {
		display = name
	}
	if len(display) > maxAccountText || len(company) > maxAccountText {
		return fmt.Errorf("display name and company have at most %d bytes", maxAccountText)
	}
	if err := checkPassword(password); err != nil {
		return err
	}
	hash := usualCost.hash(password)
	return a.change(func() error {
		if _, ok := a.list[name]; ok {
			return ErrAccountExists
		}
		if len(a.list) >= maxAccounts {
			return fmt.Errorf("there are %d advisors already", maxAccounts)
		}
		a.list[name] = Account{Name: name, Display: display, Company: company, Password: hash, Created: time.Now().UTC().Truncate(time.Second)}
		return nil
	})
}

// EnsureDev creates the account of a development gateway or sets its password. Unlike Add it
// accepts a short password and hashes it cheaply: such a gateway listens on the loopback address
// only, and no other gateway accepts the hash. If the account has that password already, nothing
// changes, so that its sign-ins remain valid.
func (a *Accounts) EnsureDev(name, password string) error {
	if password == "" || len(password) > maxPassword {
		return errors.New("the development password is empty or too long")
	}
	hash := devCost.hash(password)
	return a.change(func() error {
		acc, ok := a.list[name]
		if h, err := parseHash(acc.Password, []hashCost{devCost}); err == nil &&
			subtle.ConstantTimeCompare(h.of(password), h.key) == 1 {
			return nil
		}
		if !ok {
			acc = Account{Name: name, Display: "Development advisor", Company: "Lotse", Created: time.Now().UTC().Truncate(time.Second)}
		}
		acc.Password = hash
		a.list[name] = acc
		return nil
	})
}

// Remove removes an advisor. A running gateway ends his sessions.
func (a *Accounts) Remove(name string) error {
	name = strings.ToLower(name)
	return a.change(func() error {
		if _, ok := a.list[name]; !ok {
			return ErrNoAccount
		}
		delete(a.list, name)
		return nil
	})
}

// SetPassword changes a password. It invalidates all sign-ins of this account.
func (a *Accounts) SetPassword(name, password string) error {
	name = strings.ToLower(name)
	if err := checkPassword(password); err != nil {
		return err
	}
	hash := usualCost.hash(password)
	return a.change(func() error {
		acc, ok := a.list[name]
		if !ok {
			return ErrNoAccount
		}
		acc.Password = hash
		a.list[name] = acc
		return nil
	})
}

func checkPassword(password string) error {
	switch {
	case len(password) < minPassword:
		return fmt.Errorf("the password is too short: at least %d characters", minPassword)
	case len(password) > maxPassword:
		return fmt.Errorf("the password is too long: at most %d bytes", maxPassword)
	}
	return nil
}

// change reads the file again, runs f on the list, and replaces the file.
func (a *Accounts) change(f func() error) (err error) {
	unlock, err := lockFile(a.path + ".lock")
	if err != nil {
		return err
	}
	defer unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.loaded = false // read again even if the file looks the same
	if err := a.refreshLocked(); err != nil {
		return err
	}
	a.list = maps.Clone(a.list) // earlier snapshots must not change
	if err := f(); err != nil {
		return err
	}
	b, err := json.MarshalIndent(accountsFile{Version: 1, Accounts: a.sortedLocked()}, "", "  ")
	if err == nil {
		err = datafile.Replace(a.path, append(b, '\n'))
	}
	if err != nil {
		a.loaded = false
		return fmt.Errorf("gateway: accounts: %w", err)
	}
	a.loaded = false
	return a.refreshLocked()
}

// lockFile waits for other programs that change the same file. The system frees
// the lock when its holder ends, however it ends; the file itself means nothing.
func lockFile(path string) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(context.Background(), lockTimeout)
	defer cancel()
	lock := flock.New(path, flock.SetPermissions(0o600))
	ok, err := lock.TryLockContext(ctx, lockRetry)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, errors.New("gateway: accounts: another program is changing them; please try again")
	case err != nil || !ok:
		return nil, fmt.Errorf("gateway: accounts: lock: %w", err)
	}
	return func() { _ = lock.Close() }, nil
}
