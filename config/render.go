package config

import (
	"bytes"
	"fmt"
	"strings"
)

// lineWidth is the width of comments in the example file.
const lineWidth = 88

// GatewayExample returns gateway.example.toml: every key with its default and its documentation.
func GatewayExample() []byte {
	var b bytes.Buffer
	comment(&b, "Settings of `lotse gateway --config FILE`. Every key is here with its default; "+
		"flags win over the file. Durations are written like \"90s\", \"30m\", \"12h\".")
	comment(&b, "This file is generated from config/gatewaysettings.go (make settings).")
	for _, s := range gatewaySections {
		b.WriteByte('\n')
		if s.doc != "" {
			comment(&b, s.doc)
		}
		if s.name != "" {
			fmt.Fprintf(&b, "[%s]\n", s.name)
		}
		for i, set := range s.settings {
			if i > 0 || s.name == "" && s.doc != "" {
				b.WriteByte('\n')
			}
			doc := set.Doc
			if set.OneOf == nil && set.Low != nil {
				doc += " Allowed: between " + set.Allowed() + "."
			} else if set.OneOf != nil {
				doc += " Allowed: " + set.Allowed() + "."
			}
			comment(&b, doc)
			fmt.Fprintf(&b, "%s = %s\n", last(set.Key), written(set.Default))
		}
	}
	return b.Bytes()
}

// comment writes doc as lines that begin with "# ".
func comment(b *bytes.Buffer, doc string) {
	width := 0
	for word := range strings.FieldsSeq(doc) {
		switch {
		case width == 0:
			b.WriteString("# ")
			width = 2
		case width+1+len(word) > lineWidth:
			b.WriteString("\n# ")
			width = 2
		default:
			b.WriteByte(' ')
			width++
		}
		b.WriteString(word)
		width += len(word)
	}
	b.WriteByte('\n')
}

// GatewayTable returns docs/settings.md.
func GatewayTable() []byte {
	var b bytes.Buffer
	b.WriteString("# Settings of the gateway\n\n" +
		"<!-- Generated from config/gatewaysettings.go by `make settings`; do not edit. -->\n\n" +
		"The settings of `lotse gateway --config FILE`.\n" +
		"[`config/gateway.example.toml`](../config/gateway.example.toml) is a file with all of them.\n" +
		"Flags win over the file. Durations are written like \"90s\", \"30m\", \"12h\".\n")
	for _, s := range gatewaySections {
		if s.name == "" {
			b.WriteString("\n## At the top of the file\n")
		} else {
			fmt.Fprintf(&b, "\n## `[%s]`\n", s.name)
		}
		if s.doc != "" {
			b.WriteString("\n" + wrap(s.doc, 98) + "\n")
		}
		b.WriteString("\n| setting | default | allowed | meaning |\n|---|---|---|---|\n")
		for _, set := range s.settings {
			allowed := set.Allowed()
			if set.Low != nil {
				allowed = strings.Replace(allowed, " and ", " to ", 1)
			}
			fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n",
				last(set.Key), written(set.Default), cell(allowed), cell(set.Doc))
		}
	}
	return b.Bytes()
}

// cell escapes characters that would end a table cell.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// wrap breaks s into lines of at most width characters.
func wrap(s string, width int) string {
	var lines []string
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
	return strings.Join(append(lines, line), "\n")
}
