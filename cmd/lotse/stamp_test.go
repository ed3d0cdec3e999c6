package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestStampUsage: what goes wrong is said; a stamp on a really signed program is
// ci/test-dist.sh's.
func TestStampUsage(t *testing.T) {
	folder := t.TempDir()
	key, exe, out := filepath.Join(folder, "key.pem"), filepath.Join(folder, "a.exe"), filepath.Join(folder, "b.exe")
	if code, public, _ := run(t, nil, "stamp", "--new-key", key); code != exitOK || len(strings.TrimSpace(public)) != 44 {
		t.Fatalf("%d, %q", code, public)
	}
	if st, err := os.Stat(key); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v", st, err)
	}
	if err := os.WriteFile(exe, []byte("MZ"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{exitFailure, "exists", []string{"--new-key", key}},
		{exitUsage, "--key and --gateway", []string{exe, out}},
		{exitUsage, "an argument is missing", []string{"--key", key, "--gateway", "support.example.com", exe}},
		{exitFailure, "not a signed Windows program", []string{"--key", key, "--gateway", "support.example.com", exe, out}},
		{exitFailure, "U+043E", []string{"--key", key, "--gateway", "supp\u043ert.example.com", exe, out}},
		{exitFailure, "no key in it", []string{"--key", exe, "--gateway", "support.example.com", exe, out}},
	} {
		if code, _, errs := run(t, nil, append([]string{"stamp"}, c.args...)...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%v: %d, %q", c.args, code, errs)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("something was written")
	}
}
