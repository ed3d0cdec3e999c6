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

// A log that nobody reads holds nothing up, and what was left out is said.
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

// The end does not wait for a reader for long.
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
		r.Close() // now it can be written nowhere
	})
}
