// Package recorder makes a recording of what a viewer may see. It is the viewer of an RFB server
// in the same program, and writes what that server sends in the FBS format. Nothing but pictures
// is in it: the viewer asks for no texts and sends no input.
package recorder

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"lotse/fbs"
	"lotse/rfb"
)

const (
	// updatePause is the shortest time between two updates of a recording.
	updatePause = 100 * time.Millisecond
	// blockData is how many bytes of data a block has at most.
	blockData = 32 << 10
	// maxName is the maximum length in bytes of the desktop's name.
	maxName = 4 << 10
)

// Encodings that the recorder asks for, all lossless. RFC 6143, sections 7.7 and 7.8.
const (
	encRaw            = 0 // the server uses it for the pointer
	encCopyRect       = 1
	encZRLE           = 16
	pseudoDesktopSize = -223
)

// Sink takes a recording.
type Sink interface {
	// Write takes a whole block, of the first one with fbs.Version before it. It may wait.
	Write(block []byte) error
	// Drained returns when everything that was written has arrived, or ctx ends.
	Drained(ctx context.Context) error
}

// Recorder records one RFB server. Create one with New.
type Recorder struct {
	conn net.Conn
	to   Sink

	more context.Context // ends when no further update is to be recorded
	stop context.CancelFunc

	mu     sync.Mutex
	inside bool // Guarded by mu; a message is being read, which is read to its end.

	// Owned by Run.
	in    *bufio.Reader
	chain *fbs.Chain
	began time.Time
	at    time.Duration // time of the message that is being read
	data  []byte        // of the next block
	block []byte
}

// New makes a recorder that is the viewer at conn, which must be one end of a net.Pipe.
func New(conn net.Conn, to Sink) *Recorder {
	r := &Recorder{conn: conn, to: to, in: bufio.NewReaderSize(conn, blockData), chain: fbs.NewChain()}
	r.more, r.stop = context.WithCancel(context.Background())
	return r
}

// Stop makes Run return after the update that is being sent, or at once if there is none. It may be
// called several times, and never blocks.
func (r *Recorder) Stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stop()
	if !r.inside {
		_ = r.conn.SetReadDeadline(time.Now())
	}
}

// Run records until Stop is called, or the server ends the connection or breaks the protocol. It
// closes the connection. The result covers everything that was written; the error is nil after
// Stop.
func (r *Recorder) Run() (fbs.Sum, error) {
	defer r.stop()
	defer r.conn.Close()
	err := r.record()
	if r.more.Err() != nil && !errors.Is(err, errBroken) {
		err = nil
	}
	return r.chain.Close(), err
}

var errBroken = errors.New("recorder: a part of an update is missing")

func (r *Recorder) record() error {
	if err := r.open(); err != nil {
		return err
	}
	r.request(false)
	for {
		if err := r.message(); err != nil {
			return err
		}
		if err := r.to.Drained(r.more); err != nil {
			return err
		}
		if !r.pause() {
			return nil
		}
		r.request(true)
	}
}

// pause waits for updatePause. It returns false if Stop was called.
func (r *Recorder) pause() bool {
	timer := time.NewTimer(updatePause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return r.more.Err() == nil
	case <-r.more.Done():
		return false
	}
}

// open performs the handshake, and writes the begin of the recording.
func (r *Recorder) open() error {
	if err := rfb.ClientSecurity(r.conn); err != nil {
		return err
	}
	if err := rfb.ReadResult(r.conn); err != nil {
		return err
	}
	if _, err := r.conn.Write([]byte{1}); err != nil { // shared
		return err
	}
	const fixed = 24 // RFC 6143, section 7.3.2: size, pixel format, length of the name
	var server [fixed]byte
	if _, err := io.ReadFull(r.in, server[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(server[fixed-4:])
	if n > maxName {
		return fmt.Errorf("recorder: a name of %d bytes", n)
	}
	r.began = time.Now()
	r.data = append(r.data, "RFB 003.003\n\x00\x00\x00\x01"...)
	r.data = append(r.data, server[:]...)
	if err := r.take(int64(n)); err != nil {
		return err
	}
	r.block = append(r.block, fbs.Version...)
	if err := r.flush(); err != nil {
		return err
	}
	b := []byte{2, 0, 0, 3} // SetEncodings
	for _, e := range [...]int32{encZRLE, encCopyRect, pseudoDesktopSize} {
		b = binary.BigEndian.AppendUint32(b, uint32(e))
	}
	_, err := r.conn.Write(b)
	return err
}

// request sends FramebufferUpdateRequest for everything. An error shows when the answer is read.
func (r *Recorder) request(incremental bool) {
	b := []byte{3, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}
	if incremental {
		b[1] = 1
	}
	_, _ = r.conn.Write(b)
}

// message records one FramebufferUpdate; RFC 6143, section 7.6.1.
func (r *Recorder) message() error {
	if _, err := r.in.Peek(1); err != nil {
		return err
	}
	r.enter(true)
	defer r.enter(false)
	r.at = time.Since(r.began)
	var head [4]byte
	if err := r.read(head[:]); err != nil {
		return err
	}
	if head[0] != 0 {
		return fmt.Errorf("recorder: message %d of the server", head[0])
	}
	for range binary.BigEndian.Uint16(head[2:]) {
		if err := r.rectangle(); err != nil {
			return err
		}
	}
	return r.flush()
}

// enter notes whether a message is being read.
func (r *Recorder) enter(inside bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.inside = inside; inside {
		_ = r.conn.SetReadDeadline(time.Time{})
	}
}

func (r *Recorder) rectangle() error {
	var head [12]byte
	if err := r.read(head[:]); err != nil {
		return err
	}
	w, h := int64(binary.BigEndian.Uint16(head[4:])), int64(binary.BigEndian.Uint16(head[6:]))
	switch encoding := int32(binary.BigEndian.Uint32(head[8:])); encoding {
	case encRaw:
		return r.take(w * h * 4)
	case encCopyRect:
		return r.take(4)
	case encZRLE:
		var length [4]byte
		if err := r.read(length[:]); err != nil {
			return err
		}
		return r.take(int64(binary.BigEndian.Uint32(length[:])))
	case pseudoDesktopSize:
		return nil
	default:
		return fmt.Errorf("recorder: encoding %d, which was not asked for", encoding)
	}
}

// read reads what the server sends next, and records it.
func (r *Recorder) read(b []byte) error {
	if _, err := io.ReadFull(r.in, b); err != nil {
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	return r.add(b)
}

// take records the next n bytes that the server sends.
func (r *Recorder) take(n int64) error {
	for n > 0 {
		part, err := r.in.Peek(int(min(n, 1)))
		if err == nil {
			part, err = r.in.Peek(int(min(n, int64(r.in.Buffered()))))
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errBroken, err)
		}
		if err := r.add(part); err != nil {
			return err
		}
		n -= int64(len(part))
		_, _ = r.in.Discard(len(part)) // they are buffered
	}
	return nil
}

// add adds data, and writes blocks that are full.
func (r *Recorder) add(b []byte) error {
	for len(b) > 0 {
		n := min(len(b), blockData-len(r.data))
		r.data = append(r.data, b[:n]...)
		if b = b[n:]; len(r.data) == blockData {
			if err := r.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush writes the data as a block.
func (r *Recorder) flush() error {
	if len(r.data) == 0 {
		return nil
	}
	r.block = fbs.AppendBlock(r.block, r.data, r.at)
	r.chain.Add(r.block, r.at)
	err := r.to.Write(r.block)
	r.block, r.data = r.block[:0], r.data[:0]
	if err != nil {
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	return nil
}
