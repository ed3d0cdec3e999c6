package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"lotse/i18n"
)

// scriptFolder is the folder of the pages' modules. Each page has its own module, because a
// bundler that splits code copies a module that several pages share into each of them.
const scriptFolder = "novnc-web/src/texts_gen/"

// languagesScript returns the module with the list of languages, which every page uses.
func (c *catalogue) languagesScript() []byte {
	var b bytes.Buffer
	b.WriteString(doNotEdit)
	b.WriteString("/** The languages of the texts, English first. */\nexport const languages = [")
	for i, l := range c.languages {
		b.WriteString(comma(i) + quoted(l.tag))
	}
	b.WriteString("] as const;\n\nexport type Language = (typeof languages)[number];\n\n")
	b.WriteString("/** What each language calls itself. */\n")
	b.WriteString("export const languageNames: Readonly<Record<Language, string>> = {\n")
	for _, l := range c.languages {
		fmt.Fprintf(&b, "  %s: %s,\n", quoted(l.tag), quoted(l.name))
	}
	b.WriteString("};\n")
	return b.Bytes()
}

// pageScript returns the module of one page's texts: their type, and a table for each language.
func (c *catalogue) pageScript(page string) []byte {
	tree := c.treeOf(page)
	typeName := strings.ToUpper(page[:1]) + page[1:] + "Texts"
	var b bytes.Buffer
	b.WriteString(doNotEdit + "import type { Language } from \"./languages.ts\";\n\n")
	fmt.Fprintf(&b, "export interface %s {\n", typeName)
	tree.writeType(&b, "  ")
	b.WriteString("}\n\n")
	for i, l := range c.languages {
		fmt.Fprintf(&b, "export const %s: %s = {\n", constant(page, l), typeName)
		tree.writeValue(&b, "  ", i, l)
		b.WriteString("};\n\n")
	}
	fmt.Fprintf(&b, "export const %sTexts: Readonly<Record<Language, %s>> = {\n", page, typeName)
	for _, l := range c.languages {
		fmt.Fprintf(&b, "  %s: %s,\n", quoted(l.tag), constant(page, l))
	}
	b.WriteString("};\n")
	return b.Bytes()
}

func constant(page string, l language) string {
	return page + strings.ToUpper(l.tag[:1]) + strings.ReplaceAll(l.tag[1:], "-", "")
}

// node is a text or a group of nodes.
type node struct {
	name    string
	entry   *entry
	members []*node
}

// treeOf returns the tree of a page's keys.
func (c *catalogue) treeOf(page string) *node {
	root := &node{}
	for i := range c.entries {
		e := &c.entries[i]
		if e.page() != page {
			continue
		}
		at := root
		for _, name := range strings.Split(e.key, ".")[1:] {
			at = at.member(name)
		}
		at.entry = e
	}
	return root
}

func (n *node) member(name string) *node {
	for _, m := range n.members {
		if m.name == name {
			return m
		}
	}
	m := &node{name: name}
	n.members = append(n.members, m)
	return m
}

func (n *node) writeType(b *bytes.Buffer, indent string) {
	for _, m := range n.members {
		if m.entry == nil {
			fmt.Fprintf(b, "%s%s: {\n", indent, m.name)
			m.writeType(b, indent+"  ")
			fmt.Fprintf(b, "%s};\n", indent)
			continue
		}
		if m.entry.note != "" {
			fmt.Fprintf(b, "%s/** %s */\n", indent, strings.ReplaceAll(m.entry.note, "*/", "* /"))
		}
		fmt.Fprintf(b, "%s%s: %s;\n", indent, m.name, scriptType(m.entry.args))
	}
}

// scriptType returns the TypeScript type of a text: string, or a function that returns one.
func scriptType(args []argument) string {
	if len(args) == 0 {
		return "string"
	}
	var b strings.Builder
	for i, a := range args {
		kind := "string"
		if a.number {
			kind = "number"
		}
		for j, word := range a.words {
			if j == 0 {
				kind = quoted(word)
			} else {
				kind += " | " + quoted(word)
			}
		}
		b.WriteString(comma(i) + a.name + ": " + kind)
	}
	return "(" + b.String() + ") => string"
}

func (n *node) writeValue(b *bytes.Buffer, indent string, at int, l language) {
	for _, m := range n.members {
		if m.entry == nil {
			fmt.Fprintf(b, "%s%s: {\n", indent, m.name)
			m.writeValue(b, indent+"  ", at, l)
			fmt.Fprintf(b, "%s},\n", indent)
			continue
		}
		message := m.entry.messages[at]
		value := parameters(m.entry.args, message) + expression(message, l)
		fmt.Fprintf(b, "%s%s: %s,\n", indent, m.name, value)
	}
}

// parameters returns the head of a text's arrow function, or "" if the text has no arguments.
func parameters(args []argument, m i18n.Message) string {
	if len(args) == 0 {
		return ""
	}
	used := map[string]bool{}
	all := slices.Clone(args)
	_ = use(m, &all, used, false) // has been checked before
	var b strings.Builder
	for i, a := range args {
		b.WriteString(comma(i))
		if !used[a.name] {
			b.WriteByte('_')
		}
		b.WriteString(a.name)
	}
	return "(" + b.String() + ") => "
}

// expression returns a message as a TypeScript expression.
func expression(m i18n.Message, l language) string {
	if len(m) == 0 {
		return `""`
	}
	if len(m) == 1 {
		switch part := m[0]; part.Kind {
		case i18n.Literal:
			return quoted(part.Text)
		case i18n.Plural, i18n.Select:
			return choice(part, l)
		}
	}
	var b strings.Builder
	b.WriteByte('`')
	for _, part := range m {
		switch part.Kind {
		case i18n.Literal:
			b.WriteString(templateEscaper.Replace(part.Text))
		case i18n.Argument, i18n.Count:
			b.WriteString("${" + part.Name + "}")
		default:
			b.WriteString("${" + choice(part, l) + "}")
		}
	}
	b.WriteByte('`')
	return b.String()
}

// choice returns a plural or select as conditional expressions, with the case "other" last.
func choice(part i18n.Part, l language) string {
	var b strings.Builder
	other := ""
	for _, c := range part.Cases {
		if c.Key == "other" {
			other = expression(c.Message, l)
			continue
		}
		condition := part.Name + " === " + quoted(c.Key)
		if part.Kind == i18n.Plural {
			condition = strings.ReplaceAll(l.rule.Script, "{n}", part.Name)
		}
		b.WriteString(condition + " ? " + expression(c.Message, l) + " : ")
	}
	return b.String() + other
}

var templateEscaper = strings.NewReplacer("\\", "\\\\", "`", "\\`", "${", "\\${")

// quoted returns a string as a TypeScript literal.
func quoted(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string can always be encoded
	return strings.TrimSuffix(b.String(), "\n")
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ", "
}
