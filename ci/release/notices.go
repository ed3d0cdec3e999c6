package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// notices writes the licences of all parts into one text. A part without a licence is an error,
// because it must not be distributed.
func notices(out string, programs []string) error {
	list, err := parts(programs)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	b.WriteString("Lotse contains the following parts made by others.\n")
	for _, p := range list {
		texts, err := licences(p.folder)
		if err != nil {
			return err
		}
		if len(texts) == 0 {
			return fmt.Errorf("%s %s: no licence was found in its files", p.name, p.version)
		}
		fmt.Fprintf(&b, "\n%s\n%s %s (%s)\n\n", strings.Repeat("=", 78), p.name, p.version, p.kind)
		for _, t := range texts {
			b.Write(bytes.TrimSpace(bytes.ReplaceAll(t, []byte("\r\n"), []byte("\n"))))
			b.WriteString("\n\n")
		}
	}
	return os.WriteFile(out, b.Bytes(), 0o644)
}

// licences returns the licence texts in a part's folder, including those of code that the part
// contains.
func licences(folder string) ([][]byte, error) {
	var files []string
	for _, pattern := range []string{"LICEN[CS]E*", "COPYING*", "NOTICE*", "COPYRIGHT*", "docs/LICENSE*", "vendor/*/LICEN[CS]E*"} {
		found, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	slices.Sort(files)
	var texts [][]byte
	for _, f := range files {
		if st, err := os.Stat(f); err != nil || !st.Mode().IsRegular() {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}
