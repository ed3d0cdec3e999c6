package gateway

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"lotse/gateway/clock"
)

// hashCost is the cost of an argon2id hash with one lane.
type hashCost struct {
	memory uint32 // KiB
	passes uint32
}

var (
	// usualCost is OWASP's recommendation.
	usualCost = hashCost{memory: 19 << 10, passes: 2}
	// devCost is for the account of a development gateway, whose password is in an environment
	// variable or on the terminal. Other gateways do not accept such a hash.
	devCost = hashCost{memory: 64, passes: 1}
)

const (
	hashLanes = 1
	hashSalt  = 16
	hashKey   = 32
)

// errDamagedHash means that a hash in the accounts file is invalid; nobody can sign in to the
// account.
var errDamagedHash = errors.New("gateway: the password hash is damaged")

type passwordHash struct {
	salt, key []byte
	cost      hashCost
}

// of returns the key of a password with h's salt and cost.
func (h passwordHash) of(password string) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.cost.passes, h.cost.memory, hashLanes, hashKey)
}

// prefix returns the start of encoded hashes with this cost.
func (c hashCost) prefix() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, c.memory, c.passes, hashLanes)
}

// hash returns the encoded hash of a password with a new salt.
func (c hashCost) hash(password string) string {
	h := passwordHash{salt: make([]byte, hashSalt), cost: c}
	rand.Read(h.salt) // never fails
	enc := base64.RawStdEncoding
	return c.prefix() + enc.EncodeToString(h.salt) + "$" + enc.EncodeToString(h.of(password))
}

// parseHash reads a result of hash with one of costs. It refuses other parameters, so that a file
// cannot make a sign-in cost a gigabyte, or nothing.
func parseHash(s string, costs []hashCost) (passwordHash, error) {
	for _, c := range costs {
		rest, ok := strings.CutPrefix(s, c.prefix())
		if !ok {
			continue
		}
		salt, key, _ := strings.Cut(rest, "$")
		h := passwordHash{cost: c}
		var err1, err2 error
		h.salt, err1 = base64.RawStdEncoding.DecodeString(salt)
		h.key, err2 = base64.RawStdEncoding.DecodeString(key)
		if err1 != nil || err2 != nil || len(h.salt) != hashSalt || len(h.key) != hashKey {
			return passwordHash{}, errDamagedHash
		}
		return h, nil
	}
	return passwordHash{}, fmt.Errorf("%w: not argon2id with this gateway's parameters", errDamagedHash)
}

// nobody is the hash that passwords of unknown names are compared with, so that they take as long
// as those of existing accounts.
var nobody = passwordHash{salt: make([]byte, hashSalt), key: make([]byte, hashKey), cost: usualCost}

// hasher limits how many hashes are computed at a time; each takes 19 MiB and a tenth of a second.
// Waiting requests get fair turns.
type hasher struct {
	turns *turnstile
	clock clock.Clock
	costs []hashCost // of the hashes that it takes
}

const (
	hashSlots   = 2 // fewer if there are few processors
	hashWaiting = 1024
	hashPatient = 5 * time.Second
)

func newHasher(clock clock.Clock, costs ...hashCost) *hasher {
	return &hasher{newTurnstile(max(1, min(hashSlots, runtime.GOMAXPROCS(0)/2)), hashWaiting), clock, costs}
}

// verify compares password with encoded, which is "" for an unknown name. lane and cost are as in
// turnstile.enter. The error is errDamagedHash, which takes as long as a hash, errCrowded, or the
// context's.
func (h *hasher) verify(ctx context.Context, lane string, cost float64, encoded, password string) (bool, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer h.clock.AfterFunc(hashPatient, func() { cancel(errCrowded) })()
	leave, err := h.turns.enter(ctx, lane, cost)
	if err != nil {
		return false, err
	}
	defer leave()
	want := nobody
	if encoded != "" {
		want, err = parseHash(encoded, h.costs)
		if err != nil {
			want = nobody
		}
	}
	same := subtle.ConstantTimeCompare(want.of(password), want.key) == 1
	return same && encoded != "" && err == nil, err
}
