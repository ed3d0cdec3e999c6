// Command compile checks the files of texts, i18n/*.json, and writes what programs and pages
// use:
//
//	i18n/texts_gen.go            the texts of the Go programs
//	novnc-web/src/texts_gen/*.ts the texts of the pages: one module for each page
//
// Its argument is the repository's folder. Without an argument it looks for go.mod in the
// current folder and those above it.
//
// The command itself needs texts_gen.go to compile. If a merge left conflict marks in that
// file, restore a committed version first: git checkout HEAD -- i18n/texts_gen.go.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root, err := repository(os.Args[1:])
	if err == nil {
		err = run(root)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "i18n:", err)
		os.Exit(1)
	}
}

func repository(args []string) (string, error) {
	if len(args) == 1 {
		return args[0], nil
	}
	if len(args) > 1 {
		return "", errors.New("more than one argument")
	}
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder, nil
		}
		above := filepath.Dir(folder)
		if above == folder {
			return "", errors.New("no go.mod in this folder or above it")
		}
		folder = above
	}
}

func run(root string) error {
	c, err := read(filepath.Join(root, "i18n"))
	if err != nil {
		return err
	}
	files, err := c.generate()
	if err != nil {
		return err
	}
	for name, content := range files {
		name = filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate returns the content of each generated file, by its path in the repository.
func (c *catalogue) generate() (map[string][]byte, error) {
	goFile, err := c.goFile()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{
		"i18n/texts_gen.go":           goFile,
		scriptFolder + "languages.ts": c.languagesScript(),
	}
	for _, page := range scriptPages {
		files[scriptFolder+page+".ts"] = c.pageScript(page)
	}
	return files, nil
}
