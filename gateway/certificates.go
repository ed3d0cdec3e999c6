package gateway

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"lotse/logs"
)

// certificates provides the certificate for TLS.
type certificates struct {
	// Static after newCertificates.
	cfg  *Config
	log  *slog.Logger
	acme *autocert.Manager // nil unless TLSACME

	mu   sync.Mutex
	cert *tls.Certificate // Guarded by mu; nil with ACME.
	seen [2]time.Time     // Guarded by mu; modification times of the certificate's and the key's file.
}

func newCertificates(cfg *Config) (*certificates, error) {
	c := &certificates{cfg: cfg, log: logs.Area(cfg.Logger, logs.Gateway)}
	switch cfg.TLS.Mode {
	case TLSACME:
		c.acme = &autocert.Manager{
			Prompt:     autocert.AcceptTOS,
			Cache:      autocert.DirCache(filepath.Join(cfg.Data, "acme")), // created with mode 0700
			HostPolicy: autocert.HostWhitelist(cfg.Hosts...),
			Email:      cfg.TLS.Email,
		}
		if cfg.TLS.Directory != "" {
			c.acme.Client = &acme.Client{DirectoryURL: cfg.TLS.Directory, UserAgent: "lotse"}
		}
	case TLSDev:
		cert, err := devCertificate(cfg.Data, cfg.Hosts, cfg.Clock.Now())
		if err != nil {
			return nil, fmt.Errorf("gateway: development certificate: %w", err)
		}
		c.cert = cert
	case TLSFiles:
		if err := c.load(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// load reads the operator's files.
func (c *certificates) load() error {
	if c.cfg.TLS.CertFile == "" || c.cfg.TLS.KeyFile == "" {
		return errors.New("gateway: certificate: both the certificate's and the key's file must be given")
	}
	seen := c.stat()
	cert, err := tls.LoadX509KeyPair(c.cfg.TLS.CertFile, c.cfg.TLS.KeyFile)
	if err != nil {
		return fmt.Errorf("gateway: certificate: %w", err)
	}
	for _, host := range c.cfg.Hosts {
		if err := cert.Leaf.VerifyHostname(host); err != nil {
			c.log.Warn("the certificate does not cover a host name of the gateway", "host", host)
		}
	}
	if left := cert.Leaf.NotAfter.Sub(c.cfg.Clock.Now()); left < 14*24*time.Hour {
		c.log.Warn("the certificate ends soon", "date", cert.Leaf.NotAfter.Format(time.DateOnly))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cert, c.seen = &cert, seen
	return nil
}

func (c *certificates) stat() (t [2]time.Time) {
	for i, name := range []string{c.cfg.TLS.CertFile, c.cfg.TLS.KeyFile} {
		if st, err := os.Stat(name); err == nil {
			t[i] = st.ModTime()
		}
	}
	return t
}

// reload reads the files again. If that fails, the old certificate remains in use.
func (c *certificates) reload() {
	if c.cfg.TLS.Mode != TLSFiles {
		return
	}
	if err := c.load(); err != nil {
		c.log.Error("certificate not reloaded, the old one stays in use", "error", err)
		return
	}
	c.log.Info("certificate reloaded")
}

// reloadChanged reads the files again if their modification times changed.
func (c *certificates) reloadChanged() {
	if c.cfg.TLS.Mode != TLSFiles {
		return
	}
	now := c.stat()
	c.mu.Lock()
	changed := now != c.seen
	c.seen = now // a half-written file fails once, and is tried again when it changes
	c.mu.Unlock()
	if changed {
		c.reload()
	}
}

// expires returns when the certificate expires; zero if that is unknown, as with ACME.
func (c *certificates) expires() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cert == nil || c.cert.Leaf == nil {
		return time.Time{}
	}
	return c.cert.Leaf.NotAfter
}

func (c *certificates) tlsConfig() *tls.Config {
	cfg := &tls.Config{
		MinVersion: c.cfg.TLS.MinVersion,
		NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.cert, nil
		},
	}
	if c.acme != nil {
		cfg.GetCertificate = c.acme.GetCertificate
		cfg.NextProtos = append(cfg.NextProtos, acme.ALPNProto)
	}
	return cfg
}

// viewerTLS returns the configuration for VNC viewers. Some viewers support only TLS 1.2, so it
// allows TLS 1.2, but only with forward secrecy and authenticated encryption.
func (c *certificates) viewerTLS() *tls.Config {
	cfg := c.tlsConfig()
	inner := cfg.GetCertificate
	cfg.NextProtos = nil
	cfg.MinVersion = tls.VersionTLS12
	cfg.CipherSuites = []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	}
	cfg.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if hello.ServerName == "" {
			// Many viewers send no server name, but autocert needs one.
			hello.ServerName = c.cfg.Hosts[0]
		}
		return inner(hello)
	}
	return cfg
}
