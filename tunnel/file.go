package tunnel

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// KindFile is a stream that carries one file from the advisor to the customer; PROTOCOL.md,
// section 7a.
const KindFile = "file"

// Limits of files.
const (
	// MaxFiles is how many files may be offered and not ended in one session.
	MaxFiles = 20
	// MaxFileSize is the size in bytes of the largest file that may be offered. JavaScript's
	// numbers are exact up to it.
	MaxFileSize = 1 << 50
	// MaxFileHeader is the maximum size in bytes of a FileHeader, including its line feed.
	MaxFileHeader = 256
	// FileWindow is how many bytes a sender may have sent that the receiver has not counted yet.
	FileWindow = 1 << 20
	// FileClaim is how long an offer waits for its sender to connect again.
	FileClaim = time.Minute
	// FileNothing is how long a receiver waits for the next byte of a stream.
	FileNothing = time.Minute
	// FileUncounted is how long a sender waits for the next count. A receiver that counts nothing
	// must not keep others from the file.
	FileUncounted = 2 * time.Minute
)

// FileOffer offers a file to the other side. An end sends it only to an agent whose hello has
// Files. The agent sends it to all ends when the customer gives a file, and to an end that connects
// later.
// ID is 128 random bits, as of a stream. An end whose control stream was lost sends its offers
// again on the next one, with the same ID, within FileClaim; then they go on.
type FileOffer struct {
	ID   string `json:"id"`
	Name string `json:"name"` // without a folder
	Size int64  `json:"size"` // in bytes
}

// FileCancel withdraws an offer, ends its transfer, or says that a file of the customer is not
// wanted.
type FileCancel struct {
	ID string `json:"id"`
}

// FileState reports to the end that offered a file what becomes of it. Of a file that the customer
// gives, it reports the end to all ends.
type FileState struct {
	ID    string `json:"id"`
	State string `json:"state"`
	// Why is set with FileEnded.
	Why string `json:"why,omitempty"`
	// SHA256 is set with FileDone: the hash, in hexadecimal, of what the customer received.
	SHA256 string `json:"sha256,omitempty"`
}

// Values of FileState.State.
const (
	FileWaiting  = "waiting"  // the customer has not answered yet
	FileAccepted = "accepted" // he wants it, and has not begun to save it, or has paused
	FileWanted   = "wanted"   // he saves it: the sender opens a stream of KindFile
	FileDone     = "done"     // saved, with the hash that the sender gave
	FileEnded    = "ended"    // not saved; Why says why
)

// Values of FileState.Why.
const (
	FileRefused   = "refused"   // by the customer
	FileSilent    = "silence"   // he has not answered
	FileTooLarge  = "size"      // larger than MaxFileSize
	FileForbidden = "operator"  // FileLimits do not allow its size or kind
	FileTooMany   = "many"      // more than MaxFiles
	FileBadName   = "name"      // nothing of the name can be shown
	FileCancelled = "cancelled" // by the customer, after his yes
	FileDamaged   = "damaged"   // the hash differs
	// FileUnwritable: the customer's browser could not save it, after his yes.
	FileUnwritable = "unwritable"
	FileLost       = "lost"   // its sender did not come back within FileClaim
	FileNobody     = "nobody" // no customer has joined yet
)

func (FileOffer) controlType() string  { return "file" }
func (FileCancel) controlType() string { return "fileCancel" }
func (FileState) controlType() string  { return "fileState" }

// FileLimits are the gateway operator's limits of files, in both directions. The customer's program
// keeps them.
type FileLimits struct {
	Off      bool     `json:"off,omitempty"`      // no files at all
	MaxBytes int64    `json:"maxBytes,omitempty"` // of one file; 0: no limit
	Kinds    []string `json:"kinds,omitempty"`    // as package filename names them; none: all
}

// Allow reports whether a file with this size and kind may be given. A nil FileLimits allows all.
func (l *FileLimits) Allow(size int64, kind string) bool {
	return l == nil || !l.Off && (l.MaxBytes <= 0 || size <= l.MaxBytes) && (len(l.Kinds) == 0 || slices.Contains(l.Kinds, kind))
}

// FileHeader begins a stream of KindFile: one JSON object and a line feed, from the sender.
type FileHeader struct {
	File string `json:"file"` // ID of the offer
}

var errFileHeader = errors.New("tunnel: not the header of a file")

// ReadFileHeader reads a FileHeader. It reads nothing that follows.
func ReadFileHeader(r io.Reader) (h FileHeader, err error) {
	line, err := readHeaderLine(r)
	if err != nil {
		return FileHeader{}, fmt.Errorf("%w: %w", errFileHeader, err)
	}
	if json.Unmarshal(line, &h) != nil || !ValidStreamID(h.File) {
		return FileHeader{}, errFileHeader
	}
	return h, nil
}

// readHeaderLine reads a line of at most MaxFileHeader bytes, and nothing that follows.
func readHeaderLine(r io.Reader) ([]byte, error) {
	var line [MaxFileHeader]byte
	for i := range line {
		if _, err := io.ReadFull(r, line[i:i+1]); err != nil {
			return nil, err
		}
		if line[i] == '\n' {
			return line[:i], nil
		}
	}
	return nil, errors.New("too long")
}

// Append appends the header as it is sent.
func (h FileHeader) Append(b []byte) []byte {
	body, _ := json.Marshal(h) // a string cannot fail
	return append(append(b, body...), '\n')
}

// AppendFileCount appends how many bytes of a file the receiver has taken, counted from the file's
// begin. The receiver sends a count after the header, where the sender begins, and then again and
// again.
func AppendFileCount(b []byte, n int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(n)) }

// ReadFileCount reads a count of a file with this size. It must be at least last.
func ReadFileCount(r *bufio.Reader, last, size int64) (int64, error) {
	var b [8]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return 0, err
	}
	n := binary.BigEndian.Uint64(b[:])
	if n > uint64(size) || int64(n) < last {
		return 0, errors.New("tunnel: a count of bytes that makes no sense")
	}
	return int64(n), nil
}
