package gateway

import "time"

// entrance is one way in: what clients did wrong there, and whether it can ask for
// work instead of refusing. The model is the same for all, PROTOCOL.md, section 8:
//
//	try ► the client owes too much?            refused, with the time to wait
//	    ► work is asked for and not brought?   a puzzle
//	    ► charged ► right: given back, and the address is known for a day
//	              ► wrong: it stays, for the address and its networks
//
// Methods may be called concurrently.
type entrance struct {
	// Static after newServer.
	name     string
	ledger   *ledger
	known    *known
	pressure *pressure // nil: never asks for work
	puzzles  *puzzles  // nil: never asks for work
	metrics  *metrics
}

// admission is what became of a try. The zero value lets in.
type admission struct {
	wait   time.Duration // above 0: refused
	puzzle string        // not "": to be solved first
}

func (a admission) ok() bool { return a.wait == 0 && a.puzzle == "" }

// admit charges a try that may be looked at. harder is what its target adds to the
// puzzle: 0 when it asks for none.
func (e *entrance) admit(c client, proof string, harder int, now time.Time) admission {
	exempt := e.known.has(c, now)
	s := e.ledger.look(c, exempt, now)
	if s.wait > 0 {
		return admission{wait: s.wait}
	}
	if s.failed && s.guilt > 0 {
		e.known.forget(c)
		exempt = false
	}
	if e.puzzles != nil {
		need := max(s.guilt, harder)
		if !exempt {
			need = max(need, e.pressure.add(now))
			if need == 0 && e.ledger.overflowed(now) {
				need = 1
			}
		}
		if need > 0 {
			if !e.puzzles.take(proof, e.name, c.unit(), need-1, now) {
				e.metrics.puzzles.Add(1)
				return admission{puzzle: e.puzzles.ask(e.name, c.unit(), need-1, now)}
			}
			e.metrics.spread.puzzle.observeTime(now.Sub(puzzleAsked(proof)))
		}
	}
	return admission{wait: e.ledger.charge(c, exempt, 1, now)}
}

// right gives back what a try was charged that proved good, and remembers the client.
func (e *entrance) right(c client, now time.Time) {
	e.ledger.refund(c, 1, now)
	e.known.add(c, now)
}

// failed charges what was no try at all, such as a link on which nothing was said.
func (e *entrance) failed(c client, now time.Time) {
	e.ledger.charge(c, e.known.has(c, now), 1, now)
}

// closedFor is how long c is refused without a look; 0: it is not.
func (e *entrance) closedFor(c client, now time.Time) time.Duration {
	return e.ledger.look(c, e.known.has(c, now), now).wait
}

// guilt is how much a client's turn is put back in a queue: 0 without failures.
func (e *entrance) guilt(c client, now time.Time) float64 {
	s := e.ledger.look(c, e.known.has(c, now), now)
	g := float64(s.guilt)
	if s.failed {
		g++
	}
	return g
}
