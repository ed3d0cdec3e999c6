package tunnel

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// ErrFileDamaged means that what arrived does not have the hash that its sender gave.
var ErrFileDamaged = errors.New("tunnel: the file arrived damaged")

// FileReceiver takes one file, from one stream after the other until it is complete; PROTOCOL.md,
// section 7a. Size and Write must not change after the first call.
type FileReceiver struct {
	Size int64
	// Write takes the next bytes of the file. It gets the last byte only when the hash is right; an
	// empty file is one call with nothing. Bytes for which it fails count as not taken.
	Write func(b []byte) error

	taken atomic.Int64
	sum   atomic.Pointer[string]
	hash  hash.Cloner // Owned by the running Receive.
}

// Taken returns how many bytes Write has taken. It may be called concurrently.
func (f *FileReceiver) Taken() int64 { return f.taken.Load() }

// Sum returns the SHA-256 of the file in hexadecimal once its last byte has arrived; "": not yet.
// It may be called concurrently.
func (f *FileReceiver) Sum() string {
	if s := f.sum.Load(); s != nil {
		return *s
	}
	return ""
}

const receiveChunk = 64 << 10

// Fetch receives the file with this ID over a sealed stream that this end has opened, as Receive
// does.
func (f *FileReceiver) Fetch(conn net.Conn, id string) error {
	if _, err := conn.Write(FileHeader{File: id}.Append(nil)); err != nil {
		return err
	}
	return f.Receive(conn)
}

// Receive takes the file from where the last stream ended; the header of the stream has been read.
// It returns nil after the last byte, and ErrFileDamaged or an error of Write. After any other
// error another stream may bring the rest. The caller closes conn; only one Receive may run at a
// time.
func (f *FileReceiver) Receive(conn net.Conn) error {
	if f.hash == nil {
		f.hash = sha256.New().(hash.Cloner)
	}
	if err := f.count(conn); err != nil {
		return err
	}
	buffer := make([]byte, receiveChunk)
	for f.Taken() < f.Size-1 {
		part := buffer[:min(receiveChunk, f.Size-1-f.Taken())]
		_ = conn.SetReadDeadline(time.Now().Add(FileNothing))
		n, err := conn.Read(part)
		if n > 0 {
			if err := f.take(part[:n]); err != nil {
				return err
			}
			if err := f.count(conn); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
	return f.finish(conn)
}

// finish receives the last byte and the hash. Nobody can take a damaged file for a complete one,
// because the last byte waits for the hash.
func (f *FileReceiver) finish(conn net.Conn) error {
	rest := make([]byte, f.Size-f.Taken()+sha256.Size)
	_ = conn.SetReadDeadline(time.Now().Add(FileNothing))
	if _, err := io.ReadFull(conn, rest); err != nil {
		return err
	}
	last, claimed := rest[:len(rest)-sha256.Size], rest[len(rest)-sha256.Size:]
	whole, err := f.hash.Clone()
	if err != nil {
		return err
	}
	whole.Write(last)
	sum := whole.Sum(nil)
	if !bytes.Equal(sum, claimed) {
		return ErrFileDamaged
	}
	text := hex.EncodeToString(sum)
	f.sum.Store(&text)
	if err := f.take(last); err != nil {
		f.sum.Store(nil)
		return err
	}
	return f.count(conn)
}

func (f *FileReceiver) take(b []byte) error {
	if err := f.Write(b); err != nil {
		return err
	}
	f.hash.Write(b)
	f.taken.Add(int64(len(b)))
	return nil
}

// count tells the sender how many bytes were taken.
func (f *FileReceiver) count(conn net.Conn) error {
	_, err := conn.Write(AppendFileCount(nil, f.Taken()))
	return err
}
