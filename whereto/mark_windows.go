package whereto

import (
	"io"
	"os"
)

// readMark reads the file's alternate data stream.
func readMark(path string) mark {
	f, err := os.Open(path + ":Zone.Identifier")
	if err != nil {
		return mark{} // not downloaded, or a file system without streams
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, maxMark))
	return parseZone(text)
}
