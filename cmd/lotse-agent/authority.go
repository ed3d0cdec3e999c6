package main

import (
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"os"
)

// builtInCA is the certificate authority that this build trusts for gateways, instead of the
// system's: PEM, in base64. The linker sets it (LOTSE_CA=FILE make dist). If it is "", the program
// trusts the system's authorities.
var builtInCA = ""

// authorities returns the authorities of a PEM file, else those of this build, else nil.
func authorities(file string) (*x509.CertPool, error) {
	from, pem := "--ca-file "+file, []byte(nil)
	var err error
	switch {
	case file != "":
		if pem, err = os.ReadFile(file); err != nil {
			return nil, fmt.Errorf("--ca-file: %w", err)
		}
	case builtInCA != "":
		from = "this program's LOTSE_CA"
		if pem, err = base64.StdEncoding.DecodeString(builtInCA); err != nil {
			return nil, fmt.Errorf("this program was built with a LOTSE_CA that cannot be read: %w", err)
		}
	default:
		return nil, nil
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate in it; want PEM", from)
	}
	return roots, nil
}
