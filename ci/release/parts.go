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

// part is a third-party component of the programs or pages.
type part struct {
	kind    string // "golang" or "npm"
	name    string
	version string
	sum     string // as in go.sum or package-lock.json
	folder  string // the folder with its licence
}

const web = "novnc-web"

// parts reads the Go modules from the programs, and the packages that the pages contain from the
// build of the pages and npm's lock file.
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

// npmParts adds the packages that the pages contain, which the build of the pages has listed.
// Packages that only build or test them are left out, and so are parts of a library for servers.
func npmParts(seen map[string]part) error {
	built, err := os.ReadFile(filepath.Join(web, "dist", "packages.json"))
	if err != nil {
		return fmt.Errorf("%w: build the pages first (make build)", err)
	}
	var contained []string
	if err := json.Unmarshal(built, &contained); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(web, "package-lock.json"))
	if err != nil {
		return err
	}
	var lock struct {
		Packages map[string]struct {
			Version, Integrity string
		}
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		return err
	}
	for _, name := range contained {
		path := "node_modules/" + name
		p, ok := lock.Packages[path]
		if !ok {
			return fmt.Errorf("%s: the pages contain %s, which is not in package-lock.json", web, name)
		}
		seen["npm "+name] = part{"npm", name, p.Version, p.Integrity, filepath.Join(web, path)}
	}
	return nil
}

func goEnv(name string) (string, error) {
	out, err := exec.Command("go", "env", name).Output()
	return strings.TrimSpace(string(out)), err
}

// escaped returns a module's path as in the module cache, where an upper case letter becomes
// "!" and its lower case letter.
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
