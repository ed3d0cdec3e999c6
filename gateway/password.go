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
)

// argon2id with the parameters OWASP recommends: 19 MiB, 2 passes, 1 lane.
const (
	hashMemory = 19 << 10 // KiB
	hashPasses = 2
	hashLanes  = 1
	hashSalt   = 16
	hashKey    = 32
)

var hashPrefix = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, hashMemory, hashPasses, hashLanes)

// errDamagedHash is a hash in the accounts file that nobody can sign in by.
var errDamagedHash = errors.New("gateway: the password hash is damaged")

type passwordHash struct{ salt, key []byte }

func hashPassword(password string) string {
	salt := make([]byte, hashSalt)
	rand.Read(salt) // never fails
	key := argon2.IDKey([]byte(password), salt, hashPasses, hashMemory, hashLanes, hashKey)
	enc := base64.RawStdEncoding
	return hashPrefix + enc.EncodeToString(salt) + "$" + enc.EncodeToString(key)
}

// parseHash reads what hashPassword wrote. Other parameters are refused: a file
// must not be able to make a sign-in cost a gigabyte.
func parseHash(s string) (passwordHash, error) {
	rest, ok := strings.CutPrefix(s, hashPrefix)
	if !ok {
		return passwordHash{}, fmt.Errorf("%w: not argon2id with this program's parameters", errDamagedHash)
	}
	salt, key, _ := strings.Cut(rest, "$")
	var h passwordHash
	var err1, err2 error
	h.salt, err1 = base64.RawStdEncoding.DecodeString(salt)
	h.key, err2 = base64.RawStdEncoding.DecodeString(key)
	if err1 != nil || err2 != nil || len(h.salt) != hashSalt || len(h.key) != hashKey {
		return passwordHash{}, errDamagedHash
	}
	return h, nil
}

// nobody is what unknown names are tested against, so that they cost the same.
var nobody = passwordHash{salt: make([]byte, hashSalt), key: make([]byte, hashKey)}

// hasher bounds how many hashes are computed at a time: each takes 19 MiB and
// a tenth of a second. Those that wait get fair turns.
type hasher struct {
	turns *turnstile
	clock Clock
}

const (
	hashSlots   = 2 // fewer where there are few processors
	hashWaiting = 1024
	hashPatient = 5 * time.Second
)

func newHasher(clock Clock) *hasher {
	return &hasher{newTurnstile(max(1, min(hashSlots, runtime.GOMAXPROCS(0)/2)), hashWaiting), clock}
}

// verify tests password against encoded; "" stands for an unknown name. lane and cost
// are as in turnstile.enter. Errors are errDamagedHash, which costs a hash as well,
// errCrowded and the context's.
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
		want, err = parseHash(encoded)
		if err != nil {
			want = nobody
		}
	}
	got := argon2.IDKey([]byte(password), want.salt, hashPasses, hashMemory, hashLanes, hashKey)
	same := subtle.ConstantTimeCompare(got, want.key) == 1
	return same && encoded != "" && err == nil, err
}
