package lotse

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestSources checks that every file is formatted and that every package has a package comment.
func TestSources(t *testing.T) {
	documented := map[string]bool{}
	packages := map[string]bool{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		formatted, err := format.Source(src)
		if err != nil {
			return err
		}
		if !bytes.Equal(src, formatted) {
			t.Errorf("%s is not formatted: run gofmt -w on it", name)
		}
		if strings.HasSuffix(name, "_test.go") {
			for _, place := range fixedSleeps(t, name, src) {
				t.Errorf("%s: a fixed sleep: wait for a state, or use testing/synctest", place)
			}
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		dir := filepath.Dir(name)
		packages[dir] = true
		if file.Doc != nil {
			documented[dir] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir := range packages {
		if !documented[dir] {
			t.Errorf("package %s has no package comment", dir)
		}
	}
}

// fixedSleeps returns the places in a test file that sleep for a fixed real time. Sleeping is
// permitted only in loops that poll, and in files whose tests run in testing/synctest.
func fixedSleeps(t *testing.T, name string, src []byte) (places []string) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, imported := range file.Imports {
		if imported.Path.Value == `"testing/synctest"` {
			return nil
		}
	}
	var loops []ast.Node
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			loops = append(loops, n)
		case *ast.CallExpr:
			call, ok := n.Fun.(*ast.SelectorExpr)
			if !ok || call.Sel.Name != "Sleep" {
				return true
			}
			if pkg, ok := call.X.(*ast.Ident); !ok || pkg.Name != "time" {
				return true
			}
			if !slices.ContainsFunc(loops, func(l ast.Node) bool { return l.Pos() <= n.Pos() && n.End() <= l.End() }) {
				places = append(places, set.Position(n.Pos()).String())
			}
		}
		return true
	})
	return places
}

// TestFixedSleeps checks fixedSleeps.
func TestFixedSleeps(t *testing.T) {
	const head = "package p\nimport \"time\"\n"
	for src, want := range map[string]int{
		head + "func f() { time.Sleep(1) }":                                               1,
		head + "func f() { for { time.Sleep(1) } }":                                       0,
		head + "func f() { for ok := false; !ok; time.Sleep(1) {} ; time.Sleep(2) }":      1,
		head + "import \"testing/synctest\"\nfunc f() { synctest.Wait(); time.Sleep(1) }": 0,
	} {
		if got := fixedSleeps(t, "x_test.go", []byte(src)); len(got) != want {
			t.Errorf("%s: %v", src, got)
		}
	}
}
