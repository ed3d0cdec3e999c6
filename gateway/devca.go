package gateway

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"lotse/gateway/datafile"
)

// Files of a development gateway in its data folder.
const (
	DevCAFile     = "ca.pem"
	devCAKeyFile  = "ca-key.pem"
	devCertFile   = "dev-cert.pem"
	devKeyFile    = "dev-key.pem"
	devCALifetime = 2 * 365 * 24 * time.Hour
	devLifetime   = 90 * 24 * time.Hour
	devRenew      = 7 * 24 * time.Hour
)

// devCertificate returns a certificate for hosts from a local authority. The authority is created
// once and kept, so that clients which trust it continue to do so.
func devCertificate(data string, hosts []string, now time.Time) (*tls.Certificate, error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	at := func(name string) string { return filepath.Join(data, name) }
	ca, err := tls.LoadX509KeyPair(at(DevCAFile), at(devCAKeyFile))
	if err != nil || now.Add(devLifetime).After(ca.Leaf.NotAfter) || now.Before(ca.Leaf.NotBefore) || !permits(ca.Leaf, hosts) {
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err // damaged: do not silently replace an authority that clients trust
		}
		if ca, err = issue(at(DevCAFile), at(devCAKeyFile), nil, hosts, now, devCALifetime); err != nil {
			return nil, err
		}
	}
	if leaf, err := tls.LoadX509KeyPair(at(devCertFile), at(devKeyFile)); err == nil && devValid(&leaf, &ca, hosts, now) {
		return &leaf, nil
	}
	leaf, err := issue(at(devCertFile), at(devKeyFile), &ca, hosts, now, devLifetime)
	return &leaf, err
}

func devValid(leaf, ca *tls.Certificate, hosts []string, now time.Time) bool {
	roots := x509.NewCertPool()
	roots.AddCert(ca.Leaf)
	if len(hosts) == 0 {
		return false
	}
	for _, host := range hosts {
		if _, err := leaf.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, CurrentTime: now.Add(devRenew)}); err != nil {
			return false
		}
	}
	return true
}

// permits reports whether an authority may sign for hosts and is restricted to the names it was
// made for.
func permits(ca *x509.Certificate, hosts []string) bool {
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			if !slices.ContainsFunc(ca.PermittedIPRanges, func(n *net.IPNet) bool { return n.Contains(ip) }) {
				return false
			}
		} else if !slices.Contains(ca.PermittedDNSDomains, host) {
			return false
		}
	}
	return ca.PermittedDNSDomainsCritical
}

// constrain restricts an authority to hosts, so that a client which trusts it does not trust it for
// other names (RFC 5280, section 4.2.1.10).
func constrain(t *x509.Certificate, hosts []string) {
	t.PermittedDNSDomainsCritical = true
	t.PermittedDNSDomains = []string{"localhost"}
	loopback := net.IPNet{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)}
	t.PermittedIPRanges = []*net.IPNet{&loopback}
	for _, host := range hosts {
		ip := net.ParseIP(host)
		switch {
		case ip == nil && !slices.Contains(t.PermittedDNSDomains, host):
			t.PermittedDNSDomains = append(t.PermittedDNSDomains, host)
		case ip != nil && !loopback.Contains(ip):
			if v4 := ip.To4(); v4 != nil {
				ip = v4
			}
			t.PermittedIPRanges = append(t.PermittedIPRanges, &net.IPNet{IP: ip, Mask: net.CIDRMask(8*len(ip), 8*len(ip))})
		}
	}
}

// issue makes a key and a certificate for hosts and writes both. If issuer is nil, it makes an
// authority restricted to hosts.
func issue(certFile, keyFile string, issuer *tls.Certificate, hosts []string, now time.Time, lifetime time.Duration) (tls.Certificate, error) {
	var none tls.Certificate
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return none, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return none, err
	}
	t := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Lotse development authority " + now.Format("2006-01-02 15:04")},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(lifetime), BasicConstraintsValid: true,
	}
	parent, signer := t, any(key)
	if issuer == nil {
		t.IsCA, t.MaxPathLenZero, t.KeyUsage = true, true, x509.KeyUsageCertSign
		constrain(t, hosts)
	} else {
		parent, signer = issuer.Leaf, issuer.PrivateKey
		// With the authority's name, OpenSSL would consider it self-signed.
		t.Subject.CommonName = "Lotse development gateway"
		t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		for _, host := range hosts {
			if ip := net.ParseIP(host); ip != nil {
				t.IPAddresses = append(t.IPAddresses, ip)
			} else {
				t.DNSNames = append(t.DNSNames, host)
			}
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, &key.PublicKey, signer)
	if err != nil {
		return none, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return none, err
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	if err := errors.Join(datafile.Replace(keyFile, keyPEM), datafile.Replace(certFile, bytes.Clone(certPEM))); err != nil {
		return none, err
	}
	return tls.X509KeyPair(certPEM, keyPEM)
}
