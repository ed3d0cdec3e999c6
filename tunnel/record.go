package tunnel

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// KindRecord is a stream that carries a recording of the customer's screen to the advisor's end;
// PROTOCOL.md, section 7b.
const KindRecord = "record"

// Limits of recordings.
const (
	// MaxRecordPart is the maximum number of bytes of a recording that are sent at a time.
	MaxRecordPart = 64 << 10
	// RecordKept is how many bytes of a recording the agent keeps until they are counted. While
	// they wait, nothing is recorded.
	RecordKept = 1 << 20
	// RecordClaim is how long a recording waits for its stream. After that it ends.
	RecordClaim = time.Minute
	// RecordEnd is how long the end of a recording may take.
	RecordEnd = 10 * time.Second
)

// recordEnds is what the advisor's end sends in place of a count when it has everything.
const recordEnds = 1<<64 - 1

// RecordHeader begins a stream of KindRecord: one JSON object of at most MaxFileHeader bytes with a
// line feed, from the advisor's end. Recording is 128 random bits, as of a stream: the first stream
// with it begins a recording, a later one goes on. Key is a public key that an open control stream
// has announced.
type RecordHeader struct {
	Recording string `json:"recording"`
	Key       string `json:"key"`
}

var (
	errRecordHeader = errors.New("tunnel: not the header of a recording")
	errRecordFrame  = errors.New("tunnel: a frame of a recording that makes no sense")
	errRecordSign   = errors.New("tunnel: the other end's signature of the recording is wrong")
)

// AppendKey formats a public key for AgentHello, AdvisorHello and RecordHeader.
func AppendKey(key ed25519.PublicKey) string { return base64.RawURLEncoding.EncodeToString(key) }

// ParseKey reads a public key. ok is false if it is none.
func ParseKey(s string) (key ed25519.PublicKey, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	return b, err == nil && len(b) == ed25519.PublicKeySize
}

// ReadRecordHeader reads a RecordHeader. It reads nothing that follows.
func ReadRecordHeader(r io.Reader) (h RecordHeader, key ed25519.PublicKey, err error) {
	line, err := readHeaderLine(r)
	if err != nil {
		return RecordHeader{}, nil, fmt.Errorf("%w: %w", errRecordHeader, err)
	}
	if json.Unmarshal(line, &h) != nil || !ValidStreamID(h.Recording) {
		return RecordHeader{}, nil, errRecordHeader
	}
	key, ok := ParseKey(h.Key)
	if !ok {
		return RecordHeader{}, nil, errRecordHeader
	}
	return h, key, nil
}

// Append appends the header as it is sent.
func (h RecordHeader) Append(b []byte) []byte {
	body, _ := json.Marshal(h) // strings cannot fail
	return append(append(b, body...), '\n')
}

// RecordSender sends a recording to the advisor's end, over one stream after the other. Create one
// with NewRecordSender. All methods may be called concurrently, but Serve only once at a time.
type RecordSender struct {
	check func(signature []byte) bool

	mu    sync.Mutex
	moved *sync.Cond // of mu
	// Guarded by mu.
	kept      []byte // what was not counted yet
	from      int64  // where kept begins in the recording
	signature []byte // after the last byte; nil: the recording goes on
	theirs    []byte // the other end's; nil: not received
	closed    bool
	window    *fileWindow // of the running Serve
}

// ErrRecordClosed means that the recording was given up.
var ErrRecordClosed = errors.New("tunnel: the recording was given up")

// NewRecordSender makes a sender. check reports whether the other end's signature is right; it is
// called after Finish.
func NewRecordSender(check func(signature []byte) bool) *RecordSender {
	s := &RecordSender{check: check}
	s.moved = sync.NewCond(&s.mu)
	return s
}

// Write adds bytes. It waits while too many are kept.
func (s *RecordSender) Write(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.kept) > 0 && len(s.kept)+len(b) > RecordKept && !s.closed {
		s.moved.Wait()
	}
	if s.closed {
		return ErrRecordClosed
	}
	s.kept = append(s.kept, b...)
	s.moved.Broadcast()
	return nil
}

// Drained returns when everything was counted, or ctx ends.
func (s *RecordSender) Drained(ctx context.Context) error {
	stop := context.AfterFunc(ctx, s.wake)
	defer stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.kept) > 0 && !s.closed && ctx.Err() == nil {
		s.moved.Wait()
	}
	if s.closed {
		return ErrRecordClosed
	}
	return ctx.Err()
}

func (s *RecordSender) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moved.Broadcast()
}

// Finish says that the recording is complete, with this end's signature. It returns the other end's
// signature when that has everything; nil if ctx ends before, or the recording is given up.
func (s *RecordSender) Finish(ctx context.Context, signature []byte) (theirs []byte) {
	stop := context.AfterFunc(ctx, s.wake)
	defer stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signature = signature
	s.moved.Broadcast()
	for s.theirs == nil && !s.closed && ctx.Err() == nil {
		s.moved.Wait()
	}
	return s.theirs
}

// Close gives the recording up. The caller closes the stream.
func (s *RecordSender) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.moved.Broadcast()
}

