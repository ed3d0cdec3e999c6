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

// wrong is what a party that knows another number says.
const wrongNumber = "482193058"

// Before the first right try three wrong ones burn the number, after it one.
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

// An end that has one try has one.
func TestOneTry(t *testing.T) {
	tries := NewTries(1, 0, nil)
	pa, pb := params("482193057", tries), params(wrongNumber, nil)
	for i, want := range []error{ErrWrongNumber, ErrBurnt} {
		if ra, _ := between(t, pa, pb); !errors.Is(ra.err, want) {
			t.Errorf("try %d: %v, want %v", i, ra.err, want)
		}
	}
}

// A stream that goes back to an earlier exchange has no guess in it. A wrong tag
// on it is an attack and burns the number; a lost line is nothing.
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
	for range 5 { // the line is lost where the agent's tag is due
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
	pa.Origins = &Origins{list: []*Origin{{id: pb.Origin.id}}} // it knows the identifier only
	if _, rb := between(t, pa, pb); !errors.Is(rb.err, ErrWrongNumber) || !tries.Burnt() {
		t.Errorf("%v, burnt %v", rb.err, tries.Burnt())
	}
}

// The count is kept before the peer can learn anything: even if the computer loses power in
// between has lost the try.
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
		synctest.Wait() // it waits for somebody to take its tag
		if !slices.Equal(kept, []int{2}) {
			t.Errorf("kept before the tag is out: %v", kept)
		}
		a.Close()
		<-done
		if !slices.Equal(kept, []int{2, 2}) || tries.Used() != 2 {
			t.Errorf("kept: %v", kept)
		}
		// A right one is given back.
		kept = nil
		if ra, rb := between(t, params("482193057", nil), params("482193057", tries)); ra.err != nil || rb.err != nil {
			t.Fatal(ra.err, rb.err)
		}
		if !slices.Equal(kept, []int{3, 2}) {
			t.Errorf("kept over a right try: %v", kept)
		}
		// After that one, any try might be the last.
		kept = nil
		between(t, params(wrongNumber, nil), params("482193057", tries))
		if !slices.Equal(kept, []int{3, 3}) {
			t.Errorf("kept over a wrong one: %v", kept)
		}
	})
}

// A stranger who began before the right one and fails after it does not burn a
// session that is under way; one who begins after it does.
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

// Of those who enter, one gets in: also when two know the number at the same time,
// and anyone who comes afterwards is told the same as by a burnt number.
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

// A stranger who waited while somebody else got in has no try left, and burns nothing.
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
	readFrame(a) // the commitment; he waits with his share
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

// Where the count cannot be kept, nothing is revealed and nothing counted.
func TestCountThatCannotBeKept(t *testing.T) {
	tries := NewTries(1, 0, func(int) error { return errors.New("disk full") })
	if ra, rb := between(t, params("482193057", nil), params("482193057", tries)); !errors.Is(ra.err, ErrBurnt) || !errors.Is(rb.err, ErrBurnt) {
		t.Errorf("agent %v, advisor %v", ra.err, rb.err)
	}
	if tries.Used() != 0 {
		t.Error("counted")
	}
}

// FuzzTries: whatever order tries are begun and settled in, no more of them can be
// answered wrongly than are allowed: so many before the first right one, one after it.
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
			// An advisor's end begins and settles, an agent tests.
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
