package tunnel

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// FileSender sends one file, over one stream after the other until it has arrived; PROTOCOL.md,
// section 7a. Its fields must not change after the first call.
type FileSender struct {
	ID   string
	Size int64
	File io.ReaderAt
	// Moved is called when the receiver has counted bytes; it may be nil.
	Moved func()

	counted atomic.Int64
	// Owned by the running Send.
	hash   hash.Hash
	hashed int64 // how many bytes hash has received
}

// Counted returns how many bytes the receiver has taken. It may be called concurrently.
func (f *FileSender) Counted() int64 { return f.counted.Load() }

// Sum returns the SHA-256 in hexadecimal of what was sent. It is complete after Send returned nil.
func (f *FileSender) Sum() string {
	if f.hash == nil {
		return ""
	}
	return hex.EncodeToString(f.hash.Sum(nil))
}

// ErrFileChanged means that the file cannot be read as far as it was offered.
var ErrFileChanged = errors.New("tunnel: the file became shorter while it was sent")

// Send sends the file over a sealed stream of KindFile that this end has opened, as Serve does.
func (f *FileSender) Send(conn net.Conn) error {
	if _, err := conn.Write(FileHeader{File: f.ID}.Append(nil)); err != nil {
		conn.Close()
		return err
	}
	return f.Serve(conn)
}

// Serve sends the file from where the receiver begins, and closes the stream; its header has been
// sent or read. It returns nil when the receiver has counted everything. After an error the
// receiver may want another stream. Only one Send or Serve may run at a time.
func (f *FileSender) Serve(conn net.Conn) error {
	defer conn.Close()
	if f.hash == nil {
		f.hash = sha256.New()
	}
	in := bufio.NewReader(conn)
	_ = conn.SetReadDeadline(time.Now().Add(FileUncounted))
	begin, err := ReadFileCount(in, 0, f.Size)
	if err != nil {
		return err
	}
	if err := f.hashTo(begin); err != nil {
		return err
	}
	f.counted.Store(begin)
	flow := &fileFlow{window: newFileWindow(begin), counted: begin}
	flow.moved = sync.NewCond(&flow.mu)
	read := make(chan struct{})
	go func() {
		defer close(read)
		flow.read(in, f, conn)
	}()
	err = f.write(conn, begin, flow)
	if err != nil {
		conn.Close()
	}
	<-read
	if flow.counted == f.Size && err == nil {
		return nil
	}
	return errors.Join(err, flow.failed)
}

// write sends everything from an offset on, and the hash.
func (f *FileSender) write(conn net.Conn, at int64, flow *fileFlow) error {
	buffer := make([]byte, maxSlice)
	for at < f.Size {
		room, err := flow.room(at)
		if err != nil {
			return err
		}
		part := buffer[:min(int64(room), f.Size-at)]
		if err := f.readAt(part, at); err != nil {
			return err
		}
		// After another stream has broken off, some bytes are sent again.
		if end := at + int64(len(part)); end > f.hashed {
			f.hash.Write(part[f.hashed-at:])
			f.hashed = end
		}
		at += int64(len(part))
		flow.sends(at)
		if _, err := conn.Write(part); err != nil {
			return err
		}
	}
	_, err := conn.Write(f.hash.Sum(nil))
	return err
}

// readAt fills b with the bytes of the file from an offset on.
func (f *FileSender) readAt(b []byte, at int64) error {
	n, err := f.File.ReadAt(b, at)
	switch {
	case n == len(b):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return ErrFileChanged
	}
	return err
}

// hashTo hashes what a receiver has, if it has more than this sender has sent.
func (f *FileSender) hashTo(begin int64) error {
	buffer := make([]byte, maxSlice)
	for f.hashed < begin {
		part := buffer[:min(int64(len(buffer)), begin-f.hashed)]
		if err := f.readAt(part, f.hashed); err != nil {
			return err
		}
		f.hash.Write(part)
		f.hashed += int64(len(part))
	}
	return nil
}

// fileFlow is what the two directions of a file stream share.
type fileFlow struct {
	mu    sync.Mutex
	moved *sync.Cond // of mu
	// Guarded by mu.
	window  *fileWindow
	counted int64
	failed  error // why no more counts come; nil: they do
}

// room waits until bytes may be sent from an offset on, and returns how many.
func (f *fileFlow) room(at int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		if f.failed != nil {
			return 0, f.failed
		}
		if slice := f.window.slice(); at-f.counted+int64(slice) <= int64(f.window.size) {
			return slice, nil
		}
		f.moved.Wait()
	}
}

func (f *fileFlow) sends(end int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.window.sends(end, time.Now())
}

// read reads counts until the stream ends. Then it closes conn, so that a write does not wait for
// ever.
func (f *fileFlow) read(in *bufio.Reader, file *FileSender, conn net.Conn) {
	last := file.Counted()
	for {
		_ = conn.SetReadDeadline(time.Now().Add(FileUncounted))
		n, err := ReadFileCount(in, last, file.Size)
		f.mu.Lock()
		if err != nil {
			f.failed = err
			f.moved.Broadcast()
			f.mu.Unlock()
			conn.Close()
			return
		}
		f.counted = n
		f.window.counts(n, time.Now())
		f.moved.Broadcast()
		f.mu.Unlock()
		last = n
		file.counted.Store(n)
		if file.Moved != nil {
			file.Moved()
		}
	}
}
