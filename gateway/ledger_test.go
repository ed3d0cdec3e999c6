package gateway

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func addr(s string) client { return clientOf(netip.MustParseAddr(s)) }

// address64 returns address i of a /48: each in a /64 of its own, 256 of them in a /56.
func address64(site string, i int) client {
	b := netip.MustParseAddr(site).As16()
	binary.BigEndian.PutUint16(b[6:], uint16(i))
	return clientOf(netip.AddrFrom16(b))
}

func TestClientOf(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.77":              "192.0.2.77/32 192.0.2.0/24",
		"::ffff:192.0.2.77":       "192.0.2.77/32 192.0.2.0/24",
		"2001:db8:1:2345:6:7:8:9": "2001:db8:1:2345::/64 2001:db8:1:2300::/56 2001:db8:1::/48",
		"fe80::1%eth0":            "fe80::/64 fe80::/56 fe80::/48",
	} {
		c, got := addr(in), ""
		for i := range c.n {
			got += " " + c.prefixes[i].String()
		}
		if got != " "+want || c.unit().String() != c.prefixes[0].String() || c.site() != c.prefixes[c.n-1] {
			t.Errorf("%s: %s", in, got)
		}
	}
	if c := clientOf(netip.Addr{}); c.unit().IsValid() {
		t.Error("no address has a prefix")
	}
}

// TestLedgerAddress: an address has its budget, must wait, and pays back.
func TestLedgerAddress(t *testing.T) {
	l, now, c := newLedger(10, 10*time.Minute, hardFactor), time.Unix(1e9, 0), addr("192.0.2.1")
	for i := range 10 {
		if wait := l.charge(c, false, 1, now); wait > 0 {
			t.Fatalf("try %d: wait %v", i, wait)
		}
	}
	wait := l.charge(c, false, 1, now)
	if wait <= 0 || wait > time.Minute+time.Second {
		t.Errorf("the eleventh: wait %v", wait)
	}
	if l.look(c, true, now).wait != wait {
		t.Error("a good name excuses an address's own failures")
	}
	if s := l.look(addr("192.0.2.2"), false, now); s != (standing{}) {
		t.Errorf("its neighbour: %+v", s)
	}
	if wait := l.charge(c, false, 1, now.Add(wait)); wait > 0 {
		t.Errorf("after the announced wait: %v more", wait)
	}
	l.refund(c, 1, now.Add(wait))
	if wait := l.charge(c, false, 1, now.Add(wait)); wait > 0 {
		t.Errorf("after a refund: %v", wait)
	}
	l.sweep(now.Add(9 * time.Minute))
	if l.size() == 0 {
		t.Error("forgotten before it paid back")
	}
	l.sweep(now.Add(11 * time.Minute))
	if l.size() != 0 {
		t.Error("remembered after it paid back")
	}
}

// TestLedgerSite: 65 536 addresses of one /48 with one try each, all at once and then for half an
// hour, get puzzles after 40 tries and are refused after 160. Other networks are not affected.
func TestLedgerSite(t *testing.T) {
	l, now := newLedger(10, 10*time.Minute, hardFactor), time.Unix(1e9, 0)
	taken, worked := 0, 0
	for i := range 1 << 16 {
		c := address64("2001:db8:bad::", i*257) // the /56s in turn
		s := l.look(c, false, now)
		if l.charge(c, false, 1, now) == 0 {
			taken++
			if s.guilt > 0 {
				worked++
			}
		}
	}
	if taken != 160 || worked != 120 {
		t.Errorf("%d tries of a /48 were taken, %d of them for work; want 160 and 120", taken, worked)
	}
	for minute := range 30 {
		for i := range 1000 {
			if l.charge(address64("2001:db8:bad::", minute*1000+i), false, 1, now.Add(time.Duration(minute)*time.Minute)) == 0 {
				taken++
			}
		}
	}
	if taken > 160+4*30 {
		t.Errorf("%d tries in half an hour", taken)
	}
	for _, clean := range []string{"2001:db8:bad1::1", "2001:db8:bac:ffff::1", "192.0.2.1"} {
		if s := l.look(addr(clean), false, now); s != (standing{}) {
			t.Errorf("%s: %+v", clean, s)
		}
	}
	// Only its own failures count for a known address, even in the worst network.
	inside := address64("2001:db8:bad::", 7)
	if s := l.look(address64("2001:db8:bad::", 0xfffe), true, now.Add(time.Hour)); s.wait > 0 {
		t.Errorf("a known address of that network: %+v", s)
	}
	if s := l.look(inside, false, now.Add(2*time.Hour)); s != (standing{}) {
		t.Errorf("two hours later: %+v", s)
	}
}

