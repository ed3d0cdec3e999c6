package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// machine describes the machine and the program that were measured.
type machine struct {
	When, Commit, CPU, Kernel, Go string
	Cores                         int
	Command                       string
}

func thisMachine() machine {
	first := func(path, key string) string {
		b, _ := os.ReadFile(path)
		for l := range strings.Lines(string(b)) {
			if k, v, ok := strings.Cut(l, ":"); ok && strings.TrimSpace(k) == key {
				return strings.TrimSpace(v)
			}
		}
		return strings.TrimSpace(string(b))
	}
	commit, _ := exec.Command("git", "describe", "--always", "--dirty").Output()
	return machine{
		When: time.Now().UTC().Format(time.RFC3339), Commit: strings.TrimSpace(string(commit)), CPU: first("/proc/cpuinfo", "model name"),
		Kernel: first("/proc/sys/kernel/osrelease", ""), Go: runtime.Version(), Cores: runtime.NumCPU(), Command: command(os.Args[1:]),
	}
}

// command returns the bench's command line, without the paths of this machine.
func command(args []string) string {
	var kept []string
	for i := 0; i < len(args); i++ {
		if name := strings.TrimLeft(args[i], "-"); name == "bin" || name == "out" {
			i++
			continue
		}
		kept = append(kept, args[i])
	}
	return strings.Join(kept, " ")
}

// report writes the results.
func report(dir string, results []result, add bool) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if add {
		earlier, err := otherRows(filepath.Join(dir, "picture.json"), results)
		if err != nil {
			return err
		}
		results = append(earlier, results...)
	}
	m := thisMachine()
	text, err := json.MarshalIndent(struct {
		Machine machine  `json:"machine"`
		Results []result `json:"results"`
	}{m, results}, "", " ")
	if err != nil {
		return err
	}
	middle := medians(results)
	for name, content := range map[string]string{"picture.json": string(text) + "\n", "picture.md": table(m, middle), "picture.svg": plot(middle)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// otherRows reads a file of results and returns the rows that were not measured again.
func otherRows(file string, results []result) (rest []result, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var was struct{ Results []result }
	if err := json.Unmarshal(text, &was); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for _, r := range was.Results {
		if !slices.ContainsFunc(results, func(n result) bool { return n.Workload == r.Workload && n.Link == r.Link && n.Server == r.Server }) {
			rest = append(rest, r)
		}
	}
	return rest, nil
}

type key struct{ workload, link, server string }

// medians combines the rounds of a run.
func medians(results []result) []result {
	groups := map[key][]result{}
	var order []key
	for _, r := range results {
		k := key{r.Workload, r.Link, r.Server}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], r)
	}
	var out []result
	for _, k := range order {
		g := groups[k]
		r := g[0]
		for _, field := range []func(*result) *float64{
			func(r *result) *float64 { return &r.FPS }, func(r *result) *float64 { return &r.KBPerFrame },
			func(r *result) *float64 { return &r.AgeP50 }, func(r *result) *float64 { return &r.AgeP95 },
			func(r *result) *float64 { return &r.CPU }, func(r *result) *float64 { return &r.MemoryMB },
			func(r *result) *float64 { return &r.ExactMS },
		} {
			var values []float64
			for i := range g {
				values = append(values, *field(&g[i]))
			}
			slices.Sort(values)
			*field(&r) = values[len(values)/2]
		}
		out = append(out, r)
	}
	return out
}

func table(m machine, results []result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# The picture, measured\n\n%s, commit %s, %s, %d cores, Linux %s, %s; `bench %s`; Tight quality %d; medians of the rounds.\n\n",
		m.When, m.Commit, m.CPU, m.Cores, m.Kernel, m.Go, m.Command, quality)
	b.WriteString("fps: distinct complete frames; age: from drawing (or the key) to the decoded frame; CPU: the server's own, in cores; exact: from the last frame to a viewer that shows it to the bit; \"never\": nothing came any more, and it did not.\n\n")
	b.WriteString("| workload | link | server | fps | age p50 ms | age p95 ms | kB per frame | CPU | MB | exact ms |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range results {
		if r.Error != "" {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | | | | | | |\n", r.Workload, r.Link, r.Server, strings.ReplaceAll(r.Error, "\n", " "))
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %.1f | %.0f | %.0f | %.1f | %.3f | %.0f | %s |\n", r.Workload, r.Link, r.Server, r.FPS, r.AgeP50, r.AgeP95, r.KBPerFrame, r.CPU, r.MemoryMB, exactly(r.ExactMS))
	}
	b.WriteString(judge(results))
	return b.String()
}

func exactly(ms float64) string {
	switch {
	case ms < 0:
		return "never"
	case ms == 0:
		return ""
	}
	return fmt.Sprintf("%.0f", ms)
}

// plot draws the ages as bars on a logarithmic scale: dark up to p50, light up to p95.
func plot(results []result) string {
	const left, width, row, top = 210, 620, 16, 40
	colours := map[string]string{"lotse": "#0b6e4f", "x11vnc": "#b5651d", "x0vncserver": "#6a4c93"}
	at := func(ms float64) float64 { return left + width*math.Log10(max(1, ms))/4 }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="11">`+"\n", left+width+40, top+row*len(results)+20)
	b.WriteString(`<rect width="100%" height="100%" fill="white"/><text x="10" y="16" font-size="13">Age of complete frames, ms (log): dark up to p50, light up to p95</text>` + "\n")
	for _, ms := range []float64{1, 10, 100, 1000, 10000} {
		fmt.Fprintf(&b, `<line x1="%.0f" y1="26" x2="%.0f" y2="%d" stroke="#ccc"/><text x="%.0f" y="36">%.0f</text>`+"\n", at(ms), at(ms), top+row*len(results), at(ms)+2, ms)
	}
	for i, r := range results {
		y := top + row*i
		c := colours[r.Server]
		if c == "" {
			c = "#444"
		}
		fmt.Fprintf(&b, `<text x="6" y="%d">%s %s %s</text><rect x="%d" y="%d" width="%.0f" height="12" fill="%s" opacity="0.35"/><rect x="%d" y="%d" width="%.0f" height="12" fill="%s"/>`+"\n",
			y+11, r.Workload, r.Link, r.Server, left, y, at(r.AgeP95)-left, c, left, y, at(r.AgeP50)-left, c)
	}
	b.WriteString("</svg>\n")
	return b.String()
}
