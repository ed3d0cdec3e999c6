package seal

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// wrongNumber is used by an end that knows another number.
const wrongNumber = "482193058"

// Before the first right try, three wrong ones burn the number; after it, one does.
func TestBurningAfterARightTry(t *testing.T) {
	for _, before := range []int{0, 2} {
		for _, role := range []Role{Agent, Advisor} {
			tries := NewTries(MaxTries, 0, nil)
			attempt := func(digits string) error {
				pa, pb := params("482193057", nil), params(digits, nil)
				if role == Agent {
					pa.Tries = tries
				} else {
					pa, pb = pb, pa
					pb.Tries = tries
				}
				ra, rb := between(t, pa, pb)
				if role == Agent {
					return ra.err
				}
				return rb.err
			}
			for range before {
				if err := attempt(wrongNumber); !errors.Is(err, ErrWrongNumber) {
					t.Fatal(err)
				}
			}
			if err := attempt("482193057"); err != nil || tries.Burnt() {
				t.Fatalf("role %c: a right try: %v", role, err)
			}
			if err := attempt(wrongNumber); !errors.Is(err, ErrWrongNumber) || !tries.Burnt() {
				t.Errorf("role %c: %v, burnt %v after %d wrong ones before", role, err, tries.Burnt(), before)
			}
			if err := attempt("482193057"); !errors.Is(err, ErrBurnt) {
				t.Errorf("role %c: the right number on a burnt one: %v", role, err)
			}
		}
	}
}

// If one try is allowed, one wrong try burns the number.
func TestOneTry(t *testing.T) {
	tries := NewTries(1, 0, nil)
	pa, pb := params("482193057", tries), params(wrongNumber, nil)
	for i, want := range []error{ErrWrongNumber, ErrBurnt} {
		if ra, _ := between(t, pa, pb); !errors.Is(ra.err, want) {
			t.Errorf("try %d: %v, want %v", i, ra.err, want)
		}
	}
}

// On a stream based on an earlier exchange no guess can be tested. A wrong tag on it is an attack
// and burns the number; a lost connection has no effect.
func TestBoundStreamsAndTries(t *testing.T) {
	origins := new(Origins)
	tries := new(Tries)
	pa, pb := params("482193057", nil), params("482193057", tries)
	pa.Origins = origins
	_, rb := between(t, pa, pb)
	if rb.err != nil {
		t.Fatal(rb.err)
	}
	pb.Origin = rb.conn.Origin()
	for range 5 { // the connection is lost before the agent's tag
		a, b := net.Pipe()
		go func() {
			readFrame(a)
			s, _ := newShare(newReader(1), generator(nil, nil, nil))
			a.Write(append(append(appendHeader(nil, frameShare, bodyShare), version), s.public...))
			readFrame(a)
			a.Close()
		}()
		if _, err := Handshake(t.Context(), b, Advisor, pb); err == nil || tries.Used() != 0 {
			t.Fatalf("%v, %d tries", err, tries.Used())
		}
	}
	pa.Origins = &Origins{list: []*Origin{{id: pb.Origin.id}}} // the attacker knows only the identifier
	if _, rb := between(t, pa, pb); !errors.Is(rb.err, ErrWrongNumber) || !tries.Burnt() {
		t.Errorf("%v, burnt %v", rb.err, tries.Burnt())
	}
}

// The count is stored before the peer can learn anything, so that even a power failure does not
// undo a try.
func TestCountIsKeptFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept []int
		tries := NewTries(MaxTries, 1, func(used int) error { kept = append(kept, used); return nil })
		a, b := net.Pipe()
		done := make(chan error, 1)
		go func() {
			_, err := Handshake(t.Context(), b, Advisor, params("482193057", tries))
			done <- err
		}()
		readFrame(a)
		s, _ := newShare(newReader(1), generator(nil, nil, nil))
		a.Write(append(append(appendHeader(nil, frameShare, bodyShare), version), s.public...))
		synctest.Wait() // it waits until its tag is read
		if !slices.Equal(kept, []int{2}) {
			t.Errorf("kept before the tag is out: %v", kept)
		}
		a.Close()
		<-done
		if !slices.Equal(kept, []int{2, 2}) || tries.Used() != 2 {
			t.Errorf("kept: %v", kept)
		}
		// A right try is removed from the count.
		kept = nil
		if ra, rb := between(t, params("482193057", nil), params("482193057", tries)); ra.err != nil || rb.err != nil {
			t.Fatal(ra.err, rb.err)
		}
		if !slices.Equal(kept, []int{3, 2}) {
			t.Errorf("kept over a right try: %v", kept)
		}
		// After the first right try, any try might burn the number.
		kept = nil
		between(t, params(wrongNumber, nil), params("482193057", tries))
		if !slices.Equal(kept, []int{3, 3}) {
			t.Errorf("kept over a wrong one: %v", kept)
		}
	})
}

