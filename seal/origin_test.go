package seal

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
)

// between runs an exchange over a connection in memory.
func between(t *testing.T, pa, pb Params) (agent, advisor result) {
	t.Helper()
	a, b := net.Pipe()
	agent, advisor = handshake(t, a, b, pa, pb)
	t.Cleanup(func() { a.Close(); b.Close() })
	return agent, advisor
}

// A stream based on an earlier exchange has the code of that exchange, and knowing the number and
// the identifier is not enough to open it.
func TestBoundStream(t *testing.T) {
	origins := new(Origins)
	o := originOf(t, origins)
	pa, pb := params("482193057", nil), params("482193057", nil)
	pa.Origins, pb.Origin = origins, o
	ra, rb := between(t, pa, pb)
	if ra.err != nil || rb.err != nil {
		t.Fatal(ra.err, rb.err)
	}
	if ra.conn.Compare() != o.Compare() || rb.conn.Compare() != o.Compare() || ra.conn.Origin() != origins.list[0] {
		t.Error("a bound stream has another code")
	}
	if len(origins.list) != 1 {
		t.Error("a bound stream counts as an exchange of its own")
	}
	thief := &Origin{id: o.id} // the thief knows number and identifier
	for name, origin := range map[string]*Origin{"without the secret": thief, "with another": {id: o.id, secret: [32]byte{1}}} {
		pb.Origin = origin
		if ra, rb := between(t, pa, pb); !errors.Is(ra.err, ErrWrongNumber) || rb.err == nil {
			t.Errorf("%s: agent %v, advisor %v", name, ra.err, rb.err)
		}
	}
	pb.Origin = &Origin{id: [16]byte{9}}
	if ra, rb := between(t, pa, pb); !errors.Is(ra.err, ErrOrigin) || !errors.Is(rb.err, ErrOrigin) {
		t.Errorf("unknown: agent %v, advisor %v", ra.err, rb.err)
	}
	// If the agent has no exchanges, as while entering, a bound stream is refused.
	pa.Origins, pb.Origin = nil, o
	if ra, rb := between(t, pa, pb); !errors.Is(ra.err, ErrOrigin) || !errors.Is(rb.err, ErrOrigin) {
		t.Errorf("without exchanges: agent %v, advisor %v", ra.err, rb.err)
	}
}

// Each exchange over the number alone has its own secret and code.
func TestExchangesDiffer(t *testing.T) {
	origins := new(Origins)
	one, two := originOf(t, origins), originOf(t, origins)
	if one.id == two.id || one.secret == two.secret {
		t.Error("two exchanges export the same")
	}
	if *origins.list[0] != *one || *origins.list[1] != *two {
		t.Error("the two ends keep different things")
	}
}

// The flag that the stream is passed on unencrypted reaches the agent, on bound streams too.
func TestOnward(t *testing.T) {
	origins := new(Origins)
	o := originOf(t, origins)
	for _, origin := range []*Origin{nil, o} {
		for _, onward := range []bool{false, true} {
			pa, pb := params("482193057", nil), params("482193057", nil)
			pa.Origins, pb.Origin, pb.Onward = origins, origin, onward
			ra, rb := between(t, pa, pb)
			if ra.err != nil || rb.err != nil {
				t.Fatal(ra.err, rb.err)
			}
			if ra.conn.Onward() != onward || rb.conn.Onward() != onward {
				t.Errorf("onward %v is reported as %v", onward, ra.conn.Onward())
			}
		}
	}
}

// The agent remembers a limited number of exchanges, and always the first.
func TestOriginsAreBounded(t *testing.T) {
	var s Origins
	id := func(i int) []byte { return append(make([]byte, 14), byte(i>>8), byte(i)) }
	for i := range 3 * maxOrigins {
		s.add(&Origin{id: [16]byte(id(i))})
		if i == maxOrigins-1 {
			s.find(id(1)) // used again, so it is kept longer than the next ones
		}
	}
	if len(s.list) != maxOrigins || s.find(id(0)) == nil {
		t.Errorf("%d are kept, the first %v", len(s.list), s.find(id(0)))
	}
	if s.find(id(1)) != nil || s.find(id(3*maxOrigins-1)) == nil || s.find(id(2*maxOrigins)) != nil {
		t.Error("not those used last are kept")
	}
	var kept Origins
	for i := range maxOrigins {
		kept.add(&Origin{id: [16]byte(id(i))})
	}
	kept.find(id(1))
	kept.add(&Origin{id: [16]byte(id(1000))})
	if kept.find(id(1)) == nil || kept.find(id(2)) != nil {
		t.Error("not the one that was used longest ago is forgotten")
	}
}

func TestOriginIsMasked(t *testing.T) {
	o := &Origin{id: [16]byte{0xab}, secret: [32]byte{0xcd}, compare: "4711"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		got := fmt.Sprintf(format, o)
		if got != maskedOrigin || strings.Contains(got, "cd") && format == "%x" {
			t.Errorf("%s prints %q", format, got)
		}
	}
	if o.LogValue().String() != maskedOrigin || o.String() != maskedOrigin {
		t.Error("not masked")
	}
}
