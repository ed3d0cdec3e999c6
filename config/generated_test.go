package config

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestGenerated: the example file and the table in the documentation match the definitions.
func TestGenerated(t *testing.T) {
	for file, want := range map[string][]byte{
		"gateway.example.toml": GatewayExample(), "../docs/settings.md": GatewayTable(),
	} {
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what config/gatewaysettings.go says: run make settings", file)
		}
	}
}

// table returns the part of a key before its last dot.
func table(key string) string { return strings.TrimSuffix(strings.TrimSuffix(key, last(key)), ".") }

// TestEveryField: the definitions and the struct have the same keys, and each default is within its
// own range.
func TestEveryField(t *testing.T) {
	var defined, fields []string
	for _, s := range gatewaySections {
		if s.name != "" {
			defined = append(defined, s.name)
		}
		for _, set := range s.settings {
			defined = append(defined, set.Key)
			if table(set.Key) != s.name {
				t.Errorf("%s is defined in [%s]", set.Key, s.name)
			}
			if what := set.wrong(set.Default); what != "" {
				t.Errorf("the default of %s: %s", set.Key, what)
			}
			if !strings.HasSuffix(set.Doc, ".") && !strings.HasSuffix(set.Doc, ".)") {
				t.Errorf("%s has no documentation in sentences: %q", set.Key, set.Doc)
			}
		}
	}
	fields = keysOf(new(Gateway))
	slices.Sort(defined)
	slices.Sort(fields)
	if !slices.Equal(defined, fields) {
		t.Errorf("defined:\n%v\nfields:\n%v", defined, fields)
	}
}

// TestRanges: both ends of every range are accepted. Values beyond are refused with the setting,
// the value, the range and what to do.
func TestRanges(t *testing.T) {
	for _, s := range GatewaySettings() {
		var good, bad []any
		switch low := s.Low.(type) {
		case int:
			good, bad = []any{s.Low, s.High}, []any{low - 1, s.High.(int) + 1}
		case Duration:
			high := s.High.(Duration)
			good, bad = []any{s.Low, s.High}, []any{Duration{low.Duration - 1}, Duration{high.Duration + 1}}
			if s.OrZero {
				good = append(good, Duration{})
			}
		default:
			continue
		}
		file := func(v any) string {
			return "[" + table(s.Key) + "]\n" + last(s.Key) + " = " + written(v)
		}
		for _, v := range good {
			if _, err := ParseGateway("f.toml", []byte(file(v))); err != nil {
				t.Errorf("%s", err)
			}
		}
		for _, v := range bad {
			_, err := ParseGateway("f.toml", []byte(file(v)))
			for _, want := range []string{
				"f.toml:2: " + s.Key + ": " + written(v) + " is not between ",
				" between " + written(s.Low) + " and " + written(s.High), s.Unit,
				"write a value in this range, or remove the line for the default, " + written(s.Default),
			} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s: got %v, want …%s…", file(v), err, want)
				}
			}
		}
	}
}