// Serve sends the recording from where the other end has it, over a stream whose header was read.
// It closes the stream, and returns nil when the recording is over.
func (s *RecordSender) Serve(conn net.Conn) error {
	defer conn.Close()
	in := bufio.NewReader(conn)
	begin, err := readRecordCount(in)
	if err != nil || !s.begin(begin) {
		return errors.Join(errRecordFrame, err)
	}
	read := make(chan error, 1)
	over := make(chan struct{})
	go func() {
		read <- s.readCounts(in)
		close(over)
		s.wake()
		conn.Close() // a write may wait
	}()
	for at := begin; ; {
		frame, next, err := s.next(at, over)
		if err == nil {
			_, err = conn.Write(frame)
		}
		if err != nil || next < 0 {
			if err != nil {
				conn.Close()
			}
			return errors.Join(err, <-read)
		}
		at = next
	}
}

// begin prepares a stream whose other end has this many bytes.
func (s *RecordSender) begin(at int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at < s.from || at > s.from+int64(len(s.kept)) {
		return false
	}
	s.countLocked(at)
	s.window = newFileWindow(at)
	return true
}

func (s *RecordSender) countLocked(n int64) {
	s.kept = append(s.kept[:0], s.kept[n-s.from:]...)
	s.from = n
	s.moved.Broadcast()
}

// next waits for what is to be sent from an offset on, and returns it as a frame, with the next
// offset; -1: it is the end.
func (s *RecordSender) next(at int64, over <-chan struct{}) (frame []byte, next int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		select {
		case <-over:
			return nil, 0, io.ErrUnexpectedEOF
		default:
		}
		end := s.from + int64(len(s.kept))
		n := min(end-at, int64(s.window.slice()), MaxRecordPart, int64(s.window.size)-(at-s.from))
		switch {
		case s.closed:
			return nil, 0, ErrRecordClosed
		case n > 0:
			frame = binary.BigEndian.AppendUint32(nil, uint32(n))
			s.window.sends(at+n, time.Now())
			return append(frame, s.kept[at-s.from:at-s.from+n]...), at + n, nil
		case at == end && s.signature != nil:
			return append(make([]byte, 4), s.signature...), -1, nil
		}
		s.moved.Wait()
	}
}

// readCounts reads counts until the other end has everything.
func (s *RecordSender) readCounts(in *bufio.Reader) error {
	for {
		n, err := readRecordCount(in)
		if err != nil {
			return err
		}
		if n == -1 {
			return s.readSignature(in)
		}
		s.mu.Lock()
		bad := n < s.from || n > s.from+int64(len(s.kept))
		if !bad {
			s.countLocked(n)
			s.window.counts(n, time.Now())
		}
		s.mu.Unlock()
		if bad {
			return errRecordFrame
		}
	}
}

func (s *RecordSender) readSignature(in *bufio.Reader) error {
	theirs := make([]byte, ed25519.SignatureSize)
	if _, err := io.ReadFull(in, theirs); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.signature == nil || len(s.kept) > 0 || !s.check(theirs) {
		return errRecordSign
	}
	s.theirs = theirs
	s.moved.Broadcast()
	return nil
}

// readRecordCount reads a count; -1 stands for recordEnds.
func readRecordCount(in *bufio.Reader) (int64, error) {
	var b [8]byte
	if _, err := io.ReadFull(in, b[:]); err != nil {
		return 0, err
	}
	n := binary.BigEndian.Uint64(b[:])
	if n != recordEnds && n > MaxFileSize {
		return 0, errRecordFrame
	}
	return int64(n), nil
}

// RecordReceiver receives a recording, over one stream after the other. Its fields must not change
// after the first call.
type RecordReceiver struct {
	Header RecordHeader
	// Write takes the next bytes of the recording.
	Write func(b []byte) error
	// Sign checks the agent's signature of what Write has taken, and returns this end's signature.
	Sign func(theirs []byte) (ours []byte, err error)

	taken int64
}

// Receive receives from where the last stream ended, over a stream of KindRecord that this end has
// opened. It returns nil when the recording is complete and signed by both ends, and an error of
// Write or Sign. After any other error another stream may bring the rest. The caller closes conn;
// only one Receive may run at a time.
func (r *RecordReceiver) Receive(conn net.Conn) error {
	if _, err := conn.Write(r.Header.Append(nil)); err != nil {
		return err
	}
	in := bufio.NewReader(conn)
	part := make([]byte, MaxRecordPart)
	for {
		if _, err := conn.Write(binary.BigEndian.AppendUint64(nil, uint64(r.taken))); err != nil {
			return err
		}
		var length [4]byte
		if _, err := io.ReadFull(in, length[:]); err != nil {
			return err
		}
		n := binary.BigEndian.Uint32(length[:])
		if n == 0 {
			return r.finish(conn, in)
		}
		if n > MaxRecordPart {
			return errRecordFrame
		}
		if _, err := io.ReadFull(in, part[:n]); err != nil {
			return err
		}
		if err := r.Write(part[:n]); err != nil {
			return err
		}
		r.taken += int64(n)
	}
}

func (r *RecordReceiver) finish(conn net.Conn, in *bufio.Reader) error {
	theirs := make([]byte, ed25519.SignatureSize)
	if _, err := io.ReadFull(in, theirs); err != nil {
		return err
	}
	ours, err := r.Sign(theirs)
	if err != nil {
		return err
	}
	_, err = conn.Write(append(binary.BigEndian.AppendUint64(nil, recordEnds), ours...))
	return err
}