// A wrong try that began before the first right one does not burn the number after it; one that
// begins after the right one does.
func TestTriesThatOverlapTheRightOne(t *testing.T) {
	for used := range MaxTries - 1 {
		tries := NewTries(MaxTries, used, nil)
		stranger, ok1 := tries.begin(t.Context(), false)
		customer, ok2 := tries.begin(t.Context(), false)
		if !ok1 || !ok2 {
			t.Fatal("a try is missing")
		}
		customer.settle(true)
		stranger.settle(false)
		if tries.Burnt() {
			t.Errorf("after %d wrong tries a stranger's burnt the session", used)
		}
		late, ok := tries.begin(t.Context(), false)
		if !ok {
			t.Fatal("no try after the right one")
		}
		if late.settle(false); !tries.Burnt() {
			t.Error("a wrong try after the right one does not burn")
		}
	}
}

// Only one agent can enter, even if two try the right number at the same time. Later agents get the
// same answer as with a burnt number.
func TestOnlyOneEnters(t *testing.T) {
	for range 20 {
		tries := new(Tries)
		enter := func() (result, result) {
			pb := params("482193057", tries)
			pb.Once = true
			a, b := tcpPair(t)
			return handshake(t, a, b, params("482193057", nil), pb)
		}
		var wg sync.WaitGroup
		var in atomic.Int32
		for range 5 {
			wg.Go(func() {
				if _, rb := enter(); rb.err == nil {
					in.Add(1)
				} else if !errors.Is(rb.err, ErrUsed) {
					t.Errorf("refused: %v", rb.err)
				}
			})
		}
		wg.Wait()
		if in.Load() != 1 {
			t.Fatalf("%d got in", in.Load())
		}
		if ra, rb := enter(); !errors.Is(ra.err, ErrBurnt) || !errors.Is(rb.err, ErrUsed) {
			t.Errorf("afterwards: %v, %v", ra.err, rb.err)
		}
		if tries.Used() != 0 {
			t.Error("a right number counts as a wrong try")
		}
	}
}

// A try that waited while another agent entered is refused, and burns nothing.
func TestStrangerWhoWaited(t *testing.T) {
	tries := new(Tries)
	pb := params("482193057", tries)
	pb.Once = true
	a, b := net.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := Handshake(t.Context(), b, Advisor, pb)
		done <- err
	}()
	readFrame(a) // the commitment; the stranger delays his share
	if ra, rb := between(t, params("482193057", nil), pb); ra.err != nil || rb.err != nil {
		t.Fatal(ra.err, rb.err)
	}
	s, _ := newShare(newReader(1), generator(nil, nil, nil))
	a.Write(append(append(appendHeader(nil, frameShare, bodyShare), version), s.public...))
	if body := readFrame(a); len(body) != 1 {
		t.Errorf("he is given a guess: % x", body)
	}
	if err := <-done; !errors.Is(err, ErrUsed) || tries.Burnt() {
		t.Errorf("%v, burnt %v", err, tries.Burnt())
	}
	a.Close()
}

// If the count cannot be stored, the try is refused and not counted.
func TestCountThatCannotBeKept(t *testing.T) {
	tries := NewTries(1, 0, func(int) error { return errors.New("disk full") })
	if ra, rb := between(t, params("482193057", nil), params("482193057", tries)); !errors.Is(ra.err, ErrBurnt) || !errors.Is(rb.err, ErrBurnt) {
		t.Errorf("agent %v, advisor %v", ra.err, rb.err)
	}
	if tries.Used() != 0 {
		t.Error("counted")
	}
}

// FuzzTries: in whatever order tries begin and settle, no more wrong ones are answered than
// allowed: the given number before the first right one, one after it.
func FuzzTries(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3}, byte(3))
	f.Add([]byte{0, 0, 0, 9, 1, 0, 2}, byte(1))
	f.Add([]byte{4, 5, 4}, byte(130))
	f.Fuzz(func(t *testing.T, ops []byte, most byte) {
		limit := 1 + int(most%4)
		kept := 0
		tries := NewTries(limit, 0, func(used int) error { kept = used; return nil })
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // nobody waits
		var open []try
		early, late, proven := 0, 0, false
		wrong := func(y try) {
			if y.late {
				late++
			} else {
				early++
			}
		}
		for _, op := range ops {
			// An advisor's end calls begin and settle, an agent calls test.
			if op %= 6; most >= 128 {
				op = 4 + op%2
			} else {
				op %= 4
			}
			switch op {
			case 0, 1:
				if y, ok := tries.begin(ctx, op%2 == 1); ok {
					if tries.Burnt() {
						t.Fatal("a burnt number has a try left")
					}
					if kept <= tries.Used() {
						t.Fatal("a try without an outcome is not kept")
					}
					open = append(open, y)
				}
			case 2, 3:
				if len(open) == 0 {
					continue
				}
				y := open[0]
				open = open[1:]
				right := op == 3
				if y.settle(right); right {
					proven = true
				} else {
					wrong(y)
				}
			case 4, 5:
				y := try{late: proven}
				right := op == 5
				if tries.test(func() bool { return right }) {
					if right {
						proven = true
					} else {
						wrong(y)
					}
				}
			}
			if late > 0 && !tries.Burnt() {
				t.Fatal("a wrong try after the right one does not burn")
			}
		}
		if early > limit || late > 1 {
			t.Fatalf("%d wrong tries before and %d after the first right one, of %d", early, late, limit)
		}
	})
}
