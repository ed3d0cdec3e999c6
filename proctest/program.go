// Package proctest starts programs for tests and benchmarks and reads their output line by line.
// It is for tests of whole programs only: nothing that is released may import it.
//
// A Process belongs to a test: it fails the test when the program does not do what it should, and
// the program ends with the test. A Program is the same without a test; its methods return errors.
package proctest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Patience is the longest time a Program waits for a line or for the end of the program, unless the
// Command sets another limit. Nothing takes this long on a machine that works, however busy it is.
const Patience = 3 * time.Minute

// grace is the time a program has to end after Stop asks it to.
const grace = 5 * time.Second

// Command describes a program to start. Only Path is required.
type Command struct {
	Path  string
	Args  []string
	Env   []string   // added to the environment of this process
	Files []*os.File // the program finds the first as descriptor 3
	// Errors receives what the program writes to its standard error. If it is nil, these lines are
	// kept together with those of the standard output.
	Errors   io.Writer
	Patience time.Duration // 0: Patience
}

// Program is a running program. All lines of its output are kept. Its methods may be called
// concurrently.
type Program struct {
	name     string
	cmd      *exec.Cmd
	stdin    io.WriteCloser
	patience time.Duration
	ended    chan struct{} // closed when the program has ended
	drained  chan struct{} // closed when no further line can arrive

	mu    sync.Mutex
	lines []string      // Guarded by mu.
	news  chan struct{} // Guarded by mu; closed and replaced at each line.
}

// Launch starts a program. The caller must call Close. On Linux the system kills the program when
// this process dies.
func Launch(c Command) (*Program, error) {
	p := &Program{name: filepath.Base(c.Path), cmd: exec.Command(c.Path, c.Args...), patience: c.Patience,
		ended: make(chan struct{}), drained: make(chan struct{}), news: make(chan struct{})}
	if p.patience == 0 {
		p.patience = Patience
	}
	p.cmd.Env = append(os.Environ(), c.Env...)
	p.cmd.ExtraFiles = c.Files
	setDeathSignal(p.cmd)
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("proctest: %w", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("proctest: %w", err)
	}
	p.cmd.Stdout, p.cmd.Stderr = w, w
	if c.Errors != nil {
		p.cmd.Stderr = c.Errors
		p.cmd.WaitDelay = grace // grandchildren may hold the pipe that Wait reads
	}
	err = p.cmd.Start()
	w.Close()
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("proctest: %w", err)
	}
	go p.read(r)
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// read keeps the lines until the program and its children have closed the pipe.
func (p *Program) read(r *os.File) {
	defer close(p.drained)
	defer r.Close()
	for in := bufio.NewScanner(r); in.Scan(); {
		p.mu.Lock()
		p.lines = append(p.lines, in.Text())
		close(p.news)
		p.news = make(chan struct{})
		p.mu.Unlock()
	}
}

// PID returns the process ID.
func (p *Program) PID() int { return p.cmd.Process.Pid }

// Ended returns a channel that is closed when the program has ended.
func (p *Program) Ended() <-chan struct{} { return p.ended }

// Drained returns a channel that is closed when no further line can arrive: the program and all
// children that got its output have ended.
func (p *Program) Drained() <-chan struct{} { return p.drained }

// Signal sends a signal to the program, and not to its children.
func (p *Program) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

// Output returns all lines so far.
func (p *Program) Output() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.lines...)
}

// ErrEnded is part of an Await's error if the program ended without the line.
var ErrEnded = errors.New("it ended")

// Await waits for a line that contains all texts. It looks at the lines from index from on, and
// returns the line and the index of the one after it.
func (p *Program) Await(from int, texts ...string) (line string, next int, err error) {
	timeout := time.After(p.patience)
	for {
		over := false
		select {
		case <-p.drained:
			over = true
		default:
		}
		p.mu.Lock()
		lines, news := p.lines, p.news
		p.mu.Unlock()
		for ; from < len(lines); from++ {
			if containsAll(lines[from], texts) {
				return lines[from], from + 1, nil
			}
		}
		if over {
			return "", from, fmt.Errorf("%s did not say %q: %w", p.name, texts, ErrEnded)
		}
		select {
		case <-news:
		case <-p.drained:
		case <-timeout:
			return "", from, fmt.Errorf("%s did not say %q within %v", p.name, texts, p.patience)
		}
	}
}

func containsAll(line string, texts []string) bool {
	for _, t := range texts {
		if !strings.Contains(line, t) {
			return false
		}
	}
	return true
}

// Write sends a line to the program's standard input.
func (p *Program) Write(line string) error {
	if _, err := io.WriteString(p.stdin, line+"\n"); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	return nil
}

// CloseInput closes the program's standard input.
func (p *Program) CloseInput() { _ = p.stdin.Close() }

// Wait waits until the program has ended and returns its exit code; -1 if a signal ended it.
func (p *Program) Wait() (code int, err error) {
	select {
	case <-p.ended:
	case <-time.After(p.patience):
		return -1, fmt.Errorf("%s did not end within %v", p.name, p.patience)
	}
	if p.killedByWine() {
		return 0, nil
	}
	return p.cmd.ProcessState.ExitCode(), nil
}

// killedByWine reports whether wine's server killed a program that had ended already and was not
// gone half a second later, as happens on a busy machine. The exit code is lost then. A crash has
// another code.
func (p *Program) killedByWine() bool {
	status, ok := p.cmd.ProcessState.Sys().(interface{ Signal() syscall.Signal })
	return ok && p.name == "wine" && status.Signal() == syscall.SIGKILL
}

// Stop asks the program to end, and kills it if it does not within five seconds.
func (p *Program) Stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(grace):
		p.Kill()
	}
}

// Kill kills the program and waits until it is gone.
func (p *Program) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// Close stops the program, kills children that it left, and waits for the last line.
func (p *Program) Close() {
	p.Stop()
	killGroup(p.cmd.Process.Pid)
	<-p.drained
}
