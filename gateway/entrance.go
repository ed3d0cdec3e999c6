package gateway

import "time"

// entrance is one way in. It counts what clients did wrong there, and it can demand a proof of work
// instead of refusing. All entrances follow the same model, PROTOCOL.md, section 8:
//
//	try ► the client owes too much?            refused, with the time to wait
//	    ► work is required and missing?        a puzzle
//	    ► charged ► right: refunded, and the address is known for a day
//	              ► wrong: stays charged to the address and its networks
//
// Methods may be called concurrently.
type entrance struct {
	// Static after newServer.
	name     string
	ledger   *ledger
	known    *known
	pressure *pressure // nil: never demands work
	puzzles  *puzzles  // nil: never demands work
	metrics  *metrics
}

// admission is the decision about a try. The zero value admits it.
type admission struct {
	wait   time.Duration // greater than 0: refused
	puzzle string        // not "": the client must solve it first
}

func (a admission) ok() bool { return a.wait == 0 && a.puzzle == "" }

// admit charges a try and decides whether it may be examined. harder is what the target of the try
// adds to the puzzle; 0 if it requires none.
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

// right refunds a try that was correct, and marks the client as known.
func (e *entrance) right(c client, now time.Time) {
	e.ledger.refund(c, 1, now)
	e.known.add(c, now)
}

// failed charges a failure without a try, such as a link on which nothing was sent.
func (e *entrance) failed(c client, now time.Time) {
	e.ledger.charge(c, e.known.has(c, now), 1, now)
}

// closedFor returns how long c's tries will be refused; 0 if they are not.
func (e *entrance) closedFor(c client, now time.Time) time.Duration {
	return e.ledger.look(c, e.known.has(c, now), now).wait
}

// guilt returns how much is added to the cost of a client's turn in a queue: 0 without failures.
func (e *entrance) guilt(c client, now time.Time) float64 {
	s := e.ledger.look(c, e.known.has(c, now), now)
	g := float64(s.guilt)
	if s.failed {
		g++
	}
	return g
}
