package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"lotse/proctest"
)

// These are the gateway's name, ports and accounts.
const (
	host         = "support.flood.test"
	port         = "8443"
	vncPort      = "5900"
	repeaterPort = "5901"
	serverPort   = "5500"
	advisor      = "anna"
	colleague    = "berta"
	password     = "correct horse battery"
	agentFile    = "lotse-agent-windows-amd64.exe"
)

// settings is the gateway's configuration. It opens every door and keeps all limits at their
// defaults.
const settings = `
listen = ":` + port + `"
hosts = ["` + host + `"]
data = %q
downloads = %q
[doors]
websockify = true
[doors.vnc]
listen = ":` + vncPort + `"
[doors.repeater]
viewer_listen = ":` + repeaterPort + `"
server_listen = ":` + serverPort + `"
[tls]
cert = %q
key = %q
[metrics]
listen = "127.0.0.1:9443"
`

// gatewayProcess is the running gateway program.
type gatewayProcess struct {
	*proctest.Program
	dir  string
	logs *os.File
}

func startGateway(o *options, dir string) (*gatewayProcess, error) {
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := makeCertificate(at("ca.pem"), at("key.pem")); err != nil {
		return nil, err
	}
	if err := os.Mkdir(at("downloads"), 0o700); err != nil {
		return nil, err
	}
	text := fmt.Sprintf(settings, at("data"), at("downloads"), at("ca.pem"), at("key.pem"))
	err := errors.Join(os.WriteFile(at("downloads/"+agentFile), make([]byte, 8<<20), 0o600), os.WriteFile(at("gateway.toml"), []byte(text), 0o600))
	if err != nil {
		return nil, err
	}
	for _, name := range []string{advisor, colleague} {
		add := exec.Command(o.lotse, "advisor", "add", name, "--data", at("data"))
		add.Env = append(os.Environ(), "LOTSE_PASSWORD="+password)
		if out, err := add.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("advisor add: %w: %s", err, out)
		}
	}
	g := &gatewayProcess{dir: dir}
	if g.logs, err = os.Create(at("gateway.log")); err != nil {
		return nil, err
	}
	g.Program, err = proctest.Launch(proctest.Command{Path: o.lotse, Args: []string{"gateway", "--config", at("gateway.toml")}, Errors: g.logs})
	if err != nil {
		return nil, err
	}
	if _, _, err := g.Await(0, "listening on "); err != nil {
		g.stop()
		log, _ := os.ReadFile(at("gateway.log"))
		return nil, fmt.Errorf("the gateway did not start: %w: %s", err, log)
	}
	return g, nil
}

// stop ends the gateway. It prints the gateway's log if it contains errors.
func (g *gatewayProcess) stop() {
	g.Close()
	_ = g.logs.Close()
	if log, err := os.ReadFile(g.logs.Name()); err == nil {
		for line := range bytes.Lines(log) {
			if bytes.Contains(line, []byte("level=ERROR")) {
				fmt.Printf("gateway: %s", line)
			}
		}
	}
}

// watchMemory watches the gateway's resident memory until ctx ends and returns the maximum in
// MiB.
func (g *gatewayProcess) watchMemory(ctx context.Context) (most int) {
	for {
		select {
		case <-ctx.Done():
			return most
		case <-time.After(time.Second):
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", g.PID()))
		if err != nil {
			return most
		}
		if _, rest, ok := strings.Cut(string(status), "VmRSS:"); ok {
			kib, _ := strconv.Atoi(strings.Fields(rest)[0])
			most = max(most, kib>>10)
		}
	}
}

// processor returns the processor time that the gateway has used, in seconds.
func (g *gatewayProcess) processor() float64 {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", g.PID()))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return float64(user+system) / 100
}

// auditSize returns the size of the audit trail in bytes.
func (g *gatewayProcess) auditSize() (n int64) {
	files, _ := filepath.Glob(filepath.Join(g.dir, "data", "audit*"))
	for _, name := range files {
		if st, err := os.Stat(name); err == nil {
			n += st.Size()
		}
	}
	return n
}

// makeCertificate makes a self-signed certificate.
func makeCertificate(certFile, keyFile string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(30 * 24 * time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))
}
