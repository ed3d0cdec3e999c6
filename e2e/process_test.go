package e2e

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lotse/leaktest"
)

func TestMain(m *testing.M) {
	if os.Getenv(neighbourVariable) != "" {
		beNeighbour(os.Stdin, os.Stdout)
		return
	}
	leaktest.Main(m, stopSharedBrowser)
}

// patience is how long anything may take before a test fails. Nothing takes this long unless it
// fails.
const patience = 3 * time.Minute

// need returns the path of a program and fails the test if it is missing. A skipped test would
// hide that it is missing.
func need(t testing.TB, program, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%s is missing: apt-get install %s (make test does it where it may)", program, pkg)
	}
	return path
}

// ours returns the path of a program of this project.
func ours(t testing.TB, name string) string {
	t.Helper()
	path, err := filepath.Abs("../bin/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is not built: make build", path)
	}
	return path
}

// process is a running program whose lines of output are kept.
type process struct {
	t     testing.TB
	name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	done  chan struct{} // closed when the program has ended
	read  chan struct{} // closed when no more lines can come

	mu    sync.Mutex
	lines []string
	news  chan struct{} // closed and replaced with each line
}

// start runs a program until the end of the test. The program also dies when the test is
// killed.
func start(t testing.TB, env []string, path string, args ...string) *process {
	t.Helper()
	return startWith(t, env, nil, path, args...)
}

// startWith is start with open files for the program, the first as file descriptor 3.
func startWith(t testing.TB, env []string, files []*os.File, path string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: filepath.Base(path), cmd: exec.Command(path, args...), done: make(chan struct{}), read: make(chan struct{}), news: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	p.cmd.ExtraFiles = files
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout, p.cmd.Stderr = w, w
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	w.Close()
	go func() {
		defer close(p.read)
		defer r.Close()
		for in := bufio.NewScanner(r); in.Scan(); {
			p.add(in.Text())
		}
	}()
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.stop()
		// The program's own children may still hold the pipe open.
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.read
		if t.Failed() {
			t.Logf("--- %s %s\n%s", p.name, strings.Join(args, " "), strings.Join(p.output(), "\n"))
		}
	})
	return p
}

func (p *process) add(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = append(p.lines, line)
	close(p.news)
	p.news = make(chan struct{})
}

func (p *process) output() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.lines...)
}

// line waits for the first line that contains text and returns it.
func (p *process) line(text string) string {
	p.t.Helper()
	return p.lineAfter(0, text)
}

// mark returns the present end of the output, for lineAfter.
func (p *process) mark() int { return len(p.output()) }

func (p *process) lineAfter(mark int, text string) string {
	p.t.Helper()
	timeout := time.After(patience)
	for {
		over := false
		select {
		case <-p.read:
			over = true
		default:
		}
		p.mu.Lock()
		lines, news := p.lines[min(mark, len(p.lines)):], p.news
		p.mu.Unlock()
		for _, l := range lines {
			if strings.Contains(l, text) {
				return l
			}
		}
		if over {
			p.t.Fatalf("%s ended without saying %q", p.name, text)
		}
		select {
		case <-news:
		case <-p.read:
		case <-timeout:
			p.t.Fatalf("%s did not say %q", p.name, text)
		}
	}
}

// saidAfter returns the first line after mark that contains text, or "" if there is none yet.
func (p *process) saidAfter(mark int, text string) string {
	for _, l := range p.output()[mark:] {
		if strings.Contains(l, text) {
			return l
		}
	}
	return ""
}

// write sends a line to the program.
func (p *process) write(line string) {
	p.t.Helper()
	if _, err := io.WriteString(p.stdin, line+"\n"); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
}

// exit waits until the program ends and returns its exit code.
func (p *process) exit() int {
	p.t.Helper()
	select {
	case <-p.done:
		if status := p.cmd.ProcessState.Sys().(syscall.WaitStatus); p.name == "wine" && status.Signal() == syscall.SIGKILL {
			// Wine's server kills a program that is still there half a second after it ended,
			// which happens on a busy computer. The exit code is lost then. A crash gives
			// another status.
			return 0
		}
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("%s did not end", p.name)
		return -1
	}
}

// stop asks the program to end and kills it if it does not.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return
	case <-time.After(5 * time.Second):
	}
	p.kill()
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// run runs a program, checks that it succeeds, and returns its output.
func run(t testing.TB, env []string, path string, args ...string) string {
	t.Helper()
	out, err := tryRun(env, path, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", path, strings.Join(args, " "), err, out)
	}
	return out
}

func tryRun(env []string, path string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// eventually waits until f returns nil. It polls because real programs offer no event to wait
// for.
func eventually(t testing.TB, what string, f func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); {
		began := time.Now()
		if err = f(); err == nil {
			return
		}
		// The interval grows with the cost of f, so that f does not slow down what it waits
		// for.
		time.Sleep(max(50*time.Millisecond, 2*time.Since(began)))
	}
	t.Fatalf("%s: %v", what, err)
}
