//go:build linux || windows

package native

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"sync"
)

// The system keeps down what was pressed by a program that is killed, and an X
// server keeps a lent key's keysym. So a second process knows what is down: when
// the pipe from the first one ends without a word, it lets go.

// guardVariable tells a process that it is the guard, and of which display.
const guardVariable = "LOTSE_INPUT_GUARD"

// Notes on the pipe: kind, detail, on (1) or off (0).
const (
	guardKey    = 'k'
	guardButton = 'b'
	guardLent   = 'm'
	guardNote   = 3
)

// GuardMain makes this process the guard of another one's input, if that is
// what it was started for, and reports whether it did. A program that sets
// Options.Guard calls it before anything else and ends when it returns true.
func GuardMain() bool {
	display, ok := os.LookupEnv(guardVariable)
	if !ok {
		return false
	}
	// It ends with the pipe, not with the signals that the first process gets.
	signal.Ignore(guardSignals...)
	down := readNotes(os.Stdin)
	if len(down) == 0 {
		return true
	}
	if err := letGo(Options{Display: display, Logger: slog.New(slog.DiscardHandler)}.withDefaults(), down); err != nil {
		fmt.Fprintln(os.Stderr, "native: keys could not be released:", err)
	}
	return true
}

// note is a key, button or lent key.
type note struct{ kind, detail byte }

// readNotes follows the pipe to its end and returns what is down then.
func readNotes(r io.Reader) map[note]bool {
	down := map[note]bool{}
	in := bufio.NewReader(r)
	var b [guardNote]byte
	for {
		if _, err := io.ReadFull(in, b[:]); err != nil {
			return down
		}
		if n := (note{b[0], b[1]}); b[2] == 1 {
			down[n] = true
		} else {
			delete(down, n)
		}
	}
}

// guard is the first process's end of the pipe. The zero value does nothing.
type guard struct {
	program, display string
	log              *slog.Logger

	mu sync.Mutex
	// Guarded by mu.
	started bool
	pipe    io.WriteCloser
	cmd     *exec.Cmd
}

// tell notes what is about to be pressed, released, lent or taken back. The
// guard is started by the first press.
func (g *guard) tell(kind, detail byte, on bool) {
	if g.program == "" {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.started && on {
		g.started = true
		if err := g.startLocked(); err != nil {
			g.log.Warn("native: a killed program would leave keys down", "reason", err)
		}
	}
	if g.pipe == nil {
		return
	}
	b := [guardNote]byte{kind, detail, 0}
	if on {
		b[2] = 1
	}
	if _, err := g.pipe.Write(b[:]); err != nil {
		g.pipe.Close()
		g.pipe = nil
	}
}

func (g *guard) startLocked() error {
	cmd := exec.Command(g.program)
	cmd.Env = append(os.Environ(), guardVariable+"="+g.display)
	cmd.SysProcAttr = guardProcess()
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	g.cmd, g.pipe = cmd, pipe
	return nil
}

// close ends the guard and waits for it.
func (g *guard) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.started = true
	if g.pipe != nil {
		g.pipe.Close()
		g.pipe = nil
	}
	if g.cmd != nil {
		_ = g.cmd.Wait() // it has nothing to say
		g.cmd = nil
	}
}
