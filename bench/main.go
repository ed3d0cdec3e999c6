package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if err := bench(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// chosen reports whether a comma-separated list contains s. An empty list contains everything.
func chosen(list, s string) bool {
	return list == "" || slices.Contains(strings.Split(list, ","), s)
}

func bench() error {
	which := flag.String("workload", "", "comma-separated, also as scroll@5M; all when empty: scroll,drag,video720,video360,full,slides,first,typing,echo720,scroll-zrle,drag-zrle,idle")
	links := flag.String("link", "", "comma-separated; all when empty: unshaped,20M,5M")
	servers := flag.String("server", "lotse,x11vnc,x0vncserver", "comma-separated; also line and line+file: Lotse with the link between agent and gateway, alone and with a file on it")
	seconds := flag.Float64("seconds", 8, "measured time of each run")
	rounds := flag.Int("rounds", 1, "how often each is run; the servers take turns")
	bin := flag.String("bin", "bin", "where lotse and lotse-agent are")
	out := flag.String("out", "bench/results", "where picture.json, picture.md and picture.svg go; empty: nowhere")
	add := flag.Bool("add", false, "keep the rows in -out that this run does not measure; all are from the same machine, then")
	flag.Parse()
	xserver, display, err := startX("1920x1080")
	if err != nil {
		return err
	}
	defer xserver.stop()
	x, err := newXClient(display)
	if err != nil {
		return err
	}
	defer x.close()
	if *bin, err = filepath.Abs(*bin); err != nil {
		return err
	}
	var ours *server
	if chosen(*servers, "lotse") {
		if ours, err = startLotse(*bin, display); err != nil {
			return err
		}
		defer ours.stop()
	}
	var results []result
	for _, w := range workloads {
		for _, link := range shapes {
			if !chosen(*which, w.name) && !chosen(*which, w.name+"@"+link.name) || !chosen(*links, link.name) || !chosen(w.links, link.name) {
				continue
			}
			for round := range *rounds {
				for _, name := range strings.Split(*servers, ",") {
					r, err := runWith(x, w, link, name, *bin, display, ours, *seconds)
					r.Server, r.Link, r.Round = name, link.name, round
					if err != nil {
						r.Error = err.Error()
					}
					fmt.Printf("%-12s %-9s %-12s fps %5.1f  age %6.1f/%6.1f ms  %7.1f kB/frame  cpu %.3f  %4.0f MB  exact %s %s\n",
						w.name, link.name, name, r.FPS, r.AgeP50, r.AgeP95, r.KBPerFrame, r.CPU, r.MemoryMB, exactly(r.ExactMS), r.Error)
					results = append(results, r)
				}
			}
		}
	}
	if *out == "" {
		return nil
	}
	return report(*out, results, *add)
}

func runWith(x *xclient, w workload, link shape, name, bin, display string, ours *server, seconds float64) (result, error) {
	srv := ours
	switch name {
	case "lotse":
	case "line", "line+file": // over a slow line behind the agent, and with a file on the same line
		var err error
		if srv, err = startLotseOver(link, name == "line+file", bin, display); err != nil {
			return result{Workload: w.name, Link: link.name}, err
		}
		defer srv.stop()
		link = shapes[0]
	default:
		if _, known := peers[name]; !known {
			return result{}, fmt.Errorf("unknown server %q", name)
		}
		var err error
		if srv, err = startPeer(name, display); err != nil {
			return result{Workload: w.name, Link: link.name}, err
		}
		defer srv.stop()
	}
	return run(x, w, link, srv, seconds)
}
