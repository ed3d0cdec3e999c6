package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

// part is something of others that is in the programs.
type part struct {
	kind    string // golang, npm
	name    string
	version string
	sum     string // as go.sum or package-lock.json has it
	folder  string // where its licence is
}

const web = "novnc-web"

// parts reads what is in programs out of them, and what is in the pages out of
// npm's lock file.
func parts(programs []string) ([]part, error) {
	cache, err := goEnv("GOMODCACHE")
	if err != nil {
		return nil, err
	}
	root, err := goEnv("GOROOT")
	if err != nil {
		return nil, err
	}
	seen := map[string]part{}
	for _, p := range programs {
		info, err := buildinfo.ReadFile(p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		seen["go"] = part{"golang", "std", strings.TrimPrefix(info.GoVersion, "go"), "", root}
		for _, m := range info.Deps {
			if m.Replace != nil {
				m = m.Replace
			}
			seen[m.Path] = part{"golang", m.Path, m.Version, m.Sum, filepath.Join(cache, escaped(m.Path)+"@"+escaped(m.Version))}
		}
	}
	if err := npmParts(seen); err != nil {
		return nil, err
	}
	list := make([]part, 0, len(seen))
	for _, p := range seen {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b part) int { return strings.Compare(a.kind+a.name, b.kind+b.name) })
	return list, nil
}

// npmParts adds what pages are made of; what only builds or tests them is left out.
func npmParts(seen map[string]part) error {
	text, err := os.ReadFile(filepath.Join(web, "package-lock.json"))
	if err != nil {
		return err
	}
	var lock struct {
		Packages map[string]struct {
			Version, Integrity string
			Dev                bool
		}
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		return err
	}
	for path, p := range lock.Packages {
		if name, ok := strings.CutPrefix(path, "node_modules/"); ok && !p.Dev {
			seen["npm "+name] = part{"npm", name, p.Version, p.Integrity, filepath.Join(web, path)}
		}
	}
	return nil
}

func goEnv(name string) (string, error) {
	out, err := exec.Command("go", "env", name).Output()
	return strings.TrimSpace(string(out)), err
}

// escaped is a module's path in the module cache: upper case letters have a "!".
func escaped(path string) string {
	var b strings.Builder
	for _, r := range path {
		if unicode.IsUpper(r) {
			b.WriteByte('!')
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}
