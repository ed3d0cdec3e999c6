package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"

	"lotse/tunnel"
)

// piece is about how much is received at a time.
const piece = 64 << 10

const testID = "0123456789abcdefghijkl"

// noise returns bytes that look random, and their hash.
func noise(size int) (file []byte, sum string) {
	file = make([]byte, size)
	rnd := rand.NewChaCha8([32]byte{7})
	_, _ = rnd.Read(file)
	h := sha256.Sum256(file)
	return file, hex.EncodeToString(h[:])
}

// breaking is a connection that breaks after so many bytes were read.
type breaking struct {
	net.Conn
	left int
}

func (b *breaking) Read(p []byte) (int, error) {
	if b.left == 0 {
		b.Close()
		return 0, io.ErrUnexpectedEOF
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// bring runs a stream from the sender to the transfer. It breaks after so many bytes.
func bring(t *testing.T, sender *tunnel.FileSender, to *Transfer, breaks int) (sent, received error) {
	t.Helper()
	here, there := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- sender.Send(there) }()
	if header, err := tunnel.ReadFileHeader(here); err != nil || header.File != sender.ID {
		t.Fatalf("header %+v, %v", header, err)
	}
	received = to.Receive(&breaking{here, breaks}, nil)
	here.Close()
	return <-done, received
}

// saveTo saves the transfer; the result arrives when it is over.
func saveTo(to *Transfer, w io.Writer) <-chan error {
	saved := make(chan error, 1)
	go func() {
		finished := false
		err := to.Save(context.Background(), w, func() {
			if finished {
				panic("a download is cut that has everything, and may still be sending it")
			}
		})
		finished = err == nil
		to.End()
		saved <- err
	}()
	return saved
}

func TestTransfer(t *testing.T) {
	for _, size := range []int{0, 1, 2, piece - 1, piece, piece + 1, 3*piece + 17, 3 << 20} {
		file, sum := noise(size)
		to := newTransfer(int64(size), func() {})
		var out bytes.Buffer
		saved := saveTo(to, &out)
		sender := &tunnel.FileSender{ID: testID, Size: int64(size), File: bytes.NewReader(file)}
		if sent, received := bring(t, sender, to, 1<<40); sent != nil || received != nil {
			t.Fatalf("%d bytes: sent %v, received %v", size, sent, received)
		}
		if err := <-saved; err != nil || !bytes.Equal(out.Bytes(), file) || to.Sum() != sum || sender.Sum() != sum || to.Taken() != int64(size) {
			t.Errorf("%d bytes: saved %d, %v, hash %s and %s", size, out.Len(), err, to.Sum(), sender.Sum())
		}
	}
}

// TestTransferGoesOn breaks streams at many bytes, at the ends of chunks, and within the hash.
func TestTransferGoesOn(t *testing.T) {
	const size = 3*piece + 17
	file, sum := noise(size)
	for _, breaks := range []int{0, 1, piece - 1, piece, piece + 1, size - 1, size, size + 1, size + sha256.Size - 1} {
		to := newTransfer(size, func() {})
		var out bytes.Buffer
		saved := saveTo(to, &out)
		sender := &tunnel.FileSender{ID: testID, Size: size, File: bytes.NewReader(file)}
		if _, err := bring(t, sender, to, breaks); err == nil || errors.Is(err, tunnel.ErrFileDamaged) {
			t.Fatalf("broken after %d: %v", breaks, err)
		}
		if taken := to.Taken(); taken > int64(breaks) || taken == size {
			t.Errorf("broken after %d: %d taken", breaks, taken)
		}
		if sent, received := bring(t, sender, to, 1<<40); sent != nil || received != nil {
			t.Fatalf("broken after %d: then sent %v, received %v", breaks, sent, received)
		}
		if err := <-saved; err != nil || !bytes.Equal(out.Bytes(), file) || to.Sum() != sum || sender.Sum() != sum {
			t.Errorf("broken after %d: saved %d, %v, hash %s", breaks, out.Len(), err, to.Sum())
		}
	}
}

// TestTransferDamaged checks that the last byte of a file with a wrong hash never arrives.
func TestTransferDamaged(t *testing.T) {
	for _, size := range []int{0, 1, 1000, piece + 1} {
		file, _ := noise(size)
		to := newTransfer(int64(size), func() {})
		var out bytes.Buffer
		saved := saveTo(to, &out)
		here, there := net.Pipe()
		go func() {
			go func() { _, _ = io.Copy(io.Discard, there) }()
			_, _ = there.Write(append(file, bytes.Repeat([]byte{1}, sha256.Size)...))
		}()
		if err := to.Receive(here, nil); !errors.Is(err, tunnel.ErrFileDamaged) {
			t.Fatalf("%d bytes: %v", size, err)
		}
		to.End()
		if err := <-saved; !errors.Is(err, ErrEnded) || out.Len() != max(0, size-1) || to.Sum() != "" {
			t.Errorf("%d bytes: saved %d, %v", size, out.Len(), err)
		}
		here.Close()
	}
}

// TestTransferEnds checks that nothing passes after an end or a stop, whatever waits.
func TestTransferEnds(t *testing.T) {
	file, _ := noise(4 * piece)
	for name, end := range map[string]func(to *Transfer, stop chan struct{}){
		"ended":   func(to *Transfer, _ chan struct{}) { to.End(); to.End() },
		"stopped": func(_ *Transfer, stop chan struct{}) { close(stop) },
	} {
		to := newTransfer(int64(len(file)), func() {})
		here, there := net.Pipe()
		go func() {
			go func() { _, _ = io.Copy(io.Discard, there) }()
			_, _ = there.Write(file)
		}()
		stop, done := make(chan struct{}), make(chan error, 1)
		go func() { done <- to.Receive(here, stop) }() // nobody saves: it waits
		end(to, stop)
		if err := <-done; err == nil {
			t.Errorf("%s: no error", name)
		}
		if name == "ended" {
			if err := to.Save(context.Background(), io.Discard, func() { t.Error("cut too late") }); !errors.Is(err, ErrEnded) {
				t.Errorf("saved after the end: %v", err)
			}
		}
		if to.Taken() != 0 {
			t.Errorf("%s: %d bytes passed", name, to.Taken())
		}
		here.Close()
	}
}

// stuck is a download that takes nothing until it is cut.
type stuck struct {
	writing, cut chan struct{}
}

func (s stuck) Write([]byte) (int, error) {
	close(s.writing)
	<-s.cut
	return 0, errors.New("cut")
}

// TestTransferCutsTheDownload checks that an end frees a download that takes nothing.
func TestTransferCutsTheDownload(t *testing.T) {
	file, _ := noise(1000)
	to := newTransfer(1000, func() {})
	out := stuck{make(chan struct{}), make(chan struct{})}
	saved := make(chan error, 1)
	go func() { saved <- to.Save(context.Background(), out, func() { close(out.cut) }) }()
	here, there := net.Pipe()
	go func() {
		go func() { _, _ = io.Copy(io.Discard, there) }()
		_, _ = there.Write(file)
	}()
	received := make(chan error, 1)
	go func() { received <- to.Receive(here, nil) }()
	<-out.writing
	to.End()
	if err := <-saved; err == nil {
		t.Error("the download did not fail")
	}
	if err := <-received; !errors.Is(err, ErrEnded) {
		t.Errorf("the stream: %v", err)
	}
	here.Close()
}

func TestTransferWithoutADownload(t *testing.T) {
	to := newTransfer(10, func() {})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := to.Save(ctx, io.Discard, func() {}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func offerOf(id, name string, size int64) tunnel.FileOffer {
	return tunnel.FileOffer{ID: id, Name: name, Size: size}
}

// idOf returns the ID of the offer with a number.
func idOf(n int) string {
	return testID[:20] + string([]byte{byte('a' + n/26), byte('a' + n%26)})
}

func TestListBounds(t *testing.T) {
	var l List[int]
	for i, offer := range map[string]tunnel.FileOffer{
		tunnel.FileBadName:  offerOf(testID, "..", 1),
		tunnel.FileTooLarge: offerOf(testID, "a", tunnel.MaxFileSize+1),
	} {
		if o, why := l.Add(offer, 1); o != nil || why != i {
			t.Errorf("%+v: %v, %s", offer, o, why)
		}
	}
	for _, bad := range []tunnel.FileOffer{offerOf("", "a", 1), offerOf("../../../../../etc/pas", "a", 1), offerOf(testID, "a", -1)} {
		if o, _ := l.Add(bad, 1); o != nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	for i := range tunnel.MaxFiles {
		if o, why := l.Add(offerOf(idOf(i), "a.txt", 1), 1); o == nil {
			t.Fatal(i, why)
		}
	}
	if o, why := l.Add(offerOf(testID, "a", 1), 1); o != nil || why != tunnel.FileTooMany {
		t.Errorf("one too many: %v, %s", o, why)
	}
	if o, _ := l.Add(offerOf(idOf(3), "a.txt", 1), 2); o == nil || o.Sender != 2 || o.Claims != 1 {
		t.Error("an offer that is made again is not another one")
	}
	if o, _ := l.Add(offerOf(idOf(3), "a.exe", 1), 2); o != nil {
		t.Error("a file becomes another one")
	}
	for n := range 10 * maxShown {
		for _, o := range l.All() {
			o.End(Withdrawn)
		}
		if o, why := l.Add(offerOf(idOf(100+n), strings.Repeat("ä", 255), 1), 1); o == nil {
			t.Fatal(why)
		}
		if len(l.Shown()) > maxShown {
			t.Fatalf("%d files are kept", len(l.Shown()))
		}
	}
}
