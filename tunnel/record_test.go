package tunnel

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var testKey = base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{7}, ed25519.PublicKeySize))

func TestRecordHeader(t *testing.T) {
	sent := RecordHeader{Recording: testFile, Key: testKey}.Append(nil)
	r := bytes.NewReader(append(sent, "rest"...))
	h, key, err := ReadRecordHeader(r)
	if rest, _ := io.ReadAll(r); err != nil || h.Recording != testFile || AppendKey(key) != testKey || string(rest) != "rest" {
		t.Errorf("%+v, %v, and %q follows", h, err, rest)
	}
	for _, bad := range []string{
		"", "\n", "{}\n", `{"recording":"` + testFile + `"}` + "\n", `{"key":"` + testKey + `"}` + "\n",
		`{"recording":"` + testFile + `","key":"AAAA"}` + "\n", `{"recording":"x","key":"` + testKey + `"}` + "\n",
		strings.Repeat(" ", MaxFileHeader) + string(sent),
	} {
		if h, _, err := ReadRecordHeader(strings.NewReader(bad)); err == nil {
			t.Errorf("%q: %+v", bad, h)
		}
	}
}

func FuzzReadRecordHeader(f *testing.F) {
	f.Add(RecordHeader{Recording: testFile, Key: testKey}.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		h, key, err := ReadRecordHeader(r)
		if err == nil && (!ValidStreamID(h.Recording) || len(key) != ed25519.PublicKeySize) {
			t.Errorf("%+v", h)
		}
		if read := len(b) - r.Len(); read > MaxFileHeader {
			t.Errorf("read %d bytes", read)
		}
	})
}

// cutRecord is a connection that breaks off after some bytes were read.
type cutRecord struct {
	net.Conn
	left int
}

func (c *cutRecord) Read(b []byte) (int, error) {
	if c.left == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}

// TestRecordStreams sends a recording over streams that break off, and checks that it arrives as it
// is, that little is kept, and that both ends get the other's signature.
func TestRecordStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		content := make([]byte, 3<<20)
		_, _ = rand.NewChaCha8([32]byte{3}).Read(content)
		agents, advisors := bytes.Repeat([]byte{1}, ed25519.SignatureSize), bytes.Repeat([]byte{2}, ed25519.SignatureSize)
		s := NewRecordSender(func(signature []byte) bool { return bytes.Equal(signature, advisors) })
		written := make(chan error, 1)
		var theirs []byte
		go func() {
			for rest := content; len(rest) > 0; rest = rest[min(len(rest), 30_000):] {
				if err := s.Write(rest[:min(len(rest), 30_000)]); err != nil {
					written <- err
					return
				}
			}
			theirs = s.Finish(t.Context(), agents)
			written <- nil
		}()
		synctest.Wait()
		if n := len(s.kept); n > RecordKept {
			t.Errorf("%d bytes are kept", n)
		}
		var got bytes.Buffer
		r := &RecordReceiver{
			Header: RecordHeader{Recording: testFile, Key: testKey},
			Write:  func(b []byte) error { got.Write(b); return nil },
			Sign: func(theirs []byte) ([]byte, error) {
				if !bytes.Equal(theirs, agents) {
					return nil, errors.New("not the agent's")
				}
				return advisors, nil
			},
		}
		for i := 0; ; i++ {
			here, there := net.Pipe()
			served := make(chan error, 1)
			go func() {
				_, _, err := ReadRecordHeader(here)
				served <- errors.Join(err, s.Serve(here))
			}()
			left := 1 << 30
			if i < 12 {
				left = 100_000 + i*77_777
			}
			err := r.Receive(&cutRecord{there, left})
			there.Close()
			if served := <-served; (served == nil) != (err == nil) {
				t.Errorf("%v here, %v there", served, err)
			}
			if err == nil {
				break
			}
			if i > 12 {
				t.Fatal(err)
			}
		}
		if err := <-written; err != nil || !bytes.Equal(theirs, advisors) {
			t.Errorf("%v, signature %x", err, theirs)
		}
		if !bytes.Equal(got.Bytes(), content) {
			t.Errorf("%d of %d bytes arrived, or others", got.Len(), len(content))
		}
	})
}

// TestRecordHostileReceiver checks what the advisor's end may not send.
func TestRecordHostileReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, sent := range map[string][]byte{
			"a begin that was not sent":    {0, 0, 0, 0, 0, 0, 0, 99},
			"a count of what was not sent": append(make([]byte, 8), 0, 0, 0, 0, 0, 0, 0, 99),
			"a huge count":                 append(make([]byte, 8), 0x7f, 0, 0, 0, 0, 0, 0, 0),
			"an end before the end":        append(append(make([]byte, 8), bytes.Repeat([]byte{255}, 8)...), make([]byte, 64)...),
			"an end at the begin":          bytes.Repeat([]byte{255}, 80),
		} {
			s := NewRecordSender(func([]byte) bool { return true })
			if err := s.Write(make([]byte, 10)); err != nil {
				t.Fatal(err)
			}
			here, there := net.Pipe()
			served := make(chan error, 1)
			go func() { served <- s.Serve(here) }()
			go func() { _, _ = io.Copy(io.Discard, there) }()
			_, _ = there.Write(sent)
			if err := <-served; err == nil {
				t.Errorf("%s: accepted", name)
			}
			there.Close()
			synctest.Wait()
		}
	})
}

// TestRecordClosed checks that nothing waits for a recording that is given up.
func TestRecordClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewRecordSender(func([]byte) bool { return true })
		done := make(chan error, 3)
		if err := s.Write(make([]byte, RecordKept)); err != nil {
			t.Fatal(err)
		}
		go func() { done <- s.Write([]byte{1}) }()
		go func() { done <- s.Drained(t.Context()) }()
		go func() {
			s.Finish(t.Context(), []byte{1})
			done <- ErrRecordClosed
		}()
		time.Sleep(time.Hour)
		synctest.Wait()
		s.Close()
		for range 3 {
			if err := <-done; !errors.Is(err, ErrRecordClosed) {
				t.Error(err)
			}
		}
	})
}
