package i18n

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func text(s string) Part { return Part{Kind: Literal, Text: s} }
func arg(name string) Part {
	return Part{Kind: Argument, Name: name}
}

func TestParseMessage(t *testing.T) {
	count := Part{Kind: Count, Name: "n"}
	for source, want := range map[string]Message{
		"":                    nil,
		"plain":               {text("plain")},
		"{who} sees {who}.":   {arg("who"), text(" sees "), arg("who"), text(".")},
		"{ who }":             {arg("who")},
		"{0}":                 {arg("0")},
		"# is no count here":  {text("# is no count here")},
		"it's, it''s, l’{x}":  {text("it's, it's, l’"), arg("x")},
		"'{who}' and '{'x'}'": {text("{who} and {x}")},
		"'{it''s}'":           {text("{it's}")},
		"ends with '":         {text("ends with '")},
		"'#'":                 {text("'#'")},
		"{n, plural, other {'#'}}": {
			{Kind: Plural, Name: "n", Cases: []Case{{"other", Message{text("#")}}}},
		},
		"{n,plural,one{# second}other{# seconds}}": {{Kind: Plural, Name: "n", Cases: []Case{
			{"one", Message{count, text(" second")}},
			{"other", Message{count, text(" seconds")}},
		}}},
		"a {k, select, x {<{n, plural, other {#}}>} other {}} b": {
			text("a "),
			{Kind: Select, Name: "k", Cases: []Case{
				{"x", Message{
					text("<"),
					{Kind: Plural, Name: "n", Cases: []Case{{"other", Message{count}}}},
					text(">"),
				}},
				{"other", nil},
			}},
			text(" b"),
		},
	} {
		got, err := ParseMessage(source)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %#v, %v", source, got, err)
		}
	}
}

func TestParseMessageErrors(t *testing.T) {
	nested := func(n int) string {
		return strings.Repeat("{k, select, other {", n) + strings.Repeat("}}", n)
	}
	if _, err := ParseMessage(nested(maxNesting)); err != nil {
		t.Error(err)
	}
	for source, want := range map[string]string{
		"ü }":                              "column 3: } without {",
		"a {":                              "column 4: the name of an argument is missing after {",
		"a {who":                           "column 3: what begins here does not end: , is missing",
		"{who !}":                          "column 6: , is expected here",
		"{who, date}":                      `column 7: "date" is neither plural nor select`,
		"{n, selectordinal, other {}}":     `column 5: "selectordinal" is neither plural nor select`,
		"{n, plural}":                      "column 11: , is expected here",
		"{n, plural, one {x}}":             "column 1: the case other is missing",
		"{n, plural, few {x} other {x}}":   `column 13: "few" is no case of a plural: they are one and other`,
		"{n, plural, =1 {x} other {x}}":    "column 13: the key of a case is missing",
		"{n, plural, other {x} other {x}}": `column 23: the case "other" is there twice`,
		"{k, select, a {x other {y}}":      "column 1: what begins here does not end: } is missing",
		"{k, select, a x}":                 "column 15: { is expected here",
		"{k, select, other {x}":            "column 1: what begins here does not end: } is missing",
		"é '{who}":                         "column 3: the quote is not closed",
		"{n, plural, other {{k, select, other {#}}}}": "column 39: # in a select inside a plural: " +
			"write the number's name in braces",
		nested(maxNesting + 1):            "column 77: more than 4 plurals and selects in each other",
		strings.Repeat("x", maxMessage+1): "column 1: the message is longer than 4000 bytes",
		"\xff":                            "column 1: the message is not valid UTF-8",
	} {
		_, err := ParseMessage(source)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || err.Error() != want {
			t.Errorf("%.40q: %v, want %s", source, err, want)
		}
	}
}

// FuzzParseMessage checks that the parser fails only with an error, and that a parsed message
// can be written and parsed again.
func FuzzParseMessage(f *testing.F) {
	for _, source := range []string{
		"", "it''s '{' {a}", "'{''}'", "{0}}", "'",
		"{n, plural, one {# '#'} other {{k, select, a {x} other {}}}}",
	} {
		f.Add(source)
	}
	for _, all := range texts {
		for _, m := range all.sources {
			f.Add(m)
		}
	}
	f.Fuzz(func(t *testing.T, source string) {
		m, err := ParseMessage(source)
		if err != nil {
			return
		}
		written := m.String()
		again, err := ParseMessage(written)
		if len(written) > maxMessage {
			return // quotes may make the text longer
		}
		if err != nil || !reflect.DeepEqual(m, again) {
			t.Errorf("%q was written as %q: %v", source, written, err)
		}
		m.format("fr", []any{1, "x"})
	})
}
