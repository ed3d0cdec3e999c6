package main

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestLogThatNobodyReads checks that a log without a reader delays nothing, and that the number
// of lines left out is reported.
func TestLogThatNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		l := newLogWriter(w)
		go l.run()
		began := time.Now()
		for i := range 3 * logLines {
			_, _ = l.Write([]byte(strconv.Itoa(i) + "\n"))
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("writing took %v", took)
		}
		var read bytes.Buffer
		over := make(chan struct{})
		go func() {
			defer close(over)
			_, _ = io.Copy(&read, r)
		}()
		l.close()
		w.Close()
		<-over
		if !strings.HasPrefix(read.String(), "0\n") || !strings.Contains(read.String(), " lines of the log were left out") {
			t.Errorf("read:\n%.200s", read.String())
		}
	})
}

// TestLogAtTheEnd checks that the end waits for a reader for one second only.
func TestLogAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		l := newLogWriter(w)
		go l.run()
		_, _ = l.Write([]byte("line\n"))
		began := time.Now()
		l.close()
		if took := time.Since(began); took != time.Second {
			t.Errorf("the end took %v", took)
		}
		r.Close() // now the line cannot be written
	})
}
