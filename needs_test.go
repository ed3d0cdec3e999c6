package lotse

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// namedPackage finds the Debian packages that tests name for the programs that they need.
var namedPackage = regexp.MustCompile(`(?:pkg: |need\([\w.]+, "[^"]+", )"([^"]+)"`)

// TestNeeds checks that `make test` installs every program that a test of whole programs needs. A
// machine that has such a program already cannot show that it is missing from the list.
func TestNeeds(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("e2e/*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	found := map[string]bool{"nodejs": true} // README.md asks for Node and npm
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range namedPackage.FindAllSubmatch(text, -1) {
			for _, pkg := range strings.Fields(string(m[1])) {
				if !found[pkg] && !regexp.MustCompile(`=`+regexp.QuoteMeta(pkg)+`(\s|$)`).Match(makefile) {
					t.Errorf("%s needs the package %s, which needs-test in the Makefile does not install", name, pkg)
				}
				found[pkg] = true
			}
		}
	}
	if len(found) < 15 {
		t.Errorf("only %d packages were found: does namedPackage still match?", len(found))
	}
}
