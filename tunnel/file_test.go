package tunnel

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const testFile = "0123456789abcdefghijkl"

func TestFileHeader(t *testing.T) {
	sent := FileHeader{File: testFile}.Append(nil)
	r := bytes.NewReader(append(sent, "rest"...))
	h, err := ReadFileHeader(r)
	if rest, _ := io.ReadAll(r); err != nil || h.File != testFile || string(rest) != "rest" {
		t.Errorf("%+v, %v, and %q follows", h, err, rest)
	}
	for _, bad := range []string{
		"", "\n", "{}\n", `{"file":""}` + "\n", `{"file":"../../../../../etc/pas"}` + "\n", `{"file":"` + testFile + `"}`,
		`{"file":"` + testFile + `"` + strings.Repeat(" ", MaxFileHeader) + "}\n", "null\n", "[]\n",
	} {
		if h, err := ReadFileHeader(strings.NewReader(bad)); err == nil {
			t.Errorf("%q: %+v", bad, h)
		}
	}
}

func FuzzReadFileHeader(f *testing.F) {
	f.Add(FileHeader{File: testFile}.Append(nil))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		h, err := ReadFileHeader(r)
		if err == nil && !ValidStreamID(h.File) {
			t.Errorf("%+v", h)
		}
		if read := len(b) - r.Len(); read > MaxFileHeader {
			t.Errorf("read %d bytes", read)
		}
	})
}

func TestFileCount(t *testing.T) {
	for _, c := range []struct {
		n, last, size int64
		ok            bool
	}{{0, 0, 0, true}, {5, 5, 10, true}, {10, 5, 10, true}, {11, 5, 10, false}, {4, 5, 10, false}, {-1, 0, 10, false}} {
		n, err := ReadFileCount(bufio.NewReader(bytes.NewReader(AppendFileCount(nil, c.n))), c.last, c.size)
		if (err == nil) != c.ok || c.ok && n != c.n {
			t.Errorf("%+v: %d, %v", c, n, err)
		}
	}
}

// receiver takes a file as the customer's side does: it counts after each read of so many bytes at
// most. It returns what it read.
type receiver struct {
	conn  net.Conn
	size  int
	chunk int
}

// take sends where to begin and takes the rest of the file, with its hash.
func (r receiver) take(begin int) ([]byte, error) {
	if _, err := ReadFileHeader(r.conn); err != nil {
		return nil, err
	}
	var got []byte
	b := make([]byte, r.chunk)
	for at := begin; ; {
		if _, err := r.conn.Write(AppendFileCount(nil, int64(min(at, r.size)))); err != nil {
			return got, err
		}
		if at >= r.size {
			break
		}
		n, err := r.conn.Read(b[:min(len(b), r.size-at)])
		got, at = append(got, b[:n]...), at+n
		if err != nil {
			return got, err
		}
	}
	sum := make([]byte, sha256.Size)
	_, err := io.ReadFull(r.conn, sum)
	r.conn.Close()
	return append(got, sum...), err
}

func TestFileSender(t *testing.T) {
	content := bytes.Repeat([]byte("Lotse "), 100_000)
	sum := sha256.Sum256(content)
	sender := &FileSender{ID: testFile, Size: int64(len(content)), File: bytes.NewReader(content)}
	// Streams from different places, as after lost connections: also from one that this sender has
	// not reached.
	for _, begin := range []int{0, 1, 70_000, 500_000, len(content) - 1, len(content), 0} {
		here, there := net.Pipe()
		sent := make(chan error, 1)
		go func() { sent <- sender.Send(there) }()
		got, err := receiver{here, len(content), 7000}.take(begin)
		if want := append(content[begin:len(content):len(content)], sum[:]...); err != nil || !bytes.Equal(got, want) {
			t.Errorf("from %d: %d bytes, want %d, %v", begin, len(got), len(want), err)
		}
		if err := <-sent; err != nil || sender.Counted() != int64(len(content)) {
			t.Errorf("from %d: %v, %d counted", begin, err, sender.Counted())
		}
	}
	fresh := &FileSender{ID: testFile, Size: int64(len(content)), File: bytes.NewReader(content)}
	here, there := net.Pipe()
	go func() { _ = fresh.Send(there) }()
	if got, err := (receiver{here, len(content), 7000}).take(600_000 - 1); err != nil || !bytes.Equal(got[1:], sum[:]) {
		t.Errorf("the hash of a file that was sent by another sender: %v", err)
	}
}

