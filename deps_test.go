package lotse

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mayImport is the import table of ARCHITECTURE.md: the packages of this project that each
// package may import. Tests may import more.
var mayImport = map[string][]string{
	".":                  {},
	"screen":             {},
	"consent":            {},
	"seal":               {},
	"tunnel":             {"plaintext"},
	"tried":              {},
	"plaintext":          {},
	"filename":           {"plaintext"},
	"record":             {"fbs", "i18n", "plaintext"},
	"partfile":           {},
	"seal/sealtest":      {},
	"config":             {"i18n", "logs"},
	"logs":               {},
	"doctor":             {"config", "plaintext", "tunnel"},
	"config/generate":    {"config"},
	"manual":             {},
	"novnc-web":          {},
	"i18n":               {},
	"i18n/compile":       {"i18n"},
	"whereto":            {"tunnel"},
	"leaktest":           {},
	"proctest":           {},
	"peer":               {},
	"arguments":          {},
	"rfb":                {"screen", "screen/clipformat"},
	"fbs":                {},
	"film":               {"fbs", "rfb/jpeg", "screen"},
	"agent/recorder":     {"fbs", "rfb"},
	"rfb/jpeg":           {"screen"},
	"rfb/rfbtest":        {},
	"screen/screentest":  {"screen"},
	"tunnel/tunneltest":  {"tunnel"},
	"screen/keysym":      {},
	"screen/drawing":     {"screen"},
	"screen/question":    {"screen", "screen/drawing", "screen/keysym"},
	"screen/clipformat":  {},
	"screen/lifecycle":   {"screen"},
	"screen/ownwindow":   {"screen"},
	"screen/watchdog":    {},
	"screen/program":     {"screen"},
	"screen/exposure":    {"screen"},
	"screen/x11":         {"screen", "screen/keysym", "screen/lifecycle", "screen/ownwindow", "screen/program", "screen/question", "screen/watchdog"},
	"screen/x11/x11test": {"proctest", "screen", "screen/keysym", "screen/screentest"},
	"screen/windows":     {"screen", "screen/clipformat", "screen/exposure", "screen/keysym", "screen/lifecycle", "screen/ownwindow", "screen/program", "screen/question", "screen/watchdog"},
	"screen/portable":    {"screen", "screen/keysym"},
	"screen/native":      {"screen", "screen/portable", "screen/watchdog", "screen/windows", "screen/x11"},
	"agent":              {"fbs", "rfb", "screen", "screen/keysym", "agent/badge", "agent/chat", "agent/choices", "agent/clipboard", "agent/doornumbers", "agent/files", "agent/input", "agent/notes", "agent/parties", "agent/pictures", "agent/pointing", "agent/powerful", "agent/recorder", "agent/refusals", "agent/trace", "consent", "filename", "record", "seal", "tunnel", "plaintext", "tried", "i18n", "logs"},
	"agent/trace":        {"agent/doornumbers", "logs", "rfb", "screen", "seal", "tunnel"},
	"agent/notes":        {"agent/choices", "agent/files", "consent", "fbs", "record", "tunnel"},
	"agent/badge":        {"screen", "screen/drawing", "i18n"},
	"agent/chat":         {"tunnel", "plaintext"},
	"agent/clipboard":    {"rfb", "screen"},
	"agent/choices":      {"agent/powerful", "i18n", "plaintext", "screen"},
	"agent/doornumbers":  {"seal", "tunnel"},
	"agent/files":        {"filename", "tunnel"},
	"agent/input":        {"screen"},
	"agent/parties":      {"agent/doornumbers", "tunnel"},
	"agent/pictures":     {"screen", "screen/drawing"},
	"agent/pointing":     {"screen", "screen/drawing", "plaintext"},
	"agent/powerful":     {},
	"agent/refusals":     {"consent"},
	"agent/terminal":     {"agent", "agent/chat", "agent/choices", "agent/files", "consent", "filename", "i18n", "partfile", "tunnel"},
	"agent/panel":        {"agent", "agent/chat", "agent/choices", "agent/files", "consent", "novnc-web", "peer", "tunnel"},
	"gateway":            {"gateway/audit", "gateway/clock", "gateway/datafile", "tunnel", "rfb", "seal", "whereto", "i18n", "config", "logs"},
	"gateway/audit":      {"gateway/clock", "gateway/datafile"},
	"gateway/clock":      {},
	"gateway/datafile":   {},
	"cmd/lotse/say":      {"i18n", "peer", "plaintext", "rfb", "seal", "tunnel"},
	"cmd/lotse":          {"cmd/lotse/say", "fbs", "film", "filename", "partfile", "record", "gateway", "gateway/audit", "arguments", "peer", "rfb", "screen", "screen/native", "tunnel", "seal", "config", "novnc-web", "whereto", "plaintext", "tried", "doctor", "logs", "manual", "i18n"},
	"cmd/lotse-agent":    {"agent", "agent/trace", "agent/panel", "agent/terminal", "arguments", "screen", "screen/native", "config", "tunnel", "whereto", "plaintext", "tried", "i18n", "logs"},
	"ci/release":         {"manual"},
	"e2e":                {},
	"bench":              {"proctest", "rfb/rfbtest", "screen/x11/x11test"},
	"bench/flood":        {"proctest", "seal", "tunnel"},
	"ci/winedll":         {},
	"ci/sentences":       {},
	"ci/protocol":        {"filename", "agent", "agent/choices", "agent/files", "agent/panel", "consent", "rfb", "screen", "screen/keysym", "tunnel"},
	"ci/demopages":       {"peer"},
}

