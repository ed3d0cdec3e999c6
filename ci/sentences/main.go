// Command sentences prints random sentences from the documents and from the comments in Go and
// TypeScript, for a review by a reader who does not know the project:
//
//	go run ./ci/sentences -seed 1 -n 40
//
// Each sentence should be clear on the first reading; see CONTRIBUTING.md.
package main

import (
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

func main() {
	seed := flag.Uint64("seed", 1, "chooses the sentences")
	n := flag.Int("n", 40, "how many")
	flag.Parse()
	all, err := sentences(os.DirFS("."))
	if err != nil {
		fmt.Fprintln(os.Stderr, "sentences:", err)
		os.Exit(1)
	}
	rnd := rand.New(rand.NewPCG(*seed, 0))
	for range min(*n, len(all)) {
		i := rnd.IntN(len(all))
		fmt.Println(all[i])
		all[i] = all[len(all)-1]
		all = all[:len(all)-1]
	}
}

var (
	sources   = regexp.MustCompile(`\.(md|go|ts)$`)
	generated = regexp.MustCompile(`_gen(/|\.)|^novnc-web/(dist|node_modules)|^bench/results|^bin/|/testdata/|^docs/settings\.md`)
	// end matches the end of a sentence: a mark, a space, and a capital letter or quote.
	end = regexp.MustCompile(`([.!?:])\s+([A-Z"` + "`" + `])`)
)

// sentences returns the sentences of five words or more, each with its file.
func sentences(root fs.FS) (all []string, err error) {
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if d.IsDir() || !sources.MatchString(name) || generated.MatchString(name) {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		for _, paragraph := range paragraphs(string(text), filepath.Ext(name) == ".md") {
			for s := range strings.SplitSeq(end.ReplaceAllString(paragraph, "$1\n$2"), "\n") {
				if len(strings.Fields(s)) >= 5 {
					all = append(all, name+": "+s)
				}
			}
		}
		return nil
	})
	return all, err
}

// paragraphs returns the paragraphs of a document, or the whole-line comments of a source file.
func paragraphs(text string, document bool) (out []string) {
	var now []string
	code := false
	finish := func() {
		if len(now) > 0 {
			out = append(out, strings.Join(now, " "))
			now = nil
		}
	}
	for line := range strings.SplitSeq(text, "\n") {
		words := strings.TrimSpace(line)
		if document && strings.HasPrefix(words, "```") {
			code = !code
		}
		switch {
		case !document && strings.HasPrefix(words, "// "):
			words = strings.TrimPrefix(words, "// ")
		case !document, code, words == "", strings.HasPrefix(line, "    "), strings.ContainsAny(words[:1], "|#<"):
			finish()
			continue
		case strings.HasPrefix(words, "- "), strings.HasPrefix(words, "**"):
			finish()
		}
		now = append(now, words)
	}
	finish()
	return out
}
