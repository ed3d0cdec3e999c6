package main

import (
	"fmt"
	"os"

	"lotse/agent/trace"
)

// maxTrace is the maximum size of the file of --trace, in bytes.
const maxTrace = 50 << 20

// openTrace creates the file and a trace that writes to it. If file is "", t is nil. A disk
// that blocks delays only the lines.
func openTrace(file string) (t *trace.Log, stop func(), err error) {
	if file == "" {
		return nil, func() {}, nil
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("--trace: %w", err)
	}
	w := newLogWriter(f)
	w.missing = `{"area":"agent","event":"lines are missing","lines":%d}` + "\n"
	go w.run()
	return trace.New(w, maxTrace), func() {
		w.close()
		_ = f.Close()
	}, nil
}
