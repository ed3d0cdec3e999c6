package tried

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lotse/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const one, two = "482193057", "482193058"

func newMemory(t *testing.T) *Memory {
	return &Memory{Folder: filepath.Join(t.TempDir(), "tried"), cost: 2}
}

// again returns the memory that a restarted program has.
func again(m *Memory) *Memory { return &Memory{Folder: m.Folder, cost: m.cost} }

// age makes everything in the folder older.
func age(t *testing.T, m *Memory, by time.Duration) {
	t.Helper()
	entries, err := os.ReadDir(m.Folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		path := filepath.Join(m.Folder, e.Name())
		s, err := os.Stat(path)
		if err == nil {
			err = os.Chtimes(path, time.Time{}, s.ModTime().Add(-by))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// TestHashedOnce checks that the slow hash of a number is computed once for all calls.
func TestHashedOnce(t *testing.T) {
	m := newMemory(t)
	first, err := m.path(one)
	if err != nil {
		t.Fatal(err)
	}
	m.cost++ // a new hash would give another name now
	if got, err := m.path(one); got != first || err != nil {
		t.Errorf("hashed again: %v", err)
	}
	if got, err := m.path(two); got == first || err != nil {
		t.Errorf("another number has the same file: %v", err)
	}
}

func TestWrongNumberIsRemembered(t *testing.T) {
	m := newMemory(t)
	if m.Has(t.Context(), one) || exists(m.Folder) {
		t.Fatal("something is there before a number was tried")
	}
	if err := m.Claim(one); err != nil {
		t.Fatal(err)
	}
	m.Wrong(one)
	next := again(m)
	next.Clean()
	if !next.Has(t.Context(), one) || next.Has(t.Context(), two) {
		t.Error("not remembered, or too much")
	}
	if err := next.Claim(one); !errors.Is(err, ErrTried) {
		t.Errorf("tried again: %v", err)
	}
	age(t, m, life)
	if again(m).Has(t.Context(), one) {
		t.Error("remembered for ever")
	}
	if again(m).Clean(); exists(m.Folder) {
		t.Error("the folder stays behind")
	}
}

// TestRightNumberLeavesNothing checks that a right try leaves no file and no folder.
func TestRightNumberLeavesNothing(t *testing.T) {
	m := newMemory(t)
	if err := m.Claim(one); err != nil {
		t.Fatal(err)
	}
	if m.Forget(one); exists(m.Folder) {
		t.Error("something stays behind")
	}
	// Forget removes only its own file if a wrong number's file is there.
	for _, n := range []string{one, two} {
		if err := m.Claim(n); err != nil {
			t.Fatal(err)
		}
	}
	m.Wrong(two)
	m.Forget(one)
	if m.Has(t.Context(), one) || !m.Has(t.Context(), two) {
		t.Error("the other number went with it")
	}
}

// TestTryWithoutAnOutcome checks that a try counts if the program is killed during it.
func TestTryWithoutAnOutcome(t *testing.T) {
	m := newMemory(t)
	if err := m.Claim(one); err != nil {
		t.Fatal(err)
	}
	age(t, m, openLife)
	if !again(m).Has(t.Context(), one) {
		t.Error("a try without an outcome is forgotten")
	}
}

// TestWaitsForAnother checks that Has waits for a try that another program has just started.
func TestWaitsForAnother(t *testing.T) {
	m := newMemory(t)
	if err := m.Claim(one); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if !again(m).Has(ctx, one) {
		t.Error("a try under way does not count")
	}
	has := make(chan bool)
	go func() { has <- again(m).Has(t.Context(), one) }()
	m.Forget(one)
	if <-has {
		t.Error("a right try of another program counts as a wrong one")
	}
}

func TestOneOfManyClaims(t *testing.T) {
	m := newMemory(t)
	if err := m.Claim(two); err != nil { // creates the folder
		t.Fatal(err)
	}
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if err := again(m).Claim(one); err == nil {
				won.Add(1)
			} else if !errors.Is(err, ErrTried) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d programs claimed the number", won.Load())
	}
}

// TestManyPrograms checks that programs which start and stop at the same time do not disturb
// each other.
func TestManyPrograms(t *testing.T) {
	m := newMemory(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			number := "48219305" + string('0'+byte(i))
			for range 50 {
				if err := again(m).Claim(number); err != nil {
					t.Errorf("claim: %v", err)
				}
				if again(m).Clean(); !exists(m.Folder) {
					t.Error("a number that is being tried was removed")
				}
				again(m).Forget(number)
			}
		})
	}
	wg.Wait()
	if exists(m.Folder) {
		t.Error("the folder stays behind")
	}
}

