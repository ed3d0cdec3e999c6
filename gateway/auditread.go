package gateway

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
)

// auditLines reads a file of the trail line by line. It must not be used concurrently.
type auditLines struct {
	r    *bufio.Reader
	line int   // number of the line last read, from 1
	good int64 // bytes of complete lines
	torn int64 // bytes after the last line feed
}

var errLongLine = errors.New("the line is too long")

func newAuditLines(r io.Reader) *auditLines {
	return &auditLines{r: bufio.NewReaderSize(r, maxAuditLine)}
}

// next returns a line without its line feed. The line is valid until the next call. After the last
// complete line next returns io.EOF.
func (l *auditLines) next() ([]byte, error) {
	b, err := l.r.ReadSlice('\n')
	size := int64(len(b))
	for errors.Is(err, bufio.ErrBufferFull) { // the contents of a long line are dropped
		b, err = l.r.ReadSlice('\n')
		size += int64(len(b))
	}
	if err != nil {
		l.torn = size
		return nil, err
	}
	l.line++
	l.good += size
	if size > maxAuditLine {
		return nil, errLongLine
	}
	return bytes.TrimSuffix(b, []byte("\n")), nil
}

// auditEnd describes the end of a file of the trail.
type auditEnd struct {
	old    bool // there is no chain: an older version wrote the file
	file   int  // its number
	lines  int
	good   int64 // bytes of complete lines
	torn   int64 // bytes after them
	broken int   // the first line whose chain is wrong; 0: none
	chain  chainValue
}

// readAuditEnd reads a whole file and continues after damaged lines. New lines follow the chain
// written in the last readable line.
func readAuditEnd(path string) (end auditEnd, err error) {
	in, err := os.Open(path)
	if err != nil {
		return end, err
	}
	defer in.Close()
	lines := newAuditLines(in)
	for {
		line, err := lines.next()
		if errors.Is(err, io.EOF) {
			end.lines, end.good, end.torn = lines.line, lines.good, lines.torn
			return end, nil
		}
		if err != nil && !errors.Is(err, errLongLine) {
			return end, err
		}
		covered, claimed, err := splitLine(line)
		switch {
		case lines.line == 1:
			var first AuditRecord
			if err != nil || json.Unmarshal(covered, &first) != nil || first.Event != AuditFile {
				end.old, end.lines = true, 1
				return end, nil
			}
			end.file = first.File
			end.chain, _ = parseChain(first.Previous) // a wrong value makes the comparison below fail
			fallthrough
		case err == nil:
			if end.chain.next(covered) != claimed && end.broken == 0 {
				end.broken = lines.line
			}
			end.chain = claimed
		case end.broken == 0:
			end.broken = lines.line
		}
	}
}
