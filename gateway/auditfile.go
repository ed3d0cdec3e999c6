package gateway

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
)

// Files of the audit trail in the data folder. audit.jsonl is the newest; older files are numbered.
// audit.head records where the trail ended about a second ago.
const (
	auditName     = "audit.jsonl"
	auditHeadName = "audit.head"
)

var auditOldName = regexp.MustCompile(`^audit-([0-9]{8})\.jsonl$`)

func auditOld(n int) string { return fmt.Sprintf("audit-%08d.jsonl", n) }

// auditHead is the content of audit.head.
type auditHead struct {
	File  int    `json:"file"`
	Line  int    `json:"line"` // of that file, from 1
	Chain string `json:"chain"`
}

// beyond reports whether h is after the given line of the given file.
func (h auditHead) beyond(file, line int) bool {
	return h.File > file || h.File == file && h.Line > line
}

// auditFile appends lines to the newest file of the trail. It must not be used concurrently.
type auditFile struct {
	// Static after openAuditFile.
	dir   string
	most  int64
	files int
	log   *slog.Logger
	clock Clock

	file    *os.File // nil after close
	number  int
	size    int64
	lines   int
	chain   chainValue
	settled auditHead // content of audit.head
}

// openAuditFile continues the newest file. If its end is damaged, it repairs the damage where
// possible and reports it in the log and in the trail. Damage does not prevent the start.
func openAuditFile(dir string, most int64, files int, log *slog.Logger, clock Clock) (*auditFile, error) {
	f := &auditFile{dir: dir, most: most, files: files, log: log, clock: clock}
	notes, err := f.goOn()
	if err == nil && len(notes) > 0 {
		err = f.append(notes)
	}
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// goOn opens the newest file and returns records about damage that it found.
func (f *auditFile) goOn() (notes []AuditRecord, err error) {
	path := f.at(auditName)
	end, err := readAuditEnd(path)
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

func (f *auditFile) at(name string) string { return filepath.Join(f.dir, name) }

func (f *auditFile) note(event, reason string, bytes int64) AuditRecord {
	f.log.Error("audit trail: "+reason, "file", auditName, "event", event)
	return AuditRecord{Time: f.clock.Now().UTC().Truncate(time.Millisecond), Event: event, Reason: reason, Bytes: bytes}
}

// repair removes an incomplete last line and returns records about the damage.
func (f *auditFile) repair(end auditEnd) (notes []AuditRecord) {
	if end.torn > 0 {
		if err := f.file.Truncate(end.good); err != nil {
			end.broken = max(end.broken, end.lines) // the next line starts a new file
			notes = append(notes, f.note(AuditBroken, "the last line is torn and could not be taken off", end.torn))
		} else {
			notes = append(notes, f.note(AuditRecovered, "the last line was torn; it was taken off", end.torn))
		}
	}
	if end.broken > 0 {
		notes = append(notes, f.note(AuditBroken, fmt.Sprintf("line %d does not follow the one before it", end.broken), 0))
	}
	if head, err := readAuditHead(f.dir); err == nil && head.beyond(f.number, f.lines) {
		notes = append(notes, f.note(AuditBroken, fmt.Sprintf("the end is missing: there was a line %d in file %d", head.Line, head.File), 0))
	}
	return notes
}

// afterOlds starts a trail, or continues one whose newest file is missing or empty.
func (f *auditFile) afterOlds() (notes []AuditRecord, err error) {
	olds, err := auditOlds(f.dir)
	if err != nil {
		return nil, err
	}
	f.number = -1
	if len(olds) > 0 {
		f.number = olds[len(olds)-1]
		if f.chain, err = fileChain(f.at(auditOld(f.number))); err != nil {
			return nil, err
		}
	}
	if head, err := readAuditHead(f.dir); err == nil && head.beyond(f.number, 1<<30) {
		notes = append(notes, f.note(AuditBroken, fmt.Sprintf("file %d is missing; it had %d lines", head.File, head.Line), 0))
		f.number = head.File // no file number is used twice
	}
	f.number = max(f.number, 0)
	return notes, f.begin()
}

// afterUnchained keeps a file written by an older version, which has no chain. The next file's
// chain starts from the SHA-256 of that file.
func (f *auditFile) afterUnchained(path string) error {
	olds, err := auditOlds(f.dir)
	if err != nil {
		return err
	}
	if len(olds) > 0 {
		f.number = olds[len(olds)-1] + 1
	}
	if f.chain, err = fileChain(path); err != nil {
		return err
	}
	if err := os.Rename(path, f.at(auditOld(f.number))); err != nil {
		return err
	}
	return f.begin()
}

// fileChain returns the chain with which the next file starts: the chain of this file's last line,
// or the file's SHA-256 if it has no chain.
func fileChain(path string) (c chainValue, err error) {
	end, err := readAuditEnd(path)
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

// begin creates the next file. Its first line is written together with the first records, so that
// no file starts with anything else even if a write fails.
func (f *auditFile) begin() error {
	file, err := os.OpenFile(f.at(auditName), os.O_APPEND|os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	f.file, f.size, f.lines = file, 0, 0
	f.number++
	return nil
}

// first returns the first record of a file.
func (f *auditFile) first() (AuditRecord, error) {
	olds, err := auditOlds(f.dir)
	if err != nil {
		return AuditRecord{}, err
	}
	return AuditRecord{Time: f.clock.Now().UTC().Truncate(time.Millisecond), Event: AuditFile,
		File: f.number, Oldest: append(olds, f.number)[0], Previous: f.chain.String()}, nil
}

// rotate renames the newest file and starts another. It removes the oldest files beyond the number
// that the operator configured.
func (f *auditFile) rotate() error {
	if err := f.settle(); err != nil {
		return err
	}
	if err := f.file.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.at(auditName), f.at(auditOld(f.number))); err != nil {
		return err
	}
	olds, err := auditOlds(f.dir)
	if err != nil {
		return err
	}
	for len(olds) > f.files {
		if err := os.Remove(f.at(auditOld(olds[0]))); err != nil {
			return err
		}
		olds = olds[1:]
	}
	return f.begin()
}

// append writes all records in one write. After a failed write it truncates the file, so that none
// of them remains.
func (f *auditFile) append(records []AuditRecord) error {
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
		records = append([]AuditRecord{first}, records...)
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

// reopen continues the newest file after a rotation that failed half way.
func (f *auditFile) reopen() error {
	_ = f.file.Close()
	file, err := os.OpenFile(f.at(auditName), os.O_APPEND|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return f.begin()
	}
	if err == nil {
		f.file = file
	}
	return err
}

// settle syncs the file to disk and then updates audit.head.
func (f *auditFile) settle() error {
	head := auditHead{File: f.number, Line: f.lines, Chain: f.chain.String()}
	if f.file == nil || f.lines == 0 || head == f.settled {
		return nil
	}
	if err := f.file.Sync(); err != nil {
		return err
	}
	b, err := json.Marshal(head)
	if err == nil {
		err = replaceFile(f.at(auditHeadName), append(b, '\n'))
	}
	if err == nil {
		f.settled = head
	}
	return err
}

func (f *auditFile) close() error {
	if f.file == nil {
		return nil
	}
	err := errors.Join(f.settle(), f.file.Close())
	f.file = nil
	return err
}

// auditOlds returns the numbers of the older files in ascending order.
func auditOlds(dir string) (out []int, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if m := auditOldName.FindStringSubmatch(e.Name()); m != nil {
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

func readAuditHead(dir string) (h auditHead, err error) {
	b, err := os.ReadFile(filepath.Join(dir, auditHeadName))
	if err != nil {
		return h, err
	}
	return h, json.Unmarshal(b, &h)
}