// TestImportTable checks the imports of all sources against mayImport. It reads the sources
// itself, because go test's cache would not notice files that a child process reads.
func TestImportTable(t *testing.T) {
	seen, used := map[string]bool{}, map[string]map[string]bool{}
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
		pkg := filepath.ToSlash(filepath.Dir(name))
		allowed, known := mayImport[pkg]
		if !known {
			t.Errorf("%s: package %s is not in the import table; add it there and to ARCHITECTURE.md", name, pkg)
			return nil
		}
		seen[pkg] = true
		if used[pkg] == nil {
			used[pkg] = map[string]bool{}
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported := strings.Trim(spec.Path.Value, `"`)
			ours, ok := strings.CutPrefix(imported, "lotse/")
			used[pkg][ours] = true
			if ok && !slices.Contains(allowed, ours) && !strings.HasPrefix(ours, pkg+"/") {
				t.Errorf("%s imports %s: the import table does not allow it", name, imported)
			}
			if strings.HasPrefix(imported, "github.com/amitbet/vnc2video") && pkg != "film" {
				t.Errorf("%s imports the decoder of films, which only film may", name)
			}
			if imported == "C" && pkg != "screen/portable" {
				t.Errorf("%s uses cgo, which only screen/portable may", name)
			}
			if (imported == "unsafe" || strings.HasPrefix(imported, "golang.org/x/sys/")) && !slices.Contains(syscallPackages, path.Clean(pkg)) {
				t.Errorf("%s imports %s: system calls belong into screen/x11 and screen/windows", name, imported)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg, allowed := range mayImport {
		if !seen[pkg] {
			t.Errorf("package %s of the import table was not found", pkg)
			continue
		}
		for _, ours := range allowed {
			if !used[pkg][ours] {
				t.Errorf("%s does not import %s, which the import table allows", pkg, ours)
			}
		}
	}
}

// TestAgentWithoutFilm checks that only lotse's own program decodes recordings: the library that
// does it must not be in the customer's program.
func TestAgentWithoutFilm(t *testing.T) {
	for pkg, allowed := range mayImport {
		if pkg != "cmd/lotse" && slices.Contains(allowed, "film") {
			t.Errorf("%s may import film", pkg)
		}
	}
}

// syscallPackages are the packages that may make system calls. The programs need signals, and a
// console on Windows. whereto reads extended attributes. arguments overwrites the command line
// in memory.
var syscallPackages = []string{"screen/x11", "screen/windows", "i18n", "cmd/lotse", "cmd/lotse-agent", "e2e", "whereto", "peer", "arguments"}
