package record

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"lotse/plaintext"
)

// Limits of a record. What comes after them is only counted.
const (
	MaxLines = 2000
	MaxBytes = 512 << 10 // of all lines
)

// reserved is what a full record still takes: the count of what was left out, and the end.
const reserved = 2

// Log is the record of one session. The zero value is ready to use. Methods must not be called
// concurrently.
type Log struct {
	lines   []string
	size    int // in bytes
	leftOut int
	over    bool // the last line says the end
	own     []Entry
}

// Add adds an entry at the customer's side and returns the new lines: none if the record is full
// or complete, and two if it says before its end what was left out.
func (l *Log) Add(e Entry) []string {
	line := e.line()
	switch {
	case l.over || line == "":
		return nil
	case e.Event == Over:
		l.over = true
	case len(l.lines) >= MaxLines-reserved || l.size+len(line) > MaxBytes-reserved*MaxLine:
		l.leftOut++
		return nil
	}
	first := len(l.lines)
	if e.Event == Over && l.leftOut > 0 {
		l.put(Entry{Time: e.Time, Event: LeftOut, Count: l.leftOut}.line())
	}
	l.put(line)
	return l.lines[first:]
}

func (l *Log) put(line string) {
	l.lines = append(l.lines, line)
	l.size += len(line) + 1
}

// ErrLines means that the lines that arrived cannot be part of the same record.
var ErrLines = errors.New("record: these lines do not belong to the record")

// Take takes lines from the customer's side. The first of them is line number first, counted from
// 0. Lines that are known already may come again. It returns the entries that are new. With
// ErrLines, nothing is taken: a line is missing, differs from what is known, is no JSON object, or
// is too much.
func (l *Log) Take(first int, lines []string) ([]Entry, error) {
	if first < 0 || first > len(l.lines) {
		return nil, ErrLines
	}
	known := min(len(l.lines)-first, len(lines))
	for i, line := range lines[:known] {
		if line != l.lines[first+i] {
			return nil, ErrLines
		}
	}
	fresh := lines[known:]
	size := l.size
	entries := make([]Entry, 0, len(fresh))
	for _, line := range fresh {
		e, ok := parse(line)
		size += len(line) + 1
		if !ok || strings.ContainsAny(line, "\r\n") || !utf8.ValidString(line) || size > MaxBytes {
			return nil, ErrLines
		}
		entries = append(entries, e)
	}
	if len(l.lines)+len(fresh) > MaxLines {
		return nil, ErrLines
	}
	for i, line := range fresh {
		l.put(line)
		l.over = l.over || entries[i].Event == Over
	}
	return entries, nil
}

// Len returns how many lines there are.
func (l *Log) Len() int { return len(l.lines) }

// Complete reports whether the record says the end of the session.
func (l *Log) Complete() bool { return l.over }

// maxBatch is how much of the record one message of the control stream carries, in bytes. As a
// JSON string a line may become twice as long.
const maxBatch = 7 << 10

// MaxBatches is the maximum number of pieces that Batches returns: each but the last is longer than
// maxBatch less one line.
const MaxBatches = MaxBytes/(maxBatch-MaxLine) + 1

// Batches returns all lines in pieces that each fit into a message of the control stream.
func (l *Log) Batches() [][]string {
	var batches [][]string
	first, size := 0, 0
	for i, line := range l.lines {
		if size += len(line); size > maxBatch {
			batches = append(batches, l.lines[first:i])
			first, size = i, len(line)
		}
	}
	if first < len(l.lines) {
		batches = append(batches, l.lines[first:])
	}
	return batches
}

// SHA256 returns the hash of all lines, each with its line feed, in hexadecimal.
func (l *Log) SHA256() string {
	h := sha256.New()
	for _, line := range l.lines {
		_, _ = io.WriteString(h, line+"\n")
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Limits of a note; the rest of it is left out.
const (
	MaxNoteLines = 100
	MaxNoteLine  = 500 // in characters
)

// Note adds a note of this side, which may have several lines. It is saved after the hash and is
// not part of it.
func (l *Log) Note(text string, at time.Time) {
	for line := range strings.Lines(text) {
		if line = plaintext.Line(strings.TrimSpace(line), MaxNoteLine); line != "" && len(l.own) < MaxNoteLines {
			l.own = append(l.own, Entry{Time: at, Event: Note, Text: line})
		}
	}
}

// JSON returns the record as it is saved: its lines, then a line with their count and hash, then
// the notes of this side.
func (l *Log) JSON() string {
	var b strings.Builder
	for _, line := range l.lines {
		b.WriteString(line + "\n")
	}
	var last time.Time
	if n := len(l.lines); n > 0 {
		e, _ := parse(l.lines[n-1])
		last = e.Time
	}
	b.WriteString(Entry{Time: last, Event: Hash, Count: len(l.lines), SHA256: l.SHA256()}.line() + "\n")
	for _, e := range l.own {
		b.WriteString(e.line() + "\n")
	}
	return b.String()
}

// Read reads a record as JSON returns it. It returns an error that says what is wrong and where: a
// line that is no entry, a hash that does not fit, or none. Whether the record is complete must be
// asked for.
func Read(r io.Reader) (*Log, error) {
	l := new(Log)
	lines := bufio.NewScanner(io.LimitReader(r, MaxBytes+(MaxNoteLines+1)*MaxLine))
	lines.Buffer(make([]byte, 0, MaxLine), MaxLine+2)
	hashed := false
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		e, ok := parse(line)
		switch {
		case !ok:
			return nil, fmt.Errorf("line %d is not a line of a record", n)
		case hashed && e.Event == Note && len(l.own) < MaxNoteLines:
			l.own = append(l.own, e)
		case hashed:
			return nil, fmt.Errorf("line %d is after the hash and is no note", n)
		case e.Event != Hash:
			if _, err := l.Take(l.Len(), []string{line}); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
		case e.Count != l.Len() || e.SHA256 != l.SHA256():
			return nil, fmt.Errorf("the %d lines before line %d were changed: their SHA-256 is %s, but %s is written there",
				l.Len(), n, l.SHA256(), e.SHA256)
		default:
			hashed = true
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("after %d lines: %w", l.Len(), err)
	}
	if !hashed {
		return nil, errors.New("the line with the hash is missing, so this is not the whole of a record")
	}
	return l, nil
}

// Entries returns all lines as entries, without the notes.
func (l *Log) Entries() []Entry {
	entries := make([]Entry, len(l.lines))
	for i, line := range l.lines {
		entries[i], _ = parse(line)
	}
	return entries
}
