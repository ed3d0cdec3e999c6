package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lotse/rfb/rfbtest"
)

// freeze stops a program as a debugger does. It continues at the end of the test.
func (p *process) freeze() {
	p.t.Helper()
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = p.Signal(syscall.SIGCONT) })
	eventually(p.t, p.name+" is stopped", func() error {
		if !p.frozen() {
			return fmt.Errorf("it runs")
		}
		return nil
	})
}

func (p *process) frozen() bool {
	stat, _ := os.ReadFile("/proc/" + strconv.Itoa(p.PID()) + "/stat")
	_, rest, _ := bytes.Cut(stat, []byte(") "))
	return bytes.HasPrefix(rest, []byte("T"))
}

// stillFrozen fails the test if the program has run again, because the test then proves
// nothing.
func (p *process) stillFrozen() {
	p.t.Helper()
	if !p.frozen() {
		p.t.Errorf("%s was not stopped all the time", p.name)
	}
}

// takenAndEnded makes the customer take control back and then end the session. It waits until
// the advisor's side knows of both. by is "customer" for the panel or "key" for F12.
func takenAndEnded(ses *session, by string, take, end func()) {
	ses.t.Helper()
	ses.taken(by, take)
	ses.ended(end)
}

// taken makes the customer take control back. It returns when the advisor's side knows.
func (s *session) taken(by string, take func()) {
	s.t.Helper()
	mark := s.Mark()
	take()
	s.LineAfter(mark, `"by":"`+by+`","event":"taken","right":"control"`)
}

// ended makes the customer end the session. It returns when the advisor's side knows.
func (s *session) ended(end func()) {
	s.t.Helper()
	mark := s.Mark()
	end()
	s.LineAfter(mark, `"state":"ended"`)
}

// TestStoppedServer checks that the customer can take control back and end the session although
// his X server has stopped while the advisor controls it. It checks the terminal and the
// browser panel. F12 cannot be pressed, because the X server reads the keyboard.
func TestStoppedServer(t *testing.T) {
	for _, kind := range []string{"terminal", "browser"} {
		t.Run(kind, func(t *testing.T) {
			s := newStack(t)
			customer := customerDisplay(t, "800x600")
			customer.paint()
			ses := s.newSession()
			var agent *process
			var panel *tab
			if kind == "terminal" {
				agent = s.agent(customer, ses.number, "--answer", "control")
			} else {
				var url string
				agent, url = s.panelAgent(customer, "--number", ses.number, "--answer", "control")
				panel = newBrowser(t).tab("panel")
				panel.open(url)
			}
			ses.Line(`"state":"joined"`)
			_, port := s.view(ses.number)
			viewer, err := rfbtest.Dial(hostPortOf(port), rfbtest.Config{})
			if err != nil {
				t.Fatal(err)
			}
			defer viewer.Close()
			if err := viewer.SetEncodings(rfbtest.Raw); err != nil {
				t.Fatal(err)
			}
			if err := viewer.Refresh(); err != nil {
				t.Fatal(err)
			}
			ses.Write("control")
			ses.Line(`"given","right":"control"`)
			if panel != nil {
				panel.wait("take-control")
			}
			customer.server.freeze()
			// From here on every access of the agent to the screen waits for the server.
			for i := range uint16(50) {
				if err := viewer.SendPointer(image.Pt(100+int(i), 100), i%2); err != nil {
					t.Fatal(err)
				}
				if err := viewer.SendKey('a', i%2 == 0); err != nil {
					t.Fatal(err)
				}
			}
			if panel == nil {
				takenAndEnded(ses, "customer", func() { agent.Write("t") }, func() { agent.Write("e") })
			} else {
				takenAndEnded(ses, "customer", func() { panel.click("take-control") }, func() { panel.click("end") })
				panel.wait("ended")
			}
			customer.server.stillFrozen()
			ses.Exit()
		})
	}
}

