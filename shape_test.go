package lotse

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// These limits keep our code easy to read. Tests and generated files are exempt.
const (
	maxMethods       = 20   // of a type
	maxFields        = 20   // of a struct
	maxFunction      = 80   // in lines
	maxFunctionP90   = 30   // in lines; nine of ten functions are shorter
	maxPackage       = 4000 // in lines of code: no comments, no empty lines
	generatedComment = "// Code generated "
)

// largePackages are the packages that may exceed maxPackage, each with the reason.
var largePackages = map[string]string{
	"screen/x11": "one display server's protocol: connection, extensions, capture, input, " +
		"clipboard and windows share it; what is free of it is in packages of its own",
	"screen/windows": "one system's interface: capture, input, hooks and windows share its " +
		"calls and threads; what is free of it is in packages of its own",
	"rfb": "one protocol, a file for each encoding and extension: all write into one update and " +
		"share the writer's state",
	"agent": "one loop owns the state of a session, and every event that changes it is in this " +
		"package; what works without that state is in packages of its own",
	"cmd/lotse": "one file for each command, all with the same sign-in, words and helpers; what is " +
		"no command (film, fbs, partfile) is in packages of its own",
	"gateway": "the handlers, the directory of sessions and the bounds share one server; the " +
		"accounts could become a package, which would not bring it below",
}

// shape collects what TestShape checks.
type shape struct {
	fset            *token.FileSet
	methods, fields map[string]int // by package and type
	code            map[string]int // lines of code by package
	functions       []int          // lengths in lines
	complaints      []string
}

func TestShape(t *testing.T) {
	s := shape{fset: token.NewFileSet(), methods: map[string]int{}, fields: map[string]int{}, code: map[string]int{}}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		return s.file(name)
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, n := range s.methods {
		if n > maxMethods {
			s.complain("%s has %d methods, at most %d", name, n, maxMethods)
		}
	}
	for name, n := range s.fields {
		if n > maxFields {
			s.complain("%s has %d fields, at most %d", name, n, maxFields)
		}
	}
	for pkg, n := range s.code {
		if _, ok := largePackages[pkg]; n > maxPackage && !ok {
			s.complain("package %s has %d lines of code, at most %d", pkg, n, maxPackage)
		}
	}
	slices.Sort(s.functions)
	if p90 := s.functions[len(s.functions)*9/10]; p90 > maxFunctionP90 {
		s.complain("one function of ten has more than %d lines, at most %d", p90, maxFunctionP90)
	}
	slices.Sort(s.complaints)
	for _, c := range s.complaints {
		t.Error(c)
	}
}

func (s *shape) complain(format string, args ...any) {
	s.complaints = append(s.complaints, fmt.Sprintf(format, args...))
}

func (s *shape) file(name string) error {
	src, err := os.ReadFile(name)
	if err != nil || bytes.HasPrefix(src, []byte(generatedComment)) {
		return err
	}
	f, err := parser.ParseFile(s.fset, name, src, parser.ParseComments)
	if err != nil {
		return err
	}
	pkg := filepath.ToSlash(filepath.Dir(name))
	s.code[pkg] += codeLines(s.fset, f, src)
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			s.function(pkg, d)
		case *ast.GenDecl:
			s.declaration(pkg, d)
		}
	}
	return nil
}

func (s *shape) function(pkg string, d *ast.FuncDecl) {
	n := s.fset.Position(d.End()).Line - s.fset.Position(d.Pos()).Line + 1
	s.functions = append(s.functions, n)
	if n > maxFunction {
		s.complain("%s: %s has %d lines, at most %d", s.fset.Position(d.Pos()), d.Name.Name, n, maxFunction)
	}
	receiver := ""
	if d.Recv != nil {
		receiver = receiverOf(d.Recv.List[0].Type)
		s.methods[pkg+"."+receiver]++
	}
	if d.Doc == nil && d.Name.IsExported() && (receiver == "" || ast.IsExported(receiver)) && pkg != "main" {
		s.complain("%s: %s is exported and has no comment", s.fset.Position(d.Pos()), d.Name.Name)
	}
}

func receiverOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiverOf(e.X)
	case *ast.IndexExpr:
		return receiverOf(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

func (s *shape) declaration(pkg string, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil {
				s.complain("%s: %s is exported and has no comment", s.fset.Position(spec.Pos()), spec.Name.Name)
			}
			if st, ok := spec.Type.(*ast.StructType); ok {
				for _, field := range st.Fields.List {
					s.fields[pkg+"."+spec.Name.Name] += max(1, len(field.Names))
				}
			}
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if name.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
					s.complain("%s: %s is exported and has no comment", s.fset.Position(name.Pos()), name.Name)
				}
			}
		}
	}
}

// codeLines returns the number of lines that contain code.
func codeLines(fset *token.FileSet, f *ast.File, src []byte) int {
	comment := map[int]bool{}
	for _, group := range f.Comments {
		from, to := fset.Position(group.Pos()), fset.Position(group.End())
		for line := from.Line; line <= to.Line; line++ {
			comment[line] = true
		}
	}
	n := 0
	for i, line := range bytes.Split(src, []byte("\n")) {
		text := bytes.TrimSpace(line)
		if len(text) == 0 || comment[i+1] && bytes.HasPrefix(text, []byte("//")) {
			continue
		}
		n++
	}
	return n
}