// TestLedgerNetwork: many people share a /24. Its addresses get puzzles long before any of them is
// refused.
func TestLedgerNetwork(t *testing.T) {
	l, now := newLedger(10, 10*time.Minute, hardFactor), time.Unix(1e9, 0)
	clean, failed := addr("192.0.2.255"), addr("192.0.2.254")
	l.charge(failed, false, 1, now)
	tries, asked := 1, 0
	for l.look(failed, false, now).wait == 0 && tries < 1000 {
		l.charge(clientOf(netip.AddrFrom4([4]byte{192, 0, 2, byte(tries % 250)})), false, 1, now)
		if tries++; asked == 0 && l.look(clean, false, now).guilt > 0 {
			asked = tries
		}
	}
	if asked != 80 || tries != 320 {
		t.Errorf("asked for work after %d failures of its network, refused after %d; want 80 and 320", asked, tries)
	}
	// Strangers share a /24, so an address without failures gets puzzles and is admitted.
	for range 1000 {
		l.charge(clientOf(netip.AddrFrom4([4]byte{192, 0, 2, byte(tries % 250)})), false, 1, now)
		tries++
	}
	if s := l.look(clean, false, now); s.wait != 0 || s.guilt != maxGuilt {
		t.Errorf("an address without failures: %+v", s)
	}
	if s := l.look(clean, true, now); s != (standing{}) {
		t.Errorf("a known address: %+v", s)
	}
}

// TestLedgerOverflow: millions of prefixes displace nobody: memory is limited, the guilty remain
// guilty, and others are not affected.
func TestLedgerOverflow(t *testing.T) {
	l, now := newLedger(10, 10*time.Minute, hardFactor), time.Unix(1e9, 0)
	guilty, victim := addr("198.51.100.1"), addr("203.0.113.5")
	for range 10 {
		l.charge(guilty, false, 1, now)
	}
	for i := range 300_000 {
		b := [16]byte{0x20, 1}
		binary.BigEndian.PutUint32(b[2:], uint32(i))
		l.charge(clientOf(netip.AddrFrom16(b)), false, 1, now)
		b[0] = 0x2a
		l.charge(clientOf(netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(i)<<8)))), false, 1, now)
	}
	if n := l.size(); n > clientLevels*maxDebts {
		t.Errorf("%d entries", n)
	}
	if !l.overflowed(now) || l.overflowed(now.Add(time.Hour)) {
		t.Error("the overflow is not known")
	}
	if l.look(guilty, false, now).wait == 0 {
		t.Error("the guilty one is forgotten")
	}
	if s := l.look(victim, false, now); s != (standing{}) {
		t.Errorf("a clean one: %+v", s)
	}
}

// FuzzLedger plays random tries of a few addresses; the rules hold after each.
func FuzzLedger(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 250, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, moves []byte) {
		l, now := newLedger(3, time.Minute, hardFactor), time.Unix(1e9, 0)
		wrong := map[client]int{} // in total
		total := 0
		for _, m := range moves[:min(len(moves), 2000)] {
			c := addr(fmt.Sprintf("2001:db8:0:%x::1", m&15))
			switch {
			case m >= 240:
				now = now.Add(time.Duration(m-239) * time.Second)
			case m >= 192:
				l.refund(c, 1, now)
			case m >= 176:
				l.sweep(now)
			default:
				s := l.look(c, false, now)
				wait := l.charge(c, false, 1, now)
				if wait != s.wait {
					t.Fatalf("announced %v, waits %v", s.wait, wait)
				}
				if wait > 0 && wrong[c] == 0 && total < 3*hardFactor {
					t.Fatalf("a clean address waits %v after %d failures of others", wait, total)
				}
				if wait > 0 && l.look(c, false, now.Add(wait)).wait > 0 {
					t.Fatalf("still refused after %v", wait)
				}
				if wait == 0 {
					wrong[c]++
					total++
				}
			}
			if clean := l.look(addr("192.0.2.1"), false, now); clean != (standing{}) {
				t.Fatalf("client without failures: %+v", clean)
			}
		}
		l.sweep(now.Add(time.Hour))
		if l.size() != 0 {
			t.Fatal("debts for ever")
		}
	})
}
