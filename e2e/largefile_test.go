package e2e

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// largeFile writes a file of so many bytes that cannot be compressed. It returns the path and the
// hash.
func largeFile(t testing.TB, name string, size int64) (path, sum string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	out := bufio.NewWriterSize(io.MultiWriter(f, h), 1<<20)
	if _, err := io.CopyN(out, rand.NewChaCha8([32]byte{9}), size); err != nil {
		t.Fatal(err)
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	return path, hex.EncodeToString(h.Sum(nil))
}

// sumOf returns the hash of a file.
func sumOf(t testing.TB, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// savedAt waits until the browser has saved a file, and returns its path.
func (p *tab) savedAt() string {
	p.t.Helper()
	_, path, _ := strings.Cut(p.do("saved", nil), "\n")
	return path
}

// lists reports whether the page's list of files has one like this.
func (p *tab) lists(more string) bool {
	p.t.Helper()
	return p.do("count", map[string]any{"value": `[data-testid="file"]` + more}) != "0"
}

// isBroken reports whether the wire has broken.
func (w *wire) isBroken() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.broken
}

// arrives waits for what a file of so many bytes brings about, for as long as even a slow machine
// takes.
func arrives(t testing.TB, size int64, what string, happened func() bool) {
	t.Helper()
	patience := 3*time.Minute + time.Duration(size/100_000)*time.Second/10
	for began := time.Now(); !happened(); time.Sleep(time.Second / 4) {
		if time.Since(began) > patience {
			t.Fatalf("%s: not after %v", what, patience)
		}
	}
}

// peakOf returns the largest resident size of a process so far, in MiB.
func peakOf(t testing.TB, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return kib >> 10
		}
	}
	t.Fatal("no VmHWM")
	return 0
}

// TestLargeFile sends a file of LOTSE_LARGE_FILE bytes (24 MiB if that is not set) in both
// directions between two Chromium pages, with the line cut in the middle, and measures the memory
// of the agent and the gateway, which must not grow with the file.
func TestLargeFile(t *testing.T) {
	size := int64(24 << 20)
	if text := os.Getenv("LOTSE_LARGE_FILE"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			t.Fatalf("LOTSE_LARGE_FILE: %v", err)
		}
		size = n
	}
	s := newStack(t)
	w := newWire(t, strings.TrimPrefix(s.url, "https://"))
	customer := customerDisplay(t, "1000x700")
	b := newBrowser(t)
	advisor, panel := b.tab("advisor"), b.tab("panel")
	advisor.signsIn(s.url + "/advisor")
	advisor.click("new-session")
	agent, url := s.panelAgent(customer, "--gateway", "https://"+w.listener.Addr().String(), "--number", advisor.text("number"))
	panel.open(url)
	advisor.waitFor("session", `[data-phase="joined"]`)
	path, sum := largeFile(t, "large.bin", size)

	mark := agent.Mark()
	advisor.do("choose", map[string]any{"id": "files-field", "value": path})
	advisor.waitFor("file", `[data-state="waiting"]`)
	allow(customer, agent, mark, "files")
	advisor.waitFor("file", `[data-state="accepted"]`)
	w.cutAfter(int(size / 3))
	panel.do("saves", map[string]any{"id": "file-save"})
	arrives(t, size, "the line is cut", w.isBroken)
	w.reconnect()
	arrives(t, size, "the customer has it", func() bool { return panel.lists(`[data-state="done"]`) })
	if got := sumOf(t, panel.savedAt()); got != sum {
		t.Errorf("the customer's file has the hash %s, want %s", got, sum)
	}
	advisor.eval("() => { delete window.showSaveFilePicker; }")
	w.cutAfter(int(size / 3))
	panel.do("choose", map[string]any{"id": "files-field", "value": path})
	advisor.waitFor("file", `[data-state="offered"]`)
	advisor.click("file-take")
	arrives(t, size, "the line is cut again", w.isBroken)
	w.reconnect()
	arrives(t, size, "the advisor has it", func() bool { return panel.lists(`[data-given="true"][data-state="done"]`) })
	if got := sumOf(t, advisor.savedAt()); got != sum {
		t.Errorf("the advisor's file has the hash %s, want %s", got, sum)
	}
	for name, p := range map[string]*process{"agent": agent, "gateway": s.gateway} {
		peak := peakOf(t, p.PID())
		t.Logf("%s: %d MiB at most", name, peak)
		if peak > 200 {
			t.Errorf("%s had %d MiB", name, peak)
		}
	}
	advisor.click("end-session")
	advisor.click("confirm-yes")
	agent.Exit()
	b.noComplaints(afterTheEnd...)
}
