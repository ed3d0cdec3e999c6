package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"lotse/manual"
)

// agentPage writes the manual page of lotse-agent. It reads the flags from the program's
// source: the definitions (set.StringVar and so on) give their names, and the constant usage,
// the text of --help, describes them. A flag that lacks one of the two is an error.
func agentPage(folder, out string) error {
	page, err := readAgent(folder)
	if err != nil {
		return err
	}
	return os.WriteFile(out, page.Man(), 0o644)
}

func readAgent(folder string) (*manual.Program, error) {
	defined, usage, err := flagsInSource(folder)
	if err != nil {
		return nil, err
	}
	page := parseUsage(usage)
	var told []string
	for _, f := range page.Flags {
		told = append(told, f.Name)
	}
	slices.Sort(told)
	slices.Sort(defined)
	if !slices.Equal(told, defined) {
		return nil, fmt.Errorf("%s: the flags that are defined, %v, are not those that usage tells, %v",
			folder, defined, told)
	}
	return page, nil
}

// flagMethod matches the methods of flag.FlagSet that define a flag with a variable or a
// function.
var flagMethod = regexp.MustCompile(
	`^(String|Bool|Int|Int64|Uint|Duration|Float64)?Var$|^BoolFunc$|^Func$`,
)

// flagsInSource returns the names of the flags that a package defines, and its constant usage.
func flagsInSource(folder string) (flags []string, usage string, err error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, "", err
	}
	set := token.NewFileSet()
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			return nil, "", err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if flag := definedFlag(n); flag != "" {
					flags = append(flags, flag)
				}
			case *ast.ValueSpec:
				if n.Names[0].Name == "usage" && len(n.Values) == 1 {
					usage = literal(n.Values[0])
				}
			}
			return true
		})
	}
	if usage == "" {
		return nil, "", fmt.Errorf("%s has no constant usage", folder)
	}
	return flags, usage, nil
}

// definedFlag returns the flag that a call defines, or "" for other calls.
func definedFlag(call *ast.CallExpr) string {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !flagMethod.MatchString(f.Sel.Name) {
		return ""
	}
	at := 1 // the argument after the variable
	if strings.HasSuffix(f.Sel.Name, "Func") {
		at = 0
	}
	if len(call.Args) <= at {
		return ""
	}
	return literal(call.Args[at])
}

// literal returns the value of a string literal, or of several joined with +.
func literal(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		if err != nil {
			return ""
		}
		return s
	case *ast.BinaryExpr:
		return literal(e.X) + literal(e.Y)
	}
	return ""
}

// flagLine matches the first line of a flag in a help text: two spaces, the flag, its value,
// and after at least two spaces its description.
var flagLine = regexp.MustCompile(`^  --([a-z0-9-]+)(?: (\S(?:\S| \S)*))?(?:  +(.*))?$`)

// parseUsage parses the help text of lotse-agent: a description, "Usage:", the flags, and the
// exit codes.
func parseUsage(usage string) *manual.Program {
	p := &manual.Program{Name: "lotse-agent", Also: []string{"lotse"}}
	for block := range strings.SplitSeq(strings.TrimSpace(usage), "\n\n") {
		switch {
		case strings.HasPrefix(block, "Usage:"):
			for line := range strings.SplitSeq(block, "\n") {
				line = strings.TrimSpace(strings.TrimPrefix(line, "Usage:"))
				p.Forms = append(p.Forms, strings.TrimSpace(strings.TrimPrefix(line, "lotse-agent")))
			}
		case strings.HasPrefix(block, "  --"):
			for line := range strings.SplitSeq(block, "\n") {
				if m := flagLine.FindStringSubmatch(line); m != nil {
					p.Flags = append(p.Flags, manual.Flag{Name: m[1], Value: m[2], Doc: m[3]})
				} else if n := len(p.Flags); n > 0 {
					p.Flags[n-1].Doc = strings.TrimSpace(p.Flags[n-1].Doc + " " + strings.TrimSpace(line))
				}
			}
		case strings.HasPrefix(block, "Exit codes:"):
			p.Exit = strings.TrimSpace(strings.TrimPrefix(block, "Exit codes:"))
		default:
			p.About += strings.TrimSpace(block) + "\n\n"
		}
	}
	p.About = strings.TrimSpace(p.About)
	p.Summary = "let an advisor see this screen, if you allow it"
	return p
}
