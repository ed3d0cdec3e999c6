package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
)

// Each line of the audit trail ends with ,"chain":"HEX"}. The chain is the SHA-256 over the
// previous line's chain, 32 bytes, and this line without that field. It continues from file to
// file; the first line of a trail follows 32 zero bytes.
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

// next returns the chain of the following line, which is given without its chain field.
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

// splitLine splits a line, without its line feed, into the part that the chain covers and the
// chain.
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
