// Package tried remembers for an hour which session numbers did not match, in empty files of
// the user. A program that is started again then gives a malicious gateway no further guess at
// them; see seal/SPEC.md, section 6. A file's name is a slow, salted hash of the number.
// Nothing is written before a number is tried.
package tried

import (
	"cmp"
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"
)

const (
	// life is how long a number is remembered. By then a session's number has expired.
	life = time.Hour
	// usualCost is the hash's number of rounds: about a tenth of a second.
	usualCost = 500_000
	hashSize  = 16
	// maxRaces is how often a folder that another program removes is created again.
	maxRaces = 10
)

// openLife is how long a try may have no outcome before it counts as wrong. No key exchange
// takes longer.
const openLife = 25 * time.Second

// ErrTried is returned by Claim for a number that did not match, or that another program is trying
// now.
var ErrTried = errors.New("tried: this session number did not match a moment ago, and is not tried again")

// Memory is a folder of tried numbers. A nil Memory remembers nothing. Methods may be called
// concurrently, even by several programs.
type Memory struct {
	// Folder is created when it is needed.
	Folder string

	cost int // 0: usualCost; less in tests

	mu   sync.Mutex
	last struct{ number, path string } // Guarded by mu; the number hashed last.
}

// Customer returns the memory of the customer's program: in RAM if the system has a folder for
// that, otherwise in the folder for temporary files.
func Customer() *Memory {
	return &Memory{Folder: filepath.Join(runtimeFolder(os.TempDir()), "lotse-tried"+ofUser())}
}

// Advisor returns the memory of the advisor's programs: in RAM if the system has a folder for
// that, otherwise in the user's cache folder.
func Advisor() *Memory {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return &Memory{Folder: filepath.Join(runtimeFolder(cache), "lotse-tried-advisor"+ofUser())}
}

// ofUser returns a suffix that distinguishes users' folders where all users share one folder for
// temporary files.
func ofUser() string {
	if id := os.Getuid(); id >= 0 {
		return "-" + strconv.Itoa(id)
	}
	return "" // on Windows each user has a folder of his own
}

// runtimeFolder returns the user's folder that is removed at logout, or other if there is none.
func runtimeFolder(other string) string {
	dir := os.Getenv("XDG_RUNTIME_DIR")
	if s, err := os.Stat(dir); err == nil && s.IsDir() && filepath.IsAbs(dir) {
		return dir
	}
	return other
}

// Claim starts a try: from now on the number counts as tried, until Forget. Of several simultaneous
// calls one succeeds; the others return ErrTried. Another error means that the folder cannot be
// used.
func (m *Memory) Claim(number string) error {
	if m == nil {
		return nil
	}
	path, err := m.path(number)
	if err != nil {
		return err
	}
	for range maxRaces {
		err = m.create(path)
		switch {
		case errors.Is(err, fs.ErrNotExist): // another program removed the folder
		case errors.Is(err, fs.ErrExist):
			if s, e := os.Lstat(path); e == nil && time.Since(s.ModTime()) < life {
				return ErrTried
			}
			_ = os.Remove(path)
		default:
			return err
		}
	}
	return err
}

// create creates a file, and the folder if it is missing.
func (m *Memory) create(path string) error {
	if err := os.Mkdir(m.Folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("tried: %w", err)
	}
	if err := m.check(); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("tried: %w", err)
	}
	return f.Close()
}

// Forget removes a number, because the try was right or was not made.
func (m *Memory) Forget(number string) {
	if m == nil {
		return
	}
	if path, err := m.path(number); err == nil && m.check() == nil {
		_ = os.Remove(path)
		_ = os.Remove(m.Folder) // succeeds only if it is empty
	}
}

// Has reports whether a number counts as tried. It waits for the outcome of a try that another
// program has just started, or until ctx ends.
func (m *Memory) Has(ctx context.Context, number string) bool {
	if m == nil || m.check() != nil {
		return false
	}
	path, err := m.path(number)
	if err != nil {
		return false
	}
	for {
		s, err := os.Lstat(path)
		if err != nil || time.Since(s.ModTime()) >= life {
			return false
		}
		if time.Since(s.ModTime()) >= openLife {
			return true
		}
		select {
		case <-time.After(openPoll):
		case <-ctx.Done():
			return true
		}
	}
}

const openPoll = 100 * time.Millisecond

// Wrong records that a number did not match; afterwards Has does not wait for its outcome.
func (m *Memory) Wrong(number string) {
	if m == nil {
		return
	}
	if err := m.Claim(number); err != nil && !errors.Is(err, ErrTried) {
		return
	}
	if path, err := m.path(number); err == nil {
		past := time.Now().Add(-openLife)
		_ = os.Chtimes(path, past, past)
	}
}

// Clean removes files older than an hour, and the folder if it becomes empty.
func (m *Memory) Clean() {
	if m == nil || m.check() != nil {
		return
	}
	entries, err := os.ReadDir(m.Folder)
	if err != nil {
		return
	}
	for _, e := range entries {
		if s, err := e.Info(); err == nil && time.Since(s.ModTime()) >= life {
			_ = os.Remove(filepath.Join(m.Folder, e.Name()))
		}
	}
	_ = os.Remove(m.Folder)
}

// path returns the file of a number. The names of the computer and of the folder are the salt, so
// that a table computed for one user of one computer is useless for others. A session looks up the
// same number several times per viewer, so the last hash is kept.
func (m *Memory) path(number string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last.number == number && m.last.path != "" {
		return m.last.path, nil
	}
	host, _ := os.Hostname()
	hash, err := pbkdf2.Key(sha256.New, number, []byte(host+"\x00"+m.Folder), cmp.Or(m.cost, usualCost), hashSize)
	if err != nil {
		return "", fmt.Errorf("tried: %w", err)
	}
	m.last.number, m.last.path = number, filepath.Join(m.Folder, hex.EncodeToString(hash))
	return m.last.path, nil
}

// check refuses a folder of another user, one with any permissions but 0700, and anything that is
// not a folder, such as a link. Where users share the folder for temporary files, another user may
// have created it.
func (m *Memory) check() error {
	s, err := os.Lstat(m.Folder)
	if err != nil {
		return fmt.Errorf("tried: %w", err)
	}
	if !s.IsDir() || runtime.GOOS != "windows" && s.Mode().Perm() != 0o700 || !isOwn(s) {
		return fmt.Errorf("tried: %s is not a folder of this user alone", m.Folder)
	}
	return nil
}
