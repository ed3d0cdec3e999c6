package whereto

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// signedProgram returns a file with the structure of a signed program: headers, code that also
// contains the markers, and a certificate table with n bytes for a stamp. ci/test-dist.sh tests
// a real program.
func signedProgram(n int) []byte {
	b := make([]byte, 1024)
	copy(b, "MZ")
	binary.LittleEndian.PutUint32(b[peHeaderAt:], 128)
	copy(b[128:], "PE\x00\x00")
	binary.LittleEndian.PutUint16(b[128+peOptional:], 0x20b)
	copy(b[700:], stampBegin+"lotse-stamp-1 https://evil.example x"+stampEnd)
	table := append(make([]byte, 100), stampBegin+strings.Repeat("x", n)+stampEnd+"tail"...)
	binary.LittleEndian.PutUint32(b[128+pe64Security:], uint32(len(b)))
	binary.LittleEndian.PutUint32(b[128+pe64Security+4:], uint32(len(table)))
	return append(b, table...)
}

func TestStamp(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	key := base64.StdEncoding.EncodeToString(public)
	find := func(b []byte, key string) (string, Source, error) {
		path := filepath.Join(t.TempDir(), "lotse-agent.exe")
		if err := os.WriteFile(path, b, 0o700); err != nil {
			t.Fatal(err)
		}
		return Find(path, key)
	}
	plain := signedProgram(993)
	stamped := bytes.Clone(plain)
	if err := WriteStamp(stamped, "Support.example.com:8443", private); err != nil {
		t.Fatal(err)
	}
	changed := 0
	for i := range plain {
		if plain[i] != stamped[i] && (i < len(plain)-1010 || i >= len(plain)-10) {
			changed++
		}
	}
	if changed > 4 || len(plain) != len(stamped) {
		t.Errorf("%d bytes outside of the place were changed", changed)
	}
	for _, c := range []struct {
		what    string
		b       []byte
		key     string
		gateway string
		refused string
	}{
		{"stamped", stamped, key, "https://support.example.com:8443", ""},
		{"no key built in", stamped, "", "", ""},
		{"not stamped", plain, key, "", ""},
		{"another key", stamped, base64.StdEncoding.EncodeToString(make([]byte, 32)), "", "publisher"},
		{"key that is none", stamped, "x", "", "cannot be read"},
		{"another gateway", bytes.Replace(stamped, []byte("support."), []byte("evilone."), 1), key, "", "publisher"},
		{"no signature", bytes.Replace(stamped, []byte(":8443 "), []byte(":8443  "), 1), key, "", "publisher"},
		{"cut", stamped[:len(stamped)-200], key, "", ""},
		{"not a program", []byte("#!/bin/sh"), key, "", ""},
	} {
		gateway, _, err := find(c.b, c.key)
		if gateway != c.gateway || (err != nil) != (c.refused != "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%s: %q, %v", c.what, gateway, err)
		}
	}
	// A text with a valid signature that does not name a gateway is refused.
	signed := stampVersion + "http://support.example.com"
	text := signed + " " + base64.RawURLEncoding.EncodeToString(ed25519.Sign(private, []byte(signed)))
	if gateway, err := parseStamp([]byte(text), public); err == nil {
		t.Errorf("%q", gateway)
	}
	for what, b := range map[string][]byte{"too small": signedProgram(20), "unsigned": make([]byte, 2000), "no place": signedProgram(993)[:1024]} {
		if err := WriteStamp(b, "support.example.com", private); err == nil {
			t.Errorf("%s is stamped", what)
		}
	}
	if err := WriteStamp(bytes.Clone(plain), "http://support.example.com", private); err == nil {
		t.Error("http is stamped")
	}
}

func FuzzStamp(f *testing.F) {
	f.Add(signedProgram(993))
	f.Add([]byte("MZ"))
	public, private, _ := ed25519.GenerateKey(bytes.NewReader(make([]byte, 32)))
	f.Fuzz(func(t *testing.T, b []byte) {
		room, err := stampRoom(readerAt(b), int64(len(b)))
		if err != nil {
			return
		}
		if gateway, err := parseStamp(room.text, public); err == nil && gateway != "" {
			t.Errorf("%q of a stamp that nobody made", gateway)
		}
		if WriteStamp(b, "support.example.com", private) != nil {
			return
		}
		room, err = stampRoom(readerAt(b), int64(len(b)))
		if err != nil {
			return // the place overlapped the header
		}
		if gateway, err := parseStamp(room.text, public); err == nil && gateway != "" && gateway != "https://support.example.com" {
			t.Errorf("stamped for %q", gateway)
		}
	})
}
