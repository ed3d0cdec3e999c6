package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"lotse/i18n"
)

// reference is the language whose file determines the keys and arguments.
const reference = "en"

// These are the pages, which are the first parts of keys, in the order that files must have,
// and the pages whose texts Go programs and web pages get.
var (
	pages = []string{
		"language", "common", "panel", "advisor", "customer", "sharing", "record", "agent",
		"gateway", "cli",
	}
	goPages     = []string{"common", "record", "agent", "gateway", "cli"}
	scriptPages = []string{"common", "panel", "advisor", "customer", "sharing", "record"}
)

var keyForm = regexp.MustCompile(`^[a-z][A-Za-z0-9]*(\.[a-z][A-Za-z0-9]*)+$`)

// catalogue holds every text in every language.
type catalogue struct {
	languages []language // the reference first, the others by tag
	entries   []entry    // in the order of the reference
}

type language struct {
	tag, name string
	rule      i18n.PluralRule
}

// entry is one text in all languages.
type entry struct {
	key      string
	note     string
	args     []argument
	messages []i18n.Message // in the order of the catalogue's languages
}

func (e entry) page() string { return pageOf(e.key) }

func pageOf(key string) string { page, _, _ := strings.Cut(key, "."); return page }

// line is one member of a language's file.
type line struct {
	key, text string
	note      note
}

// note is the content of "@key", which describes the text of that key.
type note struct {
	Note string   `json:"note"`
	Args []string `json:"args"`
}

// read reads all files of a folder. The error lists every mistake that was found.
func read(folder string) (*catalogue, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(order(a), order(b)) })
	files := map[string][]line{}
	var tags []string
	var problems []error
	for _, name := range names {
		tag := strings.TrimSuffix(filepath.Base(name), ".json")
		source, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		tags = append(tags, tag)
		if files[tag], err = parseFile(source, tag == reference); err != nil {
			problems = append(problems, fmt.Errorf("%s.json: %w", tag, err))
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	if !slices.Contains(tags, reference) {
		return nil, fmt.Errorf("there is no %s.json in %s", reference, folder)
	}
	return build(tags, files)
}

// order returns a sort key that puts the reference first.
func order(name string) string {
	if filepath.Base(name) == reference+".json" {
		return ""
	}
	return name
}

// parseFile parses one language's file: an object of strings whose order matters. Members whose
// names begin with @ are notes; only the reference may have them.
func parseFile(source []byte, isReference bool) (lines []line, err error) {
	d := json.NewDecoder(bytes.NewReader(source))
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return nil, errors.New("the file is not a JSON object")
	}
	at := map[string]int{}
	notes := map[string]note{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name := token.(string)
		if key, isNote := strings.CutPrefix(name, "@"); isNote {
			n, err := parseNote(d)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if !isReference {
				return nil, fmt.Errorf("%s: notes are in %s.json only", name, reference)
			}
			notes[key] = n
			continue
		}
		var text string
		if err := d.Decode(&text); err != nil {
			return nil, fmt.Errorf("%s: the text is not a string", name)
		}
		if _, twice := at[name]; twice {
			return nil, fmt.Errorf("%s: the key is there twice", name)
		}
		at[name] = len(lines)
		lines = append(lines, line{key: name, text: text})
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("there is something after the object")
	}
	for key, n := range notes {
		i, ok := at[key]
		if !ok {
			return nil, fmt.Errorf("@%s: there is no such key", key)
		}
		lines[i].note = n
	}
	return lines, nil
}

// parseNote reads a note: a string, or an object with "note" and "args".
func parseNote(d *json.Decoder) (n note, err error) {
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return n, err
	}
	if json.Unmarshal(raw, &n.Note) == nil {
		return n, nil
	}
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	return n, strict.Decode(&n)
}
