// Package manual writes manual pages, help texts and shell completions from the definitions of a
// program's flags, so that they always match the program.
package manual

import (
	"flag"
	"fmt"
	"strings"
)

// Flag is one flag of a command.
type Flag struct {
	Name    string // without dashes
	Value   string // the value's name, such as "FILE" or "text|json"; "" if there is none
	Doc     string // what it does
	Default string // "" if there is none worth mentioning
}

// Flags returns the flags of a set in alphabetical order. As in package flag, the value's name is
// between backquotes in a flag's usage.
func Flags(set *flag.FlagSet) (all []Flag) {
	set.VisitAll(func(f *flag.Flag) {
		value, doc := flag.UnquoteUsage(f)
		all = append(all, Flag{Name: f.Name, Value: value, Doc: doc})
	})
	return all
}

// Command is one command of a program.
type Command struct {
	Name    string
	Summary string   // a few words
	Forms   []string // how it is called, without the program's name
	About   string   // paragraphs; lines that begin with a space are not wrapped
	Words   []string // possible first arguments, such as "add"
	Flags   []Flag
}

// Program is the content of a manual page.
type Program struct {
	Name     string
	Summary  string
	Forms    []string // how it is called; nil: the forms of its commands
	About    string
	Commands []Command
	Flags    []Flag // of the program, or of every command
	Exit     string // exit codes
	Also     []string
}

// Positions of a help text.
const (
	helpColumn = 26
	helpWidth  = 92
)

// Help returns the list of flags for --help.
func Help(flags []Flag) string {
	var b strings.Builder
	for _, f := range flags {
		head := "  --" + f.Name
		if f.Value != "" {
			head += " " + f.Value
		}
		if len(head) >= helpColumn {
			b.WriteString(head + "\n")
			head = ""
		}
		for _, line := range wrap(f.Doc, helpWidth-helpColumn) {
			fmt.Fprintf(&b, "%-*s%s\n", helpColumn, head, line)
			head = ""
		}
	}
	return b.String()
}

// wrap breaks a text into lines of at most width characters.
func wrap(s string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
