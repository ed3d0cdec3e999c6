package seal

import (
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"lotse/seal/sealtest"
)

// grindEnv, set to a duration such as 20s, gives the man in the middle that much time on two cores
// for each run, instead of a number of tries.
const grindEnv = "LOTSE_GRIND"

// grindRuns is how many sessions the man in the middle attacks. The codes of one in ten thousand
// sessions are equal by chance.
const grindRuns = 1000 / raceFactor

// manInTheMiddle knows the number of params. seed determines his random values.
func manInTheMiddle(t *testing.T, seed uint64, tries int64) *sealtest.Man {
	p := params("482193057", nil)
	m := &sealtest.Man{Number: p.Number, Kind: p.Kind, Stream: p.Stream, Random: newReader(seed), More: func(n int64) bool { return n <= tries }}
	if d, err := time.ParseDuration(os.Getenv(grindEnv)); err == nil && d > 0 {
		end := time.Now().Add(d)
		m.Workers, m.More = 2, func(int64) bool { return time.Now().Before(end) }
	}
	return m
}

// codes are the comparison codes of the two ends; "" if no seal was made.
type codes struct{ agent, advisor string }

func (c codes) equal() bool { return c.agent != "" && c.agent == c.advisor }

// stand runs two ends with a man in the middle.
func stand(between func(agent, advisor io.ReadWriter), agent, advisor func(line net.Conn) string) (c codes) {
	a, evilA := net.Pipe()
	b, evilB := net.Pipe()
	var wg sync.WaitGroup
	wg.Go(func() { c.agent = agent(a); a.Close() })
	wg.Go(func() { c.advisor = advisor(b); b.Close() })
	between(evilA, evilB)
	evilA.Close()
	evilB.Close()
	wg.Wait()
	return c
}

// realEnd is an end of this package whose random values are determined by seed.
func realEnd(t *testing.T, role Role, seed uint64, tries *Tries) func(line net.Conn) string {
	return func(line net.Conn) string {
		p := params("482193057", tries)
		p.random = newReader(seed)
		c, err := Handshake(t.Context(), line, role, p)
		if err != nil {
			return ""
		}
		return c.Compare()
	}
}

// TestGrind: a man in the middle who knows the number gets equal codes only by chance, however much
// he computes. Seeds determine all random values.
func TestGrind(t *testing.T) {
	equal, sealed := 0, 0
	for run := range uint64(grindRuns) {
		tries := int64(20)
		if run < 3 {
			tries = 60_000 // this is enough for him to find a share and open his commitment to it
		}
		c := stand(func(a, b io.ReadWriter) { _, _ = manInTheMiddle(t, 3*run, tries).Between(a, b) },
			realEnd(t, Agent, 3*run+1, nil), realEnd(t, Advisor, 3*run+2, nil))
		if c.equal() {
			equal++
		}
		if c.advisor != "" {
			sealed++
		}
	}
	if sealed != grindRuns {
		t.Errorf("he sealed with the advisor's end %d times of %d: he does not know the number", sealed, grindRuns)
	}
	if equal > 1 {
		t.Errorf("equal codes in %d of %d runs", equal, grindRuns)
	}
}

// TestGrindByHangingUp: the man in the middle may also disconnect while the codes differ. The
// advisor's end counts this, so he has three chances per number.
func TestGrindByHangingUp(t *testing.T) {
	equal := 0
	for run := range uint64(grindRuns) {
		tries := new(Tries)
		attempts := uint64(0)
		for ; !tries.Burnt() && attempts < 10; attempts++ {
			seed := run<<8 + attempts<<4
			man := manInTheMiddle(t, seed, 0)
			man.GiveUp = true
			c := stand(func(a, b io.ReadWriter) { _, _ = man.Between(a, b) }, realEnd(t, Agent, seed+1, nil), realEnd(t, Advisor, seed+2, tries))
			if c.equal() {
				equal++
				break
			}
		}
		if attempts > MaxTries {
			t.Fatalf("%d draws at one number", attempts)
		}
	}
	if equal > 1 {
		t.Errorf("equal codes for %d of %d numbers", equal, grindRuns)
	}
}

// TestGrindFirstOrder: against version 1, where the agent sends its share first, the same man in
// the middle always gets equal codes. This shows that the tests above can fail.
func TestGrindFirstOrder(t *testing.T) {
	p := params("482193057", nil)
	equal := 0
	const runs = 3
	for run := range uint64(runs) {
		end := func(f func(io.ReadWriter, io.Reader, string, string, string) (string, error), seed uint64) func(net.Conn) string {
			return func(line net.Conn) string {
				code, err := f(line, newReader(seed), p.Number, p.Kind, p.Stream)
				if err != nil {
					return ""
				}
				return code
			}
		}
		c := stand(func(a, b io.ReadWriter) { _, _ = manInTheMiddle(t, 3*run, 60_000).BetweenFirstOrder(a, b) },
			end(sealtest.FirstOrderAgent, 3*run+1), end(sealtest.FirstOrderAdvisor, 3*run+2))
		if c.equal() {
			equal++
		}
	}
	if equal != runs {
		t.Errorf("version 1's order: equal codes in %d of %d runs", equal, runs)
	}
}
