package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
)

// lineReader reads a file of the trail line by line. It is for one goroutine.
type lineReader struct {
	r    *bufio.Reader
	line int   // number of the line last read, from 1
	good int64 // bytes of complete lines
	torn int64 // bytes after the last line feed
}

var errLongLine = errors.New("the line is too long")

func newLineReader(r io.Reader) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, maxLine)}
}

// next returns a line without its end, valid until the next call; io.EOF after the
// last whole one.
func (l *lineReader) next() ([]byte, error) {
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
	if size > maxLine {
		return nil, errLongLine
	}
	return bytes.TrimSuffix(b, []byte("\n")), nil
}

// fileEnd is what a file of the trail ends with.
type fileEnd struct {
	old    bool // there is no chain: the file is of an older version
	file   int  // its number
	lines  int
	good   int64 // bytes of complete lines
	torn   int64 // bytes after them
	broken int   // the first line whose chain is wrong; 0: none
	chain  chainValue
}

// readEnd reads a whole file, and goes on behind what is broken: the chain that
// the last good line claims is what new lines follow.
func readEnd(path string) (end fileEnd, err error) {
	in, err := os.Open(path)
	if err != nil {
		return end, err
	}
	defer in.Close()
	lines := newLineReader(in)
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
			var first Record
			if err != nil || json.Unmarshal(covered, &first) != nil || first.Event != File {
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
