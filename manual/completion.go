package manual

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// kind is the kind of completion for a flag's value.
type kind int

const (
	kindNone    kind = iota // the flag has no value
	kindAny                 // no completion
	kindFile                // a file
	kindFolder              // a folder
	kindChoices             // one of the words in the value's name
)

var choiceForm = regexp.MustCompile(`^[a-z]+(\|[a-z]+)+$`)

func (f *Flag) kind() kind {
	switch {
	case f.Value == "":
		return kindNone
	case f.Value == "FILE" || f.Value == "PEM":
		return kindFile
	case f.Value == "DIR":
		return kindFolder
	case choiceForm.MatchString(f.Value):
		return kindChoices
	}
	return kindAny
}

// all returns the flags of a command, including those that every command has.
func (p *Program) all(c *Command) []Flag { return append(append([]Flag{}, c.Flags...), p.Flags...) }

// Bash returns a completion script for bash. It needs only bash.
func (p *Program) Bash() []byte {
	var b bytes.Buffer
	var names []string
	for _, c := range p.Commands {
		names = append(names, c.Name)
	}
	fmt.Fprintf(&b, `# bash completion for %[1]s; written by "%[1]s completion bash".
_%[1]s() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} flags= words=
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		COMPREPLY=($(compgen -W "%[2]s --help --version" -- "$cur"))
		return
	fi
	case "${COMP_WORDS[1]} $prev" in
`, p.Name, strings.Join(names, " "))
	for _, c := range p.Commands {
		for _, f := range p.all(&c) {
			switch f.kind() {
			case kindFile:
				fmt.Fprintf(
					&b,
					"\t\"%s --%s\") COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n",
					c.Name,
					f.Name,
				)
			case kindFolder:
				fmt.Fprintf(
					&b,
					"\t\"%s --%s\") COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n",
					c.Name,
					f.Name,
				)
			case kindChoices:
				fmt.Fprintf(&b, "\t\"%s --%s\") COMPREPLY=($(compgen -W \"%s\" -- \"$cur\")); return ;;\n",
					c.Name, f.Name, strings.ReplaceAll(f.Value, "|", " "))
			case kindAny:
				fmt.Fprintf(&b, "\t\"%s --%s\") return ;;\n", c.Name, f.Name)
			}
		}
	}
	b.WriteString("\tesac\n\tcase \"${COMP_WORDS[1]}\" in\n")
	for _, c := range p.Commands {
		var flags []string
		for _, f := range p.all(&c) {
			flags = append(flags, "--"+f.Name)
		}
		fmt.Fprintf(&b, "\t%s) flags=\"%s\" words=\"%s\" ;;\n",
			c.Name, strings.Join(flags, " "), strings.Join(c.Words, " "))
	}
	fmt.Fprintf(&b, `	esac
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$flags" -- "$cur"))
	elif [ "$COMP_CWORD" -eq 2 ] && [ -n "$words" ]; then
		COMPREPLY=($(compgen -W "$words" -- "$cur"))
	fi
}
complete -o filenames -F _%[1]s %[1]s
`, p.Name)
	return b.Bytes()
}

// quote quotes a word for a POSIX shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

var zshEscapes = strings.NewReplacer("[", `\[`, "]", `\]`, ":", `\:`)

// Zsh returns a completion script for zsh.
func (p *Program) Zsh() []byte {
	var b bytes.Buffer
	fmt.Fprintf(
		&b,
		"#compdef %[1]s\n# Written by \"%[1]s completion zsh\".\n\n_%[1]s() {\n\tlocal -a commands\n\tcommands=(\n",
		p.Name,
	)
	for _, c := range p.Commands {
		fmt.Fprintf(&b, "\t\t%s\n", quote(c.Name+":"+zshEscapes.Replace(c.Summary)))
	}
	b.WriteString(
		"\t)\n\tif ((CURRENT == 2)); then\n\t\t_describe command commands\n\t\treturn\n\tfi\n" +
			"\tlocal command=$words[2]\n\tshift words\n\t((CURRENT--))\n\tcase $command in\n",
	)
	for _, c := range p.Commands {
		fmt.Fprintf(&b, "\t%s)\n\t\t_arguments -s", c.Name)
		if c.Words != nil {
			fmt.Fprintf(&b, " \\\n\t\t\t%s", quote("1:command:("+strings.Join(c.Words, " ")+")"))
		}
		for _, f := range p.all(&c) {
			spec := "--" + f.Name + "[" + zshEscapes.Replace(f.Doc) + "]"
			switch f.kind() {
			case kindFile:
				spec += ":file:_files"
			case kindFolder:
				spec += ":folder:_files -/"
			case kindChoices:
				spec += ":choice:(" + strings.ReplaceAll(f.Value, "|", " ") + ")"
			case kindAny:
				spec += ":" + zshEscapes.Replace(f.Value) + ":"
			}
			fmt.Fprintf(&b, " \\\n\t\t\t%s", quote(spec))
		}
		b.WriteString(" \\\n\t\t\t'*:file:_files'\n\t\t;;\n")
	}
	fmt.Fprintf(
		&b,
		"\tesac\n}\n\ncompdef _%[1]s %[1]s 2>/dev/null\n[ \"$funcstack[1]\" = _%[1]s ] && _%[1]s \"$@\"\n",
		p.Name,
	)
	return b.Bytes()
}

// fishQuote quotes a word for fish.
func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}

// Fish returns a completion script for fish.
func (p *Program) Fish() []byte {
	var b bytes.Buffer
	fmt.Fprintf(
		&b,
		"# fish completion for %[1]s; written by \"%[1]s completion fish\".\ncomplete -c %[1]s -f\n",
		p.Name,
	)
	for _, c := range p.Commands {
		fmt.Fprintf(
			&b,
			"complete -c %s -n __fish_use_subcommand -a %s -d %s\n",
			p.Name,
			c.Name,
			fishQuote(c.Summary),
		)
	}
	for _, c := range p.Commands {
		when := fishQuote("__fish_seen_subcommand_from " + c.Name)
		for _, w := range c.Words {
			fmt.Fprintf(&b, "complete -c %s -n %s -a %s\n", p.Name, when, w)
		}
		for _, f := range p.all(&c) {
			fmt.Fprintf(&b, "complete -c %s -n %s -l %s -d %s", p.Name, when, f.Name, fishQuote(f.Doc))
			switch f.kind() {
			case kindFile:
				b.WriteString(" -r -F")
			case kindFolder:
				b.WriteString(" -x -a '(__fish_complete_directories)'")
			case kindChoices:
				fmt.Fprintf(&b, " -x -a %s", fishQuote(strings.ReplaceAll(f.Value, "|", " ")))
			case kindAny:
				b.WriteString(" -x")
			}
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}
