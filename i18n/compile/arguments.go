package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"lotse/i18n"
)

// argumentForm is the form of an argument's name. Such a name is also valid in TypeScript.
var argumentForm = regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)

// argument is an argument of a text.
type argument struct {
	name   string
	number bool     // a plural depends on it
	words  []string // keys of its selects, in the order of first use; nil: any text
}

// argumentsOf collects the arguments of a text from its messages in all languages; tags are the
// messages' languages. If declared is not nil, it lists the arguments in their order. Otherwise
// their order is that of their first use in the reference, which is the first message, and
// every language must use every argument.
func argumentsOf(messages []i18n.Message, declared, tags []string) (args []argument, err error) {
	for _, name := range declared {
		if !argumentForm.MatchString(name) {
			return nil, fmt.Errorf("{%s} is not the name of an argument", name)
		}
		args = append(args, argument{name: name})
	}
	for i, m := range messages {
		used := map[string]bool{}
		if err := use(m, &args, used, i == 0 && declared == nil); err != nil {
			return nil, fmt.Errorf("%s.json: %w", tags[i], err)
		}
		for _, a := range args {
			if declared == nil && !used[a.name] {
				return nil, fmt.Errorf(`%s.json: {%s} is not used; if that is right, declare it in "@key"`,
					tags[i], a.name)
			}
		}
	}
	for _, a := range args {
		if a.number && a.words != nil {
			return nil, fmt.Errorf("{%s} is both in a plural and in a select", a.name)
		}
	}
	return args, nil
}

// use records in args and used how a message uses its arguments. first permits the message to
// add new arguments.
func use(m i18n.Message, args *[]argument, used map[string]bool, first bool) error {
	for _, part := range m {
		if part.Kind == i18n.Literal {
			continue
		}
		i := slices.IndexFunc(*args, func(a argument) bool { return a.name == part.Name })
		if i < 0 {
			if !first {
				return fmt.Errorf("{%s} is not an argument of this text; it has %s", part.Name, names(*args))
			}
			if !argumentForm.MatchString(part.Name) {
				return fmt.Errorf("{%s} is not the name of an argument", part.Name)
			}
			i = len(*args)
			*args = append(*args, argument{name: part.Name})
		}
		used[part.Name] = true
		a := &(*args)[i]
		a.number = a.number || part.Kind == i18n.Plural
		for _, c := range part.Cases {
			if part.Kind == i18n.Select && !slices.Contains(a.words, c.Key) {
				a.words = append(a.words, c.Key)
			}
		}
		for _, c := range part.Cases {
			if err := use(c.Message, args, used, first); err != nil {
				return err
			}
		}
	}
	return nil
}

func names(args []argument) string {
	if len(args) == 0 {
		return "none"
	}
	var b []string
	for _, a := range args {
		b = append(b, "{"+a.name+"}")
	}
	return strings.Join(b, ", ")
}
