package i18n

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// These are limits of a message.
const (
	maxMessage = 4000 // in bytes
	maxNesting = 4    // nesting depth of plurals and selects
)

// Kind is the kind of a Part.
type Kind int

const (
	Literal  Kind = iota // Text, as it is
	Argument             // the value of the argument Name
	Count                // the number of the enclosing plural: # in the source
	Plural               // one of Cases, selected by the number Name
	Select               // one of Cases, selected by the word Name
)

// Message is a parsed text.
type Message []Part

// Part is one piece of a message. Its kind determines which fields are set.
type Part struct {
	Kind  Kind
	Text  string
	Name  string
	Cases []Case // in the order of the source; one of them is "other"
}

// Case is one alternative of a plural or select.
type Case struct {
	Key     string
	Message Message
}

// SyntaxError says where a message violates the syntax that ParseMessage accepts.
type SyntaxError struct {
	Column int // in characters, from 1
	Reason string
}

// Error implements error.
func (e *SyntaxError) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Reason) }

// ParseMessage parses a message in a subset of ICU MessageFormat:
//
//	text {name} text
//	{n, plural, one {# second} other {# seconds}}
//	{kind, select, screen {the screen} other {a program}}
//
// Cases are messages themselves. Every plural and select has a case "other"; a plural has only
// "one" and "other". Directly inside a case of a plural, # is the plural's number; outside of
// plurals it is an ordinary character. Inside a select that is in a case of a plural, # is an
// error.
//
// A quote before {, before } or before a # that means a number makes everything up to the next
// quote literal. Two quotes always mean one quote. Any other quote stands for itself.
//
// Errors are of type *SyntaxError.
func ParseMessage(source string) (Message, error) {
	p := &messageParser{source: source}
	if len(source) > maxMessage {
		return nil, p.fail(0, "the message is longer than %d bytes", maxMessage)
	}
	if !utf8.ValidString(source) {
		return nil, p.fail(0, "the message is not valid UTF-8")
	}
	m, err := p.message(0, "", false)
	if err == nil && p.at < len(source) {
		return nil, p.fail(p.at, "} without {")
	}
	return m, err
}

type messageParser struct {
	source string
	at     int
}

func (p *messageParser) fail(at int, format string, args ...any) error {
	return &SyntaxError{utf8.RuneCountInString(p.source[:at]) + 1, fmt.Sprintf(format, args...)}
}

// message reads up to a } or the end. plural names the number that # stands for, "" if there is
// none. nested means that only an enclosing message has such a number; ICU's implementations
// disagree about # there.
func (p *messageParser) message(depth int, plural string, nested bool) (m Message, err error) {
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			m = append(m, Part{Kind: Literal, Text: text.String()})
			text.Reset()
		}
	}
	for p.at < len(p.source) && p.source[p.at] != '}' {
		switch c := p.source[p.at]; {
		case c == '\'':
			if err := p.quote(&text, plural != ""); err != nil {
				return nil, err
			}
		case c == '{':
			flush()
			part, err := p.argument(depth, nested || plural != "")
			if err != nil {
				return nil, err
			}
			m = append(m, part)
		case c == '#' && nested:
			return nil, p.fail(p.at, "# in a select inside a plural: write the number's name in braces")
		case c == '#' && plural != "":
			flush()
			m = append(m, Part{Kind: Count, Name: plural})
			p.at++
		default:
			text.WriteByte(c)
			p.at++
		}
	}
	flush()
	return m, nil
}

// quote reads a quote and, if it begins one, the quoted text. counts means that # is a number
// here.
func (p *messageParser) quote(text *strings.Builder, counts bool) error {
	begin := p.at
	p.at++
	switch next := p.peek(); {
	case next == '\'':
		p.at++
		fallthrough
	case next != '{' && next != '}' && (next != '#' || !counts):
		text.WriteByte('\'')
		return nil
	}
	for p.at < len(p.source) {
		c := p.source[p.at]
		p.at++
		if c == '\'' && p.peek() != '\'' {
			return nil
		}
		if c == '\'' {
			p.at++
		}
		text.WriteByte(c)
	}
	return p.fail(begin, "the quote is not closed")
}

