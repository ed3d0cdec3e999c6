package gateway

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"lotse/tunnel"
)

func testEntrance(perMinute int) *entrance {
	return &entrance{name: "test", ledger: newLedger(10, 10*time.Minute, hardFactor), known: newKnown(),
		pressure: newPressure(perMinute), puzzles: newPuzzles(), metrics: newMetrics(time.Unix(0, 0))}
}

// solve solves a puzzle as an honest client does.
func solve(t *testing.T, a admission) string {
	t.Helper()
	proof, err := tunnel.SolvePuzzle(t.Context(), a.puzzle)
	if err != nil {
		t.Fatalf("%+v: %v", a, err)
	}
	return proof
}

// TestPressure: above the rate, unknown clients get puzzles and nobody is refused. Known clients
// get no puzzles.
func TestPressure(t *testing.T) {
	e, now := testEntrance(120), time.Unix(1e9, 0)
	e.known.add(addr("198.51.100.1"), now)
	asked := 0
	for i := range 1000 {
		c := clientOf(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 1}))
		a := e.admit(c, "", 0, now)
		if a.wait > 0 {
			t.Fatalf("try %d of a clean address: %+v", i, a)
		}
		if a.puzzle != "" {
			asked++
		}
		e.right(c, now)
	}
	if asked != 1000-20 { // ten seconds at the rate
		t.Errorf("%d of 1000 were asked for work", asked)
	}
	if a := e.admit(addr("198.51.100.1"), "", 0, now); !a.ok() {
		t.Errorf("a known address: %+v", a)
	}
	c := addr("203.0.113.5")
	a := e.admit(c, "", 0, now)
	if a.puzzle == "" {
		t.Fatalf("%+v", a)
	}
	if a := e.admit(c, solve(t, a), 0, now); !a.ok() {
		t.Errorf("after the work: %+v", a)
	}
	if a := e.admit(addr("203.0.113.9"), "", 0, now.Add(2*time.Minute)); !a.ok() {
		t.Errorf("after the flood: %+v", a)
	}
}

// TestProofs: a proof is valid once, for its address and its entrance, for a minute.
func TestProofs(t *testing.T) {
	p, now := newPuzzles(), time.Unix(1e9, 0)
	unit := addr("203.0.113.5").unit()
	proof := func(harder int) string {
		return solve(t, admission{puzzle: p.ask("enter", unit, harder, now)})
	}
	good := proof(0)
	for name, take := range map[string]func() bool{
		"another address":   func() bool { return p.take(good, "enter", addr("203.0.113.6").unit(), 0, now) },
		"another entrance":  func() bool { return p.take(good, "signin", unit, 0, now) },
		"too late":          func() bool { return p.take(good, "enter", unit, 0, now.Add(puzzleLife)) },
		"too easy":          func() bool { return p.take(good, "enter", unit, puzzleSlack+1, now) },
		"another gateway":   func() bool { return newPuzzles().take(good, "enter", unit, 0, now) },
		"another counter":   func() bool { return p.take(good[:len(good)-2]+"AA", "enter", unit, 0, now) },
		"fewer bits":        func() bool { return p.take(easier(t, good), "enter", unit, 0, now) },
		"nothing":           func() bool { return p.take("", "enter", unit, 0, now) },
		"the puzzle itself": func() bool { return p.take(p.ask("enter", unit, 0, now), "enter", unit, 0, now) },
	} {
		if take() {
			t.Errorf("%s: taken", name)
		}
	}
	if !p.take(good, "enter", unit, puzzleSlack, now.Add(puzzleLife-time.Second)) {
		t.Error("a good one is refused")
	}
	for i := range 130 {
		if p.take(good, "enter", unit, 0, now.Add(time.Duration(i)*time.Second)) {
			t.Fatalf("used again after %d s", i)
		}
	}
}

// easier returns the proof with an easier puzzle in it.
func easier(t *testing.T, proof string) string {
	t.Helper()
	p, _, err := tunnel.ParseProof(proof)
	if err != nil {
		t.Fatal(err)
	}
	p.Bits = 0
	return p.String() + proof[len(p.String()):]
}

// TestSpentBounded: the memory for used solutions is limited, and contains every solution that is
// still valid.
func TestSpentBounded(t *testing.T) {
	p, now := newPuzzles(), time.Unix(1e9, 0)
	nonce := func(i int) (n [12]byte) { copy(n[:], fmt.Sprint(i)); return n }
	taken := 0
	for i := range maxSpent + 1000 {
		if p.spend(nonce(i), now) {
			taken++
		}
	}
	if taken != maxSpent || p.spend(nonce(0), now) {
		t.Errorf("%d taken", taken)
	}
	later := now.Add(puzzleLife + time.Second)
	if p.spend(nonce(5), later) || !p.spend(nonce(-1), later) {
		t.Error("the puzzleLife before is forgotten, or there is no room for a new one")
	}
	if !p.spend(nonce(5), now.Add(5*puzzleLife)) {
		t.Error("remembered for ever")
	}
}

// TestKnownBounded: one of the oldest is dropped when there are too many; failures remove an
// address.
func TestKnownBounded(t *testing.T) {
	k, now := newKnown(), time.Unix(1e9, 0)
	for i := range maxKnown + 1000 {
		k.add(clientOf(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})), now.Add(time.Duration(i)))
	}
	if len(k.since) != maxKnown {
		t.Errorf("%d known", len(k.since))
	}
	last := clientOf(netip.AddrFrom4([4]byte{10, 0, byte((maxKnown + 999) >> 8), byte((maxKnown + 999) & 255)}))
	if !k.has(last, now) || k.has(last, now.Add(knownLife+time.Hour)) {
		t.Error("the newest")
	}
	e := testEntrance(120)
	c := addr("192.0.2.1")
	e.known.add(c, now)
	for range 6 {
		e.admit(c, "", 0, now)
	}
	if e.known.has(c, now) {
		t.Error("known after six failures")
	}
	k.sweep(now.Add(2 * knownLife))
	if len(k.since) != 0 {
		t.Error("not swept")
	}
}
