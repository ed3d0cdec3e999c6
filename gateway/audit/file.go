package audit

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"lotse/gateway/clock"
	"lotse/gateway/datafile"
)

// Files of the audit trail in the data folder. audit.jsonl is the newest; older files are numbered.
// audit.head records where the trail ended about a second ago.
const (
	newestName = "audit.jsonl"
	headName   = "audit.head"
)

var olderPattern = regexp.MustCompile(`^audit-([0-9]{8})\.jsonl$`)

func olderName(n int) string { return fmt.Sprintf("audit-%08d.jsonl", n) }

// trailHead is the content of audit.head.
type trailHead struct {
	File  int    `json:"file"`
	Line  int    `json:"line"` // of that file, from 1
	Chain string `json:"chain"`
}

// beyond reports whether the trail went on behind a line of a file.
func (h trailHead) beyond(file, line int) bool {
	return h.File > file || h.File == file && h.Line > line
}

// trailFile appends lines to the newest file of the trail. It is for one goroutine.
type trailFile struct {
	// Static after openFile.
	dir   string
	most  int64
	files int
	log   *slog.Logger
	clock clock.Clock

	file    *os.File // nil after close
	number  int
	size    int64
	lines   int
	chain   chainValue
	settled trailHead // what audit.head says
}

// openFile continues the newest file. What is wrong with its end is repaired or
// left as it is, noted in the log and in the trail, and no reason not to start.
func openFile(dir string, most int64, files int, log *slog.Logger, clock clock.Clock) (*trailFile, error) {
	f := &trailFile{dir: dir, most: most, files: files, log: log, clock: clock}
	notes, err := f.goOn()
	if err == nil && len(notes) > 0 {
		err = f.append(notes)
	}
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// goOn opens the newest file and returns what is not as it was left.
func (f *trailFile) goOn() (notes []Record, err error) {
	path := f.at(newestName)
	end, err := readEnd(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && end.lines == 0:
		return f.afterOlds()
	case err != nil:
		return nil, err
	case end.old:
		return nil, f.afterUnchained(path)
	}
	f.number, f.lines, f.chain, f.size = end.file, end.lines, end.chain, end.good
	if f.file, err = os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return nil, err
	}
	notes = f.repair(end)
	if end.broken > 0 {
		// The next lines go to a new file: a chain computed over damaged lines would confirm them.
		err = f.rotate()
	}
	return notes, err
}

func (f *trailFile) at(name string) string { return filepath.Join(f.dir, name) }

func (f *trailFile) note(event, reason string, bytes int64) Record {
	f.log.Error("audit trail: "+reason, "file", newestName, "event", event)
	return Record{Time: f.clock.Now().UTC().Truncate(time.Millisecond), Event: event, Reason: reason, Bytes: bytes}
}

// repair takes a torn line off the file and says what is not as it was left.
func (f *trailFile) repair(end fileEnd) (notes []Record) {
	if end.torn > 0 {
		if err := f.file.Truncate(end.good); err != nil {
			end.broken = max(end.broken, end.lines) // the next line begins in a file of its own
			notes = append(notes, f.note(Broken, "the last line is torn and could not be taken off", end.torn))
		} else {
			notes = append(notes, f.note(Recovered, "the last line was torn; it was taken off", end.torn))
		}
	}
	if end.broken > 0 {
		notes = append(notes, f.note(Broken, fmt.Sprintf("line %d does not follow the one before it", end.broken), 0))
	}
	if head, err := readHead(f.dir); err == nil && head.beyond(f.number, f.lines) {
		notes = append(notes, f.note(Broken, fmt.Sprintf("the end is missing: there was a line %d in file %d", head.Line, head.File), 0))
	}
	return notes
}

// afterOlds begins a trail, or goes on with one whose newest file is gone or empty.
func (f *trailFile) afterOlds() (notes []Record, err error) {
	olds, err := olderFiles(f.dir)
	if err != nil {
		return nil, err
	}
	f.number = -1
	if len(olds) > 0 {
		f.number = olds[len(olds)-1]
		if f.chain, err = fileChain(f.at(olderName(f.number))); err != nil {
			return nil, err
		}
	}
	if head, err := readHead(f.dir); err == nil && head.beyond(f.number, 1<<30) {
		notes = append(notes, f.note(Broken, fmt.Sprintf("file %d is missing; it had %d lines", head.File, head.Line), 0))
		f.number = head.File // no number twice
	}
	f.number = max(f.number, 0)
	return notes, f.begin()
}

