package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"lotse/i18n"
)

// build makes a catalogue of parsed files and checks that they are consistent.
func build(tags []string, files map[string][]line) (*catalogue, error) {
	c := &catalogue{}
	var problems []error
	for _, tag := range tags {
		l, err := languageOf(tag, files[tag])
		if err == nil {
			err = sameKeys(files[tag], files[reference])
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s.json: %w", tag, err))
		}
		c.languages = append(c.languages, l)
	}
	if err := checkKeys(files[reference]); err != nil {
		problems = append(problems, fmt.Errorf("%s.json: %w", reference, err))
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	for i, ref := range files[reference] {
		if pageOf(ref.key) == "language" {
			continue
		}
		e, err := entryOf(ref, i, tags, files)
		if err != nil {
			problems = append(problems, err)
		}
		c.entries = append(c.entries, e)
	}
	return c, errors.Join(problems...)
}

// entryOf parses the text of a key, which has index i in every file.
func entryOf(ref line, i int, tags []string, files map[string][]line) (e entry, err error) {
	e = entry{key: ref.key, note: ref.note.Note}
	for _, tag := range tags {
		m, err := i18n.ParseMessage(files[tag][i].text)
		if err != nil {
			return e, fmt.Errorf("%s.json: %s: %w", tag, ref.key, err)
		}
		e.messages = append(e.messages, m)
	}
	if e.args, err = argumentsOf(e.messages, ref.note.Args, tags); err != nil {
		return e, fmt.Errorf("%s: %w", ref.key, err)
	}
	return e, nil
}

// languageOf reads the first two members of a file, the language's name and tag.
func languageOf(tag string, lines []line) (l language, err error) {
	if len(lines) < 2 || lines[0].key != "language.name" || lines[1].key != "language.tag" {
		return l, errors.New(`the file does not begin with "language.name" and "language.tag"`)
	}
	l = language{tag: tag, name: lines[0].text}
	if lines[1].text != tag {
		return l, fmt.Errorf("language.tag: %q is not the name of the file", lines[1].text)
	}
	rule, known := i18n.PluralRuleOf(i18n.Language(tag))
	if !known {
		return l, fmt.Errorf("no plural rule for %q: add it to pluralRules in i18n/plural.go", tag)
	}
	l.rule = rule
	return l, nil
}

// sameKeys checks that a file has the reference's keys in the reference's order.
func sameKeys(lines, reference []line) error {
	var problems []string
	keys := func(of []line) (keys []string) {
		for _, l := range of {
			keys = append(keys, l.key)
		}
		return keys
	}
	have, want := keys(lines), keys(reference)
	for _, key := range want {
		if !slices.Contains(have, key) {
			problems = append(problems, key+": the text is missing")
		}
	}
	for _, key := range have {
		if !slices.Contains(want, key) {
			problems = append(problems, key+": the key is unknown")
		}
	}
	for i := range have {
		if problems == nil && have[i] != want[i] {
			problems = append(problems, have[i]+": out of order: "+want[i]+" comes first")
		}
	}
	if problems != nil {
		return errors.New(strings.Join(problems, "; "))
	}
	return nil
}

// checkKeys checks the form of the reference's keys and the order of their pages.
func checkKeys(lines []line) error {
	last := 0
	groups := map[string]bool{}
	for _, l := range lines {
		if !keyForm.MatchString(l.key) {
			return fmt.Errorf("%s: not a key like panel.title.number", l.key)
		}
		page := slices.Index(pages, pageOf(l.key))
		if page < 0 {
			return fmt.Errorf("%s: the page is none of %s", l.key, strings.Join(pages, ", "))
		}
		if page < last {
			return fmt.Errorf("%s: out of order: the pages are %s", l.key, strings.Join(pages, ", "))
		}
		last = page
		parts := strings.Split(l.key, ".")
		for n := range parts {
			groups[strings.Join(parts[:n], ".")] = true
		}
	}
	for _, l := range lines {
		if groups[l.key] {
			return fmt.Errorf("%s: both a text and the beginning of other keys", l.key)
		}
	}
	return nil
}
