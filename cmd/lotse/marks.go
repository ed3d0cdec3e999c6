package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"golang.org/x/term"
)

// marks are the escape sequences that make words stand out on a terminal. The zero value makes
// none.
type marks struct{ on bool }

// marksOf returns the marks for a stream. There are none where it is not a terminal that shows
// them, and where the user has set NO_COLOR (no-color.org).
func marksOf(w io.Writer) marks {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return marks{}
	}
	plain := os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb"
	return marks{on: !plain && obeysEscapes(f)}
}

// ECMA-48, section 8.3.117, SELECT GRAPHIC RENDITION.
const (
	escapeBold = "\x1b[1m"
	escapeRed  = "\x1b[31m"
	escapeEnd  = "\x1b[0m"
)

func (m marks) bold(text string) string { return m.mark(escapeBold, text) }
func (m marks) red(text string) string  { return m.mark(escapeRed, text) }

func (m marks) mark(escape, text string) string {
	if !m.on {
		return text
	}
	return escape + text + escapeEnd
}

// printTable prints rows in aligned columns; tabs separate the cells. The header, which stands out
// on a terminal, may be "".
func printTable(out io.Writer, header string, rows []string) error {
	if header != "" {
		rows = append([]string{header}, rows...)
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, row)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	text := b.String()
	if header != "" {
		first, rest, _ := strings.Cut(text, "\n")
		text = marksOf(out).bold(first) + "\n" + rest
	}
	_, err := io.WriteString(out, text)
	return err
}
