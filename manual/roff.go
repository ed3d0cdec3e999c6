package manual

import (
	"bytes"
	"fmt"
	"strings"
)

// pageDate is when the pages' format last changed; the same sources give the same page.
const pageDate = "2026-11-29"

// Man returns a manual page in section 1, for man(7).
func (p *Program) Man() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, ".TH %s 1 %s Lotse \"User Commands\"\n", roff(strings.ToUpper(p.Name)), pageDate)
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n.SH SYNOPSIS\n", roff(p.Name), roff(p.Summary))
	forms := p.Forms
	if forms == nil {
		for _, c := range p.Commands {
			forms = append(forms, c.Forms...)
		}
	}
	for i, form := range forms {
		if i > 0 {
			b.WriteString(".br\n")
		}
		fmt.Fprintf(&b, ".B %s\n%s\n", roff(p.Name), roff(form))
	}
	b.WriteString(".SH DESCRIPTION\n")
	paragraphs(&b, p.About, "")
	if p.Commands != nil {
		b.WriteString(".SH COMMANDS\n")
	}
	for _, c := range p.Commands {
		fmt.Fprintf(&b, ".SS %s %s\n", roff(p.Name), roff(c.Name))
		for i, form := range c.Forms {
			if i > 0 {
				b.WriteString(".br\n")
			}
			fmt.Fprintf(&b, ".B %s\n%s\n", roff(p.Name), roff(form))
		}
		paragraphs(&b, c.About, ".PP\n")
		flagList(&b, c.Flags)
	}
	if p.Commands != nil {
		b.WriteString(".SH FLAGS OF EVERY COMMAND\n")
	} else {
		b.WriteString(".SH OPTIONS\n")
	}
	flagList(&b, p.Flags)
	if p.Exit != "" {
		b.WriteString(".SH EXIT STATUS\n")
		paragraphs(&b, p.Exit, "")
	}
	if p.Also != nil {
		b.WriteString(".SH SEE ALSO\n")
		for i, other := range p.Also {
			end := " ,\n"
			if i == len(p.Also)-1 {
				end = "\n"
			}
			b.WriteString(".BR " + roff(other) + " (1)" + end)
		}
	}
	return b.Bytes()
}

func flagList(b *bytes.Buffer, flags []Flag) {
	for _, f := range flags {
		b.WriteString(".TP\n")
		if f.Value == "" {
			fmt.Fprintf(b, ".B \\-\\-%s\n", roff(f.Name))
		} else {
			fmt.Fprintf(b, "\\fB\\-\\-%s\\fR \\fI%s\\fR\n", roff(f.Name), roff(f.Value))
		}
		fmt.Fprintf(b, "%s\n", roff(f.Doc))
	}
}

// paragraphs writes paragraphs; first is written before the first one, if there is any.
func paragraphs(b *bytes.Buffer, text, first string) {
	for i, part := range strings.Split(strings.TrimSpace(text), "\n\n") {
		switch {
		case part == "":
			continue
		case i == 0:
			b.WriteString(first)
		default:
			b.WriteString(".PP\n")
		}
		if strings.HasPrefix(part, " ") {
			fmt.Fprintf(b, ".nf\n%s\n.fi\n", roff(part))
			continue
		}
		b.WriteString(roff(part) + "\n")
	}
}

var roffEscapes = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...")

// roff escapes a text for roff.
func roff(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		line = roffEscapes.Replace(line)
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			line = `\&` + line
		}
		lines[i] = line
	}
	return strings.Join(lines, "\n")
}
