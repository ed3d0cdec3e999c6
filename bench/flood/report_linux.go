package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// wantWithin is the share of honest tries that must succeed within patience.
const wantWithin = 0.95

// result is the outcome of a phase.
type result struct {
	took    [kinds][]time.Duration
	n       [kinds]int
	why     map[string]int
	rss     int   // MiB
	audit   int64 // bytes
	seconds int
	cpu     float64 // processors used by the gateway, on average
	hostile string
}

func printHead() {
	fmt.Printf("%-12s  %-36s %-36s %-36s %7s %9s %5s  %s\n", "flood", "new browser", "old browser", "customer", "memory", "audit", "cpu", "hostile: tried/opened/answered per s")
	sub := fmt.Sprintf("%7s %8s %8s %8s  ", "in 3 s", "p50", "p95", "max")
	fmt.Printf("%-12s  %s %s %s %7s %9s\n", "", sub, sub, sub, "MiB", "KiB/min")
}

func (r *result) print(phase string) {
	fmt.Printf("%-12s ", phase)
	for k := range kinds {
		sorted := slices.Sorted(slices.Values(r.took[k]))
		at := func(share float64) string {
			if len(sorted) == 0 {
				return "-"
			}
			return fmt.Sprintf("%.3f", sorted[min(len(sorted)-1, int(share*float64(len(sorted))))].Seconds())
		}
		fmt.Printf(" %6.1f%% %8s %8s %8s   ", 100*r.within(k), at(0.5), at(0.95), at(1))
	}
	fmt.Printf(" %7d %9.0f %5.2f  %s\n", r.rss, r.auditPerMinute(), r.cpu, r.hostile)
	var whys []string
	for why, n := range r.why {
		whys = append(whys, fmt.Sprintf("%14d × %s", n, why))
	}
	slices.Sort(whys)
	if len(whys) > 0 {
		fmt.Println(strings.Join(whys[:min(len(whys), 10)], "\n"))
	}
}

// within returns the share of tries that succeeded within patience.
func (r *result) within(kind int) float64 {
	n := 0
	for _, d := range r.took[kind] {
		if d <= patience {
			n++
		}
	}
	return float64(n) / float64(max(1, r.n[kind]))
}

// auditPerMinute returns the growth of the audit trail in KiB per minute.
func (r *result) auditPerMinute() float64 {
	return float64(r.audit) / 1024 * 60 / float64(r.seconds)
}

// judge returns the limits that were exceeded.
func (r *result) judge(o *options) (bad []string) {
	for k := range kinds {
		if r.within(k) < wantWithin {
			bad = append(bad, fmt.Sprintf("%s: %.1f %% within %v, want %.0f %%", kindNames[k], 100*r.within(k), patience, 100*wantWithin))
		}
	}
	if r.rss > o.maxRSS {
		bad = append(bad, fmt.Sprintf("%d MiB of memory, at most %d", r.rss, o.maxRSS))
	}
	if r.auditPerMinute() > float64(o.maxAudit) {
		bad = append(bad, fmt.Sprintf("%.0f KiB of audit trail in a minute, at most %d", r.auditPerMinute(), o.maxAudit))
	}
	return bad
}
