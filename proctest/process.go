package proctest

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Process is a Program of a test. Its methods fail the test instead of returning an error, so they
// must be called on the test's goroutine, except for Output and Said.
type Process struct {
	*Program
	t testing.TB
}

// Start starts a program that ends with the test. If the test fails, its log shows the output.
func Start(t testing.TB, c Command) *Process {
	t.Helper()
	p, err := Launch(c)
	if err != nil {
		t.Fatal(err)
	}
	return Attach(t, p)
}

// Attach does the same for a program that runs already.
func Attach(t testing.TB, p *Program) *Process {
	t.Cleanup(func() {
		p.Close()
		if t.Failed() {
			t.Logf("--- %s %s\n%s", p.name, strings.Join(p.cmd.Args[1:], " "), strings.Join(p.Output(), "\n"))
		}
	})
	return &Process{p, t}
}

// Line waits for the first line of the whole output that contains all texts.
func (p *Process) Line(texts ...string) string {
	p.t.Helper()
	return p.LineAfter(0, texts...)
}

// Mark returns the number of lines so far, for LineAfter and Said.
func (p *Process) Mark() int { return len(p.Output()) }

// LineAfter waits for the first line after a mark that contains all texts.
func (p *Process) LineAfter(mark int, texts ...string) string {
	p.t.Helper()
	line, _, err := p.Await(mark, texts...)
	if err != nil {
		p.t.Fatal(err)
	}
	return line
}

// Said returns the first line after a mark that contains text, or "" if there is none yet. It does
// not wait.
func (p *Process) Said(mark int, text string) string {
	for _, l := range p.Output()[mark:] {
		if strings.Contains(l, text) {
			return l
		}
	}
	return ""
}

// Write sends a line to the program's standard input.
func (p *Process) Write(line string) {
	p.t.Helper()
	if err := p.Program.Write(line); err != nil {
		p.t.Fatal(err)
	}
}

// Exit waits until the program has ended and returns its exit code.
func (p *Process) Exit() int {
	p.t.Helper()
	code, err := p.Wait()
	if err != nil {
		p.t.Fatal(err)
	}
	return code
}

// Send sends a signal to the program.
func (p *Process) Send(s os.Signal) {
	p.t.Helper()
	if err := p.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// Run runs a program to its end, which must succeed, and returns its whole output.
func Run(t testing.TB, c Command) string {
	t.Helper()
	out, err := Try(c)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", c.Path, strings.Join(c.Args, " "), err, out)
	}
	return out
}

// Try runs a program to its end and returns its whole output. An exit code other than 0 is an
// error. The program is killed when Patience is over.
func Try(c Command) (string, error) {
	limit := c.Patience
	if limit == 0 {
		limit = Patience
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.Path, c.Args...)
	cmd.Env = append(os.Environ(), c.Env...)
	setDeathSignal(cmd)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}
