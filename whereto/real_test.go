package whereto

import (
	"os"
	"testing"
)

// TestRealStamp checks a program that osslsigncode signed and lotse stamp stamped.
// ci/test-dist.sh provides it; without it the test does nothing.
func TestRealStamp(t *testing.T) {
	stamped, signed, key := os.Getenv("LOTSE_STAMPED"), os.Getenv("LOTSE_SIGNED"), os.Getenv("LOTSE_STAMP_KEY")
	if stamped == "" {
		t.Log("no stamped program given: ci/test-dist.sh gives one")
		return
	}
	if gateway, err := fromStamp(stamped, key); gateway != "https://support.example.com" || err != nil {
		t.Errorf("stamped: %q, %v", gateway, err)
	}
	if gateway, err := fromStamp(signed, key); gateway != "" || err != nil {
		t.Errorf("only signed: %q, %v", gateway, err)
	}
}
