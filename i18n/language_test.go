package i18n

import (
	"reflect"
	"slices"
	"testing"
)

func TestParse(t *testing.T) {
	for tag, want := range map[string]Language{
		"en": "en", "de": "de", "fr": "fr", "DE": "de", "de-AT": "de", "de_DE.UTF-8": "de",
		"de@euro": "de", "fr-Latn-CA": "fr",
		"": "", "C": "", "POSIX": "", "den": "", "d": "", "tlh_KX.UTF-8": "", "-de": "", ".de": "",
	} {
		got, ok := Parse(tag)
		if ok != (want != "") || ok && got != want || !ok && got != "en" {
			t.Errorf("%q: %s, %v", tag, got, ok)
		}
	}
}

// TestText checks Text with a small set of texts of its own.
func TestText(t *testing.T) {
	defer func(languages []Language, before map[string]*translated) {
		Languages, texts = languages, before
	}(Languages, texts)
	Languages = []Language{"en", "fr"}
	texts = map[string]*translated{
		"agent.a": {sources: []string{"plain, it''s", "simple"}},
		"agent.b": {sources: []string{
			"{1} waits {0, plural, one {# second} other {# seconds}}{2, select, x {!} other {}}",
			"{0, plural, one {# seconde} other {# secondes}}",
		}},
	}
	for _, test := range []struct {
		l    Language
		key  string
		args []any
		want string
	}{
		{"en", "agent.a", nil, "plain, it's"},
		{"fr", "agent.a", nil, "simple"},
		{"tlh", "agent.a", nil, "plain, it's"},
		{"", "agent.a", nil, "plain, it's"},
		{"en", "agent.b", []any{1, "Anna", "x"}, "Anna waits 1 second!"},
		{"en", "agent.b", []any{0, "Anna", "y"}, "Anna waits 0 seconds"},
		{"en", "agent.b", []any{int64(2), "{0}", "other"}, "{0} waits 2 seconds"},
		{"en", "agent.b", []any{1}, "{1} waits 1 second"},
		{"fr", "agent.b", []any{0, "Anna", "x"}, "0 seconde"},
		{"fr", "agent.b", []any{2, "Anna", "x"}, "2 secondes"},
		{"en", "agent.none", nil, "agent.none"},
	} {
		if got := test.l.Text(test.key, test.args...); got != test.want {
			t.Errorf("%s %s %v: %q, want %q", test.l, test.key, test.args, got, test.want)
		}
	}
}

func TestLanguages(t *testing.T) {
	if Languages[0] != "en" || len(languageNames) != len(Languages) {
		t.Errorf("%v %v", Languages, languageNames)
	}
	if got := Language("de").Name(); got != "Deutsch" {
		t.Error(got)
	}
	want := []string{"Copied.", "Kopiert.", "Copié."}
	var got []string
	for _, l := range []Language{"en", "de", "fr"} {
		got = append(got, l.Text("common.copied"))
	}
	if !reflect.DeepEqual(got, want) {
		t.Error(got)
	}
	for _, all := range texts {
		if len(all.sources) != len(Languages) || slices.Contains(all.sources, "") {
			t.Errorf("%q", all.sources)
		}
	}
}

// BenchmarkText measures Text with and without arguments. A text without arguments needs no
// allocation.
func BenchmarkText(b *testing.B) {
	for name, text := range map[string]func() string{
		"plain":    func() string { return Language("fr").Text("common.copied") },
		"argument": func() string { return Language("fr").Text("agent.terminal.connected", "Anna Berg") },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				text()
			}
		})
	}
}

func TestTextsWithoutArgumentsNeedNoMemory(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Language("fr").Text("common.copied") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
