package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// keys are derived by both ends; SPEC.md, section 3.
type keys struct {
	confirmAgent, confirmAdvisor []byte // tags, not keys
	dataAgent, dataAdvisor       []byte
	origin                       Origin // contains the comparison code of this exchange
}

func deriveKeys(isk, transcript []byte) (*keys, error) {
	prk, err := hkdf.Extract(sha256.New, isk, []byte(label))
	if err != nil {
		return nil, err
	}
	defer clear(prk)
	expand := func(info string, n int) []byte {
		out, e := hkdf.Expand(sha256.New, prk, info, n)
		if e != nil && err == nil {
			err = e
		}
		return out
	}
	tag := func(info string) []byte {
		m := hmac.New(sha256.New, expand(info, confirmSize))
		m.Write(transcript)
		return m.Sum(nil)
	}
	k := &keys{
		confirmAgent:   tag("confirm agent"),
		confirmAdvisor: tag("confirm advisor"),
		dataAgent:      expand("data agent", secretSize),
		dataAdvisor:    expand("data advisor", secretSize),
	}
	copy(k.origin.secret[:], expand("session", originSecretSize))
	copy(k.origin.id[:], expand("session id", originIDSize))
	code := expand("compare", 4)
	if err != nil {
		return nil, err
	}
	k.origin.compare = fmt.Sprintf("%04d", binary.BigEndian.Uint32(code)%10000)
	return k, nil
}
