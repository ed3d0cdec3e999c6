package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

func ours(t *testing.T) *catalogue {
	t.Helper()
	c, err := read(filepath.Join(root, "i18n"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestGeneratedFiles checks that the committed files are what the command writes, and that
// there are no others.
func TestGeneratedFiles(t *testing.T) {
	files, err := ours(t).generate()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not up to date: run make i18n", name)
		}
	}
	entries, err := os.ReadDir(filepath.Join(root, scriptFolder))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, known := files[scriptFolder+e.Name()]; !known {
			t.Errorf("%s%s is not written by make i18n: remove it", scriptFolder, e.Name())
		}
	}
}

// TestQuotedButtons checks that texts which mention a button of a page use that button's label.
func TestQuotedButtons(t *testing.T) {
	c := ours(t)
	text := func(key string, i int) string {
		for _, e := range c.entries {
			if e.key == key {
				return e.messages[i].String()
			}
		}
		t.Fatalf("there is no %s", key)
		return ""
	}
	for key, button := range map[string]string{
		"gateway.noProgram.link": "customer.here.open",
		"cli.helpShow":           "advisor.show.start",
	} {
		for i, l := range c.languages {
			if says, label := text(key, i), text(button, i); !strings.Contains(says, label) {
				t.Errorf("%s: %s: %q does not name %q", l.tag, key, says, label)
			}
		}
	}
}

// catalogueOf builds a catalogue of an English and a French file.
func catalogueOf(en, fr string) (*catalogue, error) {
	folder, err := os.MkdirTemp("", "lotse-i18n")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	write := func(tag, members string) error {
		content := `{"language.name": "X", "language.tag": "` + tag + `"` + members + `}`
		return os.WriteFile(filepath.Join(folder, tag+".json"), []byte(content), 0o600)
	}
	if err := write("en", en); err != nil {
		return nil, err
	}
	if err := write("fr", fr); err != nil {
		return nil, err
	}
	return read(folder)
}

func TestMistakes(t *testing.T) {
	for _, test := range []struct{ en, fr, want string }{
		{`, "panel.a": "x"`, ``, "fr.json: panel.a: the text is missing"},
		{``, `, "panel.a": "x"`, "fr.json: panel.a: the key is unknown"},
		{`, "panel.a": "x", "panel.b": "x"`, `, "panel.b": "x", "panel.a": "x"`,
			"fr.json: panel.b: out of order: panel.a comes first"},
		{`, "panel.a": "x", "common.b": "x"`, `, "panel.a": "x", "common.b": "x"`,
			"en.json: common.b: out of order: the pages are language, common, panel"},
		{`, "moon.a": "x"`, `, "moon.a": "x"`, "en.json: moon.a: the page is none of language, common"},
		{`, "panel": "x"`, `, "panel": "x"`, "en.json: panel: not a key like panel.title.number"},
		{`, "panel.a": "x", "panel.a.b": "x"`, `, "panel.a": "x", "panel.a.b": "x"`,
			"en.json: panel.a: both a text and the beginning of other keys"},
		{`, "panel.a": "x", "panel.a": "x"`, `, "panel.a": "x"`,
			"en.json: panel.a: the key is there twice"},
		{`, "panel.a": 1`, `, "panel.a": "x"`, "en.json: panel.a: the text is not a string"},
		{`, "@panel.a": "x"`, ``, "en.json: @panel.a: there is no such key"},
		{`, "panel.a": "x"`, `, "panel.a": "x", "@panel.a": "x"`,
			"fr.json: @panel.a: notes are in en.json only"},
		{`, "panel.a": "x", "@panel.a": {"argz": []}`, `, "panel.a": "x"`,
			`en.json: @panel.a: json: unknown field "argz"`},
		{`, "panel.a": "x"`, `, "panel.a": "x {"`,
			"fr.json: panel.a: column 4: the name of an argument is missing after {"},
		{`, "panel.a": "{x}"`, `, "panel.a": "{y}"`,
			"panel.a: fr.json: {y} is not an argument of this text; it has {x}"},
		{`, "panel.a": "{x}"`, `, "panel.a": "x"`,
			`panel.a: fr.json: {x} is not used; if that is right, declare it in "@key"`},
		{`, "panel.a": "{x}", "@panel.a": {"args": ["y"]}`, `, "panel.a": "{y}"`,
			"panel.a: en.json: {x} is not an argument of this text; it has {y}"},
		{`, "panel.a": "{X}"`, `, "panel.a": "{X}"`,
			"panel.a: en.json: {X} is not the name of an argument"},
		{`, "panel.a": "{n, plural, other {{n, select, other {}}}}"`, `, "panel.a": "{n}"`,
			"panel.a: {n} is both in a plural and in a select"},
		{`, "panel.a": "x"} {`, `, "panel.a": "x"`, "en.json: there is something after the object"},
	} {
		_, err := catalogueOf(test.en, test.fr)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %s: %v, want %s", test.en, test.fr, err, test.want)
		}
	}
}

