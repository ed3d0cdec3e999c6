package manual

import (
	"flag"
	"strings"
	"testing"
)

func program() *Program {
	set := flag.NewFlagSet("x", flag.ContinueOnError)
	set.String("config", "", "settings, `FILE`")
	set.Bool("odd", false, `it's [odd]: \n "so" $(x)`)
	set.String("form", "", "one of `text|json`")
	return &Program{
		Name: "tool", Summary: "does it",
		About: ".begins with a dot\n'and a quote\n\n  as it stands\n\nback\\slash and --dash",
		Commands: []Command{{Name: "run", Summary: "run it: now", Forms: []string{"run [flags]"},
			About: "Runs.", Words: []string{"fast", "slow"}, Flags: Flags(set)}},
	}
}

func TestRoff(t *testing.T) {
	got := string(program().Man())
	for _, want := range []string{
		"\n\\&.begins with a dot\n\\&'and a quote\n.PP\n.nf\n  as it stands\n.fi\n.PP\nback\\eslash and \\-\\-dash\n",
		".SH COMMANDS\n.SS tool run\n.B tool\nrun [flags]\n.PP\nRuns.\n",
		".TP\n\\fB\\-\\-config\\fR \\fIFILE\\fR\nsettings, FILE\n",
		".TP\n.B \\-\\-odd\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q:\n%s", want, got)
		}
	}
}

func TestHelp(t *testing.T) {
	got := Help([]Flag{
		{
			Name: "a",
			Doc:  "short",
		}, {Name: "long-enough", Value: "FOR|A|LINE", Doc: strings.Repeat("word ", 20)},
	})
	want := "  --a                     short\n" +
		"  --long-enough FOR|A|LINE\n" +
		strings.Repeat(" ", 26) + strings.TrimSpace(strings.Repeat("word ", 13)) + "\n" +
		strings.Repeat(" ", 26) + strings.TrimSpace(strings.Repeat("word ", 7)) + "\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestQuoting: nothing in a flag's documentation ends a shell string.
func TestQuoting(t *testing.T) {
	p := program()
	for shell, want := range map[string]string{
		string(p.Zsh()):  `'--odd[it'\''s \[odd\]\: \n "so" $(x)]'`,
		string(p.Fish()): `-l odd -d 'it\'s [odd]: \\n "so" $(x)'`,
		string(p.Bash()): `"run --form") COMPREPLY=($(compgen -W "text json" -- "$cur"))`,
	} {
		if !strings.Contains(shell, want) {
			t.Errorf("lacks %s:\n%s", want, shell)
		}
	}
}
