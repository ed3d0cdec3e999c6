package lotse

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// maxColumns is the maximum length of a line of a document or comment, in characters. A tab
// counts as four.
const maxColumns = 100

// bannedWords are words that are hard to understand in this project's texts, each with a better
// one. "let go" may refer to a connection or to a key, but "release" says which.
var bannedWords = map[string]string{
	`mend(s|ed|ing)?`:                 "fix, reconnect",
	`whoever`:                         "anyone who; better: name who it is",
	`figures`:                         "digits, numbers, results",
	`anew`:                            "again",
	`in vain`:                         "without a result",
	`midst`:                           "while, during",
	`(lets?|letting) go( of)?`:        "release, disconnect",
	`whose turn`:                      "name who it is",
	`till`:                            "until",
	`(thereby|therein|herein|hereby)`: "say what it means",
}

// prose matches the files that this test reads: documents, and sources with comments.
var prose = regexp.MustCompile(`\.(md|go|ts|mjs|sh)$|^Makefile$`)

// generated matches files that repeat words of their sources.
var generated = regexp.MustCompile(`_gen(/|\.go$)|texts_gen|/dist/|/testdata/|^bench/results/|^bin/`)

// TestProse checks that no line of a document or comment is too long, that none contains a
// banned word, and that no merge conflict is left.
func TestProse(t *testing.T) {
	banned := map[*regexp.Regexp]string{}
	for word, better := range bannedWords {
		if better != "" {
			banned[regexp.MustCompile(`(?i)\b`+word+`\b`)] = better
		}
	}
	eachFile(t, func(name, text string) {
		document := strings.HasSuffix(name, ".md")
		code := false
		for i, line := range strings.Split(text, "\n") {
			place := fmt.Sprintf("%s:%d", name, i+1)
			if strings.HasPrefix(line, "<<<<<<< ") || strings.HasPrefix(line, ">>>>>>> ") {
				t.Errorf("%s: a conflict was not resolved", place)
			}
			if document && strings.HasPrefix(line, "```") {
				code = !code
			}
			words := line
			if !document {
				words = commentOf(name, line)
			}
			if words == "" || code {
				continue
			}
			if n := utf8.RuneCountInString(strings.ReplaceAll(line, "\t", "    ")); n > maxColumns && !mayBeLong(document, line) {
				t.Errorf("%s: %d columns, at most %d", place, n, maxColumns)
			}
			for word, better := range banned {
				if found := word.FindString(withoutCode(words)); found != "" {
					t.Errorf("%s: %q: write %s", place, found, better)
				}
			}
		}
	})
}

// mayBeLong reports whether a line may be too long: tables, code and addresses cannot be
// wrapped.
func mayBeLong(document bool, line string) bool {
	text := strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "/#*- "))
	return document && (strings.HasPrefix(line, "|") || strings.HasPrefix(line, "    ") || strings.HasPrefix(line, " ") && strings.ContainsAny(line, "─│►")) ||
		!strings.Contains(text, " ") || strings.HasPrefix(text, "go:") || !document && !isComment(line)
}

// withoutCode removes text in backquotes.
func withoutCode(s string) string { return regexp.MustCompile("`[^`]*`").ReplaceAllString(s, "") }

func isComment(line string) bool {
	text := strings.TrimSpace(line)
	return strings.HasPrefix(text, "//") || strings.HasPrefix(text, "# ") || strings.HasPrefix(text, "* ") || strings.HasPrefix(text, "/*")
}

// commentOf returns the comment in a line of a source, or "" if there is none.
func commentOf(name, line string) string {
	if isComment(line) {
		return line
	}
	if mark := " // "; strings.HasSuffix(name, ".go") || strings.HasSuffix(name, ".ts") {
		if _, comment, ok := strings.Cut(line, mark); ok {
			return comment
		}
	}
	return ""
}

// eachFile calls f with each file that matches prose and is not generated.
func eachFile(t *testing.T, f func(name, text string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".github" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if d.IsDir() || !prose.MatchString(name) || generated.MatchString(name) || name == "prose_test.go" {
			return nil
		}
		b, err := os.ReadFile(name)
		if err == nil {
			f(name, string(b))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
)

// TestLinks checks that the files and headings exist which documents link to in the repository.
func TestLinks(t *testing.T) {
	eachFile(t, func(name, text string) {
		if !strings.HasSuffix(name, ".md") {
			return
		}
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, ":") {
				continue // a link to another site
			}
			if target == "" {
				target = filepath.Base(name)
			}
			b, err := os.ReadFile(filepath.Join(filepath.Dir(name), target))
			if info, e := os.Stat(filepath.Join(filepath.Dir(name), target)); e == nil && info.IsDir() {
				continue
			}
			switch {
			case err != nil:
				t.Errorf("%s links to %s, which does not exist", name, m[1])
			case anchor != "" && !hasHeading(string(b), anchor):
				t.Errorf("%s links to %s, which has no such heading", name, m[1])
			}
		}
	})
}

// hasHeading reports whether a document has a heading with this anchor. GitHub and others
// derive the anchor from the heading: lower case, no punctuation, dashes for spaces.
func hasHeading(text, anchor string) bool {
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		made := regexp.MustCompile(`[^\p{L}\p{N}_ -]`).ReplaceAllString(strings.ToLower(m[1]), "")
		if strings.ReplaceAll(made, " ", "-") == anchor {
			return true
		}
	}
	return false
}
