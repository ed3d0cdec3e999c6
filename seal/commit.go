package seal

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
)

// SPEC.md, section 3: the advisor's end commits to its share before it sees the agent's, so that a
// man in the middle cannot choose a share to produce a certain comparison code.
const (
	commitLabel = "lotse seal 2 commit"
	commitSize  = sha256.Size
	nonceSize   = 32
)

// Flags of a Commit.
const (
	flagBound  = 1 << 0 // sealed with the number and an earlier exchange's secret
	flagOnward = 1 << 1 // the advisor's end passes the stream on unencrypted

	flagsKnown = flagBound | flagOnward
)

// commitment is the body of a Commit frame.
type commitment [bodyCommit]byte

// newCommitment commits to a share. origin is nil for an exchange over the number alone.
func newCommitment(sid, public, nonce []byte, origin *Origin, onward bool) *commitment {
	c := &commitment{version}
	if origin != nil {
		c[1] |= flagBound
		copy(c[2:], origin.id[:])
	}
	if onward {
		c[1] |= flagOnward
	}
	copy(c[2+originIDSize:], commitHash(sid, public, nonce))
	return c
}

func commitHash(sid, public, nonce []byte) []byte {
	h := sha256.Sum256(appendLV(nil, []byte(commitLabel), sid, public, nonce))
	return h[:]
}

// parseCommitment checks a body received from the peer. An unknown flag belongs to a newer version.
func parseCommitment(body []byte) (*commitment, error) {
	c := new(commitment)
	copy(c[:], body)
	switch {
	case c[0] != version, c[1]&^flagsKnown != 0:
		return nil, ErrVersion
	case !c.bound() && !bytes.Equal(c.originID(), make([]byte, originIDSize)):
		return nil, errors.New("seal: an identifier in a commitment that names no earlier exchange")
	}
	return c, nil
}

func (c *commitment) bound() bool      { return c[1]&flagBound != 0 }
func (c *commitment) onward() bool     { return c[1]&flagOnward != 0 }
func (c *commitment) originID() []byte { return c[2 : 2+originIDSize] }

// opens reports whether public and nonce match the commitment.
func (c *commitment) opens(sid, public, nonce []byte) bool {
	return hmac.Equal(c[2+originIDSize:], commitHash(sid, public, nonce))
}

// advisorData is CPace's ADb. Through it both tags cover the commitment, with its version, flags
// and identifier, and the values that open it.
func (c *commitment) advisorData(nonce []byte) []byte {
	return appendLV(nil, []byte("advisor"), []byte(commitLabel), c[:], nonce)
}
