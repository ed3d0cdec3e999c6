package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAgentPage checks that the page describes every flag of the real program.
func TestAgentPage(t *testing.T) {
	page, err := readAgent("../../cmd/lotse-agent")
	if err != nil {
		t.Fatal(err)
	}
	defined, _, err := flagsInSource("../../cmd/lotse-agent")
	if err != nil {
		t.Fatal(err)
	}
	if len(defined) < 15 {
		t.Errorf("only %d flags were found: %v", len(defined), defined)
	}
	text := strings.ReplaceAll(string(page.Man()), `\-`, "-")
	for _, f := range defined {
		if !strings.Contains(text, "--"+f) {
			t.Errorf("--%s is not on the page", f)
		}
	}
	for _, want := range []string{".TH LOTSE-AGENT 1 ", "lotse:GATEWAY[/PLACE]", ".SH EXIT STATUS\n0 "} {
		want = strings.ReplaceAll(want, `\-`, "-")
		if !strings.Contains(strings.ReplaceAll(text, `\-`, "-"), want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
}

// TestFlagsInSource checks that a flag which is defined but not described, or described but not
// defined, is reported.
func TestFlagsInSource(t *testing.T) {
	const head = "package main\nimport \"flag\"\nvar s string\nfunc f() { flag.StringVar(&s, \"one\", \"\", \"\")\n" +
		"flag.BoolFunc(\"two\", \"\", nil); println(\"Var\", \"three\") }\n"
	for usage, ok := range map[string]bool{
		"Usage: x\n\n  --one VALUE here\n          and there\n  --two":                 true,
		"Usage: x\n\n  --one VALUE  here\n":                                            false,
		"Usage: x\n\n  --one VALUE  here\n  --two\n  --three":                          false,
		"Usage: x\n\n  --one VALUE  here\n  --two  there\n\nExit codes: 0 good; 1 bad": true,
	} {
		folder := t.TempDir()
		source := head + "const usage = `" + usage + "`\n"
		if err := os.WriteFile(filepath.Join(folder, "main.go"), []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readAgent(folder); (err == nil) != ok {
			t.Errorf("%q: %v", usage, err)
		}
	}
}
