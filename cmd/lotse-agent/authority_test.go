package main

import (
	"encoding/base64"
	"strings"
	"testing"
)

// TestBuiltInAuthority checks that a build with an authority that cannot be used says so, instead
// of trusting the system's. TestDemo uses a good one.
func TestBuiltInAuthority(t *testing.T) {
	defer func() { builtInCA = "" }()
	for _, built := range []string{"not base64!", base64.StdEncoding.EncodeToString([]byte("no PEM"))} {
		builtInCA = built
		if roots, err := authorities(""); err == nil || roots != nil || !strings.Contains(err.Error(), "LOTSE_CA") {
			t.Errorf("%q: %v", built, err)
		}
	}
}