// afterUnchained keeps the file of an older version, which has no chain: its SHA-256
// is what the next file follows.
func (f *trailFile) afterUnchained(path string) error {
	olds, err := olderFiles(f.dir)
	if err != nil {
		return err
	}
	if len(olds) > 0 {
		f.number = olds[len(olds)-1] + 1
	}
	if f.chain, err = fileChain(path); err != nil {
		return err
	}
	if err := os.Rename(path, f.at(olderName(f.number))); err != nil {
		return err
	}
	return f.begin()
}

// fileChain returns the chain with which the next file starts: the chain of this file's last line,
// or the file's SHA-256 if it has no chain.
func fileChain(path string) (c chainValue, err error) {
	end, err := readEnd(path)
	if err != nil || !end.old {
		return end.chain, err
	}
	in, err := os.Open(path)
	if err != nil {
		return c, err
	}
	defer in.Close()
	h := sha256.New()
	_, err = io.Copy(h, in)
	h.Sum(c[:0])
	return c, err
}

// begin makes the next file. Its first line is written with the next ones, so that
// there is none without, whatever fails in between.
func (f *trailFile) begin() error {
	file, err := os.OpenFile(f.at(newestName), os.O_APPEND|os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	f.file, f.size, f.lines = file, 0, 0
	f.number++
	return nil
}

// first is the first line of a file.
func (f *trailFile) first() (Record, error) {
	olds, err := olderFiles(f.dir)
	if err != nil {
		return Record{}, err
	}
	return Record{Time: f.clock.Now().UTC().Truncate(time.Millisecond), Event: File,
		File: f.number, Oldest: append(olds, f.number)[0], Previous: f.chain.String()}, nil
}

// rotate puts the newest file aside and begins another; of the oldest only as many
// are kept as the operator wants.
func (f *trailFile) rotate() error {
	if err := f.settle(); err != nil {
		return err
	}
	if err := f.file.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.at(newestName), f.at(olderName(f.number))); err != nil {
		return err
	}
	olds, err := olderFiles(f.dir)
	if err != nil {
		return err
	}
	for len(olds) > f.files {
		if err := os.Remove(f.at(olderName(olds[0]))); err != nil {
			return err
		}
		olds = olds[1:]
	}
	return f.begin()
}

// append writes records in one piece, or none of them: what was written of them is
// taken off again.
func (f *trailFile) append(records []Record) error {
	if f.file == nil {
		return fs.ErrClosed
	}
	if f.size >= f.most && f.lines > 1 {
		if err := f.rotate(); err != nil {
			f.log.Error("audit trail: no new file; the old one goes on", "error", err)
			if err := f.reopen(); err != nil {
				return err
			}
		}
	}
	if f.lines == 0 {
		first, err := f.first()
		if err != nil {
			return err
		}
		records = append([]Record{first}, records...)
	}
	var out []byte
	chain := f.chain
	for _, r := range records {
		var err error
		if out, chain, err = chain.appendLine(out, r); err != nil {
			return err
		}
	}
	n, err := f.file.Write(out)
	if err != nil {
		if n > 0 {
			err = errors.Join(err, f.file.Truncate(f.size))
		}
		return err
	}
	f.size += int64(n)
	f.lines += len(records)
	f.chain = chain
	return nil
}

// reopen goes on with the newest file after a rotation that failed half way.
func (f *trailFile) reopen() error {
	_ = f.file.Close()
	file, err := os.OpenFile(f.at(newestName), os.O_APPEND|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return f.begin()
	}
	if err == nil {
		f.file = file
	}
	return err
}

// settle makes sure that what was written stays, and tells audit.head.
func (f *trailFile) settle() error {
	head := trailHead{File: f.number, Line: f.lines, Chain: f.chain.String()}
	if f.file == nil || f.lines == 0 || head == f.settled {
		return nil
	}
	if err := f.file.Sync(); err != nil {
		return err
	}
	b, err := json.Marshal(head)
	if err == nil {
		err = datafile.Replace(f.at(headName), append(b, '\n'))
	}
	if err == nil {
		f.settled = head
	}
	return err
}

func (f *trailFile) close() error {
	if f.file == nil {
		return nil
	}
	err := errors.Join(f.settle(), f.file.Close())
	f.file = nil
	return err
}

// olderFiles are the numbers of the older files, in order.
func olderFiles(dir string) (out []int, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if m := olderPattern.FindStringSubmatch(e.Name()); m != nil {
			n, err := strconv.Atoi(m[1])
			if err != nil {
				return nil, err
			}
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, nil
}

func readHead(dir string) (h trailHead, err error) {
	b, err := os.ReadFile(filepath.Join(dir, headName))
	if err != nil {
		return h, err
	}
	return h, json.Unmarshal(b, &h)
}
