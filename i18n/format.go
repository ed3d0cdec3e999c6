package i18n

import (
	"fmt"
	"strconv"
	"strings"
)

// format inserts args into a message whose arguments have positions as names.
func (m Message) format(l Language, args []any) string {
	if len(m) == 1 && m[0].Kind == Literal {
		return m[0].Text
	}
	var b strings.Builder
	m.formatTo(&b, l, args)
	return b.String()
}

func (m Message) formatTo(b *strings.Builder, l Language, args []any) {
	for _, part := range m {
		if part.Kind == Literal {
			b.WriteString(part.Text)
			continue
		}
		value := written(argument(args, part.Name))
		switch part.Kind {
		case Argument, Count:
			b.WriteString(value)
		case Plural:
			key := "other"
			n, err := strconv.Atoi(value)
			if rule, ok := PluralRuleOf(l); ok && err == nil && rule.One(n) {
				key = "one"
			}
			choose(part.Cases, key).formatTo(b, l, args)
		case Select:
			choose(part.Cases, value).formatTo(b, l, args)
		}
	}
}

// written returns an argument as it appears in a text.
func written(arg any) string {
	switch arg := arg.(type) {
	case string:
		return arg
	case int:
		return strconv.Itoa(arg)
	}
	return fmt.Sprint(arg)
}

// argument returns the argument at a position. If it is missing, argument returns the position
// in braces, so that the mistake is visible.
func argument(args []any, position string) any {
	if i, err := strconv.Atoi(position); err == nil && i < len(args) {
		return args[i]
	}
	return "{" + position + "}"
}

// choose returns the case with a key, or the case "other" if there is none.
func choose(cases []Case, key string) (m Message) {
	for _, c := range cases {
		if c.Key == key {
			return c.Message
		}
		if c.Key == "other" {
			m = c.Message
		}
	}
	return m
}