// argument reads from a { to its }.
func (p *messageParser) argument(depth int, inPlural bool) (part Part, err error) {
	begin := p.at
	p.at++
	p.space()
	nameAt := p.at
	if part.Name = p.word(); part.Name == "" {
		return part, p.fail(nameAt, "the name of an argument is missing after {")
	}
	p.space()
	if p.peek() == '}' {
		p.at++
		part.Kind = Argument
		return part, nil
	}
	if err := p.expect(',', begin); err != nil {
		return part, err
	}
	p.space()
	typeAt := p.at
	switch word := p.word(); word {
	case "plural":
		part.Kind = Plural
	case "select":
		part.Kind = Select
	default:
		return part, p.fail(typeAt, "%q is neither plural nor select", word)
	}
	p.space()
	if err := p.expect(',', begin); err != nil {
		return part, err
	}
	if depth >= maxNesting {
		return part, p.fail(begin, "more than %d plurals and selects in each other", maxNesting)
	}
	part.Cases, err = p.cases(part, begin, depth+1, inPlural)
	return part, err
}

// cases reads the alternatives of a plural or select and its closing }.
func (p *messageParser) cases(of Part, begin, depth int, inPlural bool) (cases []Case, err error) {
	seen := map[string]bool{}
	for p.space(); p.peek() != '}'; p.space() {
		keyAt := p.at
		key := p.word()
		switch {
		case keyAt == len(p.source):
			return nil, p.expect('}', begin)
		case key == "":
			return nil, p.fail(keyAt, "the key of a case is missing")
		case seen[key]:
			return nil, p.fail(keyAt, "the case %q is there twice", key)
		case of.Kind == Plural && key != "one" && key != "other":
			return nil, p.fail(keyAt, "%q is no case of a plural: they are one and other", key)
		}
		seen[key] = true
		p.space()
		bodyAt := p.at
		if err := p.expect('{', keyAt); err != nil {
			return nil, err
		}
		plural, nested := "", inPlural
		if of.Kind == Plural {
			plural, nested = of.Name, false
		}
		m, err := p.message(depth, plural, nested)
		if err != nil {
			return nil, err
		}
		if err := p.expect('}', bodyAt); err != nil {
			return nil, err
		}
		cases = append(cases, Case{key, m})
	}
	p.at++
	if !seen["other"] {
		return nil, p.fail(begin, "the case other is missing")
	}
	return cases, nil
}

// expect reads the character c. begin is the start of the construct that c belongs to, for the
// error.
func (p *messageParser) expect(c byte, begin int) error {
	if p.at == len(p.source) {
		return p.fail(begin, "what begins here does not end: %c is missing", c)
	}
	if p.source[p.at] != c {
		return p.fail(p.at, "%c is expected here", c)
	}
	p.at++
	return nil
}

// peek returns the next byte, or 0 at the end.
func (p *messageParser) peek() byte {
	if p.at == len(p.source) {
		return 0
	}
	return p.source[p.at]
}

// word reads letters and digits.
func (p *messageParser) word() string {
	begin := p.at
	for isWord(p.peek()) {
		p.at++
	}
	return p.source[begin:p.at]
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func (p *messageParser) space() {
	for c := p.peek(); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = p.peek() {
		p.at++
	}
}

// String returns a source that parses to the same message.
func (m Message) String() string {
	var b strings.Builder
	m.write(&b, false)
	return b.String()
}

func (m Message) write(b *strings.Builder, inPlural bool) {
	for _, part := range m {
		switch part.Kind {
		case Literal:
			writeLiteral(b, part.Text, inPlural)
		case Argument:
			b.WriteString("{" + part.Name + "}")
		case Count:
			b.WriteByte('#')
		case Plural, Select:
			kind := map[Kind]string{Plural: "plural", Select: "select"}[part.Kind]
			fmt.Fprintf(b, "{%s, %s,", part.Name, kind)
			for _, c := range part.Cases {
				b.WriteString(" " + c.Key + " {")
				c.Message.write(b, part.Kind == Plural)
				b.WriteByte('}')
			}
			b.WriteByte('}')
		}
	}
}

// writeLiteral writes a literal text and quotes it from its first special character to its end.
func writeLiteral(b *strings.Builder, text string, inPlural bool) {
	special := "{}"
	if inPlural {
		special = "{}#"
	}
	double := strings.NewReplacer("'", "''")
	if first := strings.IndexAny(text, special); first >= 0 {
		b.WriteString(double.Replace(text[:first]) + "'" + double.Replace(text[first:]) + "'")
		return
	}
	b.WriteString(double.Replace(text))
}
