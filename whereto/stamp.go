package whereto

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"lotse/tunnel"
)

// A stamp is in an unauthenticated attribute of the file's Authenticode signature, between the
// markers that osslsigncode writes there (option -addUnauthenticatedBlob). Changing it does not
// invalidate that signature, so the stamp has a signature of its own, with a key whose public half
// is built into the program:
//
//	lotse-stamp-1 https://support.example.com SIGNATURE
//
// It is padded with spaces. SIGNATURE is Ed25519 over the text before it, in base64url.
const (
	stampBegin   = "---BEGIN_BLOB---"
	stampEnd     = "---END_BLOB---"
	stampVersion = "lotse-stamp-1 "
	// maxCertificates is the maximum size of a signature with its certificates.
	maxCertificates = 256 << 10
)

var errNoStampPlace = errors.New("the file has no place for a stamp: sign it, then run osslsigncode add -addUnauthenticatedBlob")

// fromStamp returns "" for files without a stamp and programs without a key.
func fromStamp(path, publicKey string) (string, error) {
	if publicKey == "" {
		return "", nil
	}
	key, err := base64.StdEncoding.DecodeString(publicKey)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return "", errors.New("the key that was built into this program cannot be read")
	}
	f, err := os.Open(path)
	if err != nil {
		return "", nil // not readable, so there is no stamp
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return "", nil
	}
	room, err := stampRoom(f, st.Size())
	if err != nil {
		return "", nil // not signed
	}
	return parseStamp(room.text, key)
}

// parseStamp verifies the text between the markers. It returns "" if no stamp was written there.
func parseStamp(text []byte, key ed25519.PublicKey) (string, error) {
	// osslsigncode fills the place with other bytes.
	if !strings.HasPrefix(string(text), stampVersion) {
		return "", nil
	}
	signed, signature, _ := strings.Cut(strings.TrimRight(string(text[len(stampVersion):]), " "), " ")
	sig, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || len(sig) != ed25519.SignatureSize || !ed25519.Verify(key, []byte(stampVersion+signed), sig) {
		return "", errors.New("it was not made by the publisher of this program")
	}
	gateway, err := tunnel.ParseGatewayName(signed)
	if err != nil {
		return "", err
	}
	return gateway, nil
}

// WriteStamp writes a stamp into the signed program in b and updates the file's checksum.
func WriteStamp(b []byte, gateway string, key ed25519.PrivateKey) error {
	gateway, err := tunnel.ParseGatewayName(gateway)
	if err != nil {
		return fmt.Errorf("the gateway cannot be stamped: %w", err)
	}
	room, err := stampRoom(readerAt(b), int64(len(b)))
	if err != nil {
		return err
	}
	signed := stampVersion + gateway
	text := signed + " " + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(signed)))
	if len(text) > len(room.text) {
		return errors.New("the gateway's name is too long for a stamp")
	}
	copy(b[room.at:], text+strings.Repeat(" ", len(room.text)-len(text)))
	setChecksum(b)
	return nil
}

// room is the part of a file that is reserved for a stamp.
type room struct {
	at   int64
	text []byte
}

// stampRoom searches for the place only within the certificate table, because the markers have
// no meaning in the program's code.
func stampRoom(f io.ReaderAt, size int64) (room, error) {
	at, n, err := certificates(f, size)
	if err != nil {
		return room{}, err
	}
	table := make([]byte, n)
	if _, err := f.ReadAt(table, at); err != nil {
		return room{}, err
	}
	begin := strings.Index(string(table), stampBegin)
	if begin < 0 {
		return room{}, errNoStampPlace
	}
	begin += len(stampBegin)
	end := strings.Index(string(table[begin:]), stampEnd)
	if end < 0 {
		return room{}, errNoStampPlace
	}
	return room{at + int64(begin), table[begin : begin+end]}, nil
}

// Offsets in a PE file; Microsoft, "PE Format": the header's address at 0x3c, and the optional
// header after 24 bytes of signature and file header.
const (
	peHeaderAt   = 0x3c
	peOptional   = 24
	peChecksum   = peOptional + 64
	pe32Security = peOptional + 96 + 4*8
	pe64Security = peOptional + 112 + 4*8
)

var errNoProgram = errors.New("this is not a signed Windows program")

// certificates returns the offset and the size of a file's certificate table.
func certificates(f io.ReaderAt, size int64) (at int64, n int, err error) {
	header, pe, err := peHeader(f)
	if err != nil {
		return 0, 0, err
	}
	security := pe + pe64Security
	if binary.LittleEndian.Uint16(header[pe+peOptional:]) == 0x10b {
		security = pe + pe32Security
	}
	at, length := int64(binary.LittleEndian.Uint32(header[security:])), int64(binary.LittleEndian.Uint32(header[security+4:]))
	if length == 0 || length > maxCertificates || at+length > size {
		return 0, 0, errNoProgram
	}
	return at, int(length), nil
}

// peHeader returns the start of a file, which contains everything that is needed, and the offset of
// its PE header.
func peHeader(f io.ReaderAt) (header []byte, pe int, err error) {
	header = make([]byte, 4096)
	n, err := f.ReadAt(header, 0)
	if err != nil && err != io.EOF {
		return nil, 0, err
	}
	header = header[:n]
	if n < peHeaderAt+4 || string(header[:2]) != "MZ" {
		return nil, 0, errNoProgram
	}
	at := binary.LittleEndian.Uint32(header[peHeaderAt:])
	if int64(at)+pe64Security+8 > int64(n) || string(header[at:at+4]) != "PE\x00\x00" {
		return nil, 0, errNoProgram
	}
	return header, int(at), nil
}

// setChecksum computes the checksum of a PE file as ImageHlp does: the sum of all 16-bit words with
// carries, except for the checksum itself, plus the length.
func setChecksum(b []byte) {
	_, pe, err := peHeader(readerAt(b))
	if err != nil {
		return
	}
	field := b[pe+peChecksum : pe+peChecksum+4]
	binary.LittleEndian.PutUint32(field, 0)
	var sum uint32
	for i := 0; i < len(b); i += 2 {
		word := uint32(b[i])
		if i+1 < len(b) {
			word |= uint32(b[i+1]) << 8
		}
		sum += word
		sum = sum&0xffff + sum>>16
	}
	binary.LittleEndian.PutUint32(field, sum+uint32(len(b)))
}

type readerAt []byte

func (b readerAt) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > int64(len(b)) {
		return 0, io.EOF
	}
	n := copy(p, b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
