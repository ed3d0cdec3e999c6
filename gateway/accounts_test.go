package gateway

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lotse/gateway/clock"
)

// TestLockOfADeadProgram: a lock file that a program left behind, recently or long ago, blocks
// nobody.
func TestLockOfADeadProgram(t *testing.T) {
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, accountsName+".lock"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := OpenAccounts(data)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := a.change(func() error { return nil }); err != nil {
			t.Error(err)
		}
	}
}

// TestAccountsGone: if the accounts file disappears, this is an error that changes nothing, because
// the operator may be restoring it.
func TestAccountsGone(t *testing.T) {
	a, err := OpenAccounts(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if list, err := a.snapshot(); err != nil || len(list) != 0 {
		t.Fatalf("a new folder: %v, %v", list, err)
	}
	anna := Account{Name: "anna", Password: testHash()}
	add := func() error { a.list["anna"] = anna; return nil }
	if err := a.change(add); err != nil {
		t.Fatal(err)
	}
	saved, err := os.ReadFile(a.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(a.path); err != nil {
		t.Fatal(err)
	}
	if list, err := a.snapshot(); err == nil || len(list) != 1 {
		t.Errorf("the file is gone: %v, %v", list, err)
	}
	if acc, ok, err := a.get("anna"); err == nil || !ok || acc.Name != "anna" {
		t.Errorf("the file is gone: %v, %v, %v", acc, ok, err)
	}
	if err := a.change(add); err == nil {
		t.Error("a file that is gone was replaced by a part of it")
	}
	if err := os.WriteFile(a.path, saved, 0o600); err != nil {
		t.Fatal(err)
	}
	if list, err := a.snapshot(); err != nil || len(list) != 1 {
		t.Errorf("restored: %v, %v", list, err)
	}
}

// TestGoneEndsNothing: sessions continue while the accounts file does not exist.
func TestGoneEndsNothing(t *testing.T) {
	d := testDirectory(t)
	s, err := d.open(testAccounts()[0], "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(d.accounts.path); err != nil {
		t.Fatal(err)
	}
	d.sweep(d.now())
	if len(d.list("anna")) != 1 {
		t.Errorf("the session ended: %s", s.state)
	}
}

// TestCheapHash: only a development gateway accepts a cheap hash.
func TestCheapHash(t *testing.T) {
	for _, c := range []struct {
		hash  string
		costs []hashCost
		want  error
	}{
		{devCost.hash(testPassword), []hashCost{usualCost}, errDamagedHash},
		{devCost.hash(testPassword), []hashCost{usualCost, devCost}, nil},
		{usualCost.hash(testPassword), []hashCost{usualCost, devCost}, nil},
		{usualCost.hash(testPassword), []hashCost{usualCost}, nil},
	} {
		ok, err := newHasher(clock.System{}, c.costs...).verify(t.Context(), "", 1, c.hash, testPassword)
		if ok != (c.want == nil) || !errors.Is(err, c.want) {
			t.Errorf("%.30s with %v: %v, %v", c.hash, c.costs, ok, err)
		}
	}
	for mode, costs := range map[string]int{TLSDev: 2, TLSACME: 1} {
		cfg, err := Config{Data: t.TempDir(), TLS: TLSConfig{Mode: TLSDev}}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		cfg.TLS.Mode = mode
		s, err := newServer(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.hasher.costs) != costs {
			t.Errorf("%s takes %v", mode, s.hasher.costs)
		}
		s.audit.Close()
		s.downloads.close()
	}
}

// TestDamagedHash: a damaged hash is reported to its advisor and logged, and each try with it is
// charged. Other accounts of the file are not affected.
func TestDamagedHash(t *testing.T) {
	var logs lockedBuffer
	cfg, err := Config{Data: t.TempDir(), TLS: TLSConfig{Mode: TLSDev}, Logger: slog.New(slog.NewTextHandler(&logs, nil))}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	damaged := strings.Replace(testHash(), "$m=64", "$m=1", 1)
	file := `{"version":1,"accounts":[{"name":"anna","password":"` + damaged + `"},{"name":"bert","password":"` + testHash() + `"}]}`
	if err := os.WriteFile(filepath.Join(cfg.Data, accountsName), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := newServer(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.audit.Close(); s.downloads.close() })
	signIn := func(name string) (int, string) {
		r := httptest.NewRequest("POST", "/api/v1/signin", bytes.NewReader([]byte(`{"name":"`+name+`","password":"`+testPassword+`"}`)))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		(&signing{s}).signIn(w, r)
		return w.Code, w.Body.String()
	}
	if status, body := signIn("anna"); status != http.StatusInternalServerError || !strings.Contains(body, "password") {
		t.Errorf("damaged: %d %s", status, body)
	}
	if !strings.Contains(logs.String(), "level=ERROR") || !strings.Contains(logs.String(), "anna") {
		t.Errorf("not logged: %s", logs.String())
	}
	if status, body := signIn("bert"); status != http.StatusOK {
		t.Errorf("another account: %d %s", status, body)
	}
	// Each try is charged: after the tenth the address must wait.
	status := 0
	for range cfg.Limits.SignInWrong + 1 {
		status, _ = signIn("anna")
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("after many tries: %d", status)
	}
}
