package whereto

import (
	"os"
	"testing"
)

// TestRealStamp is run by ci/test-dist.sh with a program signed by osslsigncode and stamped by
// lotse stamp; without one it is skipped.
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