// TestWhatIsKept checks that the files do not reveal the number and that no other user can read
// them.
func TestWhatIsKept(t *testing.T) {
	m := newMemory(t)
	if err := m.Claim(one); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(m.Folder)
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	for _, e := range entries {
		s, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" && s.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", e.Name(), s.Mode())
		}
		b, err := os.ReadFile(filepath.Join(m.Folder, e.Name()))
		if err != nil || strings.Contains(e.Name()+string(b), one[4:]) {
			t.Errorf("%s holds the number, or %v", e.Name(), err)
		}
		if len(b) != 0 {
			t.Errorf("%s holds %d bytes", e.Name(), len(b))
		}
	}
}

// TestForeignFolder checks that Memory does not use a folder that others may read, a folder of
// another user, a link, or a file in the folder's place.
func TestForeignFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("folders for temporary files are each user's own there")
	}
	open := newMemory(t)
	if err := os.Mkdir(open.Folder, 0o755); err != nil {
		t.Fatal(err)
	}
	link := newMemory(t)
	if err := os.Symlink(t.TempDir(), link.Folder); err != nil {
		t.Fatal(err)
	}
	file := newMemory(t)
	if err := os.WriteFile(file.Folder, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	folders := map[string]*Memory{"open": open, "link": link, "file": file, "nowhere": {Folder: filepath.Join(file.Folder, "x"), cost: 2}}
	if os.Geteuid() == 0 { // only then can a test make a folder of another user
		other := newMemory(t)
		if err := errors.Join(os.Mkdir(other.Folder, 0o700), os.Chown(other.Folder, 64002, 64002)); err != nil {
			t.Fatal(err)
		}
		folders["another user's"] = other
	}
	for name, m := range folders {
		if err := m.Claim(one); err == nil || errors.Is(err, ErrTried) {
			t.Errorf("%s: claimed, %v", name, err)
		}
		m.Wrong(one)
		m.Forget(one)
		m.Clean()
		if m.Has(t.Context(), one) {
			t.Errorf("%s: remembered", name)
		}
	}
}

func TestNoMemory(t *testing.T) {
	var m *Memory
	if m.Claim(one) != nil || m.Has(t.Context(), one) {
		t.Error("nothing remembers something")
	}
	m.Wrong(one)
	m.Forget(one)
	m.Clean()
}

func TestFolders(t *testing.T) {
	runtimeDir := t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", runtimeDir)
	if c, a := Customer().Folder, Advisor().Folder; filepath.Dir(c) != runtimeDir || filepath.Dir(a) != runtimeDir || a == c {
		t.Errorf("%s, %s", c, a)
	}
	for _, none := range []string{"", "relative", filepath.Join(runtimeDir, "none")} {
		t.Setenv("XDG_RUNTIME_DIR", none)
		if c := Customer().Folder; filepath.Dir(c) != filepath.Clean(os.TempDir()) {
			t.Errorf("%q: %s", none, c)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	m := &Memory{Folder: filepath.Join(b.TempDir(), "tried")}
	for b.Loop() {
		if _, err := m.path(one); err != nil {
			b.Fatal(err)
		}
	}
}
