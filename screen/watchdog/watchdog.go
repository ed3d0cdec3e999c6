// Package watchdog releases injected keys and buttons if the process that pressed them is killed;
// otherwise the operating system would keep them down.
//
// A second process, the watchdog, reads from a pipe what is down. When the pipe ends, it releases
// what is left. If the first process exits normally, nothing is left.
package watchdog

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

// variable tells a process that it is the watchdog, and of which display.
const variable = "LOTSE_INPUT_WATCHDOG"

// Kinds of a Note.
const (
	Key     = 'k' // Detail is a key code
	Button  = 'b' // Detail is the button's index, from 0
	LentKey = 'm' // Detail is a key code that temporarily has another meaning
)

// noteSize is the size of a note on the pipe in bytes: kind, detail, on (1) or off (0).
const noteSize = 3

// Note is a key, button or lent key.
type Note struct{ Kind, Detail byte }

// Main makes this process the watchdog of another one's input if it was started for that, and
// reports whether it was. A program that passes its own path to New must call Main before anything
// else, and exit if it returns true. release releases what is down on the display.
func Main(release func(display string, down map[Note]bool) error) bool {
	display, ok := os.LookupEnv(variable)
	if !ok {
		return false
	}
	// It exits when the pipe ends, not on the signals that the first process gets.
	signal.Ignore(signals...)
	down := readNotes(os.Stdin)
	if len(down) == 0 {
		return true
	}
	if err := release(display, down); err != nil {
		fmt.Fprintln(os.Stderr, "watchdog: keys could not be released:", err)
	}
	return true
}

// readNotes reads the pipe to its end and returns what is down then.
func readNotes(r io.Reader) map[Note]bool {
	down := map[Note]bool{}
	in := bufio.NewReader(r)
	var b [noteSize]byte
	for {
		if _, err := io.ReadFull(in, b[:]); err != nil {
			return down
		}
		if n := (Note{b[0], b[1]}); b[2] == 1 {
			down[n] = true
		} else {
			delete(down, n)
		}
	}
}

// Watchdog is the first process's end of the pipe. Methods may be called concurrently.
type Watchdog struct {
	// Static after New.
	program, display string
	log              *slog.Logger

	mu sync.Mutex
	// Guarded by mu.
	started bool
	pipe    io.WriteCloser
	cmd     *exec.Cmd
}

// New returns a watchdog. The first press starts its process, which runs program. If program is
// empty, no process is started.
func New(program, display string, log *slog.Logger) *Watchdog {
	return &Watchdog{program: program, display: display, log: log}
}

// Tell records that something is about to be pressed or lent (on), or released or restored.
func (w *Watchdog) Tell(kind, detail byte, on bool) {
	if w.program == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.started && on {
		w.started = true
		if err := w.startLocked(); err != nil {
			w.log.Warn("watchdog: a killed program would leave keys down", "reason", err)
		}
	}
	if w.pipe == nil {
		return
	}
	b := [noteSize]byte{kind, detail, 0}
	if on {
		b[2] = 1
	}
	if _, err := w.pipe.Write(b[:]); err != nil {
		w.pipe.Close()
		w.pipe = nil
	}
}

func (w *Watchdog) startLocked() error {
	cmd := exec.Command(w.program)
	cmd.Env = append(os.Environ(), variable+"="+w.display)
	cmd.SysProcAttr = processAttributes()
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	w.cmd, w.pipe = cmd, pipe
	return nil
}

// Close ends the second process and waits for it. Afterwards Tell does nothing.
func (w *Watchdog) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.started = true
	if w.pipe != nil {
		w.pipe.Close()
		w.pipe = nil
	}
	if w.cmd != nil {
		_ = w.cmd.Wait() // its exit status does not matter
		w.cmd = nil
	}
}
