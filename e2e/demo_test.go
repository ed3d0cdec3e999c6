package e2e

import (
	"fmt"
	"image"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestDemo checks what `make demo` prints: that its links can be opened twice, that the program
// of its start page works without settings, that the next session comes by itself, and that
// Ctrl-C leaves nothing.
func TestDemo(t *testing.T) {
	work := t.TempDir()
	ours(t, "demopages")
	env := []string{"TMPDIR=" + work, "LC_ALL=C.UTF-8", "XDG_RUNTIME_DIR=" + t.TempDir(),
		fmt.Sprintf("LOTSE_DEMO_PATIENCE=%.0f", patience.Seconds()-10)}
	// A shell cannot trap a signal that was ignored when it started, as SIGINT is for the
	// background processes of make test.
	demo := start(t, env, "/usr/bin/env", "--default-signal=INT", "/bin/sh", "../ci/demo.sh")
	link := func(mark int, what string) string {
		t.Helper()
		line := demo.LineAfter(mark, what)
		return line[strings.Index(line, "http"):]
	}
	demo.Line("Ctrl-C ends the demo")
	b := newBrowser(t)
	for _, name := range []string{"once", "twice"} {
		advisor, panel := b.tab("advisor "+name), b.tab("panel "+name)
		advisor.open(link(0, "1. the advisor"))
		advisor.click("confirm-yes") // this page takes the session over from the demo
		advisor.wait("see-screen")   // the customer is there
		panel.open(link(0, "2. the customer's panel"))
		panel.wait("end")
		if name == "once" {
			panel.do("close", nil)
			advisor.do("close", nil)
		}
	}
	desk := b.tab("desk")
	desk.open(link(0, "3. their screen"))
	eventually(t, "the customer's screen", func() error {
		if size := desk.canvas().Bounds().Size(); size != image.Pt(1280, 800) {
			return fmt.Errorf("%v", size)
		}
		return nil
	})

	// A customer with another number takes the program of the start page.
	page, customer := b.tab("start"), b.tab("customer")
	page.open(link(0, "start page"))
	page.wait("download")
	saved := filepath.Join(t.TempDir(), "download")
	file := filepath.Join(filepath.Dir(saved), page.do("download", map[string]any{"id": "download", "value": saved}))
	if err := os.Rename(saved, file); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o700); err != nil {
		t.Fatal(err)
	}
	d := customerDisplay(t, "1000x700")
	mine := start(t, append([]string{"LOTSE_NO_BROWSER=1", "LC_ALL=C.UTF-8", "XDG_RUNTIME_DIR=" + t.TempDir()}, d.env()...), file)
	customer.open(mine.address(0))
	customer.wait("number")
	advisor := &tab{b, "advisor twice"}
	advisor.click("new-session")
	number := regexp.MustCompile(`\D`).ReplaceAllString(advisor.text("number"), "")
	customer.fill("number", number)
	customer.click("number-submit")
	customer.wait("end")
	customer.click("end")
	if code := mine.Exit(); code != 0 {
		t.Errorf("the downloaded program ended with %d", code)
	}

	mark := demo.Mark()
	(&tab{b, "panel twice"}).click("end")
	demo.LineAfter(mark, "Here is the next one")
	demo.LineAfter(mark, "Ctrl-C ends the demo")
	next := b.tab("panel next")
	next.open(link(mark, "2. the customer's panel"))
	next.wait("end")
	demo.Send(syscall.SIGINT)
	if code := demo.Exit(); code != 0 {
		t.Errorf("the demo ended with %d", code)
	}
	if left, err := os.ReadDir(work); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}