func TestMistakesOfLanguages(t *testing.T) {
	const en = `{"language.name": "English", "language.tag": "en"}`
	for file, test := range map[string]struct{ content, want string }{
		"pl.json": {`{"language.name": "Polski", "language.tag": "pl"}`,
			`pl.json: no plural rule for "pl": add it to pluralRules in i18n/plural.go`},
		"fr.json": {`{"language.name": "Français", "language.tag": "de"}`,
			`fr.json: language.tag: "de" is not the name of the file`},
		"de.json": {`{"language.tag": "de"}`,
			`de.json: the file does not begin with "language.name" and "language.tag"`},
		"da.json": {`[]`, "da.json: the file is not a JSON object"},
	} {
		folder := t.TempDir()
		for name, content := range map[string]string{"en.json": en, file: test.content} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := read(folder); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", file, err, test.want)
		}
	}
}

const sampleEn = `,
	"common.a": "it's {who} {n, plural, one {# day} other {# days}}",
	"@common.a": {"note": "a note", "args": ["n", "who", "more"]},
	"panel.group.b": "a ` + "`$'{x}'`" + ` \\ \" {y}",
	"panel.c": "{k, select, x {X} y {{s, select, u {{s}} other {}}} other {O}}"`

const sampleFr = `,
	"common.a": "{n, plural, one {# jour} other {# jours}} {more}",
	"panel.group.b": "{y}",
	"panel.c": "{k, select, z {{s}} other {O}}"`

func TestGenerated(t *testing.T) {
	c, err := catalogueOf(sampleEn, sampleFr)
	if err != nil {
		t.Fatal(err)
	}
	files, err := c.generate()
	if err != nil {
		t.Fatal(err)
	}
	for name, wants := range map[string][]string{
		"i18n/texts_gen.go": {
			`"it''s {1} {0, plural, one {# day} other {# days}}",`,
			`"{0, plural, one {# jour} other {# jours}} {2}",`,
		},
		scriptFolder + "common.ts": {
			"  /** a note */\n  a: (n: number, who: string, more: string) => string;\n",
			"  a: (n, who, _more) => `it's ${who} ${n === 1 ? `${n} day` : `${n} days`}`,\n",
			"  a: (n, _who, more) => `${n < 2 ? `${n} jour` : `${n} jours`} ${more}`,\n",
		},
		scriptFolder + "panel.ts": {
			`  c: (k: "x" | "y" | "other" | "z", s: "u" | "other") => string;`,
			"    b: (y) => `a \\`\\${x}\\` \\\\ \" ${y}`,\n",
			`  c: (k, s) => k === "x" ? "X" : k === "y" ? s === "u" ? ` + "`${s}`" + ` : "" : "O",`,
			"export const panelFr: PanelTexts = {\n",
			"export const panelTexts: Readonly<Record<Language, PanelTexts>> = {\n" +
				"  \"en\": panelEn,\n  \"fr\": panelFr,\n};\n",
		},
		scriptFolder + "languages.ts": {`export const languages = ["en", "fr"] as const;`},
	} {
		for _, want := range wants {
			if !strings.Contains(string(files[name]), want) {
				t.Errorf("%s lacks %s:\n%s", name, want, files[name])
			}
		}
	}
	if strings.Contains(string(files["i18n/texts_gen.go"]), "panel.") {
		t.Error("programs have texts of the pages")
	}
}