// TestFileSenderStops checks that no receiver makes a sender wait for ever, send too much or crash.
// TestFileSenderWaitsNotForEver checks that a receiver that takes bytes and counts none of them
// does not hold the file, and that one that counts slowly gets all of it.
func TestFileSenderWaitsNotForEver(t *testing.T) {
	for _, counts := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			content := make([]byte, 40*maxSlice)
			here, there := net.Pipe()
			sent := make(chan error, 1)
			began := time.Now()
			go func() {
				sent <- (&FileSender{ID: testFile, Size: int64(len(content)), File: bytes.NewReader(content)}).Serve(there)
			}()
			go func() {
				_, _ = here.Write(AppendFileCount(nil, 0))
				buffer := make([]byte, maxSlice)
				for got := 0; ; {
					n, err := here.Read(buffer)
					if err != nil {
						return
					}
					if got += n; counts {
						time.Sleep(FileUncounted - time.Second)
						_, _ = here.Write(AppendFileCount(nil, int64(min(got, len(content)))))
					}
				}
			}()
			err := <-sent
			if took := time.Since(began); (err == nil) != counts || !counts && took != FileUncounted {
				t.Errorf("counts %t: %v after %v", counts, err, took)
			}
			here.Close()
		})
	}
}

func TestFileSenderStops(t *testing.T) {
	content := make([]byte, 4*FileWindow)
	for name, answers := range map[string][]byte{
		"nothing":            nil,
		"begins behind":      AppendFileCount(nil, int64(len(content)+1)),
		"counts too much":    AppendFileCount(AppendFileCount(nil, 0), int64(len(content)+1)),
		"counts back":        AppendFileCount(AppendFileCount(nil, 5), 4),
		"half a count":       {0, 0, 0},
		"begins, and leaves": AppendFileCount(nil, 0),
	} {
		here, there := net.Pipe()
		sent := make(chan error, 1)
		go func() {
			sent <- (&FileSender{ID: testFile, Size: int64(len(content)), File: bytes.NewReader(content)}).Send(there)
		}()
		go func() {
			_, _ = ReadFileHeader(here)
			_, _ = here.Write(answers)
			here.Close()
		}()
		if err := <-sent; err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	short := &FileSender{ID: testFile, Size: 100, File: bytes.NewReader(make([]byte, 99))}
	here, there := net.Pipe()
	go func() { _, _ = receiver{here, 100, 10}.take(0) }()
	if err := short.Send(there); !errors.Is(err, ErrFileChanged) {
		t.Errorf("a file that became shorter: %v", err)
	}
	here.Close()
}

// TestFileWindow checks that a sender keeps little under way where counts come late, and much where
// they do not.
func TestFileWindow(t *testing.T) {
	for name, c := range map[string]struct {
		rate        int64         // of the line, in bytes per second
		delay       time.Duration // of the line, both ways together
		least, most int           // of the window after ten seconds
	}{
		"slow":      {625_000, 100 * time.Millisecond, 50 << 10, 100 << 10}, // 61 KiB fill the line
		"fast":      {100_000_000, 20 * time.Millisecond, FileWindow, FileWindow},
		"very slow": {20_000, 50 * time.Millisecond, minFileWindow, 24 << 10},
	} {
		now := time.Unix(1e9, 0)
		end := now.Add(10 * time.Second)
		w := newFileWindow(0)
		var sent, counted int64
		free := now // when the line has sent everything
		type count struct {
			n  int64
			at time.Time
		}
		var counts []count
		for now.Before(end) {
			for sent-counted+int64(w.slice()) <= int64(w.size) {
				n := int64(w.slice())
				sent += n
				w.sends(sent, now)
				if free.Before(now) {
					free = now
				}
				free = free.Add(time.Duration(n) * time.Second / time.Duration(c.rate))
				counts = append(counts, count{sent, free.Add(c.delay)})
			}
			now, counted = counts[0].at, counts[0].n
			w.counts(counted, now)
			counts = counts[1:]
		}
		if w.size < c.least || w.size > c.most {
			t.Errorf("%s: a window of %d bytes, want %d to %d", name, w.size, c.least, c.most)
		}
		if share := float64(counted) / 10 / float64(c.rate); share < 0.7 && name != "fast" {
			t.Errorf("%s: %.0f %% of the line are used", name, 100*share)
		}
	}
}
