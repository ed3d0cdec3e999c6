package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lotse/doctor"
)

// TestDoctor runs it from outside with an address, and on the gateway's machine with its settings.
func TestDoctor(t *testing.T) {
	t.Parallel()
	_, url, ca, data := devGateway(t)
	code, out, errs := run(t, nil, "doctor", url, "--ca-file", ca, "--idle", "1ms")
	if code != exitOK || strings.Count(out, "\nok ") != 5 || strings.Contains(out, "fix:") {
		t.Errorf("%d\n%s%s", code, out, errs)
	}
	code, out, errs = run(t, nil, "doctor", "--json", url, "--ca-file", ca)
	var r doctor.Report
	if err := json.Unmarshal([]byte(out), &r); code != exitOK || err != nil || r.URL != url || len(r.Checks) != 5 ||
		r.Result != doctor.OK || r.Checks[0].Name != "port" ||
		r.Checks[0].Found == "" {
		t.Errorf("%d %v\n%s%s", code, err, out, errs)
	}
	// Without the gateway's authority the certificate is not trusted.
	code, out, errs = run(t, nil, "doctor", url)
	if code != exitFailure || !strings.Contains(out, "FAIL  certificate") ||
		!strings.Contains(out, "fix: Put the whole chain") ||
		!strings.Contains(errs, "something is wrong") {
		t.Errorf("%d\n%s%s", code, out, errs)
	}
	settings := filepath.Join(t.TempDir(), "gateway.toml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	address := strings.TrimPrefix(url, "https://")
	write("listen = \"" + address + "\"\ndata = \"" + data + "\"\n[tls]\nmode = \"dev\"\n" +
		"[limits]\nconnections = 10\n[metrics]\nlisten = \"\"\n")
	code, out, errs = run(t, nil, "doctor", "--config", settings)
	for _, name := range []string{"port", "certificate", "clock", "proxy", "websocket", "disk", "limits", "metrics"} {
		if !strings.Contains(out, "  "+name+" ") {
			t.Errorf("no check %s", name)
		}
	}
	if code != exitOK || strings.Contains(out, "FAIL") {
		t.Errorf("%d\n%s%s", code, out, errs)
	}
	write("lisen = \":1\"\nlimit = 3\n")
	code, out, errs = run(t, nil, "doctor", "--config", settings)
	if code != exitFailure || !strings.Contains(out, "FAIL  settings") ||
		!strings.Contains(out, `did you mean "listen"?`) {
		t.Errorf("%d\n%s%s", code, out, errs)
	}
	for name, args := range map[string][]string{
		"nothing": {}, "no address": {"support.example.com"}, "two": {url, url}, "long": {url, "--idle", "1h"},
	} {
		if code, out, errs := run(t, nil, append([]string{"doctor"}, args...)...); code != exitUsage {
			t.Errorf("%s: %d\n%s%s", name, code, out, errs)
		}
	}
}
