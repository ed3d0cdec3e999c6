package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"lotse/i18n"
)

// TestForeignTextInErrors checks that the reason of an end, which a gateway sends, is made safe
// for a terminal.
func TestForeignTextInErrors(t *testing.T) {
	for in, want := range map[string]string{
		"closed: \x1b]0;x\x07b\u009b2J\u202ec": "closed: ]0;xb2Jc", "Tür\nzu": "Tür zu", "\xff": "",
	} {
		if got := shown(errors.New(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := shown(errors.Join(errors.New("line 1: a\x1b"), errors.New("line 2: b"))); got != "line 1: a\nline 2: b" {
		t.Errorf("%q", got)
	}
}

// TestLanguageOption checks that --language accepts every language that has texts, and wins
// over the settings file.
func TestLanguageOption(t *testing.T) {
	settings := filepath.Join(t.TempDir(), "agent.toml")
	if err := os.WriteFile(settings, []byte(`language = "de"`), 0o600); err != nil {
		t.Fatal(err)
	}
	gateway := []string{"--gateway", "https://support.example.com", "--config", settings}
	for _, l := range i18n.Languages {
		o, code := parse(slices.Concat(gateway, []string{"--language", string(l)}))
		if code != exitOK || o.Language != string(l) {
			t.Errorf("%s: exit code %d, %q", l, code, o.Language)
		}
	}
	if o, code := parse(gateway); code != exitOK || o.Language != "de" {
		t.Errorf("settings: exit code %d, %q", code, o.Language)
	}
	if _, code := parse(slices.Concat(gateway, []string{"--language", "tlh"})); code != exitUsage {
		t.Errorf("tlh: exit code %d", code)
	}
}
