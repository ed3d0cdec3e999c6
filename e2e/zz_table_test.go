package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "write the table of viewers into README.md")

// The table of viewers in README.md stands between these lines; it is written
// by `go test ./e2e -update`, from what was seen working in that run.
const (
	tableStart = "<!-- viewers: written by go test ./e2e -update -->"
	tableEnd   = "<!-- end of viewers -->"
	tableHead  = "| viewer | version | door | seen working |\n|---|---|---|---|\n"
)

var seen struct {
	sync.Mutex
	rows []tableRow
}

type tableRow struct{ viewer, version, door, works string }

// works notes for the table what a viewer, from a Debian package, did by a door.
func works(viewer, pkg, door string, what ...string) {
	version := "?"
	if out, err := exec.Command("dpkg-query", "-W", "-f", "${Version}", strings.Fields(pkg)[0]).Output(); err == nil {
		version, _, _ = strings.Cut(string(out), "-")
		_, version, _ = cutLast(version, ":")
	}
	seen.Lock()
	defer seen.Unlock()
	seen.rows = append(seen.rows, tableRow{viewer, version, door, strings.Join(what, ", ")})
}

// cutLast is strings.Cut at the last sep; without one, all of it is behind.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", s, false
}

// TestZViewerTable runs last: what was seen is what README.md says.
func TestZViewerTable(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(readme), tableStart)
	table, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatalf("README.md has no place for the table: %s … %s", tableStart, tableEnd)
	}
	rows := slices.Clone(seen.rows)
	slices.SortStableFunc(rows, func(a, b tableRow) int { return strings.Compare(a.door+a.viewer, b.door+b.viewer) })
	if *update {
		var b strings.Builder
		for _, r := range rows {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.viewer, r.version, r.door, r.works)
		}
		if err := os.WriteFile("../README.md", []byte(before+tableStart+"\n"+tableHead+b.String()+tableEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, r := range rows {
		found := false
		for _, line := range strings.Split(table, "\n") {
			found = found || strings.HasPrefix(line, "| "+r.viewer+" |") && strings.Contains(line, "| "+r.door+" | "+r.works+" |")
		}
		if !found {
			t.Errorf("README.md does not say: %s by %s: %s", r.viewer, r.door, r.works)
		}
	}
}
