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

var (
	update  = flag.Bool("update", false, "write the table of viewers into docs/viewers.md")
	allRows = flag.Bool("rows", false, "all tests of the table's rows are selected: each row of docs/viewers.md must be seen")
)

// The table of viewers in docs/viewers.md is between these lines. `go test ./e2e -update`
// writes it from what worked in that run.
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

// works records for the table what a viewer of a Debian package did through a door.
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

// cutLast is strings.Cut at the last sep. Without a sep, s is returned as after.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", s, false
}

// TestZViewerTable checks that the table in docs/viewers.md lists what worked, and nothing
// else. Its name makes it run last.
func TestZViewerTable(t *testing.T) {
	readme, err := os.ReadFile("../docs/viewers.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(readme), tableStart)
	table, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatalf("docs/viewers.md has no place for the table: %s … %s", tableStart, tableEnd)
	}
	rows := slices.Clone(seen.rows)
	if *update {
		if err := os.WriteFile("../docs/viewers.md", []byte(before+tableStart+"\n"+tableHead+written(rows)+tableEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, problem := range tableProblems(table, rows, allRan()) {
		t.Error(problem)
	}
}

// allRan reports whether this run includes all tests that call works: no test was selected or
// skipped, or -rows says so.
func allRan() bool {
	return *allRows || flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == ""
}

// written formats the table's body.
func written(rows []tableRow) string {
	slices.SortStableFunc(rows, func(a, b tableRow) int { return strings.Compare(a.door+a.viewer, b.door+b.viewer) })
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.viewer, r.version, r.door, r.works)
	}
	return b.String()
}

// tableProblems compares a table with what worked in this run. It ignores versions, which
// differ between machines. If not all tests ran, a row that did not occur in this run is no
// problem.
func tableProblems(table string, rows []tableRow, all bool) (problems []string) {
	var stand, saw []tableRow
	head := strings.Split(tableHead, "\n")
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(line)
		cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(line, "| "), " |"), " | ")
		switch {
		case line == "" || slices.Contains(head, line):
		case len(cells) != 4:
			problems = append(problems, "docs/viewers.md: no row of the table: "+line)
		default:
			row := tableRow{viewer: cells[0], door: cells[2], works: cells[3]}
			if slices.Contains(stand, row) {
				problems = append(problems, "docs/viewers.md says twice: "+line)
			}
			stand = append(stand, row)
		}
	}
	for _, r := range rows {
		r.version = ""
		saw = append(saw, r)
		if !slices.Contains(stand, r) {
			problems = append(problems, fmt.Sprintf("docs/viewers.md does not say: %s by %s: %s", r.viewer, r.door, r.works))
		}
	}
	for _, r := range stand {
		if all && !slices.Contains(saw, r) {
			problems = append(problems, fmt.Sprintf("docs/viewers.md says, but no test saw: %s by %s: %s", r.viewer, r.door, r.works))
		}
	}
	return problems
}

// TestTableProblems checks that a row missing on either side is reported.
func TestTableProblems(t *testing.T) {
	rows := []tableRow{{"A", "1", "`lotse view`", "picture, end"}, {"B", "2", "repeater", "picture"}}
	table := "\n" + tableHead + written(rows)
	for _, c := range []struct {
		name  string
		table string
		rows  []tableRow
		all   bool
		want  int
	}{
		{"the same", table, rows, true, 0},
		{"another version", table, []tableRow{{"A", "3", "`lotse view`", "picture, end"}, rows[1]}, true, 0},
		{"seen twice", table, append(rows, rows...), true, 0},
		{"not in the table", "\n" + tableHead + written(rows[:1]), rows, true, 1},
		{"an empty table", "\n" + tableHead, rows, false, 2},
		{"not seen", table, rows[:1], true, 1},
		{"not seen, and not asked for", table, rows[:1], false, 0},
		{"less was seen", table, []tableRow{{"A", "1", "`lotse view`", "picture"}, rows[1]}, true, 2},
		{"twice in the table", table + written(rows[:1]), rows, true, 1},
		{"no row", table + "| C | 1 |\n", rows, true, 1},
	} {
		if got := tableProblems(c.table, c.rows, c.all); len(got) != c.want {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}
