package sealtest

import (
	"io"
	"sync"
	"sync/atomic"

	"github.com/gtank/ristretto255"
)

// Man is a man in the middle who knows the number. Its fields must not change during an attack.
type Man struct {
	Number, Kind, Stream string
	// Random is the source of his secrets.
	Random io.Reader
	// More reports whether he may try once more after n tries. Several goroutines call it.
	More func(n int64) bool
	// Workers is the number of goroutines that try; 0: one.
	Workers int
	// GiveUp makes him close both connections if the codes differ, instead of opening his
	// commitment to another share.
	GiveUp bool
}

// Between attacks an agent and an advisor's end of version 2. It returns whether both codes are
// equal, as far as he can know. An error means that an end did not complete the exchange.
func (m *Man) Between(agent, advisor io.ReadWriter) (equal bool, err error) {
	o := committed
	g := o.base(m.Number, m.Kind, m.Stream)
	// Towards the agent he must commit before he receives its share.
	mine := scalar(m.Random)
	nonce := make([]byte, 32)
	must(io.ReadFull(m.Random, nonce))
	yb := times(mine, g).Bytes()
	commit := o.commitTo(m.Stream, yb, nonce)
	if err := write(agent, typeCommit, commit); err != nil {
		return false, err
	}
	share, err := read(agent, typeShare)
	if err != nil {
		return false, err
	}
	ya := share[1:]
	point, err := decode(ya)
	if err != nil {
		return false, err
	}
	toAgent := o.derive(m.Stream, times(mine, point), ya, yb, o.advisorData(commit, nonce))
	// Towards the advisor's end he must send his share before he receives its share.
	toAdvisor, confirm, err := m.asAgent(o, g, advisor)
	if err != nil {
		return false, err
	}
	code := toAdvisor.code()
	equal = toAgent.code() == code
	if !equal && m.GiveUp {
		return false, nil
	}
	if err := confirm(); err != nil {
		return equal, err
	}
	if !equal {
		// He knows which code he needs, but his commitment has been sent.
		m.grind(g, point, func(public []byte, k *ristretto255.Element) bool {
			other := o.derive(m.Stream, k, ya, public, o.advisorData(commit, nonce))
			if other.code() != code {
				return false
			}
			toAgent, yb = other, public
			return true
		})
	}
	if err := write(agent, typeShareConfirm, []byte{o.version}, yb, nonce, toAgent.tag("advisor")); err != nil {
		return equal, err
	}
	_, err = read(agent, typeConfirm)
	return equal, err
}

// asAgent runs the exchange with the advisor's end, except for the last frame, which confirm sends.
func (m *Man) asAgent(o order, g *ristretto255.Element, advisor io.ReadWriter) (s sealed, confirm func() error, err error) {
	var commit []byte
	if o.commit {
		if commit, err = read(advisor, typeCommit); err != nil {
			return s, nil, err
		}
	}
	x := scalar(m.Random)
	ya := times(x, g).Bytes()
	if err := write(advisor, typeShare, []byte{o.version}, ya); err != nil {
		return s, nil, err
	}
	body, err := read(advisor, typeShareConfirm)
	if err != nil {
		return s, nil, err
	}
	yb := body[1 : 1+shareSize]
	point, err := decode(yb)
	if err != nil {
		return s, nil, err
	}
	s = o.derive(m.Stream, times(x, point), ya, yb, o.advisorData(commit, body[1+shareSize:len(body)-hashSize]))
	return s, func() error { return write(advisor, typeConfirm, s.tag("agent")) }, nil
}

// BetweenFirstOrder is the same attack on version 1, in which the agent sends its share first. The
// attacker learns the advisor's code and then searches for a share with which the agent gets the
// same code.
func (m *Man) BetweenFirstOrder(agent, advisor io.ReadWriter) (equal bool, err error) {
	o := firstOrder
	g := o.base(m.Number, m.Kind, m.Stream)
	share, err := read(agent, typeShare)
	if err != nil {
		return false, err
	}
	ya := share[1:]
	point, err := decode(ya)
	if err != nil {
		return false, err
	}
	toAdvisor, confirm, err := m.asAgent(o, g, advisor)
	if err != nil {
		return false, err
	}
	if err := confirm(); err != nil {
		return false, err
	}
	code := toAdvisor.code()
	var toAgent sealed
	var yb []byte
	equal = m.grind(g, point, func(public []byte, k *ristretto255.Element) bool {
		s := o.derive(m.Stream, k, ya, public, o.advisorData(nil, nil))
		if s.code() != code {
			return false
		}
		toAgent, yb = s, public
		return true
	})
	if !equal {
		return false, nil
	}
	if err := write(agent, typeShareConfirm, []byte{o.version}, yb, toAgent.tag("advisor")); err != nil {
		return true, err
	}
	_, err = read(agent, typeConfirm)
	return true, err
}

// grind walks through shares i·G with their points i·Ya, two additions each, until fits accepts one
// or More returns false. fits is called under a lock.
func (m *Man) grind(g, a *ristretto255.Element, fits func(public []byte, k *ristretto255.Element) bool) (found bool) {
	var tries atomic.Int64
	var done atomic.Bool
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range max(1, m.Workers) {
		start := scalar(m.Random)
		wg.Go(func() {
			yb, k := times(start, g), times(start, a)
			for !done.Load() && m.More(tries.Add(1)) {
				yb.Add(yb, g)
				k.Add(k, a)
				public := yb.Bytes()
				mu.Lock()
				if !done.Load() && fits(public, k) {
					done.Store(true)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return done.Load()
}
