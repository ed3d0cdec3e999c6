package gateway

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lotse/gateway/clock"
	"lotse/gateway/datafile"
)

func TestAccounts(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	a, err := OpenAccounts(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Add("Anna", "", "Example", testPassword); err != nil {
		t.Fatal(err)
	}
	b, err := OpenAccounts(data) // another process
	if err != nil {
		t.Fatal(err)
	}
	acc, ok, err := b.get("anna")
	if err != nil || !ok || acc.Display != "anna" || strings.Contains(acc.Password, testPassword) {
		t.Fatalf("%+v, %v, %v", acc, ok, err)
	}
	good, err := newHasher(clock.System{}, usualCost).verify(t.Context(), "", 1, acc.Password, testPassword)
	bad, err2 := newHasher(clock.System{}, usualCost).verify(t.Context(), "", 1, acc.Password, testPassword+"x")
	none, err3 := newHasher(clock.System{}, usualCost).verify(t.Context(), "", 1, "", testPassword)
	if err := errors.Join(err, err2, err3); err != nil || !good || bad || none {
		t.Errorf("%v %v %v, %v", good, bad, none, err)
	}
	for name, err := range map[string]error{
		"twice": a.Add("anna", "", "", testPassword), "name": a.Add("a b", "", "", testPassword), "short": a.Add("bert", "", "", "short"),
		"long": a.Add("bert", "", "", strings.Repeat("x", 300)), "display": a.Add("bert", strings.Repeat("x", 200), "", testPassword),
		"remove": a.Remove("bert"), "password": a.SetPassword("bert", testPassword),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := b.Remove("anna"); err != nil {
		t.Fatal(err)
	}
	if list, err := a.List(); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	entries, err := os.ReadDir(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != accountsName && e.Name() != accountsName+".lock" {
			t.Errorf("left behind: %s", e.Name())
		}
	}
}

// TestAccountsAtOnce: simultaneous changes are all kept.
func TestAccountsAtOnce(t *testing.T) {
	data := t.TempDir()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			a, err := OpenAccounts(data)
			if err == nil {
				name := fmt.Sprintf("advisor%d", i)
				err = a.change(func() error { a.list[name] = Account{Name: name, Password: testHash()}; return nil })
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	a, err := OpenAccounts(data)
	if err != nil {
		t.Fatal(err)
	}
	if list, err := a.List(); err != nil || len(list) != 8 {
		t.Errorf("%d accounts, %v", len(list), err)
	}
	st, err := os.Stat(filepath.Join(data, accountsName))
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
}

func FuzzAccountsFile(f *testing.F) {
	f.Add([]byte(`{"version":1,"accounts":[{"name":"anna","password":"` + usualCost.prefix() + `AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}`))
	f.Add([]byte(`{"version":2}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := parseAccounts(b)
		for name, acc := range list {
			if err != nil || name != acc.Name || !accountName.MatchString(name) {
				t.Errorf("%q accepted", name)
			}
		}
	})
}

func TestDevCertificate(t *testing.T) {
	data := t.TempDir()
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	now := time.Now()
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(data, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if _, err := devCertificate(data, hosts, now); err != nil {
		t.Fatal(err)
	}
	ca, leaf := read(DevCAFile), read(devCertFile)
	for _, name := range []string{devCAKeyFile, devKeyFile} {
		if st, err := os.Stat(filepath.Join(data, name)); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, st, err)
		}
	}
	if _, err := devCertificate(data, hosts, now); err != nil || read(DevCAFile) != ca || read(devCertFile) != leaf {
		t.Errorf("not used again: %v", err)
	}
	cert, err := devCertificate(data, append(hosts, "other.example"), now)
	if err != nil || read(DevCAFile) == ca || read(devCertFile) == leaf {
		t.Errorf("a name that the authority is not for: %v", err)
	}
	ca = read(DevCAFile)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(ca))
	if _, err := cert.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: "other.example"}); err != nil {
		t.Error(err)
	}
	if bytes.Equal(cert.Leaf.RawSubject, cert.Leaf.RawIssuer) {
		t.Error("OpenSSL takes it for signed by itself")
	}
	leaf = read(devCertFile)
	if _, err := devCertificate(data, hosts, now.Add(devLifetime-time.Hour)); err != nil || read(devCertFile) == leaf || read(DevCAFile) != ca {
		t.Errorf("not renewed: %v", err)
	}
	if _, err := devCertificate(data, hosts, now.Add(devCALifetime-time.Hour)); err != nil || read(DevCAFile) == ca {
		t.Errorf("authority not renewed: %v", err)
	}
	if err := os.WriteFile(filepath.Join(data, DevCAFile), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := devCertificate(data, hosts, now); err == nil {
		t.Error("a damaged authority was replaced")
	}
}

// TestDevAuthority covers finding L2: a client that trusts the development authority trusts it for
// this machine and no other name. An authority without this restriction is replaced.
func TestDevAuthority(t *testing.T) {
	data, now := t.TempDir(), time.Now()
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	if _, err := devCertificate(data, hosts, now); err != nil {
		t.Fatal(err)
	}
	ca, err := tls.LoadX509KeyPair(filepath.Join(data, DevCAFile), filepath.Join(data, devCAKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.Leaf)
	for host, want := range map[string]bool{"localhost": true, "127.0.0.1": true, "::1": true, "bank.example": false, "localhost.bank.example": false, "192.0.2.1": false} {
		other := t.TempDir()
		leaf, err := issue(filepath.Join(other, "c.pem"), filepath.Join(other, "k.pem"), &ca, []string{host}, now, devLifetime)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := leaf.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host}); (err == nil) != want {
			t.Errorf("%s: %v", host, err)
		}
	}
	unbound := *ca.Leaf
	unbound.PermittedDNSDomainsCritical, unbound.PermittedDNSDomains, unbound.PermittedIPRanges = false, nil, nil
	unbound.ExtraExtensions = nil
	der, err := x509.CreateCertificate(rand.Reader, &unbound, &unbound, ca.Leaf.PublicKey, ca.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	old := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(filepath.Join(data, DevCAFile), old, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := devCertificate(data, hosts, now); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(data, DevCAFile)); err != nil || bytes.Equal(b, old) {
		t.Errorf("an authority for every name stays in use: %v", err)
	}
}

func TestReload(t *testing.T) {
	data := t.TempDir()
	make := func(host string) *tls.Certificate {
		folder := t.TempDir()
		cert, err := devCertificate(folder, []string{host}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for from, to := range map[string]string{devCertFile: "cert.pem", devKeyFile: "key.pem"} {
			b, err := os.ReadFile(filepath.Join(folder, from))
			if err == nil {
				err = datafile.Replace(filepath.Join(data, to), b)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		return cert
	}
	first := make("a.example")
	cfg, err := Config{Data: data, Hosts: []string{"a.example"}, TLS: TLSConfig{Mode: TLSFiles,
		CertFile: filepath.Join(data, "cert.pem"), KeyFile: filepath.Join(data, "key.pem")}}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCertificates(&cfg)
	if err != nil {
		t.Fatal(err)
	}
	current := func() *x509.Certificate {
		cert, err := c.tlsConfig().GetCertificate(nil)
		if err != nil {
			t.Fatal(err)
		}
		return cert.Leaf
	}
	if !current().Equal(first.Leaf) || c.tlsConfig().MinVersion != tls.VersionTLS13 {
		t.Error("first certificate")
	}
	second := make("a.example")
	later := time.Now().Add(time.Second)
	for _, name := range []string{"cert.pem", "key.pem"} {
		if err := os.Chtimes(filepath.Join(data, name), later, later); err != nil {
			t.Fatal(err)
		}
	}
	c.reloadChanged()
	if !current().Equal(second.Leaf) {
		t.Error("not reloaded")
	}
	if err := os.Remove(filepath.Join(data, "key.pem")); err != nil {
		t.Fatal(err)
	}
	c.reload()
	if !current().Equal(second.Leaf) {
		t.Error("lost the certificate")
	}
}

func TestACME(t *testing.T) {
	cfg, err := Config{Data: t.TempDir(), Hosts: []string{"a.example"}, TLS: TLSConfig{Mode: TLSACME, Directory: "https://acme.invalid/"}}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCertificates(&cfg)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.tlsConfig().NextProtos; len(got) != 2 || got[1] != "acme-tls/1" {
		t.Errorf("%v", got)
	}
	if _, err := c.tlsConfig().GetCertificate(&tls.ClientHelloInfo{ServerName: "evil.example"}); err == nil {
		t.Error("a certificate for a foreign name is asked for")
	}
}

func TestWebSessions(t *testing.T) {
	var w webSessions
	now := time.Now()
	acc := Account{Name: "anna"}
	first, _ := w.create(acc, time.Hour, now)
	other, _ := w.create(Account{Name: "bert"}, time.Hour, now)
	for i := range maxWebSessions {
		w.create(acc, time.Hour, now.Add(time.Duration(i+1)*time.Second))
	}
	if _, ok := w.find(first, now); ok {
		t.Error("the oldest sign-in is still there")
	}
	if _, ok := w.find(other, now); !ok {
		t.Error("another's sign-in is gone")
	}
	if _, ok := w.find(other, now.Add(2*time.Hour)); ok {
		t.Error("not expired")
	}
	w.sweep(now.Add(2 * time.Hour))
	if len(w.open) != 0 {
		t.Errorf("%d left", len(w.open))
	}
}
