// Package i18n holds every text that people read, in all languages.
//
// Each language has one JSON file (en.json, de.json, …). The texts are messages in a subset of
// ICU MessageFormat; see ParseMessage. en.json is the reference: it determines the keys and
// their order, and contains the notes for translators. The command i18n/compile checks the
// files and writes what programs and pages use: texts_gen.go here and novnc-web/src/texts_gen.
// Run "make i18n" after each change of a JSON file.
//
// To add a language, add its JSON file and run "make i18n".
package i18n

//go:generate go run ./compile

import (
	"slices"
	"strings"
	"sync"
)

// Language is the tag of a language, such as "de". Languages lists all that have texts. The
// zero value and unknown tags mean English.
type Language string

// Name returns the language's own name, such as "Deutsch".
func (l Language) Name() string {
	return languageNames[l.index()]
}

// Text returns the text with the given key. The arguments are positional, in the order in which
// en.json declares or first uses them. They are integers where the message has a plural, and
// strings otherwise.
//
// Text knows only keys that begin with "agent.", "cli.", "common." or "gateway."; for an unknown
// key it returns the key. Keys must be written as literals, because a test checks the key and the
// number of arguments of each call. Calls may be concurrent.
func (l Language) Text(key string, args ...any) string {
	t, ok := texts[key]
	if !ok {
		return key
	}
	return t.message(l.index()).format(l, args)
}

// translated is one text in every language.
type translated struct {
	sources []string // in the order of Languages; positions replace the arguments' names

	parse    sync.Once
	messages []Message // the parsed sources, after parse is done
}

// message returns the text in the language with index i.
func (t *translated) message(i int) Message {
	t.parse.Do(func() {
		t.messages = make([]Message, len(t.sources))
		for i, source := range t.sources {
			m, err := ParseMessage(source)
			if err != nil {
				m = Message{{Kind: Literal, Text: source}} // impossible: i18n/compile wrote it
			}
			t.messages[i] = m
		}
	})
	return t.messages[i]
}

// index returns the language's index in Languages and in every list of texts.
func (l Language) index() int {
	return max(0, slices.Index(Languages, l))
}

// Parse parses a language tag or the name of a locale: "de", "de-AT", "de_DE.UTF-8", "de@euro".
// It returns the closest language of Languages, or false if there is none.
func Parse(tag string) (Language, bool) {
	if end := strings.IndexAny(tag, ".@"); end >= 0 {
		tag = tag[:end]
	}
	tag = strings.ReplaceAll(tag, "_", "-")
	for tag != "" {
		for _, l := range Languages {
			if strings.EqualFold(string(l), tag) {
				return l, true
			}
		}
		tag = tag[:max(0, strings.LastIndexByte(tag, '-'))]
	}
	return Languages[0], false
}

// System returns the language that the user has chosen on this computer, or English if it has
// no texts.
//
// On Windows it is the first of the desktop's languages that has texts. On other systems the
// first of LC_ALL, LC_MESSAGES and LANG that is set decides.
func System() Language {
	for _, tag := range systemTags() {
		if l, ok := Parse(tag); ok {
			return l
		}
	}
	return Languages[0]
}