// TestViewerThatDoesNotRead checks that F12 and the panel's stop take effect at once although a
// viewer with control reads nothing. The viewer is stopped, or it requests the whole screen
// again and again and does not read.
func TestViewerThatDoesNotRead(t *testing.T) {
	const f12 = 0xffc9
	t.Run("stopped", func(t *testing.T) {
		c := newControlled(t, nil)
		c.holdShift()
		c.viewer.freeze()
		c.customer.paintWith(greyNoise)
		takenAndEnded(c.session, "key", func() { c.customer.physicalKey(f12) }, func() { c.agent.Write("e") })
		c.viewer.stillFrozen()
		c.nothingHeld()
		if code := c.agent.Exit(); code != 0 {
			t.Errorf("the agent ended with %d", code)
		}
	})
	for _, end := range []string{"F12 twice", "e"} {
		t.Run("greedy, "+end, func(t *testing.T) {
			s := newStack(t)
			customer := customerDisplay(t, "1200x900")
			customer.paintWith(greyNoise)
			ses := s.newSession()
			agent := s.agent(customer, ses.number, "--answer", "control")
			ses.Line(`"state":"joined"`)
			_, port := s.view(ses.number)
			greedy := newGreedyViewer(t, port)
			ses.Line(`"viewers":[{`)
			ses.Write("control")
			ses.Line(`"given","right":"control"`)
			greedy.stuffed()
			// Only afterwards is it known whether the gateway took more bytes meanwhile: on a
			// busy machine it may pause for long. If it took some, the attempt proves nothing
			// and is repeated. Each attempt fills the line further, so that there are few of
			// them. In a full line, an F12 that waited for the viewer would never take effect.
			for {
				waiting := agent.stuck()
				ses.taken("key", func() { customer.physicalKey(f12) })
				if agent.unsent() == waiting {
					break
				}
				time.Sleep(2 * time.Second) // the next F12 must not be the second press of this one
				mark := ses.Mark()
				ses.Write("control")
				ses.LineAfter(mark, `"given","right":"control"`)
			}
			ses.ended(func() {
				if end == "e" {
					agent.Write("e")
					return
				}
				// Two more presses: the first may be too late to be the second press of the
				// earlier F12.
				h := customer.hands()
				h.key(f12)
				h.key(f12)
			})
			if code := agent.Exit(); code != 0 {
				t.Errorf("the agent ended with %d", code)
			}
		})
	}
}

// greedyViewer requests whole frames and reads none of them.
type greedyViewer struct {
	t    *testing.T
	conn *net.TCPConn
}

func newGreedyViewer(t *testing.T, port int) *greedyViewer {
	t.Helper()
	conn, err := net.Dial("tcp", hostPortOf(port))
	if err != nil {
		t.Fatal(err)
	}
	g := &greedyViewer{t: t, conn: conn.(*net.TCPConn)}
	read := func(n int) []byte {
		t.Helper()
		b := make([]byte, n)
		if _, err := io.ReadFull(conn, b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	write := func(b ...byte) {
		t.Helper()
		if _, err := conn.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	// The handshake is RFC 6143, sections 7.1 to 7.3. Section 7.5.3 is the
	// FramebufferUpdateRequest.
	read(12)
	write([]byte("RFB 003.008\n")...)
	read(int(read(1)[0]))
	write(1)
	read(4)
	write(1)
	init := read(24)
	read(int(binary.BigEndian.Uint32(init[20:])))
	size := init[:4]
	var wg sync.WaitGroup
	wg.Go(func() {
		request := bytes.Repeat(append([]byte{3, 0, 0, 0, 0, 0}, size...), 1000)
		for {
			if _, err := conn.Write(request); err != nil {
				return
			}
		}
	})
	t.Cleanup(func() { conn.Close(); wg.Wait() })
	return g
}

// lineFull is a number of bytes that wait in a connection only if the receiver reads nothing.
const lineFull = 64 << 10

// stuck waits until a connection of the program accepts no more data: at least lineFull bytes
// wait, and their number is constant. It returns that number.
func (p *process) stuck() (waiting int) {
	p.t.Helper()
	before := 0
	eventually(p.t, p.name+" cannot send", func() error {
		last := before
		if before = p.unsent(); before < lineFull || before != last {
			return fmt.Errorf("%d bytes wait", before)
		}
		return nil
	})
	return before
}

// unsent returns the number of bytes that wait in the program's fullest TCP connection over
// IPv4.
func (p *process) unsent() (most int) {
	p.t.Helper()
	proc := fmt.Sprintf("/proc/%d/", p.PID())
	files, err := os.ReadDir(proc + "fd")
	if err != nil {
		p.t.Fatal(err)
	}
	own := map[string]bool{}
	for _, f := range files {
		name, _ := os.Readlink(proc + "fd/" + f.Name())
		own[strings.TrimSuffix(strings.TrimPrefix(name, "socket:["), "]")] = true
	}
	table, err := os.ReadFile(proc + "net/tcp")
	if err != nil {
		p.t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) { // format: proc_net_tcp in the kernel's documentation
		f := strings.Fields(line)
		if len(f) < 10 || !own[f[9]] {
			continue
		}
		tx, _, _ := strings.Cut(f[4], ":")
		n, err := strconv.ParseInt(tx, 16, 64)
		if err != nil {
			p.t.Fatal(err)
		}
		most = max(most, int(n))
	}
	return most
}

// stuffed waits until at least lineFull bytes wait for this viewer, which never reads them.
func (g *greedyViewer) stuffed() {
	g.t.Helper()
	eventually(g.t, "the viewer's line is full", func() error {
		raw, err := g.conn.SyscallConn()
		if err != nil {
			return err
		}
		waiting := 0
		if err2 := raw.Control(func(fd uintptr) { waiting, err = unix.IoctlGetInt(int(fd), unix.SIOCINQ) }); err2 != nil {
			return err2
		}
		if err == nil && waiting < lineFull {
			err = fmt.Errorf("%d bytes", waiting)
		}
		return err
	})
}
