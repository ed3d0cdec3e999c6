package gateway

import (
	"os"
	"testing"
)

// TestRealSigner is run by ci/test-dist.sh with a program signed by osslsigncode; without one it is
// skipped.
func TestRealSigner(t *testing.T) {
	signed, tampered := os.Getenv("LOTSE_SIGNED"), os.Getenv("LOTSE_TAMPERED")
	if signed == "" {
		t.Log("no signed program given: ci/test-dist.sh gives one")
		return
	}
	for file, want := range map[string]string{signed: "Example Publisher", tampered: ""} {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		st, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := signer(f, st.Size()); got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %q, %v", file, got, err)
		}
	}
}
