package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
)

// hold takes every slot and returns a function that gives one back.
func hold(t *testing.T, s *turnstile) (release func()) {
	t.Helper()
	var leave func()
	for range s.slots {
		var err error
		if leave, err = s.enter(t.Context(), "", 1); err != nil {
			t.Fatal(err)
		}
	}
	return leave
}

func network(i int) string {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0}), 24).String()
}

// TestTurnstileFair: during a flood from one network, and from a hundred networks with failures, a
// newcomer soon gets a turn.
func TestTurnstileFair(t *testing.T) {
	for name, c := range map[string]struct {
		networks, each int
		cost           float64
		before         int // turns that may be given before the newcomer's
	}{
		"one network":         {1, 200, 1, 2},
		"a hundred networks":  {100, 2, 1, 101},
		"a hundred guilty":    {100, 2, 3, 1},
		"a network of guilty": {1, 200, 4, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newTurnstile(1, 1000)
				release := hold(t, s)
				turns := make(chan string, 1000)
				come := func(who string, p string, cost float64) {
					go func() {
						leave, err := s.enter(t.Context(), p, cost)
						if err != nil {
							t.Error(err)
							return
						}
						turns <- who
						leave()
					}()
				}
				for range c.each {
					for i := range c.networks {
						come("flood", network(i), c.cost)
					}
				}
				synctest.Wait()
				come("newcomer", "198.51.100.0/24", 1)
				synctest.Wait()
				release()
				synctest.Wait()
				close(turns)
				var order []string
				for who := range turns {
					order = append(order, who)
				}
				if len(order) != c.networks*c.each+1 {
					t.Fatalf("%d turns", len(order))
				}
				if at := slices.Index(order, "newcomer"); at > c.before {
					t.Errorf("%d turns came before the newcomer's", at)
				}
			})
		})
	}
}

// TestTurnstileCrowded: if too many wait, turns of the longest lane are dropped.
func TestTurnstileCrowded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTurnstile(1, 10)
		release := hold(t, s)
		crowded := make(chan string, 1000)
		come := func(who string, p string) {
			go func() {
				leave, err := s.enter(t.Context(), p, 1)
				if err == nil {
					leave()
				} else if errors.Is(err, errCrowded) {
					crowded <- who
				} else {
					t.Error(err)
				}
			}()
			synctest.Wait()
		}
		for range 50 {
			come("flood", network(1))
		}
		for i := range 5 {
			come("newcomer", network(10+i))
		}
		release()
		synctest.Wait()
		close(crowded)
		n := 0
		for who := range crowded {
			if n++; who != "flood" {
				t.Error("a newcomer gave up for the flood")
			}
		}
		if n != 45 {
			t.Errorf("%d gave up, want 45", n)
		}
		if len(s.lanes) != 0 || len(s.queue) != 0 || s.busy != 0 || s.clock != 0 {
			t.Errorf("left behind: %+v", s)
		}
	})
}

// TestTurnstileContext: a client that disconnects at any moment does not keep a slot.
func TestTurnstileContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTurnstile(1, 1000)
		release := hold(t, s)
		gone := errors.New("gone")
		for i := range 300 {
			ctx, cancel := context.WithCancelCause(t.Context())
			go func() {
				leave, err := s.enter(ctx, network(i%7), 1)
				if err == nil {
					leave()
				} else if !errors.Is(err, gone) {
					t.Error(err)
				}
			}()
			if i%3 == 0 {
				synctest.Wait()
			}
			go cancel(gone)
			if i%5 == 0 {
				release()
				release = hold(t, s)
			}
		}
		release()
		synctest.Wait()
		if len(s.lanes) != 0 || len(s.queue) != 0 || s.busy != 0 {
			t.Error(fmt.Sprint("left behind: ", s.busy, len(s.queue), len(s.lanes)))
		}
	})
}
