package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Report is what Verify found.
type Report struct {
	Files, Lines int
	FirstFile    int    // the gateway removes older ones by itself
	Chain        string // of the last line
	Unchained    int    // lines of older versions, covered as a whole by the next file's chain
	Torn         bool   // the last line is incomplete: the gateway is writing it, or crashed
	Expected     bool   // the requested chain is in the trail
}

// Break is the first place where the trail is not what was written.
type Break struct {
	File string // its name; in the data folder
	Line int    // from 1; 0: the whole file
	What string
}

// Error implements error: file, line and what was changed.
func (b *Break) Error() string {
	if b.Line == 0 {
		return fmt.Sprintf("%s: %s", b.File, b.What)
	}
	return fmt.Sprintf("%s:%d: %s", b.File, b.Line, b.What)
}

// Verify checks the audit trail in a data folder, also of a running gateway. The
// error is an *Break where the trail was changed. expect, if not "", is a chain
// that must be in it.
func Verify(data, expect string) (report Report, err error) {
	for range 3 {
		before, _ := olderFiles(data)
		if report, err = verify(data, expect); err == nil {
			break
		}
		if after, _ := olderFiles(data); slices.Equal(before, after) {
			break // else the gateway began another file meanwhile
		}
	}
	return report, err
}

func verify(data, expect string) (Report, error) {
	v := &verifier{dir: data, expect: expect}
	head, err := readHead(data)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return v.report, &Break{headName, 0, "cannot be read: " + err.Error()}
	}
	v.head = head
	olds, err := olderFiles(data)
	if err != nil {
		return v.report, fmt.Errorf("audit trail: %w", err)
	}
	var names []string
	for _, n := range olds {
		names = append(names, olderName(n))
	}
	for _, name := range append(names, newestName) {
		if err := v.file(name); err != nil {
			return v.report, err
		}
	}
	return v.end()
}

// verifier goes through the files in order. It is for one goroutine.
type verifier struct {
	dir, expect string
	head        trailHead
	report      Report

	number    int        // of the last file read
	name      string     // of the last file read
	lines     int        // of the last file read
	oldest    int        // number of the oldest file that should exist, according to the newest
	chain     chainValue // of the last line
	headFound bool
}

func (v *verifier) file(name string) error {
	path := filepath.Join(v.dir, name)
	in, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && name == newestName {
		return &Break{name, 0, "the newest file is missing"}
	}
	if err != nil {
		return fmt.Errorf("audit trail: %w", err)
	}
	defer in.Close()
	lines := newLineReader(in)
	for {
		line, err := lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, errLongLine) {
			return fmt.Errorf("audit trail: %s: %w", name, err)
		}
		covered, claimed, err := splitLine(line)
		if lines.line == 1 {
			var first Record
			if err != nil || json.Unmarshal(covered, &first) != nil || first.Event != File {
				return v.unchained(name, path)
			}
			if err := v.begin(name, first); err != nil {
				return err
			}
		}
		if err != nil {
			return &Break{name, lines.line, err.Error()}
		}
		if v.chain.next(covered) != claimed {
			return &Break{name, lines.line, "this line, or one just before it, was changed, added, removed or put elsewhere"}
		}
		v.follow(lines.line, claimed)
		var r Record
		if json.Unmarshal(covered, &r) == nil && r.Event == Broken {
			return &Break{name, lines.line, "the gateway itself found at a start: " + r.Reason}
		}
	}
	v.report.Files++
	v.report.Torn = lines.torn > 0
	v.name, v.lines = name, lines.line
	if v.report.Torn && name != newestName {
		return &Break{name, lines.line + 1, "the line has no end"}
	}
	return nil
}

// begin checks that a file follows the one before it.
func (v *verifier) begin(name string, first Record) error {
	previous, err := parseChain(first.Previous)
	switch {
	case err != nil:
		return &Break{name, 1, "the line does not say what it follows"}
	case v.report.Files == 0:
		v.chain, v.report.FirstFile = previous, first.File
	case first.File != v.number+1:
		return &Break{name, 1, fmt.Sprintf("file %d follows file %d: files are missing", first.File, v.number)}
	case previous != v.chain:
		return &Break{name, 1, "the end of the file before it is missing or was changed"}
	}
	v.number, v.oldest = first.File, first.Oldest
	return nil
}

// follow notes a good line.
func (v *verifier) follow(line int, chain chainValue) {
	v.chain = chain
	v.report.Lines++
	text := chain.String()
	v.report.Expected = v.report.Expected || text == v.expect
	if v.head.File == v.number && v.head.Line == line {
		v.headFound = text == v.head.Chain
	}
}

// unchained takes a file of an older version as a whole.
func (v *verifier) unchained(name, path string) error {
	if v.report.Files > 0 || name == newestName && v.head != (trailHead{}) {
		return &Break{name, 1, errNoChain.Error()}
	}
	in, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("audit trail: %w", err)
	}
	defer in.Close()
	lines := newLineReader(in)
	for err == nil || errors.Is(err, errLongLine) {
		_, err = lines.next()
	}
	v.report.Unchained = lines.line
	v.report.Files, v.name, v.lines = 1, name, lines.line
	v.chain, err = fileChain(path)
	return err
}

// end checks what is known of the whole.
func (v *verifier) end() (Report, error) {
	v.report.Chain = v.chain.String()
	switch {
	case v.report.FirstFile > v.oldest && v.report.Unchained == 0:
		return v.report, &Break{olderName(v.oldest), 0, fmt.Sprintf("missing: files from %d to %d are not there", v.oldest, v.report.FirstFile-1)}
	case v.head.beyond(v.number, v.lines):
		return v.report, &Break{v.name, v.lines + 1, fmt.Sprintf("the end is missing: %s knows a line %d of file %d", headName, v.head.Line, v.head.File)}
	case v.head != (trailHead{}) && !v.headFound && v.head.File >= v.report.FirstFile:
		return v.report, &Break{v.name, v.head.Line, "not the line that " + headName + " knows: lines were rewritten"}
	case v.expect != "" && !v.report.Expected:
		return v.report, &Break{v.name, 0, "the chain that is expected is nowhere in it: lines were removed or rewritten, or it is older than the oldest file"}
	}
	return v.report, nil
}
