package main

import (
	"fmt"
	"strings"
)

// goal is a value that Lotse should reach. peer is what the better of x11vnc and x0vncserver
// reached when the goal was set, on another day and another machine. Therefore the goal is also
// judged as a ratio to the peer.
type goal struct {
	workload, link string
	name           string
	of             func(result) float64
	want           float64
	peer           float64 // the better peer's value at that time; 0: none
	more           bool    // higher values are better
}

func fps(r result) float64   { return r.FPS }
func kb(r result) float64    { return r.KBPerFrame }
func p50(r result) float64   { return r.AgeP50 }
func p95(r result) float64   { return r.AgeP95 }
func cores(r result) float64 { return r.CPU }

var goals = []goal{
	{"scroll", "unshaped", "kB per frame", kb, 30, 365, false},
	{"scroll", "20M", "kB per frame", kb, 30, 365, false},
	{"scroll", "5M", "kB per frame", kb, 30, 365, false},
	{"scroll", "20M", "fps", fps, 29, 6.4, true},
	{"scroll", "20M", "age p95 ms", p95, 70, 320, false},
	{"scroll", "5M", "fps", fps, 20, 1.6, true},
	{"scroll", "5M", "age p95 ms", p95, 250, 1193, false},
	{"drag", "unshaped", "kB per frame", kb, 6, 134, false},
	{"drag", "20M", "kB per frame", kb, 6, 134, false},
	{"drag", "5M", "kB per frame", kb, 6, 134, false},
	{"drag", "5M", "fps", fps, 30, 3.6, true},
	{"drag", "5M", "age p95 ms", p95, 150, 436, false},
	{"video720", "20M", "fps", fps, 25, 11.4, true},
	{"video720", "20M", "age p95 ms", p95, 120, 183, false},
	{"video360", "5M", "fps", fps, 20, 10, true},
	{"video360", "5M", "age p95 ms", p95, 180, 243, false},
	{"full", "5M", "age p50 ms", p50, 400, 720, false},
	{"slides", "5M", "age p50 ms", p50, 300, 535, false},
	{"slides", "5M", "age p95 ms", p95, 450, 742, false},
	{"first", "5M", "age p50 ms", p50, 700, 1265, false},
	{"echo720", "20M", "age p50 ms", p50, 70, 209, false},
	{"typing", "unshaped", "age p50 ms", p50, 8, 10, false},
	{"typing", "unshaped", "age p95 ms", p95, 12, 14, false},
	{"video720", "unshaped", "CPU, cores", cores, 0.20, 0.17, false},
	{"scroll", "unshaped", "CPU, cores", cores, 0.15, 0.26, false},
	{"scroll-zrle", "unshaped", "fps", fps, 30, 20, true},
	{"drag-zrle", "unshaped", "fps", fps, 60, 21, true},
	{"idle", "unshaped", "CPU, cores", cores, 0.005, 0.01, false},
}

// almost is the share of a frame rate that counts as the same rate, because one frame at either
// end of the measured time may be missing.
const almost = 0.98

// judge formats the goals with the results.
func judge(results []result) string {
	var b strings.Builder
	b.WriteString("\n## Against the goals\n\n\"Peer\" is the better of x11vnc and x0vncserver in this run, in brackets in the run by which the goal was set. " +
		"*as ratio*: not the number itself, but its ratio to the peer.\n\n| workload | link | | goal | here | peer | |\n|---|---|---|---|---|---|---|\n")
	for _, g := range goals {
		ours, ok := find(results, g, "lotse")
		if !ok {
			continue
		}
		better := func(a, b float64) bool {
			if g.more {
				return a >= b*almost
			}
			return a <= b
		}
		peer, known := 0.0, false
		for _, name := range []string{"x11vnc", "x0vncserver"} {
			if v, ok := find(results, g, name); ok && (!known || better(v, peer)) {
				peer, known = v, true
			}
		}
		verdict := "missed"
		switch {
		case better(ours, g.want):
			verdict = "reached"
		case known && peer > 0 && better(ours/peer, g.want/g.peer):
			verdict = "as ratio"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %.4g | %.3g | %.3g (%.4g) | %s |\n", g.workload, g.link, g.name, g.want, ours, peer, g.peer, verdict)
	}
	return b.String()
}

func find(results []result, g goal, server string) (float64, bool) {
	for _, r := range results {
		if r.Workload == g.workload && r.Link == g.link && r.Server == server && r.Error == "" {
			return g.of(r), true
		}
	}
	return 0, false
}
