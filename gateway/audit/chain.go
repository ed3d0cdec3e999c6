package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
)

// Each line of the audit trail ends with ,"chain":"HEX"}: the SHA-256 over the chain of
// the line before, 32 bytes, and this line without that field. The chain goes on from
// file to file; a trail begins with 32 zero bytes.
const (
	chainField  = `,"chain":"`
	chainSuffix = len(chainField) + 2*sha256.Size + len(`"}`)
	// maxLine bounds what is read as one line.
	maxLine = 64 << 10
)

type chainValue [sha256.Size]byte

func (c chainValue) String() string { return hex.EncodeToString(c[:]) }

func parseChain(s string) (c chainValue, err error) {
	if len(s) != 2*len(c) {
		return c, errNoChain
	}
	if _, err := hex.Decode(c[:], []byte(s)); err != nil {
		return c, errNoChain
	}
	return c, nil
}

// next is the chain of a line, given without its chain field.
func (c chainValue) next(line []byte) (n chainValue) {
	h := sha256.New()
	h.Write(c[:])
	h.Write(line)
	h.Sum(n[:0])
	return n
}

// appendLine appends a record as a line, and returns its chain.
func (c chainValue) appendLine(out []byte, r Record) ([]byte, chainValue, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return out, c, err
	}
	n := c.next(b)
	out = append(out, b[:len(b)-1]...)
	out = append(out, chainField...)
	out = append(out, n.String()...)
	return append(out, "\"}\n"...), n, nil
}

var errNoChain = errors.New("the line does not end with its chain")

// splitLine parts a line, without its end, into what the chain covers, and the chain.
func splitLine(line []byte) (covered []byte, c chainValue, err error) {
	at := len(line) - chainSuffix
	if at < 1 || !bytes.HasPrefix(line[at:], []byte(chainField)) || !bytes.HasSuffix(line, []byte(`"}`)) {
		return nil, c, errNoChain
	}
	if c, err = parseChain(string(line[at+len(chainField) : len(line)-2])); err != nil {
		return nil, c, err
	}
	return append(line[:at:at], '}'), c, nil
}
