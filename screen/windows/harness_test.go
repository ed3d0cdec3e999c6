//go:build windows

package windows

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"lotse/leaktest"
	"lotse/screen"
	"lotse/screen/screentest"
)

// The tests run on wine as well as on Windows. On wine xdotool acts as the physical input; on
// Windows there is none, and tests that need it are skipped.

// xdotool is the path of the host's programs under wine.
const xdotool = `Z:\usr\bin\xdotool`

func init() { runPuppet() }

func TestMain(m *testing.M) {
	awareOnce()
	leaktest.Main(m)
}

func openTest(t testing.TB, o screen.Options) *screen.Desktop {
	t.Helper()
	o.Logger = screentest.Log(t)
	d, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return d
}

// hand runs xdotool: its events come from the X server, like a device's.
func hand(t testing.TB, args ...string) {
	t.Helper()
	if _, err := os.Stat(`Z:\bin\sh`); err != nil {
		t.Skip("a real Windows: no program is a hand at its keyboard; wine has xdotool for that")
	}
	if _, err := os.Stat(xdotool); err != nil {
		t.Fatal("xdotool is missing: install it (make needs-test)")
	}
	// Wine cannot wait for a program of the host, so the shell writes a file when it is done.
	dir, err := os.MkdirTemp(`Z:\tmp`, "hand")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	note := "/tmp/" + filepath.Base(dir) + "/note"
	argv := append([]string{"sh", "-c", `xdotool "$@"; echo $? >` + note + "; mv " + note + " " + note + ".done", "sh"}, args...)
	if _, err := os.StartProcess(`Z:\bin\sh`, argv, &os.ProcAttr{Files: []*os.File{nil, os.Stderr, os.Stderr}}); err != nil {
		t.Fatalf("xdotool %v: %v", args, err)
	}
	var code []byte
	screentest.Eventually(t, "xdotool has ended", func() bool {
		code, err = os.ReadFile(filepath.Join(dir, "note.done"))
		return err == nil
	})
	if strings.TrimSpace(string(code)) != "0" {
		t.Fatalf("xdotool %v: %s", args, code)
	}
}

// seen is a framebuffer that a goroutine keeps up to date from Next, using only the damage.
type seen struct{ *screen.Framebuffer }

func watch(t testing.TB, s screen.Screen) *seen {
	f := &seen{screen.NewFramebuffer(image.Pt(1, 1))}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			u, err := s.Next(ctx)
			if err != nil {
				return
			}
			f.Apply(u)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return f
}

// solid reports whether all of r has one colour, 0xRRGGBB.
func (f *seen) solid(r image.Rectangle, colour uint32) (ok bool) {
	f.Read(func(v screen.View) {
		ok = r.In(v.Frame.Bounds()) && !r.Empty()
		for y := r.Min.Y; ok && y < r.Max.Y; y++ {
			for row := v.Frame.Row(y, r.Min.X, r.Max.X); len(row) >= 4; row = row[4:] {
				ok = ok && binary.LittleEndian.Uint32(row)&0xffffff == colour
			}
		}
	})
	return ok
}

// puppet is a program with windows: this binary, started again.
type puppet struct {
	t    testing.TB
	pid  int
	in   io.WriteCloser
	out  *bufio.Reader
	kill func()
}

const puppetVariable = "LOTSE_WINDOWS_PUPPET"

// startPuppet starts a program and waits until its windows exist.
func startPuppet(t testing.TB, role string, args ...string) *puppet {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), puppetVariable+"="+strings.Join(append([]string{role}, args...), " "))
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	p := &puppet{t: t, pid: c.Process.Pid, in: in, out: bufio.NewReader(out)}
	p.kill = sync.OnceFunc(func() {
		_ = c.Process.Kill()
		in.Close()
		_ = c.Wait()
	})
	t.Cleanup(p.kill)
	if line := p.line(); line != "ready" {
		t.Fatalf("puppet %s says %q", role, line)
	}
	return p
}

// line reads a line of the puppet's output.
func (p *puppet) line() string {
	p.t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		p.t.Fatalf("puppet: %v", err)
	}
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
}

// ask sends the puppet a question and reads its answer.
func (p *puppet) ask(what string) string {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.in, what); err != nil {
		p.t.Fatal(err)
	}
	return p.line()
}

func (p *puppet) id() string {
	found, ok := processOf(uint32(p.pid))
	if !ok {
		p.t.Fatal("no process")
	}
	return found.ID()
}
