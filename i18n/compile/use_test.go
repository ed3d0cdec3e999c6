package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sources calls f with each source file below a folder whose name ends with suffix.
func sources(t *testing.T, folder, suffix string, f func(name string, source []byte)) {
	t.Helper()
	folder = filepath.Join(root, folder)
	skipped := []string{"node_modules", "texts_gen", "dist", "testdata"}
	err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(d.Name(), ".") && name != folder
		if d.IsDir() && (hidden || slices.Contains(skipped, d.Name())) {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, suffix) {
			return nil
		}
		source, err := os.ReadFile(name)
		if err == nil {
			f(name, source)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// call is one call of Language.Text in a Go file.
type call struct {
	place string
	key   string // "" if it is not a literal
	args  int    // -1 if a slice is passed
}

// callsOf finds the calls of methods named Text that have arguments.
func callsOf(name string, source []byte) (calls []call, err error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		c, ok := n.(*ast.CallExpr)
		if !ok || len(c.Args) == 0 {
			return true
		}
		if method, ok := c.Fun.(*ast.SelectorExpr); !ok || method.Sel.Name != "Text" {
			return true
		}
		found := call{place: set.Position(c.Pos()).String(), args: len(c.Args) - 1}
		if c.Ellipsis.IsValid() {
			found.args = -1
		}
		if literal, ok := c.Args[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
			found.key, _ = strconv.Unquote(literal.Value)
		}
		calls = append(calls, found)
		return true
	})
	return calls, nil
}

// problem describes what is wrong with a call; "" if nothing is.
func (c *catalogue) problem(of call) string {
	if of.key == "" {
		return "the key is not a literal: use a select, or one call for each key"
	}
	i := slices.IndexFunc(c.entries, func(e entry) bool { return e.key == of.key })
	if i < 0 {
		return fmt.Sprintf("there is no text %q", of.key)
	}
	if page := c.entries[i].page(); !slices.Contains(goPages, page) {
		return fmt.Sprintf("texts of %s are not in Go programs", page)
	}
	if want := len(c.entries[i].args); of.args >= 0 && of.args != want {
		return fmt.Sprintf("%s takes %d arguments, not %d", of.key, want, of.args)
	}
	return ""
}

// TestGoCalls checks that each call of Text names an existing text and has its number of
// arguments. It takes every method named Text with arguments for Language.Text, so such a
// method of another type needs another name.
func TestGoCalls(t *testing.T) {
	c := ours(t)
	sources(t, ".", ".go", func(name string, source []byte) {
		if filepath.Base(filepath.Dir(name)) == "i18n" {
			return // the package's own tests
		}
		calls, err := callsOf(name, source)
		if err != nil {
			t.Error(err)
		}
		for _, call := range calls {
			if problem := c.problem(call); problem != "" {
				t.Errorf("%s: %s", call.place, problem)
			}
		}
	})
}

func TestGoCallsRule(t *testing.T) {
	const members = `, "panel.a": "x", "agent.a": "x", "agent.b": "{x} {y}"`
	c, err := catalogueOf(members, members)
	if err != nil {
		t.Fatal(err)
	}
	for source, want := range map[string]string{
		`l.Text("agent.a")`:          "",
		`l.Text("agent.b", 1, 2)`:    "",
		`l.Text("agent.b", args...)`: "",
		`s.Text()`:                   "none",
		`Text(1)`:                    "none",
		`l.Text("agent.b", 1)`:       "agent.b takes 2 arguments, not 1",
		`l.Text("agent.c")`:          `there is no text "agent.c"`,
		`l.Text("panel.a")`:          "texts of panel are not in Go programs",
		`l.Text("agent." + x)`:       "the key is not a literal: use a select, or one call for each key",
	} {
		calls, err := callsOf("x.go", []byte("package p\nfunc f() { "+source+" }"))
		got := "none"
		if len(calls) > 0 {
			got = c.problem(calls[0])
		}
		if err != nil || got != want {
			t.Errorf("%s: %q, %v", source, got, err)
		}
	}
}

// scriptFolders are the folders in which a page's texts are used.
var scriptFolders = map[string]string{
	"common":   "novnc-web/src",
	"panel":    "novnc-web/src/panel",
	"advisor":  "novnc-web/src/advisor",
	"customer": "novnc-web/src/customer",
	"sharing":  "novnc-web/src/customer/sharing",
}

// TestKeysAreUsed checks that each text is used somewhere. Pages call their own table t, and
// the common table common, or commonTexts[…] where it has no variable. So t.number.heading uses
// panel.number.heading, and t.number.error[code] uses every text below panel.number.error.
func TestKeysAreUsed(t *testing.T) {
	used := map[string]string{} // by page: the text of all its sources
	for page, folder := range scriptFolders {
		var all strings.Builder
		sources(t, folder, ".ts", func(name string, source []byte) {
			if page == "customer" && strings.Contains(filepath.ToSlash(name), "/sharing/") {
				return
			}
			all.Write(source)
		})
		used[page] = all.String()
	}
	build, err := os.ReadFile(filepath.Join(root, "novnc-web/scripts/build.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	inGo := map[string]bool{}
	sources(t, ".", ".go", func(name string, source []byte) {
		if strings.HasSuffix(name, "_test.go") {
			return
		}
		calls, err := callsOf(name, source)
		if err != nil {
			t.Error(err)
		}
		for _, c := range calls {
			inGo[c.key] = true
		}
	})
	for _, e := range ours(t).entries {
		inBuild := strings.Contains(string(build), strconv.Quote(e.key))
		if !inGo[e.key] && !inBuild && !usesKey(used[e.page()], e.key) {
			t.Errorf("%s is used nowhere: remove it from all languages", e.key)
		}
	}
}

// usesKey reports whether TypeScript source uses a text, or an index into a group that contains
// it.
func usesKey(source, key string) bool {
	page, path, _ := strings.Cut(key, ".")
	table := `\bt\.`
	if page == "common" {
		table = `\b(?:common|commonTexts\[[^\]]+\]+)\.`
	}
	if regexp.MustCompile(table + regexp.QuoteMeta(path) + `\b`).MatchString(source) {
		return true
	}
	group := strings.LastIndexByte(path, '.')
	return group > 0 &&
		regexp.MustCompile(table+regexp.QuoteMeta(path[:group])+`\[`).MatchString(source)
}

func TestUsesKey(t *testing.T) {
	const source = `this.t.a.b; t.c[x]; t.d.e(1); common.f; at.i; t.jk;
		commonTexts[preferred()].g; commonTexts[s.lang].h`
	for key, want := range map[string]bool{
		"panel.a.b": true, "panel.c.x": true, "panel.c.y": true, "panel.d.e": true,
		"common.f": true, "common.g": true, "common.h": true,
		"panel.i": false, "panel.j": false, "panel.a.c": false, "panel.f": false,
	} {
		if got := usesKey(source, key); got != want {
			t.Errorf("%s: %v", key, got)
		}
	}
}

// TestNoTagsInScripts checks that pages take language tags only from the generated list.
func TestNoTagsInScripts(t *testing.T) {
	c := ours(t)
	sources(t, "novnc-web/src", ".ts", func(name string, source []byte) {
		for _, l := range c.languages {
			if strings.Contains(string(source), strconv.Quote(l.tag)) {
				t.Errorf("%s names the language %q: use texts_gen/languages.ts", name, l.tag)
			}
		}
	})
}
